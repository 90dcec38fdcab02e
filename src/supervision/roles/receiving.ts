import { ProtocolError } from '../../core/errors.ts';
import { handle, type Handlers } from '../../ipc/handlers.ts';
import type { Hub } from '../hub.ts';

/**
 * Handles a child's message. If the message breaks the protocol, the child is to blame and will be replaced (the error
 * goes to its channel); if handling fails in any other way, the supervisor's own state is wrong, and it must not
 * continue.
 */
export function receive<Message extends { type: string }>(
  hub: Pick<Hub, 'broken'>,
  handlers: Handlers<Message>,
  message: Message,
  payload: Buffer,
): void {
  try {
    handle(handlers, message, payload);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    hub.broken(error);
  }
}

/** A message came that was not expected, or not yet. */
export function unexpected(role: 'producer' | 'consumer', type: string, state: string): ProtocolError {
  return new ProtocolError(`the ${role} sent "${type}" while it was ${state}`);
}
