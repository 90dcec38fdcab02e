/**
 * The wording of the log: one line per event, all in one place. Plain words first; data for programs is in the fields,
 * with the unit in the name.
 */
import { errorKind } from '../core/error-kind.ts';
import { describeError, type ErrorData } from '../core/errors.ts';
import type { EventName, Events, Who } from './events.ts';
import { shortReason } from './short-reason.ts';
import { totalRestarts, type Status } from './status.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

/** The higher, the less urgent. */
export const ranks: Record<Level, number> = { error: 0, warn: 1, info: 2, debug: 3 };

/** How lines with the same `repeats` are thinned: as a flood, or as errors of one kind. */
export type Pace = 'flood' | 'kind';

export interface LogLine {
  level: Level;
  /** Which process it is about; the supervisor unless said otherwise. */
  who?: Who;
  /** The event's name. */
  event: string;
  message: string;
  fields: Record<string, unknown>;
  /** Lines with the same text here may flood the log: see thinning.ts. */
  repeats?: string;
  /** `flood` unless said otherwise. */
  pace?: Pace;
  /** The stack of the error; shown only if stacks are wanted. */
  stack?: string;
}

type Words = Omit<LogLine, 'event'>;

/** The line for an event. */
export function wordEvent<Name extends EventName>(name: Name, event: Events[Name]): LogLine {
  return { event: name, ...wordings[name](event) };
}

/** The line that replaces the progress display where there is no terminal. */
export function wordStatus({ state, queue, items, reasons, processes }: Status): LogLine {
  const fields = {
    state,
    done: items.done,
    ...(state !== 'starting' && state !== 'running' && { of: items.stored }),
    queued: queue.queued,
    lent: queue.lent,
    retrying: queue.retrying,
    dead: items.dead,
    perSecond: Math.round(items.perSecond * 100) / 100,
    throttled: queue.throttled,
    restarts: totalRestarts({ processes }),
    ...(queue.nextRetryInMs !== null && { nextRetryInMs: queue.nextRetryInMs }),
    ...(reasons.length > 0 && { reasons }),
  };
  return { level: 'info', event: 'status', message: 'status', fields };
}

const wordings: { readonly [Name in EventName]: (event: Events[Name]) => Words } = {
  'run.started': ({ state, params, ...fields }) => {
    const shown = Object.keys(params).length > 0 ? { ...fields, params } : fields;
    return line('info', state === 'new' ? 'run started' : 'run resumed', shown);
  },
  'run.alreadyFinished': ({ finishedAt, ...fields }) =>
    line('info', 'nothing to do: this run has already finished; --again starts a new one', {
      finishedAt: new Date(finishedAt).toISOString(),
      ...fields,
    }),
  'run.owed': ({ isFinished }) =>
    line(
      'warn',
      `the new run requested with --again has not started; start it with --again${isFinished ? '' : ', which finishes the open run first'}`,
      {},
    ),
  'run.sealed': (fields) => line('info', 'source ended; all items are stored', fields),
  'run.finished': (fields) => line(fields.dead > 0 ? 'warn' : 'info', 'run finished', fields),
  'run.paused': ({ reason }) => line('error', `paused: ${reason}`, {}),
  'run.unpaused': () => line('info', 'resumed', {}),
  'run.stopping': ({ hurry, ...fields }) =>
    line(
      'info',
      hurry ? 'stopping at once' : 'stopping after the started items finish; a second signal aborts them',
      fields,
    ),
  'run.aborting': (fields) =>
    line(
      fields.running > 0 ? 'warn' : 'info',
      'stopping: aborting items that are still running; they remain in the queue',
      fields,
    ),
  'run.stopped': (fields) => line(fields.exitCode === 0 ? 'info' : 'warn', 'stopped', fields),

  'reload.started': (fields) => line('info', 'reloading: checking the pipeline file', fields),
  'reload.done': (fields) => line('info', 'reloaded: all consumers have the new code', fields),
  'reload.refused': (fields) => line('error', 'not reloaded; the running consumers continue', fields),
  'throttle.raised': (fields) => often(line('info', 'queue reached its high-water mark; producer paused', fields)),
  'throttle.lowered': (fields) => often(line('info', 'queue drained to its low-water mark; producer resumed', fields)),

  'child.state': ({ who, from, to }) =>
    to === 'ready' ? line('info', 'ready', {}, who) : line('debug', `${from} → ${to}`, {}, who),
  'child.started': ({ who, writer }) => line('info', 'started', { writer }, who),
  'child.exited': ({ who, expected, reason, error, isOutage, ...fields }) => {
    const [level, message]: [Level, string] = expected
      ? ['info', 'ended']
      : isOutage
        ? ['warn', `exited because of an outage: ${reason}`]
        : ['error', `crashed: ${reason}`];
    return { ...line(level, message, given(fields), who), ...stackOf(error) };
  },
  'child.restarting': ({ who, ...fields }) => line('warn', 'restarting', fields, who),
  'child.heldBack': ({ who, reason }) =>
    line('error', 'crashed; will be replaced once the pipeline file is usable', { reason }, who),
  'file.unusable': ({ reason }) => line('error', 'pipeline file still unusable', { reason }),
  'file.usable': () => line('info', 'pipeline file usable again', {}),
  'child.parked': ({ who, withinMs, crashes, lastReason }) =>
    withinMs === null
      ? line('error', 'parked after too many failed starts in a row', { failedStarts: crashes, lastReason }, who)
      : line('error', 'parked after too many crashes', { crashes, withinMs, lastReason }, who),
  'child.endGivenUp': ({ who, reason }) =>
    line('warn', 'teardown did not complete in two attempts; the run finishes without it', { reason }, who),
  'child.recycling': ({ who, reason }) => line('info', 'recycling: starting a replacement', { reason }, who),
  'child.notReplaced': ({ who, reason }) =>
    line('error', 'kept: its replacement did not become ready', { reason }, who),
  'child.large': ({ who, ...fields }) =>
    line(
      'warn',
      'memory exceeds maxRss as soon as the process is ready; not recycling it, as a replacement would be no smaller',
      fields,
      who,
    ),
  'child.log': ({ who, level, message, fields }) => line(level, message, fields, who),
  'child.output': ({ who, stream, line: text }) => line(stream === 'stdout' ? 'info' : 'warn', text, { stream }, who),
  'child.outputDropped': ({ who, lines }) => line('warn', 'output flood: some lines were dropped', { lines }, who),
  'orphan.killed': ({ who }) => line('warn', 'killed a process left over from an earlier supervisor', {}, who),

  'items.marked': ({ who, ...fields }) =>
    line('debug', 'crashed; returning the items it had started to the queue', fields, who),
  'items.isolated': ({ who, ...fields }) =>
    often(line('warn', 'crashed; running its items one at a time to find the cause', fields, who), who),
  'items.cleared': (fields) => often(line('info', 'no item caused the crash', fields)),
  'item.killed': ({ who, ...fields }) =>
    often(line('warn', 'item crashed its consumer while running alone', fields, who), who),
  'item.retry': ({ error, ...fields }) => ({
    ...often(line('warn', 'item failed; it will be retried', { ...fields, ...errorFields(error) }), errorKind(error)),
    pace: 'kind',
    ...stackOf(error),
  }),
  'item.dead': ({ error, reason, ...fields }) => {
    const short = shortReason(reason, error);
    const about = { ...fields, ...(short !== undefined && { reason: short }), ...errorFields(error) };
    return { ...often(line('warn', 'item became a dead letter', about), errorKind(error)), ...stackOf(error) };
  },
  'letters.givenBack': (fields) => line('info', 'dead letters returned to the queue', fields),
  'letters.purged': (fields) => line('info', 'dead letters deleted', fields),
  'settle.refused': ({ who, ...fields }) =>
    often(line('warn', 'results discarded: the items had been reassigned', fields, who), who),

  'limit.frozen': (fields) => often(line('warn', 'limit frozen; calls on hold', fields), fields.limit),
  'sink.down': ({ who, reason }) => often(line('error', 'sink unreachable', { reason }, who), who),
  'sink.up': ({ who }) => often(line('info', 'sink reachable again', {}, who), who),
  'sink.otherQueue': ({ isHere, ...fields }) =>
    isHere
      ? line('info', 'the sink also holds results of this pipeline from an earlier queue in this directory', fields)
      : line(
          'warn',
          'the sink also holds results of this pipeline from a queue in another directory: each queue reads the whole source, ' +
            'so rows may be duplicated. To continue with that queue, run the pipeline from its directory or pass --state',
          fields,
        ),
  'spool.full': ({ reason }) => often(line('error', 'no disk space for the queue; producer paused', { reason })),
  'spool.ok': () => often(line('info', 'disk space for the queue again; producer resumed', {})),
  'spool.logLarge': (fields) =>
    line(
      'warn',
      'the queue file’s write-ahead log keeps growing: is the disk full, or does another process hold the file open?',
      fields,
    ),
  'disk.low': (fields) => often(line('warn', 'disk almost full; producer paused', fields)),
  'disk.ok': (fields) => often(line('info', 'enough disk space again; producer resumed', fields)),
  'log.dropped': (fields) => line('warn', 'log lines were dropped because they could not be written in time', fields),
  warning: ({ code, message }) => often(line('warn', message, { code }), code),
};

function line(level: Level, message: string, fields: Record<string, unknown>, who?: Who): Words {
  return { level, message, fields, ...(who && { who }) };
}

/** Marks a line that may flood the log; lines about different subjects are counted separately. */
function often(words: Words, about?: string | Who): Words {
  const subject = typeof about === 'object' ? `${about.role} ${about.ordinal}` : (about ?? '');
  return { ...words, repeats: `${words.message} ${subject}` };
}

function errorFields(error: ErrorData): { error: string; code: string; at?: string } {
  return { error: describeError(error), code: error.code, ...(error.at !== undefined && { at: error.at }) };
}

/** The stacks of the error and of its causes. */
function stackOf(error: ErrorData | undefined): { stack?: string } {
  const stacks: string[] = [];
  for (let each = error; each; each = each.cause) if (each.stack !== undefined) stacks.push(each.stack);
  return stacks.length === 0 ? {} : { stack: stacks.join('\ncaused by ') };
}

/** Omits fields that say nothing, such as a signal where there was none. */
function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
