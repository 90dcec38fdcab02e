import { isCancellation } from '../core/cancellation.ts';

/**
 * An unhandled rejection that Millrace caused by cancelling does not end this process. Any other ends it, as in Node.
 * Idempotent.
 */
export function tolerateCancellations(): void {
  process.off('unhandledRejection', tolerate);
  process.on('unhandledRejection', tolerate);
}

function tolerate(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
