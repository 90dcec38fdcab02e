/**
 * The supervisor's one log. Events are worded (log-lines.ts), thinned where one cause makes many lines (thinning.ts),
 * formatted, and written through a bounded output. winston, which takes a while to load, is loaded for the first line;
 * lines wait until it is loaded.
 */
import type { Clock } from '../core/clock.ts';
import type { Redaction } from '../core/redaction.ts';
import type { EventBus, Who } from './events.ts';
import { jsonLine, prettyLine, type LogRecord } from './line-format.ts';
import { createLineOutput, type LineOutput, type OutputStream } from './line-output.ts';
import { ranks, wordEvent, type Level, type LogLine } from './log-lines.ts';
import { createThinning } from './thinning.ts';
import type { Logger } from './winston.ts';

export interface LogOptions {
  level: Level;
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  format: 'auto' | 'pretty' | 'json';
  /** Standard error, unless said otherwise. */
  stream?: OutputStream;
  isTerminal: boolean;
  color: boolean;
  /** Lines about an error include its stack as a field. Always true at level `debug`. Default false. */
  stacks?: boolean;
  /** Removes secrets from each line. */
  redaction: Redaction;
  clock: Clock;
}

export interface ServiceLog {
  /** Logs every event of `bus` from now on; returns a function that stops this. */
  subscribe(bus: EventBus): () => void;
  write(line: LogLine): void;
  /** Where the lines go; on a terminal the progress display is pinned to it. */
  readonly output: LineOutput;
  /** Writes held-back lines and resolves when the operating system has them, or after one second. Idempotent. */
  close(): Promise<void>;
}

export function createLog(options: LogOptions): ServiceLog {
  const { level, clock, redaction, stream = process.stderr } = options;
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && options.isTerminal);
  const format = isPretty ? prettyLine(redaction, options.color) : jsonLine(redaction);
  const supervisor: Who = { role: 'supervisor', ordinal: 0, pid: process.pid };

  let logger: Logger | undefined;
  let loading: Promise<void> | undefined;
  let waiting: LogRecord[] = [];
  let closing: Promise<void> | undefined;
  let tellDropped = (lines: number): void => write(wordEvent('log.dropped', { lines }));

  const output = createLineOutput({ stream, clock, onRecovered: (lines) => tellDropped(lines) });
  const hasStacks = options.stacks || level === 'debug';
  const thinning = createThinning(clock, ({ stack, ...line }) => {
    if (ranks[line.level] > ranks[level]) return;
    const fields = hasStacks && stack !== undefined ? { ...line.fields, stack } : line.fields;
    const record = { ...line, fields, who: line.who ?? supervisor, time: clock.wall() };
    if (logger) return logger.write(record);
    waiting.push(record);
    loading ??= load();
  });

  async function load(): Promise<void> {
    let loaded: Logger;
    try {
      const { createLogger } = await import('./winston.ts');
      loaded = createLogger({ level, format, output });
    } catch {
      // The files of this program were replaced while it was running: a log without winston is better than none.
      loaded = { write: (record) => output.write(format(record), true), end: () => Promise.resolve() };
    }
    for (const record of waiting) loaded.write(record);
    waiting = [];
    logger = loaded;
  }

  function write(line: LogLine): void {
    if (ranks[line.level] <= ranks[level] && !closing) thinning.write(line);
  }

  return {
    subscribe(bus) {
      tellDropped = (lines) => bus.emit('log.dropped', { lines });
      return bus.subscribe((name, event) => {
        // Held-back lines belong before the end, not after it.
        if (name === 'run.finished' || name === 'run.stopped') thinning.end();
        write(wordEvent(name, event));
      });
    },
    write,
    output,
    close() {
      closing ??= (async () => {
        thinning.end();
        await loading;
        await logger?.end();
        await output.flush();
      })();
      return closing;
    },
  };
}
