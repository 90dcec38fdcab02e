import type { DeliveryHead } from '../../core/delivery.ts';
import type { Frame } from '../../frame/frame.ts';

/** Items to send to a consumer. */
export interface Delivery extends DeliveryHead {
  frame: Frame;
}
