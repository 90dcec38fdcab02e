/**
 * Writes log lines to a stream, to which no other code may write. It never blocks the pipeline and never breaks it:
 * lines that the reader does not read in time are dropped and counted, and when the reader has exited, lines are no
 * longer written.
 *
 * On a terminal some lines can be pinned below the log: the progress display. They are taken away before a line is
 * written and drawn again at the end of the tick, each in one write, so that nothing tears or flickers.
 */
import type { Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { columnsOf } from './columns.ts';

/** Bytes that may wait for the reader before lines below `warn` are dropped. */
const softLimitBytes = 1024 * 1024;
/** …and before all lines are dropped: otherwise a child that floods its standard error would fill our memory. */
const hardLimitBytes = 4 * 1024 * 1024;
const flushDeadlineMs = 1000;

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const clearToEndOfLine = '\u001b[K';
const clearBelow = '\u001b[J';

/** A stream; a terminal knows its size. */
export type OutputStream = Writable & { readonly columns?: number; readonly rows?: number };

export interface LineOutput {
  /** Writes a line, or drops it; `urgent` ones are dropped last. */
  write(line: string, urgent: boolean): void;
  /**
   * Shows these lines, which must fit the terminal's width, below everything else until they are replaced. No lines:
   * removes them.
   */
  pin(lines: readonly string[]): void;
  /** Resolves when the operating system has everything, or after one second. */
  flush(): Promise<void>;
}

export function createLineOutput(options: {
  stream: OutputStream;
  clock: Clock;
  /** Called with the number of lines lost, when lines can be written again. */
  onRecovered: (lines: number) => void;
}): LineOutput {
  const { stream, clock, onRecovered } = options;
  let hasReader = true;
  let dropped = 0;
  let pinned: readonly string[] = [];
  let drawn: readonly string[] = [];
  let isCursorHidden = false;
  let willDraw = false;

  // Never removed: standard error lives as long as the process, and an error without a listener would end it.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A full disk may have space again later; a reader that has gone does not come back.
    if (error.code === 'EPIPE' || error.code === 'ECONNRESET' || stream.destroyed) hasReader = false;
  });

  function send(text: string, limit: number, done?: (error?: Error | null) => void): boolean {
    if (!hasReader || stream.writableLength > limit) return false;
    stream.write(text, done);
    return true;
  }

  function written(error?: Error | null): void {
    if (error) {
      dropped++;
    } else if (dropped > 0 && stream.writableLength === 0) {
      const lines = dropped;
      dropped = 0;
      onRecovered(lines);
    }
  }

  function erase(): string {
    if (drawn.length === 0) return '';
    const sequence = up(rowsOf(drawn, stream.columns));
    drawn = [];
    return sequence + clearBelow;
  }

  function draw(): void {
    willDraw = false;
    // A terminal that does not know its size says 0.
    const lines = pinned.slice(0, (stream.rows || 24) - 1);
    const rows = rowsOf(drawn, stream.columns);
    const text = lines.map((line) => `${line}${clearToEndOfLine}\n`).join('');
    if (text === '' && rows === 0) return;
    if (send(`${isCursorHidden ? '' : hideCursor}${up(rows)}${text}${clearBelow}`, softLimitBytes)) {
      isCursorHidden = true;
      drawn = lines;
    }
  }

  return {
    write(line, urgent) {
      const restore = drawn;
      if (!send(`${erase()}${line}\n`, urgent ? hardLimitBytes : softLimitBytes, written)) {
        drawn = restore;
        dropped++;
      } else if (pinned.length > 0 && !willDraw) {
        willDraw = true;
        clock.soon(draw);
      }
    },
    pin(lines) {
      const isSame = lines.length === drawn.length && lines.every((line, i) => line === drawn[i]);
      pinned = lines;
      if (lines.length > 0) {
        if (!isSame) draw();
      } else if (isCursorHidden) {
        send(`${erase()}${showCursor}`, hardLimitBytes);
        isCursorHidden = false;
      }
    },
    flush() {
      if (!hasReader) return Promise.resolve();
      return new Promise((resolve) => {
        const finish = (): void => {
          cancel();
          resolve();
        };
        const cancel = clock.after(flushDeadlineMs, finish);
        stream.write('', finish);
      });
    },
  };
}

function up(rows: number): string {
  return rows === 0 ? '' : `\u001b[${rows}A\r`;
}

/** Lines take more rows once the terminal has been made narrower. */
function rowsOf(lines: readonly string[], columns: number | undefined): number {
  if (columns === undefined || columns <= 0) return lines.length;
  return lines.reduce((rows, line) => rows + Math.max(Math.ceil(columnsOf(line) / columns), 1), 0);
}
