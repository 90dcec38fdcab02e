import { createPermits, type Permits } from '../../../src/calls/permits.ts';
import { type Cancel, type Clock, systemClock } from '../../../src/core/clock.ts';
import type { Acquire, Freeze, Release } from '../../../src/ipc/messages.ts';
import type { LimitSnapshot } from '../../../src/core/limit-snapshot.ts';
import type { LimitRules } from '../../../src/core/limit-rules.ts';
import { Limits } from '../../../src/limits/limits.ts';

/** The limits of a supervisor without its processes: children hold permits in this process. */
export interface Supervisor {
  /** Messages of all children, in the order of arrival: `acquire 1`, `freeze vendor 500`, … */
  readonly messages: string[];
  child(): Permits;
  readonly vendor: LimitSnapshot;
  /** Resolves once `holds` is true for limit `vendor`; checks it at the end of each tick. */
  until(holds: (vendor: LimitSnapshot) => boolean): Promise<void>;
  close(): void;
}

/** Uses the time of `clock`; ticks end on their own. */
export function supervise(vendor: LimitRules, clock: Clock = systemClock): Supervisor {
  const limits = new Limits({ vendor });
  const messages: string[] = [];
  const children: Permits[] = [];
  let watchers: (() => void)[] = [];
  let tickIsDue = false;
  let stopTimer: Cancel | undefined;

  const snapshot = (): LimitSnapshot => limits.snapshot(clock.now())[0]!;

  function touch(): void {
    if (tickIsDue) return;
    tickIsDue = true;
    systemClock.soon(tick);
  }

  function tick(): void {
    tickIsDue = false;
    for (const { holder, id } of limits.advance(clock.now())) children[holder]!.onGranted({ id });
    limits.announced(clock.now());
    for (const watcher of watchers) watcher();
    stopTimer?.();
    const next = limits.nextAt(clock.now());
    if (next !== undefined) stopTimer = clock.after(next - clock.now(), touch);
  }

  function receive(holder: number, message: Acquire | Release | Freeze): void {
    const now = clock.now();
    switch (message.type) {
      case 'acquire':
        messages.push(`acquire ${message.id}`);
        if (limits.acquire(holder, message.id, message.limit) === 'unknown') {
          children[holder]!.onRefused({ id: message.id, message: limits.refusal(message.limit) });
        }
        break;
      case 'release':
        messages.push(`release ${message.id}`);
        limits.release(now, holder, message.id);
        break;
      case 'freeze':
        messages.push(`freeze ${message.limit} ${message.ms}`);
        limits.freeze(now, message.limit, message.ms);
        break;
    }
    touch();
  }

  return {
    messages,
    child() {
      const holder = children.length;
      const permits = createPermits((message) => receive(holder, message));
      children.push(permits);
      return permits;
    },
    get vendor() {
      return snapshot();
    },
    until: (holds) =>
      new Promise((resolve) => {
        const watcher = (): void => {
          if (!holds(snapshot())) return;
          watchers = watchers.filter((other) => other !== watcher);
          resolve();
        };
        watchers.push(watcher);
        touch();
      }),
    close: () => stopTimer?.(),
  };
}
