/**
 * Everything worth reporting, as typed events. Code that makes something happen emits them; one subscriber words the
 * log, and code that shows or counts something else subscribes as well. Nothing here may change what happens.
 */
import type { ErrorData } from '../core/errors.ts';
import type { ParamValues } from '../core/params.ts';

/** Which process an event is about. */
export interface Who {
  role: 'supervisor' | 'producer' | 'consumer';
  /** 0 for the supervisor and the producer, 1…N for consumers. */
  ordinal: number;
  pid: number | undefined;
}

/** The name of a process for people. */
export function nameOf({ role, ordinal }: Pick<Who, 'role' | 'ordinal'>): string {
  if (role !== 'consumer') return role;
  // It gets no items: it finishes the sinks at the end of the run.
  return ordinal === 0 ? 'finisher' : `consumer ${ordinal}`;
}

export type ChildState = 'starting' | 'ready' | 'draining' | 'backoff' | 'parked' | 'stopped';

export interface Events {
  /** A run starts, resumes after a stop, or is found finished. */
  'run.started': {
    run: string;
    name: string;
    state: 'new' | 'resumed';
    open: number;
    params: ParamValues;
    stateDirectory: string;
  };
  'run.alreadyFinished': { run: string; finishedAt: number; exitCode: number };
  /** A new run was requested with `--again` while this one was open, and has not started. */
  'run.owed': { isFinished: boolean };
  'run.sealed': { run: string; items: number };
  'run.finished': { run: string; items: number; done: number; dead: number; seconds: number; exitCode: number };
  /** Nothing more is lent for now; `reason` says why, and what to do. */
  'run.paused': { reason: string };
  'run.unpaused': Record<never, never>;
  /** Shutting down, and why. */
  'run.stopping': { reason: string; hurry: boolean; lent: number };
  /** `stopTimeout` is nearly over: items that are still running are aborted. */
  'run.aborting': { running: number };
  'run.stopped': { open: number; aborted: number; exitCode: number };
  /** The pipeline file is checked, so that the consumers can be replaced with new ones that run its new code. */
  'reload.started': { number: number };
  'reload.done': { number: number; consumers: number };
  /** Consumers that have not been replaced continue. */
  'reload.refused': { number: number; replaced: number; of: number; reason: string };
  'throttle.raised': { items: number; bytes: number };
  'throttle.lowered': { items: number; bytes: number };
  'child.state': { who: Who; from: ChildState; to: ChildState };
  'child.started': { who: Who; writer: number };
  'child.exited': {
    who: Who;
    code: number | null;
    signal: string | null;
    expected: boolean;
    reason: string;
    /** The number of items that it held, which are back in the queue. */
    givenBack: number;
    /** The error that it reported. */
    error?: ErrorData | undefined;
    /** It exited because an external service was unreachable; not a crash. */
    isOutage?: boolean;
  };
  /** `restarts` of this post so far, including this one. */
  'child.restarting': { who: Who; inMs: number; restarts: number };
  /** It died and is not replaced until the pipeline file is usable. */
  'child.heldBack': { who: Who; reason: string };
  /** It is parked: too many crashes within a period or, if `withinMs` is null, too many failed starts in a row. */
  'child.parked': { who: Who; crashes: number; withinMs: number | null; lastReason: string };
  /** Its end work (the last flush, `teardown`) failed, and so did that of its replacement: the run finishes without it. */
  'child.endGivenUp': { who: Who; reason: string };
  /** The pipeline file is still unusable, for a new reason; processes stay held back. */
  'file.unusable': { reason: string };
  /** Processes can be started from the pipeline file again. */
  'file.usable': Record<never, never>;
  /** A consumer will be replaced by a new process, which starts first. */
  'child.recycling': { who: Who; reason: string };
  /** Its replacement did not become ready: it continues. */
  'child.notReplaced': { who: Who; reason: string };
  /** A process exceeds `maxRss` as soon as it is ready: replacing it would not help. */
  'child.large': { who: Who; rss: number; maxRss: number };
  'child.log': {
    who: Who;
    level: 'error' | 'warn' | 'info' | 'debug';
    message: string;
    fields: Record<string, unknown>;
  };
  /** A line that a child wrote to its standard output or error. */
  'child.output': { who: Who; stream: 'stdout' | 'stderr'; line: string };
  'child.outputDropped': { who: Who; lines: number };
  'orphan.killed': { who: Who };
  /** A consumer that had started these items died. They return to the queue and run normally. */
  'items.marked': { who: Who; items: number; cause: string };
  /** A consumer died, and any of these items may be to blame: they run one at a time. */
  'items.isolated': { who: Who; items: number; cause: string };
  /** All items that a dead consumer had started have settled: none of them killed it. */
  'items.cleared': { cause: string };
  /** An item has killed a consumer that ran nothing else, for the `kills`th time. */
  'item.killed': { who: Who; seq: number; kills: number; cause: string; inMs: number };
  'item.retry': { seq: number; attempt: number; inMs: number; error: ErrorData };
  'item.dead': { seq: number; attempts: number; reason: string; error: ErrorData };
  /** An operator has returned dead letters to the queue, or deleted them. */
  'letters.givenBack': { letters: number };
  'letters.purged': { letters: number };
  'settle.refused': { who: Who; items: number };
  'limit.frozen': { limit: string; ms: number };
  'sink.down': { who: Who; reason: string };
  'sink.up': { who: Who };
  /**
   * The sink has results of a pipeline with this name from another queue, in another directory or formerly in this one.
   */
  'sink.otherQueue': {
    queue: string;
    directory: string;
    thisQueue: string;
    thisDirectory: string;
    isHere: boolean;
  };
  'spool.full': { reason: string };
  'spool.ok': Record<never, never>;
  /** The spool's log keeps growing and should not. */
  'spool.logLarge': { bytes: number };
  /** Free disk space has dropped below the minimum: the producer is paused. In bytes. */
  'disk.low': { free: number; minFree: number };
  'disk.ok': { free: number; minFree: number };
  'log.dropped': { lines: number };
  warning: { code: string; message: string };
}

export type EventName = keyof Events;
export type Listener = <Name extends EventName>(name: Name, event: Events[Name]) => void;

/** Distributes events. A listener that throws has a bug, which must not affect the others. */
export class EventBus {
  readonly #listeners = new Set<Listener>();

  /** Calls `listener` for every event; returns a function that stops this. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit<Name extends EventName>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners) {
      try {
        listener(name, event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
