import { isCancellation } from '../core/cancellation.ts';

/** An unhandled rejection that Millrace caused by cancelling does not end this process. Any other ends it, as in Node. */
export function tolerateCancellations(): void {
  process.on('unhandledRejection', (error) => {
    if (!isCancellation(error)) throw error;
  });
}
