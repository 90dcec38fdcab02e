import { formatDuration } from '../core/units.ts';
import { plural } from '../core/figures.ts';
import type { StopStatus } from './status.ts';

/** What a stop waits for, and for how long at most. */
export function stopText({ running, abortInMs, killInMs }: StopStatus): string {
  const kill = `${running > 0 ? 'killed' : 'the processes that are left are killed'} in ${seconds(killInMs)}`;
  if (running === 0) return kill;
  const items = `${plural(running, 'item')} still running`;
  return abortInMs === null
    ? `${items} after the abort, ${kill}`
    : `${items}, aborted in ${seconds(abortInMs)}, ${kill}`;
}

function seconds(ms: number): string {
  return formatDuration(Math.ceil(ms / 1000) * 1000);
}
