/**
 * Incoming data is `unknown` until it has passed these tables. Each message has a check for each of its fields; a field
 * without a check, or a message without a row, does not compile.
 */
import { writeJson } from '../core/json.ts';
import { ProtocolError } from '../core/errors.ts';
import { paramTypes } from '../core/params.ts';
import type { Configure, FromChild, FromConsumer, FromProducer, ToChild, ToConsumer, ToProducer } from './messages.ts';

type Check = (value: unknown) => boolean;
type Checks<Message extends { type: string }> = {
  [Type in Message['type']]: { [Field in keyof Omit<Extract<Message, { type: Type }>, 'type'>]-?: Check };
};

const text: Check = (v) => typeof v === 'string';
const flag: Check = (v) => typeof v === 'boolean';
const whole: Check = (v) => typeof v === 'number' && Number.isSafeInteger(v) && v >= 0;
const amount: Check = (v) => typeof v === 'number' && Number.isFinite(v) && v >= 0;
const positive: Check = (v) => whole(v) && v !== 0;
const positiveAmount: Check = (v) => amount(v) && v !== 0;
const record: Check = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);
const orNull =
  (check: Check): Check =>
  (v) =>
    v === null || check(v);
const optional =
  (check: Check): Check =>
  (v) =>
    v === undefined || check(v);
const listOf =
  (check: Check): Check =>
  (v) =>
    Array.isArray(v) && v.every(check);
const recordOf =
  (check: Check): Check =>
  (v) =>
    record(v) && Object.values(v as object).every(check);
const oneOf =
  (...values: string[]): Check =>
  (v) =>
    values.includes(v as string);
const fields =
  (checks: Record<string, Check>): Check =>
  (v) =>
    record(v) && Object.entries(checks).every(([name, check]) => check((v as Record<string, unknown>)[name]));

const flatIntervals: Check = (v) => {
  if (!Array.isArray(v) || v.length % 2 !== 0 || !v.every(whole)) return false;
  for (let i = 0; i < v.length; i += 2) if (v[i] > v[i + 1] || (i > 0 && v[i] <= v[i - 1])) return false;
  return true;
};
const error = fields({
  code: text,
  message: text,
  stack: optional(text),
  at: optional(text),
  retryAfterMs: optional(amount),
  cause: optional((v) => error(v)),
});
const position = fields({ cursor: orNull(text), count: whole, digest: orNull(text) });
const failure = fields({
  seq: whole,
  verdict: oneOf('retry', 'later', 'dead', 'endsRun', 'absent'),
  error,
  afterMs: orNull(amount),
  outside: optional(fields({ limit: orNull(text) })),
  inSinks: optional(listOf(text)),
});
const frame = { count: whole, shapes: whole, base: whole };
const problem = fields({
  file: text,
  line: optional(whole),
  column: optional(whole),
  field: optional(text),
  message: text,
});
const paramValue: Check = (v) => ['string', 'number', 'boolean'].includes(typeof v);
const param = fields({
  type: oneOf(...paramTypes),
  values: optional(listOf(text)),
  default: optional(paramValue),
  optional: optional(flag),
  describe: optional(text),
});
const rate = fields({ count: positive, perMs: positiveAmount });
const pipeline = fields({
  name: text,
  params: recordOf(param),
  secrets: listOf(text),
  limits: recordOf(fields({ concurrency: optional(positive), rate: optional(rate), lingerMs: optional(amount) })),
  options: record,
  fingerprint: text,
  code: text,
  deterministic: flag,
  settles: optional(flag),
  source: optional(fields({ kind: text, target: text })),
  sink: fields({
    kind: text,
    delivery: oneOf('transaction', 'part', 'call'),
    target: text,
    options: text,
    finishes: optional(flag),
  }),
});
const none = {};

const toChild: Checks<ToChild> = {
  describe: { file: text },
  granted: { id: whole },
  refused: { id: whole, message: text },
  stop: none,
  bye: none,
};

const configure: Checks<Configure>['configure'] = {
  name: text,
  run: text,
  params: recordOf(paramValue),
  redact: listOf(text),
  beatMs: amount,
  diesWithSupervisor: flag,
};

const fromChild: Checks<FromChild> = {
  described: { pipeline: orNull(pipeline), problems: listOf(problem) },
  ready: none,
  acquire: { id: whole, limit: text, timeoutMs: optional(amount) },
  release: { id: whole, isRefused: optional(flag) },
  freeze: { limit: text, ms: orNull(amount) },
  beat: { rss: amount, utilisation: amount, lent: whole, started: whole, oldestMs: amount, waiting: orNull(text) },
  log: { level: oneOf('error', 'warn', 'info', 'debug'), message: text, fields: record },
  failed: { error, origin: oneOf('uncaught', 'item', 'process'), exitCode: orNull(whole) },
  ended: none,
};

const fromProducer: Checks<FromProducer> = {
  ...fromChild,
  frame: { ...frame, position, isForgotten: optional(flag) },
  covered: { position, isForgotten: optional(flag) },
  confirmed: { id: whole },
  end: { position },
};

const fromConsumer: Checks<FromConsumer> = {
  ...fromChild,
  settle: {
    done: flatIntervals,
    failed: listOf(failure),
    used: optional(recordOf(positive)),
    found: optional(positive),
    parts: optional(record),
    idle: whole,
    ran: whole,
    tookMs: amount,
    blockedMs: amount,
  },
  start: { items: flatIntervals },
  givenBack: { items: flatIntervals },
  fenced: { writers: listOf(whole) },
  sink: { reason: orNull(text) },
  otherQueues: { others: listOf(fields({ queue: text, directory: text })) },
  results: { ...frame, seqs: listOf(whole) },
  write: none,
};

const toProducer: Checks<ToProducer> = {
  ...toChild,
  configure: {
    ...configure,
    position,
    previous: orNull(text),
    isReopened: flag,
    reads: flag,
    reportTimeoutMs: amount,
    throttled: flag,
    frameItems: whole,
    frameBytes: whole,
    windowBytes: whole,
    maxItemBytes: whole,
  },
  stored: { frames: whole },
  settledTo: { id: whole, cursor: text },
  throttle: { on: flag },
};

const toConsumer: Checks<ToConsumer> = {
  ...toChild,
  configure: {
    ...configure,
    writer: whole,
    ordinal: whole,
    start: fields({
      queue: text,
      generation: whole,
      ids: listOf(text),
      directory: text,
      givenBelow: listOf(whole),
      nextSeq: listOf(whole),
    }),
    concurrency: whole,
    itemTimeoutMs: amount,
    abortGraceMs: amount,
    sinkIsKnown: flag,
    sinkTimeoutMs: amount,
    sinkOpenTimeoutMs: amount,
    finish: optional(listOf(fields({ sink: text, writer: whole, part: () => true }))),
  },
  deliver: {
    ...frame,
    seq: whole,
    origin: whole,
    originRun: text,
    attempt: whole,
    history: oneOf('first', 'inherited', 'lost'),
    mode: oneOf('together', 'alone', 'askOnly'),
    free: whole,
    writers: listOf(whole),
    inSinks: optional(listOf(text)),
  },
  recall: { items: whole },
  settled: none,
  prune: { before: whole, open: listOf(whole), drop: listOf(text) },
  end: none,
  withdraw: { limits: listOf(text), ms: amount },
  abort: none,
  written: none,
};

function parser<Message extends { type: string }>(from: string, checks: Checks<Message>): (header: unknown) => Message {
  const table = new Map<string, [field: string, check: Check][]>(
    Object.entries(checks as Record<string, Record<string, Check>>).map(([type, row]) => [type, Object.entries(row)]),
  );
  return (header) => {
    const { type } = (record(header) ? header : {}) as { type?: unknown };
    const row = typeof type === 'string' ? table.get(type) : undefined;
    if (!row)
      throw new ProtocolError(`the ${from} sent a message of no known type: ${writeJson(header).slice(0, 200)}`);
    for (const [field, check] of row) {
      const value = (header as Record<string, unknown>)[field];
      if (!check(value)) {
        throw new ProtocolError(
          `the ${from} sent "${String(type)}" with a wrong ${field}: ${String(writeJson(value)).slice(0, 200)}`,
        );
      }
    }
    return header as Message;
  };
}

/** Each takes an incoming header and returns it as a message, or throws a ProtocolError that says what is wrong. */
export const parse = {
  fromProducer: parser<FromProducer>('producer', fromProducer),
  fromConsumer: parser<FromConsumer>('consumer', fromConsumer),
  toProducer: parser<ToProducer>('supervisor', toProducer),
  toConsumer: parser<ToConsumer>('supervisor', toConsumer),
};
