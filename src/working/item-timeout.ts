import { cancellation } from '../core/cancellation.ts';

/** The reason with which an item's signal aborts when its time is up. */
export function timedOut(itemTimeoutMs: number): DOMException {
  return cancellation(
    new DOMException(`the item ran for longer than its itemTimeout of ${itemTimeoutMs} ms`, 'TimeoutError'),
  );
}

/** The error of an item that did not end within its grace period. */
export function wentOn({ message }: Error): string {
  return `${message}, and kept running after its signal had aborted`;
}
