import { formatBytes, formatDuration } from '../core/units.ts';
import { count, perSecond, plural } from '../core/figures.ts';
import { nameOf } from '../observability/events.ts';
import { errorText, secondsText } from '../observability/reasons.ts';
import { printable } from '../observability/printable.ts';
import type { Status } from '../observability/status.ts';
import { paramRows } from './param-rows.ts';
import { table } from './table.ts';

/** What `millrace status` shows of a running pipeline. */
export function statusText(status: Status): string {
  const sections = [overview(status), processes(status), limits(status), retries(status), reasons(status)];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function overview({
  name,
  run,
  params,
  state,
  pid,
  uptimeMs,
  durability,
  stateDirectory,
  items,
  queue,
  traffic,
  turns,
}: Status): string[] {
  const { stored, done, dead } = items;
  const marks = `${count(queue.highItems)} items, ${formatBytes(queue.highBytes)}`;
  const rows = [
    ['pipeline', `${name}, ${state}${state === 'sealed' ? ' (source ended)' : ''}, up ${age(uptimeMs)}`],
    ['run', `${run}, pid ${pid}, durability ${durability}`],
    ...paramRows(params),
    ['state', stateDirectory],
    ['items', `${count(done)} done, ${count(dead)} dead, ${count(stored)} stored, ${perSecond(items.perSecond)}`],
    [
      'queue',
      `${count(queue.queued)} queued, ${count(queue.lent)} lent, ${count(queue.retrying)} retrying, ${formatBytes(queue.bytes)}`,
    ],
    [
      'traffic',
      `${plural(traffic.frames, 'frame')} in, ${plural(traffic.deliveries, 'delivery', 'deliveries')} out, ` +
        `${plural(Math.round(traffic.delivered / Math.max(traffic.deliveries, 1)), 'item')} each`,
    ],
    ...turns.map(({ sink, held, waiting, granted }) => [
      'sink',
      `${sink}, one writer at a time: ${held === 0 ? 'none writing' : 'one writing'}, ${waiting} waiting, ${plural(granted, 'turn')} so far`,
    ]),
    ['throttle', `${queue.throttled ? 'on' : 'off'}, at ${marks}`],
  ];
  return rows.map(([label = '', text = '']) => `${label.padEnd(10)}${printable(text)}`);
}

function processes({ processes: all }: Status): string[] {
  const header = ['process', 'pid', 'state', 'for', 'lent', 'started', 'oldest', 'memory', 'busy', 'restarts', ''];
  const rows = all.map(processRow);
  return table(header, rows);
}

function processRow(process: Status['processes'][number]): string[] {
  const { who, state, since, lent, started, oldestMs, rss, utilisation, restarts, waiting, lastExit } = process;
  const isUp = state === 'ready' || state === 'draining';
  const notes = [
    isUp && waiting && `waits: ${waiting}`,
    state !== 'stopped' && lastExit && `last exit: ${lastExit}`,
  ].filter(Boolean);
  return [
    nameOf(who),
    who.pid === undefined ? '-' : String(who.pid),
    state,
    age(since),
    count(lent),
    who.role === 'consumer' ? count(started) : '-',
    isUp && started > 0 ? formatDuration(oldestMs) : '-',
    isUp && rss > 0 ? formatBytes(rss) : '-',
    isUp ? `${Math.round(utilisation * 100)}%` : '-',
    count(restarts),
    printable(notes.join('; ')),
  ];
}

function limits({ limits: all }: Status): string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ name, held, lingering, concurrency, rate, waiting, granted, frozenMs }) => [
    printable(name),
    lingering > 0 ? `${count(held)} + ${count(lingering)} lingering` : count(held),
    concurrency === null ? '-' : count(concurrency),
    rate ?? '-',
    count(waiting),
    count(granted),
    frozenMs > 0 ? formatDuration(frozenMs) : '-',
  ]);
  return table(['limit', 'held', 'of', 'rate', 'waiting', 'granted', 'frozen for'], rows);
}

function retries({ waitingErrors }: Status): string[] {
  if (waitingErrors.length === 0) return [];
  const rows = waitingErrors.map((error) => [
    count(error.items),
    error.nextInMs === null ? 'later' : secondsText(error.nextInMs),
    printable(errorText(error)),
  ]);
  return table(['retries', 'next in', 'latest error'], rows);
}

function reasons({ reasons: all }: Status): string[] {
  return all.length === 0 ? [] : ['waiting', ...all.map((reason) => `  ${printable(reason)}`)];
}

/** Whole seconds: nobody needs tenths for an age. */
function age(ms: number): string {
  return formatDuration(ms < 1000 ? ms : Math.round(ms / 1000) * 1000);
}
