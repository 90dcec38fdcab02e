/**
 * The whole protocol: who sends what to whom, and what it promises.
 *
 *     producer  ──▶ supervisor   FromProducer        supervisor ──▶ producer   ToProducer
 *     consumer  ──▶ supervisor   FromConsumer        supervisor ──▶ consumer   ToConsumer
 *
 * A child's life: it is started, asked to `describe` the pipeline file, `configure`d if the file may run, sends `ready`,
 * works, gets `end` or `stop`, sends `ended`, gets `bye`, and exits. The supervisor sends nothing that rests on anything
 * that the spool has not committed.
 */
import type { DeliveryHead } from '../core/delivery.ts';
import type { ErrorData } from '../core/errors.ts';
import type { LimitRules } from '../core/limit-rules.ts';
import type { ParamDescription, ParamValues } from '../core/params.ts';
import type { QueueStart } from '../core/queue-start.ts';
import type { FrameHeader } from '../frame/frame.ts';
import type { SourcePosition } from '../frame/position.ts';

/** `[from, to, from, to, …]`: runs of seqs. */
export type FlatIntervals = number[];

/** What the supervisor needs to know about a pipeline. */
export interface PipelineDescription {
  name: string;
  params: Record<string, ParamDescription>;
  /** The names of its secrets. */
  secrets: readonly string[];
  limits: Record<string, LimitRules>;
  /** The pipeline's options as written; the configuration schema checks them. */
  options: Record<string, unknown>;
  /** The lines of the file that contain these options, as far as they can be found. */
  optionLines?: Record<string, number>;
  /** Identifies a version of the pipeline. */
  fingerprint: string;
  /** A digest of the file and of the files that it imports by relative paths. It is the fingerprint, unless there is a `version`. */
  code: string;
  /** False for a source that may yield different items the next time: nothing is skipped on resume. */
  deterministic: boolean;
  /** The source wants to hear what is settled. Default false. */
  settles?: boolean;
  /** What it reads; params in the target are shown by their names. */
  source?: { kind: string; target: string };
  /** `options` is a digest of the sink's options, because they can hold secrets. */
  sink: {
    kind: string;
    delivery: 'transaction' | 'part' | 'call';
    target: string;
    options: string;
    finishes?: boolean;
  };
}

/** Something wrong in a pipeline file. */
export interface Problem {
  file: string;
  line?: number | undefined;
  column?: number | undefined;
  field?: string | undefined;
  message: string;
}

// ── supervisor → either child ────────────────────────────────────────────────────────────────────────────────────

/** The permit requested with `id` is yours until you release it or die. */
export interface Granted {
  type: 'granted';
  id: number;
}

/** The permit requested with `id` is refused: there is no such limit. */
export interface Refused {
  type: 'refused';
  id: number;
  message: string;
}

/** Everything that you sent has been handled: you may exit. */
export interface Bye {
  type: 'bye';
}

/** Stop: start no new work, finish and flush what you have started, give back the rest; then `ended`. */
export interface Stop {
  type: 'stop';
}

/** Load the pipeline file and report its contents. Comes first; do not touch source, sink and limits. */
export interface Describe {
  type: 'describe';
  file: string;
}

/** The part of `configure` that all children get. */
export interface Configure {
  type: 'configure';
  name: string;
  run: string;
  /** The params of the run. */
  params: ParamValues;
  /** Keys whose values are secrets although they do not look like secrets. */
  redact: readonly string[];
  beatMs: number;
  /**
   * Whether the operating system kills this child when its supervisor dies; otherwise the child watches for that
   * itself.
   */
  diesWithSupervisor: boolean;
}

export type ToChild = Describe | Granted | Refused | Stop | Bye;

// ── supervisor → producer ────────────────────────────────────────────────────────────────────────────────────────

/** Start reading. Sent once the writer id is in the spool. */
export interface ConfigureProducer extends Configure {
  position: SourcePosition;
  /** The final cursor of the last finished run with the same params and source, as JSON. */
  previous: string | null;
  /** Another process has already been asked to read in this run. */
  isReopened: boolean;
  /** False if the source has ended: it is opened only to hear what is settled. */
  reads: boolean;
  /** How long the source may take for each call of `stored` or `settled`. */
  reportTimeoutMs: number;
  throttled: boolean;
  frameItems: number;
  frameBytes: number;
  windowBytes: number;
  maxItemBytes: number;
}

/**
 * The oldest `frames` frames (and `covered` positions) that were not yet acknowledged are committed: the source may
 * forget them.
 */
export interface Stored {
  type: 'stored';
  frames: number;
}

/**
 * Everything up to this cursor, which is JSON, is settled. Answered by `confirmed` with the same `id`; until then no
 * other cursor is sent. Only for a source that settles.
 */
export interface SettledTo {
  type: 'settledTo';
  id: number;
  cursor: string;
}

/** Pause (`on`) or resume: the queue has reached its high-water mark, or is back at its low-water mark. */
export interface Throttle {
  type: 'throttle';
  on: boolean;
}

export type ToProducer = ToChild | ConfigureProducer | Stored | SettledTo | Throttle;

// ── supervisor → consumer ────────────────────────────────────────────────────────────────────────────────────────

/** Open the sink, set up; then send `ready`. Sent once the writer id is in the spool. */
export interface ConfigureConsumer extends Configure {
  writer: number;
  ordinal: number;
  /** Lets the sink detect whether it knows a later state of the queue. */
  start: QueueStart;
  concurrency: number;
  itemTimeoutMs: number;
  abortGraceMs: number;
  /** Items of this run are already in the sink. */
  sinkIsKnown: boolean;
  sinkTimeoutMs: number;
  /**
   * How long opening the sink may take before you have to report that it is down: you have little time to become ready.
   */
  sinkOpenTimeoutMs: number;
  /**
   * Only sent to the finisher, a separate process, after all consumers have ended: send `ready`, call `finish` of the
   * sinks, then send `ended`. Another process may have done it already. Where the writers' parts end, by sink.
   */
  finish?: { sink: string; writer: number; part: unknown }[];
}

/**
 * Items `seq`…`seq + count - 1` are lent to you. The payload is the frame. Fence `writers` before you ask the ledger.
 * Settle items lent `askOnly` that the ledger does not have as `absent`.
 */
export interface Deliver extends FrameHeader, DeliveryHead {
  type: 'deliver';
  /** Processes that may have had these items and may still have a transaction open. */
  writers: number[];
}

/** Your settle is committed. The next one waits for this. */
export interface Settled {
  type: 'settled';
}

/** The ledger may forget the seqs below `before` except those in `open`, and everything of the runs in `drop`. */
export interface Prune {
  type: 'prune';
  before: number;
  open: number[];
  drop: readonly string[];
}

/** The sentinel: no more items will come. Flush, tear down, then `ended`. */
export interface End {
  type: 'end';
}

/**
 * You are stopping, and no permit of these limits will be granted within the next `ms` milliseconds. Give back items
 * that only wait for such a permit, or for something that takes longer: they would be aborted in the end. Replaces an
 * earlier `withdraw`.
 */
export interface Withdraw {
  type: 'withdraw';
  limits: string[];
  ms: number;
}

/** Time is nearly up: abort the items that are still running; they remain in the queue. */
export interface Abort {
  type: 'abort';
}

/** Give back up to `items` items that you have not started. Answered with `givenBack`, perhaps with none. */
export interface Recall {
  type: 'recall';
  items: number;
}

/** The oldest write that was not yet acknowledged has been handed to standard output. */
export interface Written {
  type: 'written';
}

export type ToConsumer =
  ToChild | ConfigureConsumer | Deliver | Recall | Settled | Prune | End | Withdraw | Abort | Written;

// ── either child → supervisor ────────────────────────────────────────────────────────────────────────────────────

/** The contents of the pipeline file, or its problems. Never logged, because it can contain secrets. */
export interface Described {
  type: 'described';
  pipeline: PipelineDescription | null;
  problems: Problem[];
}

/** I am set up and ready for work. */
export interface Ready {
  type: 'ready';
}

/** I want a permit of `limit`. Answered with `granted` or `refused` with the same `id`. */
export interface Acquire {
  type: 'acquire';
  id: number;
  limit: string;
  /** The call takes no longer than this. */
  timeoutMs?: number;
}

/** The permit `id` is released; if it was not granted yet, it is no longer wanted. */
export interface Release {
  type: 'release';
  id: number;
  /** The vendor did not accept the call: it answered "not now", or nothing. */
  isRefused?: boolean;
}

/** Grant no permit of `limit` for `ms` milliseconds, because the vendor asked for that. Without `ms`: back off. */
export interface Freeze {
  type: 'freeze';
  limit: string;
  ms: number | null;
}

/** I am alive. */
export interface Beat {
  type: 'beat';
  rss: number;
  /** Event-loop utilisation since the last beat, 0…1. */
  utilisation: number;
  /** Items lent and not yet settled (consumer), frames sent and not yet stored (producer). */
  lent: number;
  started: number;
  /** Age of the oldest started item, in milliseconds. */
  oldestMs: number;
  /** What it is waiting for, if anything: shown by `millrace status`. */
  waiting: string | null;
}

/** Lines for the log. */
export interface LogMessage {
  type: 'log';
  level: 'error' | 'warn' | 'info' | 'debug';
  message: string;
  fields: Record<string, unknown>;
}

/** I cannot continue, for this reason. With an exit code the whole service ends with it; without, I am restarted. */
export interface Failed {
  type: 'failed';
  error: ErrorData;
  /**
   * The origin of the error: code that threw where nothing could catch it, an item that has been settled as failed and
   * does not end, or this process and what it works with.
   */
  origin: 'uncaught' | 'item' | 'process';
  exitCode: number | null;
}

/** Everything I had is flushed, and was sent before this message; I wait for `bye`. */
export interface Ended {
  type: 'ended';
}

export type FromChild = Described | Ready | Acquire | Release | Freeze | Beat | LogMessage | Failed | Ended;

// ── producer → supervisor ────────────────────────────────────────────────────────────────────────────────────────

/** Items, and the source's position at the last of them. The payload is the frame. */
export interface SendFrame extends FrameHeader {
  type: 'frame';
  position: SourcePosition;
  /**
   * Once this is stored, the source is informed and may forget it, so `stored` must survive a power loss. Default
   * false.
   */
  isForgotten?: boolean;
}

/** The source has given a cursor for everything sent so far; no item has followed yet. Acknowledged like a frame. */
export interface SourceCovered {
  type: 'covered';
  position: SourcePosition;
  /** As in a frame. */
  isForgotten?: boolean;
}

/** The source has dealt with the cursor of `settledTo`. */
export interface Confirmed {
  type: 'confirmed';
  id: number;
}

/** The source has ended after the frames sent so far. */
export interface SourceEnd {
  type: 'end';
  position: SourcePosition;
}

export type FromProducer = FromChild | SendFrame | SourceCovered | SourceEnd | Confirmed;

// ── consumer → supervisor ────────────────────────────────────────────────────────────────────────────────────────

/** An item that did not succeed. */
export interface Failure {
  seq: number;
  /** `retry` uses an attempt, `later` does not, `dead` is final, `endsRun` ends the service; `absent` answers `askOnly`. */
  verdict: 'retry' | 'later' | 'dead' | 'endsRun' | 'absent';
  error: ErrorData;
  /** For `later`: how long to wait. */
  afterMs: number | null;
  /** The failure looks like an outage, in a call under this limit or, with null, under no known limit. */
  outside?: { limit: string | null };
  /** In a pipeline with several sinks: the ids of those that have the item nevertheless. Left out if none has it. */
  inSinks?: string[];
}

/** The outcome of items that were lent to me. What is `done` is in the sink. */
export interface Settle {
  type: 'settle';
  done: FlatIntervals;
  failed: Failure[];
  /** For each limit, how many of the done items made calls under it. Omitted if none did. */
  used?: Record<string, number>;
  /** How many of them were not processed because the sink already had them. Omitted if there are none. */
  found?: number;
  /**
   * By sink of delivery `part`: where my part ends now. It contains exactly the items that I have reported as done so
   * far.
   */
  parts?: Readonly<Record<string, unknown>>;
  /** Slots that are empty with nothing left to start: the idle capacity of this consumer. */
  idle: number;
  /** Items whose `process` has ended since the last settle, how long they took in all, and how long `process` blocked the event loop. */
  ran: number;
  tookMs: number;
  blockedMs: number;
}

/**
 * I may start these items from now on. The message is with the operating system before the first of them starts. So
 * when a consumer dies, items that were neither `free` nor announced had not started. Items that run alone are
 * announced one at a time.
 */
export interface Start {
  type: 'start';
  items: FlatIntervals;
}

/**
 * Items that were lent to me and that I give back: not started or, after `withdraw`, waiting for a permit. Never
 * overtakes a settle.
 */
export interface GivenBack {
  type: 'givenBack';
  items: FlatIntervals;
}

/** These writers can no longer commit anything to the sink. */
export interface Fenced {
  type: 'fenced';
  writers: number[];
}

/**
 * The sink is unreachable (`reason`), or reachable again (null). Before `ready` it is repeated with each failed
 * attempt.
 */
export interface SinkState {
  type: 'sink';
  reason: string | null;
}

/** My sink has results of a pipeline with this name from other queues. */
export interface OtherQueues {
  type: 'otherQueues';
  /** Each with the directory of the queue. */
  others: readonly { queue: string; directory: string }[];
}

/**
 * Results for the program that runs the service; the payload is a frame of rows. `seqs` has the item of each row. They
 * count only when the item is settled as done, in a later message; until then the item may be lent to another consumer.
 */
export interface Results extends FrameHeader {
  type: 'results';
  seqs: number[];
}

/** Lines for standard output, in the payload. Answered by `written`. */
export interface Write {
  type: 'write';
}

export type FromConsumer = FromChild | Settle | Start | GivenBack | Fenced | SinkState | OtherQueues | Results | Write;
