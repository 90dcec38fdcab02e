import type { Moment } from '../../core/clock.ts';
import { Aside } from '../../queue/blame/aside.ts';
import { dispatch, type Receiver } from '../../queue/lending/dispatch.ts';
import type { Holding } from '../../queue/lending/holding.ts';
import { recallUnstarted } from '../../queue/lending/recalling.ts';
import { lendProbe, type Outage } from '../blame/outage.ts';
import type { Hub } from '../hub.ts';
import type { Post } from '../posts/post.ts';
import type { Consumers } from '../roles/consumers.ts';
import type { Pausing } from './pausing.ts';

/** How long a post in back-off is expected to be ready soon. */
const soonMs = 1000;

export interface LendingOptions {
  hub: Pick<Hub, 'queue' | 'results' | 'clock' | 'random' | 'settings' | 'touch'>;
  outage: Outage;
  consumers: Pick<Consumers, 'all' | 'current'>;
  pausing: Pausing;
}

/** Lends committed items to consumers that can take more, unless the pipeline is paused. */
export class Lending {
  readonly #options: LendingOptions;
  readonly #aside = new Aside();
  /** When items were last lent; undefined while none are. */
  #lentAt: number | undefined;
  /** When the next probe of an outage can be made; undefined if that does not wait for time. */
  #probeAt: number | undefined;
  /** When to recall unstarted items next; undefined if no consumer is idle. */
  #recallAt: number | undefined;

  constructor(options: LendingOptions) {
    this.#options = options;
  }

  /** What the consumer that is set aside for isolated items holds. */
  get setAside(): Holding | undefined {
    return this.#aside.holding;
  }

  /** Called after each commit. */
  lend(): void {
    const { hub, pausing } = this.#options;
    const { queue, clock, touch } = hub;
    const moment = clock.moment();
    this.rest();
    const status = pausing.update();
    if (status === 'lending') this.#dispatch(moment);
    else if (status === 'probing') this.#probe(moment);
    // Some items are lent only after the next commit.
    if (queue.isDirty) touch();
  }

  /** Lending has ended. */
  rest(): void {
    this.#lentAt = undefined;
    this.#probeAt = undefined;
    this.#recallAt = undefined;
  }

  /** When time alone gives `lend` something to do next; undefined if only a change can. */
  get nextAt(): number | undefined {
    const { queue, clock } = this.#options.hub;
    const due = queue.nextDue(clock.moment());
    // A retry that was due and was not lent waits for a free slot, not for time.
    const retryAt = due !== undefined && this.#lentAt !== undefined && due > this.#lentAt ? due : Infinity;
    const at = Math.min(retryAt, this.#probeAt ?? Infinity, this.#recallAt ?? Infinity);
    return at === Infinity ? undefined : at;
  }

  #dispatch(moment: Moment): void {
    const { hub, consumers } = this.#options;
    const { queue, results, settings } = hub;
    const withoutNew = results?.isFull ?? false;
    // The program has to read first.
    if (withoutNew && !results?.isHeldUp) return;
    const soon = consumers.current.filter(({ post }) => isSoonReady(post, moment.now)).length;
    const options = { creditBytes: settings.consumerCreditBytes, moment, withoutNew, soon };
    const receivers = this.#aside.lend(queue, this.#receivers(), options);
    dispatch(queue, receivers, options);
    const isAllLent = queue.available(moment) === 0 && queue.availableMarked === 0;
    if (isAllLent) this.#recallAt = recallUnstarted(receivers, moment.now);
    this.#lentAt = moment.now;
  }

  #probe(moment: Moment): void {
    const { hub, outage } = this.#options;
    if (moment.now < outage.probeAt) {
      this.#probeAt = outage.probeAt;
      return;
    }
    const order = { triedLast: outage.triesUntried };
    if (lendProbe(hub.queue, this.#receivers(), order, moment)) outage.probed(moment.now, hub.random());
    this.#lentAt = moment.now;
  }

  #receivers(): Receiver[] {
    return this.#options.consumers.all.flatMap((consumer) => {
      const { holding } = consumer;
      if (!holding) return [];
      return [
        {
          holding,
          deliver: (delivery) => consumer.deliver(delivery),
          recall: (items) => consumer.recall(items),
        },
      ];
    });
  }
}

/** Whether a process on this post will probably be ready soon. */
function isSoonReady({ state, since }: Pick<Post<never, never>, 'state' | 'since'>, now: number): boolean {
  return state === 'starting' || (state === 'backoff' && now - since < soonMs);
}
