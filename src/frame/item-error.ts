/** An item that cannot be carried, or is none. The message names the place in it, as `$.a.b[2]`. */
export class ItemError extends TypeError {}
