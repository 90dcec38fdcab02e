import type { Outage } from '../blame/outage.ts';
import type { Hub } from '../hub.ts';
import type { Consumers } from '../roles/consumers.ts';

/** Why nothing is lent for now. */
interface Pause {
  kind: 'held' | 'dead letters' | 'outage' | 'sink';
  /** For people: why, and what to do about it. */
  reason: string;
}

export interface PausingOptions {
  hub: Pick<Hub, 'queue' | 'events' | 'settings'>;
  outage: Pick<Outage, 'reason'>;
  consumers: Pick<Consumers, 'sinkProblem'>;
}

/** Pauses the pipeline while there is a reason, and resumes it when there is none any more. */
export class Pausing {
  readonly #options: PausingOptions;
  #pause: Pause | undefined;
  /** The reason that the program, or the operator, gave for pausing the service; null if it is not paused that way. */
  #heldFor: string | null = null;

  constructor(options: PausingOptions) {
    this.#options = options;
  }

  /** Why nothing is lent; null while items are lent. */
  get reason(): string | null {
    return this.#pause?.reason ?? null;
  }

  /** Lends nothing more until `resume`; lent items are finished. */
  hold(reason: string): void {
    this.#heldFor = reason;
  }

  resume(): void {
    this.#heldFor = null;
  }

  /** Whether `hold` is in force, at once and not only from the next `update` on. */
  get isHeld(): boolean {
    return this.#heldFor !== null;
  }

  /** Checks for reasons. `probing`: nothing but a probe may be lent, to see whether an outage is over. */
  update(): 'lending' | 'probing' | 'paused' {
    const { queue, events } = this.#options.hub;
    const before = this.#pause;
    this.#pause = queue.isEmpty && !this.isHeld ? undefined : this.#reasonToPause();
    const { kind, reason } = this.#pause ?? {};
    // The wording changes with each error; only a different kind of reason is logged.
    if (reason !== undefined && kind !== before?.kind) events.emit('run.paused', { reason });
    if (reason === undefined && before) events.emit('run.unpaused', {});
    if (kind === undefined) return 'lending';
    return kind === 'outage' ? 'probing' : 'paused';
  }

  #reasonToPause(): Pause | undefined {
    const { hub, outage, consumers } = this.#options;
    if (this.#heldFor !== null) return { kind: 'held', reason: this.#heldFor };
    const { dead } = hub.queue.run;
    // So many dead letters mean that something is wrong with more than single items: the rest must not follow them.
    if (dead >= hub.settings.deadMax) {
      const advice = 'fix the cause, then retry them (millrace dead retry) or delete them (millrace dead purge)';
      return { kind: 'dead letters', reason: `the number of dead letters reached deadMax (${dead}); ${advice}` };
    }
    if (outage.reason !== null) return { kind: 'outage', reason: outage.reason };
    const problem = consumers.sinkProblem;
    if (problem === null) return undefined;
    return { kind: 'sink', reason: `no consumer can write to the sink (${problem}); they keep trying` };
  }
}
