/** One handler for each type of message: if one is missing, it does not compile. */
export type Handlers<Message extends { type: string }> = {
  [Type in Message['type']]: (message: Extract<Message, { type: Type }>, payload: Buffer) => void;
};

/** Calls the handler for `message`. */
export function handle<Message extends { type: string }>(
  handlers: Handlers<Message>,
  message: Message,
  payload: Buffer,
): void {
  // The table's type guarantees the match; TypeScript cannot follow it through the index.
  const handler = handlers[message.type as Message['type']] as (message: Message, payload: Buffer) => void;
  handler(message, payload);
}
