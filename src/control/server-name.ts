/** In the `server` header of every answer: by this a client knows that it talks to one of us. */
export const serverName = 'millrace';
