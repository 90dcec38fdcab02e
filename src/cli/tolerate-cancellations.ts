import { isCancellation } from '../core/cancellation.ts';

/** A promise that nobody awaits and that Millrace cancels does not end this process. Any other ends it as Node does. */
export function tolerateCancellations(): void {
  process.on('unhandledRejection', (error) => {
    if (!isCancellation(error)) throw error;
  });
}
