import { join } from 'node:path';
import { formatDuration } from '../core/units.ts';
import { painter, type Color } from './color.ts';
import { count, perSecond, plural } from '../core/figures.ts';
import { shortPath } from './short-path.ts';
import { totalRestarts, type Status } from './status.ts';

/** The summary after a run, for a terminal: what was done, how fast, what went wrong, where the state is. */
export function renderSummary(status: Status, options: { cwd: string; color: boolean }): string[] {
  const { name, state, items, queue, processes, uptimeMs } = status;
  const paint = painter(options.color);
  const isFinished = state === 'finished';
  const open = queue.queued + queue.lent + queue.retrying;
  const restarts = totalRestarts({ processes });
  const rate = uptimeMs > 0 ? ((items.done - items.doneBefore) / uptimeMs) * 1000 : 0;

  const [color, words]: [Color, string] = isFinished ? ['green', 'finished'] : ['yellow', 'stopped'];
  const before = items.doneBefore > 0 ? ` (${count(items.doneBefore)} of them before this start)` : '';
  const lines = [
    `${paint('bold', name)} ${paint(color, words)}: ${plural(items.done, 'item')} done${before} in ${took(uptimeMs)}, ${perSecond(rate)}, ${plural(restarts, 'restart')}`,
  ];
  if (!isFinished) lines.push(`  in the queue  ${plural(open, 'item')}: the same command resumes with them`);
  const directory = shortPath(status.stateDirectory, options.cwd);
  if (items.dead > 0) {
    const where = directory === join('.millrace', name) ? name : `--state ${shellWord(directory)}`;
    lines.push(`  ${paint('red', 'dead letters')}  ${count(items.dead)}: see millrace dead ls ${where}`);
  }
  lines.push(`  state         ${directory}`);
  return lines;
}

function took(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)}s` : formatDuration(ms);
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
