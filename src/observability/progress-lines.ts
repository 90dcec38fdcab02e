import { formatDuration } from '../core/units.ts';
import { painter, type Color, type Paint } from './color.ts';
import { columnsOf, cutToColumns } from './columns.ts';
import { count, perSecond, plural } from '../core/figures.ts';
import { printable } from './printable.ts';
import { nameOf } from './events.ts';
import { errorText, secondsText, stopText } from './reasons.ts';
import { totalRestarts, type Status } from './status.ts';

type Process = Status['processes'][number];
/** Text with a colour, or without. */
type Part = string | readonly [Color, string];

const widest = 80;
const heightLimit = 8;
const reasonLimit = 2;
const barColumns = 20;
const labelColumns = 'consumer 10'.length;
/** A child beats every second; silence for this long is worth showing. */
const silentMs = 5000;

/**
 * The progress display: at most 8 lines, none wider than `width` or 80 columns, with a constant height as long as
 * nothing happens.
 */
export function renderProgress(status: Status, width: number, isColored: boolean): string[] {
  const columns = Math.max(Math.min(width, widest), 0);
  const paint = painter(isColored);
  const lines = [headline(status), queueLine(status), ...limitLine(status)];
  lines.push(...retryLine(status));
  if (status.stop) lines.push([label('stopping'), ['cyan', stopText(status.stop)]]);
  const reasons = reasonLines(status.reasons.filter((reason) => !hasOwnLine.test(reason)));
  lines.push(...processLines(status.processes, heightLimit - lines.length - reasons.length), ...reasons);
  return lines.map((parts) => join(parts, columns, paint));
}

function headline({ name, state, items, processes }: Status): Part[] {
  const settled = items.done + items.dead;
  const isTotalKnown = state === 'sealed' || state === 'finishing' || state === 'finished';
  const parts: Part[] = [['bold', name]];
  if (isTotalKnown) {
    const share = items.stored === 0 ? 1 : settled / items.stored;
    const filled = Math.floor(share * barColumns);
    parts.push(
      `  ${'█'.repeat(filled)}${'░'.repeat(barColumns - filled)} ${String(Math.floor(share * 100)).padStart(3)}%`,
    );
    parts.push(`  ${count(items.done)} of ${count(items.stored)} done`);
  } else {
    parts.push(`  ${count(items.done)} done`);
  }
  parts.push(`  ${perSecond(items.perSecond)}`);
  const left = items.stored - settled;
  if (isTotalKnown && left > 0 && items.perSecond > 0) parts.push(`  ${timeLeft(left / items.perSecond)} left`);
  if (state === 'starting' || state === 'stopping' || state === 'finishing') parts.push(['cyan', `  ${state}`]);
  if (state === 'paused') parts.push(['yellow', '  paused']);
  const restarts = totalRestarts({ processes });
  if (restarts > 0) parts.push(['yellow', `  ${plural(restarts, 'restart')}`]);
  return parts;
}

function timeLeft(seconds: number): string {
  return formatDuration(Math.max(Math.round(seconds), 1) * 1000);
}

function queueLine({ queue, items }: Status): Part[] {
  return [
    label('queue'),
    // First: a narrow terminal cuts the end.
    ...(queue.throttled ? [['yellow', 'throttled  '] as const] : []),
    `${count(queue.queued)} queued  ${count(queue.lent)} lent  ${count(queue.retrying)} retrying  `,
    items.dead > 0 ? ['red', `${count(items.dead)} dead`] : '0 dead',
  ];
}

/** Reasons that have their own line in the display. */
const hasOwnLine = /^stopping:|wait(s)? for a retry/;

function retryLine({ queue, waitingErrors: [error] }: Status): Part[][] {
  if (queue.retrying === 0 || !error) return [];
  const { retrying, nextRetryInMs } = queue;
  const next = nextRetryInMs === null ? '' : `, next in ${secondsText(nextRetryInMs)}`;
  const share = error.items === retrying ? '' : `${count(error.items)} of `;
  return [[label('retries'), `${share}${count(retrying)}${next}  `, ['yellow', printable(errorText(error))]]];
}

function limitLine({ limits }: Status): Part[][] {
  if (limits.length === 0) return [];
  const parts: Part[] = [label('limits')];
  for (const [i, { name, held, concurrency, rate, waiting, frozenMs }] of limits.entries()) {
    const budget = [concurrency === null ? `${held} held` : `${held}/${concurrency}`, rate].filter(
      (text) => text !== null,
    );
    parts.push(`${i === 0 ? '' : '  '}${printable(name)} ${budget.join(' ')}`);
    if (waiting > 0) parts.push(`, ${count(waiting)} waiting`);
    if (frozenMs > 0) parts.push(['yellow', `, frozen for ${formatDuration(frozenMs)}`]);
  }
  return [parts];
}

/** A line for each process if they fit; otherwise the producer, one line for all consumers, and those in trouble. */
function processLines(processes: readonly Process[], room: number): Part[][] {
  if (processes.length <= room) return processes.map(processLine);
  const consumers = processes.filter(({ who }) => who.role === 'consumer');
  const others = processes.filter(({ who }) => who.role !== 'consumer');
  const troubled = consumers.filter(({ state }) => state === 'backoff' || state === 'parked');
  return [...others.map(processLine), consumersLine(consumers), ...troubled.map(processLine)].slice(0, room);
}

function consumersLine(consumers: readonly Process[]): Part[] {
  const states = new Map<string, number>();
  for (const { state } of consumers) states.set(state, (states.get(state) ?? 0) + 1);
  const sum = (of: (process: Process) => number): number =>
    consumers.reduce((total, process) => total + of(process), 0);
  return [
    label('consumers'),
    [...states].map(([state, many]) => `${many} ${state}`).join(', '),
    `  ${count(sum(({ lent }) => lent))} lent  ${count(sum(({ started }) => started))} started`,
  ];
}

function processLine({ who, state, lent, started, oldestMs, waiting, beatAgeMs, restarts, lastExit }: Process): Part[] {
  const isUp = state === 'ready' || state === 'draining';
  const parts: Part[] = [label(nameOf(who)), [stateColors[state], state]];
  if (isUp && who.role === 'consumer') parts.push(`  ${count(lent)} lent  ${count(started)} started`);
  if (isUp && oldestMs >= 1000) parts.push(`  oldest ${formatDuration(oldestMs)}`);
  if (isUp && beatAgeMs !== null && beatAgeMs >= silentMs)
    parts.push(['yellow', `  silent for ${formatDuration(beatAgeMs)}`]);
  if (isUp && waiting !== null) parts.push(`  waits: ${printable(waiting)}`);
  if (!isUp && restarts > 0) parts.push(`  ${plural(restarts, 'restart')}`);
  if (!isUp && state !== 'stopped' && lastExit !== null) parts.push(`  last: ${printable(lastExit)}`);
  return parts;
}

const stateColors: Record<Process['state'], Color> = {
  starting: 'cyan',
  ready: 'green',
  draining: 'cyan',
  backoff: 'yellow',
  parked: 'red',
  stopped: 'dim',
};

function reasonLines(reasons: readonly string[]): Part[][] {
  const more = reasons.length > reasonLimit ? ` (and ${reasons.length - reasonLimit} more)` : '';
  return reasons
    .slice(0, reasonLimit)
    .map((reason, i) => [label('waiting'), ['yellow', `${printable(reason)}${i === reasonLimit - 1 ? more : ''}`]]);
}

function label(text: string): Part {
  return ['dim', `${text.padEnd(labelColumns)}  `];
}

function join(parts: readonly Part[], columns: number, paint: Paint): string {
  let room = columns;
  let line = '';
  for (const part of parts) {
    const [color, text] = typeof part === 'string' ? [undefined, part] : part;
    const shown = cutToColumns(text, room);
    room -= columnsOf(shown);
    if (shown !== '') line += color === undefined ? shown : paint(color, shown);
    if (shown !== text) break;
  }
  return line;
}
