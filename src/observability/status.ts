import type { LimitSnapshot } from '../core/limit-snapshot.ts';
import type { ParamValues } from '../core/params.ts';
import type { ChildState, Who } from './events.ts';

/** A snapshot of a running pipeline, as `millrace status`, the progress display and the periodic log line show it. */
export interface Status {
  name: string;
  run: string;
  /** The params of the run. */
  params: ParamValues;
  state: 'starting' | 'running' | 'sealed' | 'paused' | 'finishing' | 'finished' | 'stopping';
  /** Why nothing is lent for now, although the service could; null if it is. */
  pausedBy: string | null;
  stateDirectory: string;
  durability: 'full' | 'normal';
  pid: number;
  uptimeMs: number;
  queue: {
    /** Waiting in the queue. */
    queued: number;
    lent: number;
    retrying: number;
    bytes: number;
    highItems: number;
    highBytes: number;
    throttled: boolean;
    memoryBytes: number;
    /** Milliseconds until the next retry is due; null if none waits. */
    nextRetryInMs: number | null;
    /** Items that run alone, because one of them may have killed consumers. */
    accused: number;
  };
  /** Traffic since this supervisor started. */
  traffic: {
    /** From the producer. */
    frames: number;
    /** Deliveries to consumers, and the items in them, including repetitions. */
    deliveries: number;
    delivered: number;
  };
  /** For the whole run, across all of its starts. */
  items: {
    stored: number;
    done: number;
    dead: number;
    retries: number;
    perSecond: number;
    /** The part of `done` from before this supervisor started. */
    doneBefore: number;
  };
  /** Errors of items that wait for a retry, by kind, the most frequent first. */
  waitingErrors: WaitingError[];
  processes: {
    who: Who;
    state: ChildState;
    /** Milliseconds in that state. */
    since: number;
    restarts: number;
    lent: number;
    started: number;
    oldestMs: number;
    rss: number;
    utilisation: number;
    waiting: string | null;
    /** Age of its last beat in milliseconds; null before the first. */
    beatAgeMs: number | null;
    lastExit: string | null;
  }[];
  limits: readonly LimitSnapshot[];
  /** Sinks that take one writer at a time: how their consumers take turns. */
  turns: { sink: string; held: number; waiting: number; granted: number }[];
  /** The progress of a stop; null if none was requested. */
  stop: StopStatus | null;
  /** The last reload of its code; null if there was none. */
  reload: ReloadStatus | null;
  /** Keys whose values are hidden, in addition to those that look like secrets. */
  redact: readonly string[];
  /** Why the pipeline stands still or is slower than it could be; empty when all is well. */
  reasons: string[];
}

/** The errors of one kind among waiting items. */
export interface WaitingError {
  items: number;
  /** Code and message of the latest error. */
  code: string;
  message: string;
  /** The first line of the user's own code that it came from; null if that is not known. */
  at: string | null;
  /** Milliseconds until the first of the items is retried; null if that is later than for most others. */
  nextInMs: number | null;
}

/** A stop in progress. */
export interface StopStatus {
  /** What requested it, such as a signal. */
  reason: string;
  /** Items that are still running. */
  running: number;
  /** Milliseconds until they are aborted; null when that has happened. They remain in the queue. */
  abortInMs: number | null;
  /** Milliseconds until remaining processes are killed. */
  killInMs: number;
}

/** The last reload of a pipeline's code. */
export interface ReloadStatus {
  /** The number of reloads since the supervisor started, including this one. */
  number: number;
  state: 'describing' | 'replacing' | 'done' | 'refused';
  /** Consumers that have the new code, out of all. */
  replaced: number;
  of: number;
  /** Why it was refused or stopped half-way; null otherwise. */
  reason: string | null;
}

/** How often processes were restarted since this supervisor started. */
export function totalRestarts({ processes }: Pick<Status, 'processes'>): number {
  return processes.reduce((sum, { restarts }) => sum + restarts, 0);
}
