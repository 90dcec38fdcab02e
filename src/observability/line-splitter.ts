import type { Cancel, Clock } from '../core/clock.ts';

/** Takes a child's output in pieces of any size. */
export interface LineSplitter {
  push(chunk: Buffer): void;
  /** The stream has ended: emits the last, unfinished line and any pending report. Idempotent. */
  end(): void;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const periodMs = 1000;

/**
 * Splits a child's output into lines. Memory and log stay bounded for any output: a line is cut at `maxLineBytes` and
 * the rest of it skipped; beyond `linesPerSecond` lines, or `bytesPerSecond` bytes, per second, lines are dropped and
 * their number is reported when the second is over. Empty lines are left out.
 */
export function lineSplitter(
  onLine: (line: string) => void,
  options: {
    clock: Clock;
    onDropped: (lines: number) => void;
    maxLineBytes?: number;
    linesPerSecond?: number;
    bytesPerSecond?: number;
  },
): LineSplitter {
  const { clock, onDropped, maxLineBytes = 64 * 1024, linesPerSecond = 1000, bytesPerSecond = 1024 * 1024 } = options;
  // The unfinished line: its first `gathered` bytes, copied, because a chunk may be much larger than the part that is
  // kept.
  let partial = Buffer.alloc(0);
  let gathered = 0;
  let isSkipping = false;

  let periodStart = -Infinity;
  let lines = 0;
  let bytes = 0;
  let dropped = 0;
  let cancel: Cancel | undefined;

  function tellDropped(): void {
    cancel?.();
    cancel = undefined;
    if (dropped === 0) return;
    const lost = dropped;
    dropped = 0;
    onDropped(lost);
  }

  function handOn(line: Buffer, isCut: boolean): void {
    const end = !isCut && line.at(-1) === carriageReturn ? line.length - 1 : line.length;
    if (end === 0) return;
    const now = clock.now();
    if (now - periodStart >= periodMs) {
      tellDropped();
      periodStart = now;
      lines = bytes = 0;
    }
    if (lines >= linesPerSecond || bytes + end > bytesPerSecond) {
      dropped++;
      cancel ??= clock.after(periodMs, tellDropped);
      return;
    }
    lines++;
    bytes += end;
    const text = line.toString('utf8', 0, isCut ? wholeCharacters(line) : end);
    onLine(isCut ? `${text}… (cut after ${maxLineBytes} bytes)` : text);
  }

  function gather(piece: Buffer): void {
    if (isSkipping || piece.length === 0) return;
    const taken = Math.min(piece.length, maxLineBytes - gathered);
    if (gathered + taken > partial.length) {
      const larger = Buffer.alloc(Math.min(Math.max(2 * partial.length, gathered + taken, 1024), maxLineBytes));
      partial.copy(larger, 0, 0, gathered);
      partial = larger;
    }
    piece.copy(partial, gathered, 0, taken);
    gathered += taken;
    if (taken < piece.length) {
      isSkipping = true;
      handOn(partial.subarray(0, gathered), true);
      gathered = 0;
    }
  }

  function finishLine(rest: Buffer): void {
    if (gathered === 0 && !isSkipping && rest.length <= maxLineBytes) return handOn(rest, false);
    gather(rest);
    if (!isSkipping) handOn(partial.subarray(0, gathered), false);
    gathered = 0;
    isSkipping = false;
  }

  return {
    push(chunk) {
      let from = 0;
      for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
        finishLine(chunk.subarray(from, to));
        from = to + 1;
      }
      gather(chunk.subarray(from));
    },
    end() {
      finishLine(Buffer.alloc(0));
      partial = Buffer.alloc(0);
      tellDropped();
    },
  };
}

/** Length of `bytes` without a character that is cut in two at the end. */
function wholeCharacters(bytes: Buffer): number {
  let start = bytes.length - 1;
  while (start > 0 && bytes.length - start < 4 && (bytes[start]! & 0xc0) === 0x80) start--;
  const lead = bytes[start]!;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? start : bytes.length;
}
