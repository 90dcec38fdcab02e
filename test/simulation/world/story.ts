import type { WorldTime } from './clock.ts';

/** What has happened in a world, one line for each event. The lines are the same in each run of a seed. */
export class Story {
  readonly lines: string[] = [];
  step = 0;
  readonly #time: WorldTime;

  constructor(time: WorldTime) {
    this.#time = time;
  }

  tell(who: string, what: string): void {
    this.lines.push(`${String(this.step).padStart(5)} ${this.#time.now.toFixed(0).padStart(7)} ms  ${who}: ${what}`);
  }

  /** The last `count` lines, and how many came before them. */
  last(count: number): string {
    const before = this.lines.length - count;
    return (before > 0 ? [`  … ${before} lines before`] : []).concat(this.lines.slice(-count)).join('\n');
  }
}

/** Seqs as people write them: 3, 5–9. */
export function showSeqs(intervals: Iterable<readonly [number, number]>): string {
  return Array.from(intervals, ([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ') || 'nothing';
}
