import { cancellation } from '../core/cancellation.ts';

/** What signals abort with when the service is stopped. */
export function stopped(): DOMException {
  return cancellation(new DOMException('the service is being stopped', 'AbortError'));
}
