/** The value cannot be carried as an item. The message names the place in it, such as `$.a.b[2]`. */
export class ItemError extends TypeError {}
