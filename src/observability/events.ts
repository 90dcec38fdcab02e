/**
 * Everything worth telling, as typed events. Code that makes something happen emits; one subscriber words the log;
 * whoever wants to show or count something else subscribes as well. Nothing here may change what happens.
 */
import type { ErrorData } from '../core/errors.ts';

/** Which process an event is about. */
export interface Who {
  role: 'supervisor' | 'producer' | 'consumer';
  /** 0 for the supervisor and the producer, 1…N for consumers. */
  ordinal: number;
  pid: number | undefined;
}

/** How people name a process. */
export function nameOf({ role, ordinal }: Pick<Who, 'role' | 'ordinal'>): string {
  return role === 'consumer' ? `consumer ${ordinal}` : role;
}

export type ChildState = 'starting' | 'ready' | 'draining' | 'backoff' | 'parked' | 'stopped';

export interface Events {
  /** A run begins, goes on after a stop, or is found finished. */
  'run.started': { run: string; name: string; state: 'new' | 'resumed'; open: number; stateDirectory: string };
  'run.alreadyFinished': { run: string; finishedAt: number; exitCode: number };
  /** A new run was requested with `--again` while this one was open, and has not started. */
  'run.owed': { isFinished: boolean };
  'run.sealed': { run: string; items: number };
  'run.finished': { run: string; items: number; done: number; dead: number; seconds: number; exitCode: number };
  /** Nothing more is lent for now; `reason` says why, and what is to be done. */
  'run.paused': { reason: string };
  'run.unpaused': Record<never, never>;
  /** Shutting down, and why. */
  'run.stopping': { reason: string; hurry: boolean; lent: number };
  /** `stopTimeout` is nearly over: items that are still running are aborted. */
  'run.aborting': { running: number };
  'run.stopped': { open: number; aborted: number; exitCode: number };
  /** The pipeline's file is looked at again, to replace the consumers by ones with its new code. */
  'reload.started': { number: number };
  'reload.done': { number: number; consumers: number };
  /** Those that have not been replaced stay. */
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
    /** How many items it held, which are back in the queue. */
    givenBack: number;
    /** The error that it reported. */
    error?: ErrorData | undefined;
    /** It ended itself because something outside could not be reached; not a crash. */
    isOutage?: boolean;
  };
  /** `restarts` of this post so far, the one that is coming included. */
  'child.restarting': { who: Who; inMs: number; restarts: number };
  /** It died, and is not replaced until the pipeline file can be used. */
  'child.heldBack': { who: Who; reason: string };
  /** It is parked: too many crashes within a period or, if `withinMs` is null, too many failed starts in a row. */
  'child.parked': { who: Who; crashes: number; withinMs: number | null; lastReason: string };
  /** Its end work (the last flush, `teardown`) failed, and so did that of its replacement: the run finishes without it. */
  'child.endGivenUp': { who: Who; reason: string };
  /** The pipeline file still cannot be used, for a new reason; processes stay held back. */
  'file.unusable': { reason: string };
  /** Processes can be started from the pipeline file again. */
  'file.usable': Record<never, never>;
  /** A consumer is to be replaced by a new process, which is started first. */
  'child.recycling': { who: Who; reason: string };
  /** Its successor did not get ready: it stays. */
  'child.notReplaced': { who: Who; reason: string };
  /** A process takes more memory than `maxRss` as soon as it is ready: replacing it would not help. */
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
  /** A consumer died that had started these items. They go back to the queue and run like others. */
  'items.marked': { who: Who; items: number; cause: string };
  /** A consumer died, and any of these items may be to blame: they run one at a time. */
  'items.isolated': { who: Who; items: number; cause: string };
  /** All items that a dead consumer had started have settled: none of them killed it. */
  'items.cleared': { cause: string };
  /** An item has killed a consumer that ran nothing else; for the `kills`th time. */
  'item.killed': { who: Who; seq: number; kills: number; cause: string; inMs: number };
  'item.retry': { seq: number; attempt: number; inMs: number; error: ErrorData };
  'item.dead': { seq: number; attempts: number; reason: string; error: ErrorData };
  /** An operator has put dead letters back into the queue, or deleted them. */
  'letters.givenBack': { letters: number };
  'letters.purged': { letters: number };
  'settle.refused': { who: Who; items: number };
  'limit.frozen': { limit: string; ms: number };
  'sink.down': { who: Who; reason: string };
  'sink.up': { who: Who };
  /** The sink has results of a pipeline of this name from another queue, in another folder or formerly in this one. */
  'sink.otherQueue': {
    queue: string;
    directory: string;
    thisQueue: string;
    thisDirectory: string;
    isHere: boolean;
  };
  'spool.full': { reason: string };
  'spool.ok': Record<never, never>;
  /** The spool's log grows, and should not. */
  'spool.logLarge': { bytes: number };
  /** Less of the disk is free than is to stay so: the producer waits. In bytes. */
  'disk.low': { free: number; minFree: number };
  'disk.ok': { free: number; minFree: number };
  'log.dropped': { lines: number };
  warning: { code: string; message: string };
}

export type EventName = keyof Events;
export type Listener = <Name extends EventName>(name: Name, event: Events[Name]) => void;

/** Where events go. A listener that throws is a bug in it, and is not allowed to hurt the others. */
export class EventBus {
  readonly #listeners = new Set<Listener>();

  /** Calls `listener` for every event; returns how to stop that. */
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
