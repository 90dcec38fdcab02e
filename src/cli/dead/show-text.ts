import type { DeadLetter } from '../../core/dead-letters.ts';
import type { ErrorData } from '../../core/errors.ts';
import { plural } from '../../core/figures.ts';
import { printable } from '../../observability/printable.ts';
import { ownLines } from '../../core/stack.ts';
import { placeText } from './place-text.ts';
import { shortReason } from '../../observability/short-reason.ts';

/** What `millrace dead show` shows of a letter whose item is plain JSON. */
export function letterText(letter: DeadLetter): string {
  const { seq, origin, run, attempts, kills, inSinks = [], reason, error, history, diedAt, item, record } = letter;
  const name = origin === seq ? `${seq}` : `${seq} (originally ${origin})`;
  const rows = [
    `dead letter ${name}`,
    ...field('died', [`${time(diedAt)} after ${plural(attempts, 'attempt')}`]),
    ...field('kills', kills === 0 ? [] : [`of its consumer: ${kills}`]),
    ...field('in sinks', inSinks.length === 0 ? [] : [`${inSinks.join(', ')} (a retry skips them)`]),
    ...field('run', [run]),
    ...field('reason', shortReason(reason, error)?.split('\n') ?? []),
    ...field('error', errorLines(error)),
    ...field('at', error.at === undefined ? [] : [error.at]),
    ...field(
      'stack',
      ownLines(error.stack ?? '').map((line) => line.trim()),
    ),
    ...field(
      'history',
      // A single error is the one shown above.
      (history.length > 1 ? history : []).flatMap(({ at, code, message }) =>
        `${code}: ${message}`.split('\n').map((text, i) => `${i === 0 ? time(at) : ' '.repeat(timeColumns)}  ${text}`),
      ),
    ),
    ...field('read from', record ? [placeText(record)] : []),
    ...field(
      'encoding',
      record?.base64 === undefined ? [] : [`the text is not exactly its bytes (${record.encoding})`],
    ),
    ...(record
      ? field('text', String(item).trimEnd().split('\n'))
      : field('item', JSON.stringify(item, null, 2).split('\n'))),
  ];
  return `${rows.join('\n')}\n\n`;
}

const columns = 10;
const timeColumns = 24;

function field(label: string, lines: readonly string[]): string[] {
  // Text from a pipeline must not control the terminal.
  return lines.map((text, i) => `  ${(i === 0 ? label : '').padEnd(columns)}${printable(text.trimEnd())}`);
}

function errorLines({ code, message, cause }: ErrorData): string[] {
  const lines = `${code}: ${message}`.split('\n');
  return cause ? [...lines, ...errorLines(cause).map((text, i) => (i === 0 ? `caused by ${text}` : text))] : lines;
}

function time(wall: number): string {
  return new Date(wall).toISOString();
}
