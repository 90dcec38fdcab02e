import { describe, expect, it } from '@jest/globals';
import type { EventName, Events, Who } from '../../../src/observability/events.ts';
import { wordEvent, wordStatus } from '../../../src/observability/log-lines.ts';
import { aStatus } from './a-status.ts';

const who: Who = { role: 'consumer', ordinal: 2, pid: 102 };
const error = {
  code: 'E1',
  message: 'it broke',
  stack: 'E1: it broke\n    at f (/p.ts:7:9)',
  at: '/p.ts:7:9',
  cause: { code: 'E2', message: 'because', stack: 'E2: because' },
};

/** Every event, and its level, message and fields. It does not compile without every event. */
const wordings: { [Name in EventName]: [event: Events[Name], level: string, message: string, fields: object] } = {
  'run.started': [
    { run: 'r', name: 'n', state: 'resumed', open: 3, params: {}, stateDirectory: '/s' },
    'info',
    'run resumed',
    { run: 'r', name: 'n', open: 3, stateDirectory: '/s' },
  ],
  'run.owed': [
    { isFinished: true },
    'warn',
    'the new run requested with --again has not started; start it with --again',
    {},
  ],
  'run.alreadyFinished': [
    { run: 'r', finishedAt: 0, exitCode: 3 },
    'info',
    'nothing to do: this run has already finished; --again starts a new one',
    { finishedAt: '1970-01-01T00:00:00.000Z', run: 'r', exitCode: 3 },
  ],
  'run.sealed': [{ run: 'r', items: 5 }, 'info', 'source ended; all items are stored', { run: 'r', items: 5 }],
  'run.finished': [
    { run: 'r', items: 5, done: 5, dead: 0, seconds: 1, exitCode: 0 },
    'info',
    'run finished',
    { run: 'r', items: 5, done: 5, dead: 0, seconds: 1, exitCode: 0 },
  ],
  'run.paused': [{ reason: '12 dead letters' }, 'error', 'paused: 12 dead letters', {}],
  'run.unpaused': [{}, 'info', 'resumed', {}],
  'run.stopping': [
    { reason: 'SIGTERM', hurry: false, lent: 8 },
    'info',
    'stopping after the started items finish; a second signal aborts them',
    { reason: 'SIGTERM', lent: 8 },
  ],
  'run.aborting': [
    { running: 3 },
    'warn',
    'stopping: aborting items that are still running; they remain in the queue',
    { running: 3 },
  ],
  'run.stopped': [{ open: 1, aborted: 1, exitCode: 75 }, 'warn', 'stopped', { open: 1, aborted: 1, exitCode: 75 }],
  'reload.started': [{ number: 2 }, 'info', 'reloading: checking the pipeline file', { number: 2 }],
  'reload.done': [
    { number: 2, consumers: 4 },
    'info',
    'reloaded: all consumers have the new code',
    { number: 2, consumers: 4 },
  ],
  'reload.refused': [
    { number: 2, replaced: 0, of: 4, reason: 'r' },
    'error',
    'not reloaded; the running consumers continue',
    { number: 2, replaced: 0, of: 4, reason: 'r' },
  ],
  'throttle.raised': [
    { items: 9, bytes: 8 },
    'info',
    'queue reached its high-water mark; producer paused',
    { items: 9, bytes: 8 },
  ],
  'throttle.lowered': [
    { items: 4, bytes: 4 },
    'info',
    'queue drained to its low-water mark; producer resumed',
    { items: 4, bytes: 4 },
  ],
  'child.state': [{ who, from: 'starting', to: 'ready' }, 'info', 'ready', {}],
  'child.started': [{ who, writer: 7 }, 'info', 'started', { writer: 7 }],
  'child.exited': [
    { who, code: null, signal: 'SIGKILL', expected: false, reason: 'killed by SIGKILL', givenBack: 12 },
    'error',
    'crashed: killed by SIGKILL',
    { signal: 'SIGKILL', givenBack: 12 },
  ],
  'child.restarting': [{ who, inMs: 250, restarts: 1 }, 'warn', 'restarting', { inMs: 250, restarts: 1 }],
  'child.heldBack': [
    { who, reason: 'r' },
    'error',
    'crashed; will be replaced once the pipeline file is usable',
    { reason: 'r' },
  ],
  'file.unusable': [{ reason: 'r' }, 'error', 'pipeline file still unusable', { reason: 'r' }],
  'file.usable': [{}, 'info', 'pipeline file usable again', {}],
  'child.parked': [
    { who, crashes: 5, withinMs: 60_000, lastReason: 'x' },
    'error',
    'parked after too many crashes',
    { crashes: 5, withinMs: 60_000, lastReason: 'x' },
  ],
  'child.endGivenUp': [
    { who, reason: 'r' },
    'warn',
    'teardown did not complete in two attempts; the run finishes without it',
    { reason: 'r' },
  ],
  'child.recycling': [{ who, reason: 'r' }, 'info', 'recycling: starting a replacement', { reason: 'r' }],
  'child.notReplaced': [{ who, reason: 'r' }, 'error', 'kept: its replacement did not become ready', { reason: 'r' }],
  'child.large': [
    { who, rss: 9, maxRss: 8 },
    'warn',
    'memory exceeds maxRss as soon as the process is ready; not recycling it, as a replacement would be no smaller',
    { rss: 9, maxRss: 8 },
  ],
  'child.log': [{ who, level: 'debug', message: 'hello', fields: { a: 1 } }, 'debug', 'hello', { a: 1 }],
  'child.output': [{ who, stream: 'stderr', line: 'text' }, 'warn', 'text', { stream: 'stderr' }],
  'child.outputDropped': [{ who, lines: 3 }, 'warn', 'output flood: some lines were dropped', { lines: 3 }],
  'orphan.killed': [{ who }, 'warn', 'killed a process left over from an earlier supervisor', {}],
  'items.marked': [
    { who, items: 16, cause: 'SIGKILL' },
    'debug',
    'crashed; returning the items it had started to the queue',
    { items: 16, cause: 'SIGKILL' },
  ],
  'items.isolated': [
    { who, items: 16, cause: 'SIGSEGV' },
    'warn',
    'crashed; running its items one at a time to find the cause',
    { items: 16, cause: 'SIGSEGV' },
  ],
  'items.cleared': [{ cause: 'SIGSEGV' }, 'info', 'no item caused the crash', { cause: 'SIGSEGV' }],
  'item.killed': [
    { who, seq: 7, kills: 2, cause: 'exit code 7', inMs: 900 },
    'warn',
    'item crashed its consumer while running alone',
    { seq: 7, kills: 2, cause: 'exit code 7', inMs: 900 },
  ],
  'item.retry': [
    { seq: 1, attempt: 2, inMs: 900, error },
    'warn',
    'item failed; it will be retried',
    { seq: 1, attempt: 2, inMs: 900, error: 'it broke: because', code: 'E1', at: '/p.ts:7:9' },
  ],
  'item.dead': [
    { seq: 1, attempts: 5, reason: 'attempts used up', error },
    'warn',
    'item became a dead letter',
    { seq: 1, attempts: 5, reason: 'attempts used up', error: 'it broke: because', code: 'E1', at: '/p.ts:7:9' },
  ],
  'letters.givenBack': [{ letters: 2 }, 'info', 'dead letters returned to the queue', { letters: 2 }],
  'letters.purged': [{ letters: 2 }, 'info', 'dead letters deleted', { letters: 2 }],
  'settle.refused': [{ who, items: 2 }, 'warn', 'results discarded: the items had been reassigned', { items: 2 }],
  'limit.frozen': [{ limit: 'v', ms: 1000 }, 'warn', 'limit frozen; calls on hold', { limit: 'v', ms: 1000 }],
  'sink.down': [{ who, reason: 'refused' }, 'error', 'sink unreachable', { reason: 'refused' }],
  'sink.up': [{ who }, 'info', 'sink reachable again', {}],
  'sink.otherQueue': [
    {
      queue: 'q2',
      directory: '/root/.millrace/orders',
      thisQueue: 'q1',
      thisDirectory: '/srv/.millrace/orders',
      isHere: false,
    },
    'warn',
    'the sink also holds results of this pipeline from a queue in another directory: each queue reads the whole source, so rows may be duplicated. To continue with that queue, run the pipeline from its directory or pass --state',
    { queue: 'q2', directory: '/root/.millrace/orders', thisQueue: 'q1', thisDirectory: '/srv/.millrace/orders' },
  ],
  'spool.full': [{ reason: 'ENOSPC' }, 'error', 'no disk space for the queue; producer paused', { reason: 'ENOSPC' }],
  'spool.ok': [{}, 'info', 'disk space for the queue again; producer resumed', {}],
  'spool.logLarge': [
    { bytes: 7 },
    'warn',
    'the queue file’s write-ahead log keeps growing: is the disk full, or does another process hold the file open?',
    { bytes: 7 },
  ],
  'disk.low': [{ free: 1, minFree: 2 }, 'warn', 'disk almost full; producer paused', { free: 1, minFree: 2 }],
  'disk.ok': [{ free: 3, minFree: 2 }, 'info', 'enough disk space again; producer resumed', { free: 3, minFree: 2 }],
  'log.dropped': [
    { lines: 4 },
    'warn',
    'log lines were dropped because they could not be written in time',
    { lines: 4 },
  ],
  warning: [{ code: 'W', message: 'take care' }, 'warn', 'take care', { code: 'W' }],
};

describe('the wording of the log', () => {
  it.each(Object.entries(wordings))('has one line for %s', (name, [event, level, message, fields]) => {
    const line = wordEvent(name as EventName, event);
    expect(line).toMatchObject({ event: name, level, message });
    expect(line.fields).toEqual(fields);
    expect(line.who).toEqual('who' in event ? who : undefined);
  });

  it.each([
    [
      'run.started',
      { run: 'r', name: 'n', state: 'new', open: 0, params: {}, stateDirectory: '/s' },
      'info',
      'run started',
    ],
    ['run.finished', { run: 'r', items: 5, done: 4, dead: 1, seconds: 1, exitCode: 3 }, 'warn', 'run finished'],
    ['run.stopping', { reason: 'SIGTERM', hurry: true, lent: 0 }, 'info', 'stopping at once'],
    ['run.stopped', { open: 1, aborted: 0, exitCode: 0 }, 'info', 'stopped'],
    ['child.state', { who, from: 'ready', to: 'draining' }, 'debug', 'ready → draining'],
    ['child.exited', { who, code: 0, signal: null, expected: true, reason: '', givenBack: 0 }, 'info', 'ended'],
    [
      'child.exited',
      { who, code: 1, signal: null, expected: false, reason: 'exited 1 (x)', givenBack: 0, isOutage: true },
      'warn',
      'exited because of an outage: exited 1 (x)',
    ],
    ['child.output', { who, stream: 'stdout', line: 'text' }, 'info', 'text'],
  ] as const)('words the event %s with %j as %s: %s', (name, event, level, message) => {
    expect(wordEvent<EventName>(name, event)).toMatchObject({ level, message });
  });

  it.each([
    ['it broke: because', {}],
    ['failed 5 times, the last time: it broke: because', { reason: 'failed 5 times, the last time' }],
    ['another', { reason: 'another' }],
  ])('shows the error of a dead letter once if the reason is "%s"', (reason, shown) => {
    const { fields } = wordEvent('item.dead', { seq: 1, attempts: 1, reason, error });
    expect(fields).toEqual({ seq: 1, attempts: 1, ...shown, error: 'it broke: because', code: 'E1', at: '/p.ts:7:9' });
  });

  it('has the stacks of an error and its causes, in addition to the fields', () => {
    const stack = 'E1: it broke\n    at f (/p.ts:7:9)\ncaused by E2: because';
    const exit = { who, code: 1, signal: null, expected: false, reason: 'x', givenBack: 0 };
    expect(wordEvent('item.dead', { seq: 1, attempts: 1, reason: 'x', error }).stack).toBe(stack);
    expect(wordEvent('item.retry', { seq: 1, attempt: 1, inMs: 1, error }).stack).toBe(stack);
    expect(wordEvent('child.exited', { ...exit, error }).stack).toBe(stack);
    expect(wordEvent('child.exited', exit)).not.toHaveProperty('stack');
  });

  it('thins lines about different limits, consumers and warnings separately', () => {
    expect(key('limit.frozen', { limit: 'a', ms: 1 })).toBe(key('limit.frozen', { limit: 'a', ms: 2 }));
    expect(key('limit.frozen', { limit: 'a', ms: 1 })).not.toBe(key('limit.frozen', { limit: 'b', ms: 1 }));
    const retried = (message: string) =>
      key('item.retry', { seq: 1, attempt: 1, inMs: 1, error: { code: 'E', message } });
    expect(retried('no user 7')).toBe(retried('no user 8'));
    expect(retried('no user 7')).not.toBe(retried('refused'));
    expect(key('sink.up', { who })).not.toBe(key('sink.up', { who: { ...who, ordinal: 3 } }));
    expect(key('warning', { code: 'W', message: 'a' })).not.toBe(key('warning', { code: 'W', message: 'b' }));
    expect(key('child.output', { who, stream: 'stdout', line: 'a' })).toBeUndefined();
  });

  it('has a line for the state of a run, with the total once it is known', () => {
    const fields = {
      state: 'running',
      done: 82,
      queued: 45,
      lent: 24,
      retrying: 0,
      dead: 0,
      perSecond: 10.04,
      throttled: false,
      restarts: 0,
    };
    expect(wordStatus(aStatus()).fields).toEqual(fields);
    const sealed = wordStatus(aStatus({ state: 'sealed', reasons: ['sink unreachable'] })).fields;
    expect(sealed).toEqual({ ...fields, state: 'sealed', of: 151, reasons: ['sink unreachable'] });
  });
});

function key<Name extends EventName>(name: Name, event: Events[Name]): string | undefined {
  return wordEvent(name, event).repeats;
}
