/**
 * The wording of the log: one line for each event, in one place. Plain words first; what a program would look for is in
 * the fields, with the unit in the name.
 */
import { errorKind } from '../core/error-kind.ts';
import { describeError, type ErrorData } from '../core/errors.ts';
import type { EventName, Events, Who } from './events.ts';
import { shortReason } from './short-reason.ts';
import { totalRestarts, type Status } from './status.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

/** The higher, the less urgent. */
export const ranks: Record<Level, number> = { error: 0, warn: 1, info: 2, debug: 3 };

/** How lines with the same `repeats` are thinned out: as a flood, or as the errors of one kind. */
export type Pace = 'flood' | 'kind';

export interface LogLine {
  level: Level;
  /** Which process it is about; the supervisor unless said otherwise. */
  who?: Who;
  /** The event's name. */
  event: string;
  message: string;
  fields: Record<string, unknown>;
  /** Lines with the same text here may come in floods: see thinning.ts. */
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

/** The line that stands for the progress display where there is no terminal. */
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
  'run.started': ({ state, ...fields }) => line('info', state === 'new' ? 'run started' : 'run resumed', fields),
  'run.alreadyFinished': ({ finishedAt, ...fields }) =>
    line('info', 'this run has finished: nothing to do; --again starts a new one', {
      finishedAt: new Date(finishedAt).toISOString(),
      ...fields,
    }),
  'run.owed': ({ isFinished }) =>
    line(
      'warn',
      `a new run was requested with --again and has not started: start it with --again${isFinished ? '' : ', which finishes the open run first'}`,
      {},
    ),
  'run.sealed': (fields) => line('info', 'the source has ended', fields),
  'run.finished': (fields) => line(fields.dead > 0 ? 'warn' : 'info', 'run finished', fields),
  'run.paused': ({ reason }) => line('error', `paused: ${reason}`, {}),
  'run.unpaused': () => line('info', 'goes on after the pause', {}),
  'run.stopping': ({ hurry, ...fields }) =>
    line('info', hurry ? 'stopping at once' : 'stopping: finishing started items; a second signal aborts them', fields),
  'run.aborting': (fields) =>
    line(
      fields.running > 0 ? 'warn' : 'info',
      'stopping: aborting items that are still running; they stay in the queue',
      fields,
    ),
  'run.stopped': (fields) => line(fields.exitCode === 0 ? 'info' : 'warn', 'stopped', fields),

  'reload.started': (fields) => line('info', 'reloading: the file is looked at', fields),
  'reload.done': (fields) => line('info', 'reloaded: all consumers have the new code', fields),
  'reload.refused': (fields) => line('error', 'not reloaded: the consumers that run stay', fields),
  'throttle.raised': (fields) => often(line('info', 'the queue is full enough: the producer waits', fields)),
  'throttle.lowered': (fields) => often(line('info', 'the queue has room: the producer goes on', fields)),

  'child.state': ({ who, from, to }) =>
    to === 'ready' ? line('info', 'ready', {}, who) : line('debug', `${from} → ${to}`, {}, who),
  'child.started': ({ who, writer }) => line('info', 'started', { writer }, who),
  'child.exited': ({ who, expected, reason, error, isOutage, ...fields }) => {
    const [level, message]: [Level, string] = expected
      ? ['info', 'ended']
      : isOutage
        ? ['warn', `ended itself because of an outage: ${reason}`]
        : ['error', `died: ${reason}`];
    return { ...line(level, message, given(fields), who), ...stackOf(error) };
  },
  'child.restarting': ({ who, ...fields }) => line('warn', 'to be started again', fields, who),
  'child.heldBack': ({ who, reason }) =>
    line('error', 'died; will be replaced as soon as the pipeline file can be used', { reason }, who),
  'file.unusable': ({ reason }) => line('error', 'the pipeline file still cannot be used', { reason }),
  'file.usable': () => line('info', 'the pipeline file can be used again', {}),
  'child.parked': ({ who, withinMs, crashes, lastReason }) =>
    withinMs === null
      ? line('error', 'parked: too many starts failed in a row', { failedStarts: crashes, lastReason }, who)
      : line('error', 'parked: it died too often', { crashes, withinMs, lastReason }, who),
  'child.endGivenUp': ({ who, reason }) =>
    line('warn', 'teardown did not complete in two attempts; the run finishes without it', { reason }, who),
  'child.recycling': ({ who, reason }) => line('info', 'to be replaced by a new process', { reason }, who),
  'child.notReplaced': ({ who, reason }) => line('error', 'stays: its successor did not get ready', { reason }, who),
  'child.large': ({ who, ...fields }) =>
    line('warn', 'takes more memory than maxRss as soon as it is ready; it is not replaced for that', fields, who),
  'child.log': ({ who, level, message, fields }) => line(level, message, fields, who),
  'child.output': ({ who, stream, line: text }) => line(stream === 'stdout' ? 'info' : 'warn', text, { stream }, who),
  'child.outputDropped': ({ who, lines }) =>
    line('warn', 'lines of its output are left out: it writes too many', { lines }, who),
  'orphan.killed': ({ who }) => line('warn', 'killed: left over from an earlier supervisor', {}, who),

  'items.marked': ({ who, ...fields }) =>
    line('debug', 'crashed; the items it had started go back to the queue', fields, who),
  'items.isolated': ({ who, ...fields }) =>
    often(line('warn', 'crashed; running its items one at a time to find the cause', fields, who), who),
  'items.cleared': (fields) => often(line('info', 'no item caused the crash', fields)),
  'item.killed': ({ who, ...fields }) =>
    often(line('warn', 'item crashed its consumer while running alone', fields, who), who),
  'item.retry': ({ error, ...fields }) => ({
    ...often(
      line('warn', 'an item failed and will be tried again', { ...fields, ...errorFields(error) }),
      errorKind(error),
    ),
    pace: 'kind',
    ...stackOf(error),
  }),
  'item.dead': ({ error, reason, ...fields }) => {
    const short = shortReason(reason, error);
    const about = { ...fields, ...(short !== undefined && { reason: short }), ...errorFields(error) };
    return { ...often(line('warn', 'an item is a dead letter', about), errorKind(error)), ...stackOf(error) };
  },
  'letters.givenBack': (fields) => line('info', 'dead letters given back', fields),
  'letters.purged': (fields) => line('info', 'dead letters deleted', fields),
  'settle.refused': ({ who, ...fields }) =>
    often(line('warn', 'results refused: the items are no longer its own', fields, who), who),

  'limit.frozen': (fields) => often(line('warn', 'a limit is frozen: nobody calls', fields), fields.limit),
  'sink.down': ({ who, reason }) => often(line('error', 'the sink cannot be reached', { reason }, who), who),
  'sink.up': ({ who }) => often(line('info', 'the sink can be reached again', {}, who), who),
  'sink.otherQueue': ({ isHere, ...fields }) =>
    isHere
      ? line('info', 'the sink also has results of this pipeline from an earlier queue in this folder', fields)
      : line(
          'warn',
          'the sink also has results of this pipeline from a queue in another folder: each queue reads the whole source, ' +
            'so rows may be duplicated. To continue with that queue, run the pipeline from its folder or pass --state',
          fields,
        ),
  'spool.full': ({ reason }) => often(line('error', 'no room for the queue: the producer waits', { reason })),
  'spool.ok': () => often(line('info', 'there is room for the queue again', {})),
  'spool.logLarge': (fields) =>
    line(
      'warn',
      'the log of the queue’s file is not emptied: is the disk full, or does somebody hold the file open?',
      fields,
    ),
  'disk.low': (fields) => often(line('warn', 'little of the disk is free: the producer waits', fields)),
  'disk.ok': (fields) => often(line('info', 'enough of the disk is free again', fields)),
  'log.dropped': (fields) => line('warn', 'lines of this log are missing: they could not be written in time', fields),
  warning: ({ code, message }) => often(line('warn', message, { code }), code),
};

function line(level: Level, message: string, fields: Record<string, unknown>, who?: Who): Words {
  return { level, message, fields, ...(who && { who }) };
}

/** Marks a line that may come in floods; lines about different things are counted apart. */
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

/** Without the fields that say nothing: a signal where there was none. */
function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
