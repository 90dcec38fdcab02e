import { errorData } from '../../core/errors.ts';
import { jsonText } from '../../sinks/json-text.ts';
import { refuseOptions } from '../../sinks/no-options.ts';
import { BadRow, defineSink, withoutLedger, type Sink, type SinkWriter } from '../../sinks/port.ts';

/**
 * Lines are sent in pieces of about this size, so that later messages on the channel do not wait for a whole large
 * batch.
 */
const pieceLength = 256 * 1024;

/**
 * Writes results as JSON lines to standard output, at least once: if a process dies before its line is settled, the
 * line comes again.
 *
 * Any value that JSON can hold is a result. `Date` is written as ISO text, BigInt as decimal digits in quotes (most
 * readers would round a bare number), a `Set` as an array, a `Map` with text keys as an object. NaN, infinities,
 * invalid dates, bytes, functions and instances of classes without a `toJSON` make the item a dead letter that says so.
 */
export function stdout(...none: readonly never[]): Sink<unknown> {
  refuseOptions('stdout', none);
  return defineSink({
    kind: 'stdout',
    delivery: 'call',
    target: 'standard output',
    open: async ({ writeOut }): Promise<SinkWriter<unknown, string>> => ({
      ...withoutLedger,
      capture: (row, captured) => void captured.push(line(row)),
      async commit({ captured }) {
        for (const piece of pieces(captured)) await writeOut(Buffer.from(piece));
      },
      close: async () => {},
    }),
  });
}

function line(row: unknown): string {
  try {
    return `${jsonText(row, { bigint: 'text' })}\n`;
  } catch (error) {
    throw new BadRow(`standard output: ${errorData(error).message}`, { cause: error });
  }
}

/** Whole lines, joined into pieces. */
function* pieces(lines: readonly string[]): Generator<string> {
  let piece = '';
  for (const text of lines) {
    piece += text;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
