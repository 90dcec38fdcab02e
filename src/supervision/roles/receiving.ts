import { ProtocolError } from '../../core/errors.ts';
import { handle, type Handlers } from '../../ipc/handlers.ts';
import type { Hub } from '../hub.ts';

/**
 * Handles a child's message. If that breaks the protocol, the child is to blame and will be replaced (the error goes
 * on to its channel); if it fails in any other way, the supervisor's own books are wrong, and it must not go on.
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

/** A message came that nothing had been asked for, or not yet. */
export function unexpected(role: 'producer' | 'consumer', type: string, state: string): ProtocolError {
  return new ProtocolError(`the ${role} sent "${type}" while it was ${state}`);
}
