import { describe, expect, it } from '@jest/globals';
import { ProtocolError } from '../../../src/core/errors.ts';
import type { Described, FromConsumer, FromProducer, ToConsumer, ToProducer } from '../../../src/ipc/messages.ts';
import { parse } from '../../../src/ipc/parse.ts';
import { thrownBy } from '../../support/thrown.ts';

/** One message of each type, with nothing left out and nothing null. */
type Examples<Message extends { type: string }> = { [Type in Message['type']]: Extract<Message, { type: Type }> };

const error = { code: 'E', message: 'text', stack: 'at', retryAfterMs: 1, cause: { code: 'C', message: 'why' } };
const position = { cursor: '"a"', count: 2, digest: '0123456789abcdef' };
const frame = { count: 3, shapes: 20, base: 0 };

const fromChild = {
  ready: { type: 'ready' },
  acquire: { type: 'acquire', id: 1, limit: 'vendor' },
  release: { type: 'release', id: 1 },
  freeze: { type: 'freeze', limit: 'vendor', ms: 1000 },
  beat: { type: 'beat', rss: 1e8, utilisation: 0.5, lent: 3, started: 2, oldestMs: 10.5, waiting: 'the sink' },
  log: { type: 'log', level: 'warn', message: 'text', fields: { a: 1 } },
  failed: { type: 'failed', error, origin: 'uncaught', exitCode: 78 },
  ended: { type: 'ended' },
} as const;

const described: Described = {
  type: 'described',
  pipeline: {
    name: 'pokedex',
    params: {
      shelf: { type: 'oneOf', values: ['A'], default: 'A', describe: 'which' },
      most: { type: 'integer', optional: true },
    },
    secrets: ['TOKEN'],
    limits: { vendor: { concurrency: 10, rate: { count: 100, perMs: 1000 }, lingerMs: 0 } },
    options: { consumers: 2 },
    fingerprint: 'abc',
    code: 'abc',
    deterministic: true,
    settles: false,
    sink: { kind: 'sqlite', delivery: 'transaction', target: 'pokedex.db', options: 'def' },
  },
  problems: [{ file: 'pokedex.ts', line: 3, field: 'process', message: 'expected a function' }],
};

const fromProducer: Examples<FromProducer> = {
  ...fromChild,
  described,
  frame: { type: 'frame', ...frame, position },
  covered: { type: 'covered', position },
  confirmed: { type: 'confirmed', id: 3 },
  end: { type: 'end', position },
};

const fromConsumer: Examples<FromConsumer> = {
  ...fromChild,
  described,
  settle: {
    type: 'settle',
    done: [1, 4, 6, 6],
    failed: [{ seq: 5, verdict: 'later', error, afterMs: 1000 }],
    idle: 3,
    ran: 6,
    tookMs: 7.5,
    blockedMs: 0.25,
  },
  start: { type: 'start', items: [4, 9] },
  givenBack: { type: 'givenBack', items: [1, 4] },
  fenced: { type: 'fenced', writers: [1, 2] },
  sink: { type: 'sink', reason: 'no space left' },
  otherQueues: { type: 'otherQueues', others: [{ queue: 'q', directory: '/home/cron/.millrace/pokedex' }] },
  results: { type: 'results', ...frame, seqs: [7, 7, 9] },
  write: { type: 'write' },
};

const permitAnswers = {
  granted: { type: 'granted', id: 1 },
  refused: { type: 'refused', id: 1, message: 'no such limit' },
} as const;

const toProducer: Examples<ToProducer> = {
  ...permitAnswers,
  describe: { type: 'describe', file: '/a/pokedex.ts' },
  configure: {
    type: 'configure',
    name: 'pokedex',
    run: 'r1',
    position,
    previous: '{"page":2}',
    isReopened: false,
    reads: true,
    reportTimeoutMs: 60_000,
    throttled: false,
    frameItems: 1024,
    frameBytes: 262_144,
    windowBytes: 4_194_304,
    maxItemBytes: 16_777_216,
    params: {},
    redact: [],
    beatMs: 1000,
    diesWithSupervisor: true,
  },
  stored: { type: 'stored', frames: 2 },
  settledTo: { type: 'settledTo', id: 3, cursor: '{"page":3}' },
  throttle: { type: 'throttle', on: true },
  stop: { type: 'stop' },
  bye: { type: 'bye' },
};

const toConsumer: Examples<ToConsumer> = {
  ...permitAnswers,
  describe: { type: 'describe', file: '/a/pokedex.ts' },
  configure: {
    type: 'configure',
    name: 'pokedex',
    run: 'r1',
    writer: 7,
    ordinal: 2,
    start: {
      queue: 'q',
      generation: 3,
      ids: ['c', 'b', 'a'],
      directory: '/state',
      givenBelow: [7, 7, 1],
      nextSeq: [9, 7, 1],
    },
    concurrency: 16,
    itemTimeoutMs: 300_000,
    abortGraceMs: 30_000,
    sinkIsKnown: false,
    sinkTimeoutMs: 60_000,
    sinkOpenTimeoutMs: 15_000,
    params: {},
    redact: [],
    beatMs: 1000,
    diesWithSupervisor: true,
  },
  deliver: {
    type: 'deliver',
    ...frame,
    seq: 1,
    origin: 1,
    originRun: 'run-1',
    attempt: 1,
    history: 'lost',
    mode: 'alone',
    free: 0,
    writers: [1, 2],
  },
  recall: { type: 'recall', items: 3 },
  settled: { type: 'settled' },
  prune: { type: 'prune', before: 100, open: [5, 6], drop: ['r0'] },
  end: { type: 'end' },
  stop: { type: 'stop' },
  withdraw: { type: 'withdraw', limits: ['vendor'], ms: 8000 },
  abort: { type: 'abort' },
  bye: { type: 'bye' },
  written: { type: 'written' },
};

const directions = [
  ['producer → supervisor', parse.fromProducer, fromProducer],
  ['consumer → supervisor', parse.fromConsumer, fromConsumer],
  ['supervisor → producer', parse.toProducer, toProducer],
  ['supervisor → consumer', parse.toConsumer, toConsumer],
] as const;

// Fields that may be null, and fields that may be left out.
const nullable = ['ms', 'waiting', 'exitCode', 'pipeline', 'cursor', 'previous', 'digest', 'reason', 'afterMs'];
const optional = [
  'stack',
  'retryAfterMs',
  'cause',
  'line',
  'field',
  'concurrency',
  'rate',
  'lingerMs',
  'settles',
  'values',
  'default',
  'describe',
  'optional',
];
// Fields whose content is the user's or checked elsewhere.
const open = ['fields', 'options'];

/** Values that may not replace `right` in the field `name`. */
function wrongFor(name: string, right: unknown): unknown[] {
  const wrong: unknown[] = [];
  if (!nullable.includes(name)) wrong.push(null);
  if (!optional.includes(name)) wrong.push(undefined);
  if (typeof right === 'number') wrong.push('1', -1, {}, true);
  if (
    typeof right === 'number' &&
    Number.isInteger(right) &&
    !['rss', 'retryAfterMs', 'perMs', 'lingerMs', 'ms'].includes(name)
  ) {
    if (!name.endsWith('Ms')) wrong.push(1.5, 2 ** 53);
  }
  if (typeof right === 'string') wrong.push(...(name === 'default' ? [] : [1]), {}, ['text']);
  if (typeof right === 'boolean') wrong.push('true', 1);
  if (Array.isArray(right)) wrong.push({}, 'text', [null], [[]]);
  else if (typeof right === 'object') wrong.push([], 'text', 1);
  if (['done', 'items'].includes(name)) wrong.push([1], [2, 1], [1, 2, 2, 3], [1, 1.5], [5, 6, 1, 2], [-1, 1]);
  if (['level', 'verdict'].includes(name)) wrong.push('', 'other');
  return wrong;
}

/** Copies of `value` with one thing wrong in each, and where that is. */
function spoiled(value: unknown, path: string): { path: string; copy: unknown }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, right]) => {
    const put = (copy: unknown): unknown =>
      Array.isArray(value) ? value.with(Number(name), copy) : { ...value, [name]: copy };
    const at = `${path}.${name}`;
    const here = wrongFor(name, right).map((wrong) => ({ path: `${at} = ${JSON.stringify(wrong)}`, copy: put(wrong) }));
    if (open.includes(name)) return here;
    const inside = typeof right === 'object' ? spoiled(right, at) : [];
    return [
      ...(Array.isArray(value) ? [] : here),
      ...inside.map(({ path: deep, copy }) => ({ path: deep, copy: put(copy) })),
    ];
  });
}

describe.each(directions)('%s', (_, parser, examples) => {
  it.each(Object.entries(examples))('%s is accepted unchanged', (__, example) => {
    expect(parser(example)).toBe(example);
  });

  it.each(Object.entries(examples))(
    '%s is refused if any field is wrong, and the text names the field',
    (__, example) => {
      const { type, ...body } = example as { type: string };
      for (const { path, copy } of spoiled(body, type)) {
        const thrown = thrownBy(() => parser({ type, ...(copy as object) }));
        expect({ path, thrown }).toEqual({ path, thrown: expect.any(ProtocolError) });
        const field = path.split(/[. ]/)[1]!;
        expect(thrown?.message).toContain(`sent "${type}" with a wrong ${field}: `);
      }
    },
  );

  it.each([
    null,
    7,
    'ready',
    [],
    {},
    { type: null },
    { type: 'constructor' },
    { type: '__proto__' },
    { type: 'hello' },
  ])('refuses %j, which is not a message', (header) => {
    const thrown = thrownBy(() => parser(header));
    expect(thrown).toBeInstanceOf(ProtocolError);
    expect(thrown?.message).toContain(`sent a message of no known type: ${JSON.stringify(header)}`);
  });
});

it('shows only the beginning of a wrong value', () => {
  const thrown = thrownBy(() => parse.fromProducer({ type: 'x'.repeat(10_000) }));
  expect(thrown?.message.length).toBeLessThan(300);
});

it('accepts fields that may be null or left out', () => {
  const messages = [
    { type: 'described', pipeline: null, problems: [{ file: 'a.ts', message: 'broken' }] },
    { type: 'failed', error: { code: 'E', message: 'text' }, origin: 'process', exitCode: null },
    { type: 'end', position: { cursor: null, count: 0, digest: null } },
    { type: 'beat', rss: 1, utilisation: 0, lent: 0, started: 0, oldestMs: 0, waiting: null },
  ];
  expect(messages.map((message) => parse.fromProducer(message))).toEqual(messages);
});
