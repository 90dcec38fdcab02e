import { formatDuration } from '../core/units.ts';
import { count, plural } from '../core/figures.ts';
import type { StopStatus, WaitingError } from './status.ts';

/** What a stop waits for, and for how long at most. */
export function stopText({ running, abortInMs, killInMs }: StopStatus): string {
  const kill = `${running > 0 ? 'killed' : 'remaining processes killed'} in ${secondsText(killInMs)}`;
  if (running === 0) return kill;
  const items = `${plural(running, 'item')} still running`;
  return abortInMs === null
    ? `${items} after the abort, ${kill}`
    : `${items}, aborted in ${secondsText(abortInMs)}, ${kill}`;
}

/** Says how many items wait for a retry, what most of them failed with, and when the next retry is due. */
export function retriesText({
  retrying,
  isAll,
  error,
  nextInMs,
}: {
  retrying: number;
  /** No other items are open. */
  isAll: boolean;
  error: WaitingError | undefined;
  nextInMs: number | null;
}): string {
  const [all, wait] = retrying === 1 ? ['the one open item', 'waits'] : [`all ${count(retrying)} open items`, 'wait'];
  const who = isAll ? all : plural(retrying, 'item');
  const next = nextInMs === null ? '' : `, ${retrying === 1 ? '' : 'the next '}in ${secondsText(nextInMs)}`;
  if (!error) return `${who} ${wait} for a retry${next}`;
  const share = error.items === retrying ? '' : ` (${count(error.items)} of them)`;
  return `${who} ${wait} for a retry${next}: ${errorText(error)}${share}`;
}

/** The latest error of a kind, with its place. */
export function errorText({ code, message, at }: WaitingError): string {
  return `${code}: ${message.replaceAll(/\s*\n\s*/g, ' ')}${at === null ? '' : ` (at ${at})`}`;
}

/** Rounded up, so that nothing is shown as due too early. */
export function secondsText(ms: number): string {
  return formatDuration(Math.ceil(ms / 1000) * 1000);
}
