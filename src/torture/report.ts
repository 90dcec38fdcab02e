import { formatDuration } from '../core/units.ts';
import { count, plural } from '../core/figures.ts';
import type { ProblemKind } from './problem.ts';
import type { TortureResult } from './torture.ts';

/** One line about the progress. */
export function progressLine({ kills, wantedKills, rounds, starts, done, dead }: TortureResult): string {
  return `torture: ${count(kills)} of ${plural(wantedKills, 'kill')}, round ${rounds}, ${plural(starts, 'start')}, ${plural(done + dead, 'item')} checked`;
}

/** The whole result, for people. `replay`: the command that repeats it. */
export function reportText(result: TortureResult, replay: string): string {
  const { seed, kills, rounds, starts, seconds, faults, emitted, done, dead, rows, repeated, problems } = result;
  const counted = (...kinds: ProblemKind[]): string =>
    count(problems.filter(({ kind }) => kinds.includes(kind)).reduce((sum, problem) => sum + problem.count, 0));
  const table = Object.entries(faults)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([fault, times]): [string, string] => [count(times), fault]);
  const width = Math.max(0, ...table.map(([times]) => times.length));
  const facts: [string, string][] = [
    [
      'kills',
      `${count(kills)} of ${count(result.wantedKills)}, in ${plural(rounds, 'run')} with ${plural(starts, 'start')}, ${formatDuration(Math.round(seconds * 1000))}`,
    ],
    ['emitted', plural(emitted, 'item')],
    ['done', `${count(done)}, with ${plural(rows, 'row')} read back`],
    ['dead letters', count(dead)],
    ['missing', counted('missing')],
    ['twice', counted('twice')],
    ['altered', counted('altered')],
    ['invented', counted('invented')],
    ...(repeated > 0 ? [['again, as allowed', plural(repeated, 'item')] as [string, string]] : []),
    ['seed', String(seed)],
    ['again', replay],
  ];
  const factWidth = Math.max(...facts.map(([name]) => name.length));
  const lines = [
    ...table.map(([times, fault]) => `${times.padStart(width)}  ${fault}`),
    '',
    ...facts.map(([name, text]) => `${name.padEnd(factWidth)}  ${text}`),
    ...result.unchecked.map((text) => `not checked: ${text}`),
    ...problems.map(
      ({ kind, count: times, text }) => `WRONG (${kind}${times > 1 ? `, ${count(times)}` : ''}): ${text}`,
    ),
    ...(result.evidence === undefined ? [] : [`the remains of that run: ${result.evidence}`]),
    '',
    problems.length === 0 ? 'Nothing lost, nothing twice.' : 'The guarantees did not hold.',
  ];
  return `${lines.join('\n')}\n`;
}

/** The same for programs: one line of JSON. */
export function reportJson(result: TortureResult, replay: string): string {
  return `${JSON.stringify({ holds: result.problems.length === 0, ...result, replay })}\n`;
}
