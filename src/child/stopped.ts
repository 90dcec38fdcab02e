import { cancellation } from '../core/cancellation.ts';

/** The reason of signals that abort because the service stops. */
export function stopped(): DOMException {
  return cancellation(new DOMException('the service is being stopped', 'AbortError'));
}
