import type { ErrorData } from '../core/errors.ts';
import { plural } from '../observability/figures.ts';
import { printable } from '../observability/printable.ts';
import type { DeadLetter } from '../observability/status.ts';

/** What `millrace dead show` shows of a letter whose item is plain JSON. */
export function letterText({ seq, origin, run, attempts, reason, error, history, diedAt, item }: DeadLetter): string {
  const name = origin === seq ? `${seq}` : `${seq}, which was ${origin} first`;
  const rows = [
    `dead letter ${name}`,
    ...field('died', [`${time(diedAt)} after ${plural(attempts, 'attempt')}`]),
    ...field('run', [run]),
    ...field('reason', [reason]),
    ...field('error', errorLines(error)),
    ...field(
      'stack',
      (error.stack ?? '').split('\n').filter((text) => /^\s+at /.test(text)),
    ),
    ...field(
      'history',
      history.map(({ at, code, message }) => `${time(at)}  ${code}: ${message}`),
    ),
    ...field('item', JSON.stringify(item, null, 2).split('\n')),
  ];
  return `${rows.join('\n')}\n\n`;
}

const columns = 10;

function field(label: string, lines: readonly string[]): string[] {
  // What comes from a pipeline must not act on the terminal.
  return lines.map((text, i) => `  ${(i === 0 ? label : '').padEnd(columns)}${printable(text.trimEnd())}`);
}

function errorLines({ code, message, cause }: ErrorData): string[] {
  const lines = `${code}: ${message}`.split('\n');
  return cause ? [...lines, ...errorLines(cause).map((text, i) => (i === 0 ? `caused by ${text}` : text))] : lines;
}

function time(wall: number): string {
  return new Date(wall).toISOString();
}
