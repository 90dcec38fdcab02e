import type { Clock } from '../core/clock.ts';
import { formatDuration } from '../core/units.ts';
import { plural } from '../core/figures.ts';
import type { Log } from '../pipeline/context.ts';

/** A call that is repeated after a while, and why. */
export interface Repeat {
  /** What happened to the last attempt. */
  what: string;
  /** The number of attempts so far, and the maximum. */
  tries: number;
  most: number;
  inMs: number;
}

/** A kind of failure that was logged is not logged again for this long. */
const quietMs = 60_000;
/** How many kinds are logged at most; calls that fail in other ways are only shown in `status`. */
const mostKinds = 50;

/**
 * The calls of a process that wait to be repeated. A call can wait for minutes while its caller sees nothing. So the beat
 * reports these calls, and the first of each kind is logged.
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #log: Pick<Log, 'info'> | undefined;
  readonly #waiting = new Set<Repeat & { until: number }>();
  /** When a kind was last logged, and how often it has occurred since. */
  readonly #kinds = new Map<string, { at: number; held: number }>();

  constructor(clock: Clock, log: Pick<Log, 'info'> | undefined) {
    this.#clock = clock;
    this.#log = log;
  }

  /** A call starts to wait. Call the returned function when its wait is over. */
  begin(repeat: Repeat): () => void {
    const entry = { ...repeat, until: this.#clock.now() + repeat.inMs };
    this.#waiting.add(entry);
    this.#tell(repeat);
    return () => void this.#waiting.delete(entry);
  }

  /** What the longest-waiting call waits for, and how many others wait; null if none waits. */
  waitingFor(): string | null {
    const [first] = this.#waiting;
    if (!first) return null;
    const others = this.#waiting.size - 1;
    const left = formatDuration(Math.max(Math.ceil((first.until - this.#clock.now()) / 1000), 1) * 1000);
    const more = others > 0 ? ` (and ${plural(others, 'more call')})` : '';
    return `${first.what}, attempt ${first.tries + 1} of ${first.most} in ${left}${more}`;
  }

  #tell({ what, tries, most, inMs }: Repeat): void {
    const now = this.#clock.now();
    const known = this.#kinds.get(what);
    if (known && now - known.at < quietMs) {
      known.held += 1;
      return;
    }
    if (!known && this.#kinds.size >= mostKinds) this.#forget(now);
    if (!known && this.#kinds.size >= mostKinds) return;
    this.#kinds.set(what, { at: now, held: 0 });
    const repeated = known && known.held > 0 ? { repeated: known.held + 1 } : {};
    this.#log?.info('call will be repeated', { what, tries, of: most, inMs: Math.round(inMs), ...repeated });
  }

  #forget(now: number): void {
    for (const [kind, { at }] of this.#kinds) if (now - at >= quietMs) this.#kinds.delete(kind);
  }
}
