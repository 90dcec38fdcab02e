/** In the `server` header of every answer: this tells a client that it talks to Millrace. */
export const serverName = 'millrace';
