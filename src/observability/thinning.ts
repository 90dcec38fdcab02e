import type { Cancel, Clock } from '../core/clock.ts';
import { count } from '../core/figures.ts';
import type { LogLine, Pace } from './log-lines.ts';

/** How many lines pass at first. After that, one line passes in each period. */
const paces: Record<Pace, { burst: number; periodMs: number }> = {
  flood: { burst: 10, periodMs: 1000 },
  kind: { burst: 1, periodMs: 60_000 },
};

/** The most keys per event at a time, so that lines that all differ fill neither memory nor the log. */
const mostKeys = 50;

interface Flood {
  event: string;
  pace: Pace;
  passed: number;
  held: number;
  last: LogLine;
  cancel: Cancel;
}

/**
 * Keeps one cause from filling the log: the first lines with the same `repeats` pass, then one per period, with the
 * number of lines that it represents. A period without such lines ends the flood. For pace `kind` only one line passes
 * at first, then one per minute; held-back lines are written at level `debug`.
 */
export function createThinning(
  clock: Clock,
  write: (line: LogLine) => void,
): { write: (line: LogLine) => void; end: () => void } {
  const floods = new Map<string, Flood>();
  const keysOf = new Map<string, number>();

  const tell = ({ held, last }: Flood): void => {
    if (held === 0) return;
    if (held === 1) return write(last);
    write({
      ...last,
      message: `${last.message} (last of ${count(held)} similar lines)`,
      fields: { ...last.fields, repeated: held },
    });
  };
  const watch = (key: string, { periodMs }: { periodMs: number }): Cancel =>
    clock.after(periodMs, () => {
      const flood = floods.get(key)!;
      tell(flood);
      if (flood.held === 0) {
        floods.delete(key);
        keysOf.set(flood.event, keysOf.get(flood.event)! - 1);
      } else {
        flood.held = 0;
        flood.cancel = watch(key, paces[flood.pace]);
      }
    });
  const floodOf = ({ event, ...line }: LogLine, pace: Pace): Flood => {
    const known = floods.get(line.repeats!);
    if (known) return known;
    const keys = keysOf.get(event) ?? 0;
    // All further keys share one key, which does not count.
    const key = keys < mostKeys ? line.repeats! : `${event} others`;
    const flood = floods.get(key) ?? {
      event,
      pace,
      passed: 0,
      held: 0,
      last: { event, ...line },
      cancel: watch(key, paces[pace]),
    };
    if (!floods.has(key)) keysOf.set(event, keys + 1);
    floods.set(key, flood);
    return flood;
  };

  return {
    write(line) {
      if (line.repeats === undefined) return write(line);
      const pace = line.pace ?? 'flood';
      const flood = floodOf(line, pace);
      if (flood.passed < paces[pace].burst) {
        flood.passed++;
        return write(line);
      }
      flood.held++;
      flood.last = line;
      if (pace === 'kind') write({ ...line, level: 'debug' });
    },
    /** Writes held-back lines at once. */
    end() {
      for (const flood of floods.values()) {
        flood.cancel();
        tell(flood);
      }
      floods.clear();
      keysOf.clear();
    },
  };
}
