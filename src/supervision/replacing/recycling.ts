import { plural } from '../../core/figures.ts';
import { equalJitter } from '../../core/backoff.ts';
import { formatBytes, formatDuration } from '../../core/units.ts';
import type { Consumers } from '../roles/consumers.ts';
import type { Consuming } from '../roles/consuming.ts';
import type { Hub } from '../hub.ts';

/**
 * A process is not replaced for its memory before it has lived this long; otherwise a limit that is too low would cause
 * a loop.
 */
const leastLifeMs = 30_000;
/** Delays between replacements that do not become ready. */
const backoff = { baseMs: 10_000, capMs: 10 * 60_000 };

/**
 * Replaces consumers that have grown too large, done enough or lived long enough, the oldest first. A process that
 * exceeds the memory limit as soon as it is ready is reported once and then left alone, because its replacement would
 * exceed it, too.
 */
export class Recycling {
  readonly #hub: Hub;
  readonly #consumers: Consumers;
  /** Processes whose first beat has been checked, and those of them that started too large. */
  readonly #seen = new WeakSet<object>();
  readonly #large = new WeakSet<object>();
  #failuresInARow = 0;
  #notBefore = -Infinity;

  constructor(hub: Hub, consumers: Consumers) {
    this.#hub = hub;
    this.#consumers = consumers;
  }

  get isWanted(): boolean {
    const { rssBytes, items, ageMs } = this.#hub.settings.recycling;
    return rssBytes !== null || items !== null || ageMs !== null;
  }

  /** Checks whether a consumer is due, and replaces one at a time. */
  look(): void {
    const { clock, events } = this.#hub;
    const now = clock.now();
    const ready = this.#consumers.current.filter(({ post }) => post.state === 'ready' && post.beat !== undefined);
    for (const consumer of ready) this.#meet(consumer);
    if (this.#consumers.isReplacing || now < this.#notBefore) return;
    for (const consumer of ready.toSorted((a, b) => a.post.since - b.post.since)) {
      const reason = this.#reasonFor(consumer, now);
      if (reason === undefined) continue;
      const { who, ordinal } = consumer.post;
      events.emit('child.recycling', { who, reason });
      this.#consumers.replace(ordinal, (replaced) => {
        if (replaced.status === 'done') return void (this.#failuresInARow = 0);
        if (replaced.status === 'cancelled') return;
        this.#failuresInARow += 1;
        const inMs = equalJitter(backoff, this.#failuresInARow, this.#hub.random());
        this.#notBefore = clock.now() + inMs;
        events.emit('child.notReplaced', { who, reason: replaced.reason });
      });
      return;
    }
  }

  /** Checks a process for the first time since it became ready. */
  #meet({ post }: Consuming): void {
    const { child, beat } = post;
    if (!child || !beat || this.#seen.has(child)) return;
    this.#seen.add(child);
    const { rssBytes } = this.#hub.settings.recycling;
    const { rss } = beat.beat;
    if (rssBytes === null || rss <= rssBytes) return;
    this.#large.add(child);
    this.#hub.events.emit('child.large', { who: post.who, rss, maxRss: rssBytes });
  }

  #reasonFor({ post, processed }: Consuming, now: number): string | undefined {
    const { rssBytes, items, ageMs } = this.#hub.settings.recycling;
    const rss = post.beat?.beat.rss ?? 0;
    const livedMs = now - post.since;
    if (rssBytes !== null && rss > rssBytes && livedMs >= leastLifeMs && !this.#large.has(post.child!))
      return `its memory (${formatBytes(rss)}) exceeds maxRss (${formatBytes(rssBytes)})`;
    if (items !== null && processed >= items)
      return `it has processed ${plural(processed, 'item')} (maxItems ${items})`;
    if (ageMs !== null && livedMs >= ageMs)
      return `it is ${formatDuration(Math.floor(livedMs))} old (maxAge ${formatDuration(ageMs)})`;
    return undefined;
  }
}
