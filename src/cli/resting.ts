import { basename } from 'node:path';
import { existsSync } from 'node:fs';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { ParamValues } from '../core/params.ts';
import { formatBytes } from '../core/units.ts';
import { count, plural } from '../core/figures.ts';
import { printable } from '../observability/printable.ts';
import type { RestingQueue } from '../queue/spool/resting-queue.ts';
import type { FoundState } from './find-state.ts';
import { paramRows } from './param-rows.ts';
import type { Shell } from './shell.ts';

/** A stopped pipeline, as `millrace status --json` shows it. Times are wall-clock milliseconds since 1970. */
export interface RestingStatus {
  name: string;
  /** `open`: the run is open, and nothing is known about the end of its supervisor. */
  state: 'finished' | 'stopped' | 'failed' | 'killed' | 'open' | 'never run';
  stateDirectory: string;
  /** When it ended; for `killed`, when the queue was last written. */
  endedAt: number | null;
  /** null if the supervisor was killed or its end is not known. */
  exitCode: number | null;
  /** Of that run. */
  params: ParamValues;
  run: { run: string; state: string; startedAt: number; finishedAt: number | null } | null;
  queue: { queued: number; retrying: number; bytes: number };
  items: { stored: number; done: number; dead: number };
  deadLetters: number;
}

/** What the queue says about a stopped pipeline; undefined if there is no queue. What the pipeline hides is hidden from now on. */
export async function restingStatus(
  { directory, name }: FoundState,
  { redaction }: Pick<Shell, 'redaction'>,
): Promise<RestingStatus | undefined> {
  // Imported late, because these modules load SQLite.
  const [{ spoolFile }, { lookAtRest }] = await Promise.all([
    import('../queue/spool/directory.ts'),
    import('../queue/spool/resting-queue.ts'),
  ]);
  const file = spoolFile(directory);
  if (!existsSync(file)) return undefined;
  try {
    const queue = lookAtRest(file, name);
    redaction.hideNames(queue.redact);
    return statusOf(queue, directory, name);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'IN_USE') throw error;
    throw new MillraceError(
      'CONTROL',
      `no pipeline answers in ${directory}, but its queue is in use: the pipeline is starting, stopping or stuck. ${error.message}`,
      { cause: error, exitCode: exitCodes.gaveUp },
    );
  }
}

function statusOf(queue: RestingQueue, stateDirectory: string, name: string | undefined): RestingStatus {
  const { run, queued, retrying, bytes, deadLetters, pipeline } = queue;
  return {
    name: pipeline ?? name ?? basename(stateDirectory),
    ...endOf(queue),
    stateDirectory,
    params: run?.params ?? {},
    run: run && { run: run.run, state: run.state, startedAt: run.startedAt, finishedAt: run.finishedAt },
    queue: { queued, retrying, bytes },
    items: { stored: run?.stored ?? 0, done: run?.done ?? 0, dead: run?.dead ?? 0 },
    deadLetters,
  };
}

function endOf({ run, lastStart, writtenAt }: RestingQueue): Pick<RestingStatus, 'state' | 'endedAt' | 'exitCode'> {
  if (run?.state === 'finished') return { state: 'finished', endedAt: run.finishedAt, exitCode: run.exitCode };
  if (lastStart?.end) {
    const { at, outcome, exitCode } = lastStart.end;
    // Dead letters that were retried since then have reopened the run.
    return { state: outcome === 'finished' ? 'open' : outcome, endedAt: at, exitCode };
  }
  if (lastStart) return { state: 'killed', endedAt: writtenAt, exitCode: null };
  return { state: run ? 'open' : 'never run', endedAt: null, exitCode: null };
}

/** What `millrace status` shows for it. */
export function restingText(status: RestingStatus): string {
  const { name, stateDirectory, params, run, queue, items, deadLetters } = status;
  const rows = [
    ['pipeline', `${name}, not running: ${endText(status)}`],
    ...(run ? [['run', `${run.run}, ${run.state}, started ${time(run.startedAt)}`]] : []),
    ...paramRows(params),
    ['state', stateDirectory],
    ['items', `${count(items.done)} done, ${count(items.dead)} dead, ${count(items.stored)} stored`],
    ['queue', `${count(queue.queued)} queued, ${count(queue.retrying)} retrying, ${formatBytes(queue.bytes)}`],
    ...(deadLetters > 0 ? [['dead', `${plural(deadLetters, 'dead letter')}: see millrace dead ls`]] : []),
    ['next', nextText(status)],
  ];
  return rows.map(([label = '', text = '']) => `${label.padEnd(8)}  ${printable(text)}\n`).join('');
}

function endText({ state, endedAt, exitCode }: RestingStatus): string {
  const when = endedAt === null ? '' : ` ${time(endedAt)}`;
  const code = exitCode === null ? '' : ` (exit code ${exitCode})`;
  switch (state) {
    case 'finished':
      return `the run finished${when}${code}`;
    case 'stopped':
      return `it was stopped${when}${code}`;
    case 'failed':
      return `it failed${when}${code}; see the end of its log`;
    case 'killed':
      return `it was killed, or the machine went down; the queue was last written${when}`;
    case 'open':
      return `its run is still open`;
    case 'never run':
      return 'it has never run';
  }
}

function nextText({ state }: RestingStatus): string {
  return state === 'finished' ? 'millrace run --again starts a new run' : 'millrace run resumes with this queue';
}

function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
