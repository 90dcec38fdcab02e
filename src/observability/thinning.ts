import type { Cancel, Clock } from '../core/clock.ts';
import { count } from '../core/figures.ts';
import type { LogLine } from './log-lines.ts';

const burst = 10;
const periodMs = 1000;

interface Flood {
  passed: number;
  held: number;
  last: LogLine;
  cancel: Cancel;
}

/**
 * Keeps one cause from filling the log: of lines with the same `repeats` the first 10 pass, then one a second, with the
 * number of those it stands for. A second without any ends it.
 */
export function createThinning(
  clock: Clock,
  write: (line: LogLine) => void,
): { write: (line: LogLine) => void; end: () => void } {
  const floods = new Map<string, Flood>();

  const tell = ({ held, last }: Flood): void => {
    if (held === 0) return;
    if (held === 1) return write(last);
    write({
      ...last,
      message: `${last.message} (the last of ${count(held)} such lines)`,
      fields: { ...last.fields, repeated: held },
    });
  };
  const watch = (key: string): Cancel =>
    clock.after(periodMs, () => {
      const flood = floods.get(key)!;
      tell(flood);
      if (flood.held === 0) {
        floods.delete(key);
      } else {
        flood.held = 0;
        flood.cancel = watch(key);
      }
    });

  return {
    write(line) {
      const key = line.repeats;
      if (key === undefined) return write(line);
      let flood = floods.get(key);
      if (!flood) {
        flood = { passed: 0, held: 0, last: line, cancel: watch(key) };
        floods.set(key, flood);
      }
      if (flood.passed < burst) {
        flood.passed++;
        write(line);
      } else {
        flood.held++;
        flood.last = line;
      }
    },
    /** Writes what is held back, at once. */
    end() {
      for (const flood of floods.values()) {
        flood.cancel();
        tell(flood);
      }
      floods.clear();
    },
  };
}
