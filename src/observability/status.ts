import type { ChildState, Who } from './events.ts';

/** One moment of a running pipeline, as `millrace status`, the progress display and the periodic log line show it. */
export interface Status {
  name: string;
  run: string;
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
    /** In how many milliseconds the next retry is due; null if none waits. */
    nextRetryInMs: number | null;
    /** Those that run alone, because one of them may have killed consumers. */
    accused: number;
  };
  /** How items have travelled since this supervisor started. */
  traffic: {
    /** From the producer. */
    frames: number;
    /** To consumers, and the items in them, repetitions included. */
    deliveries: number;
    delivered: number;
  };
  /** Of the whole run, however many starts it took. */
  items: {
    stored: number;
    done: number;
    dead: number;
    retries: number;
    perSecond: number;
    /** Those of `done` that were done before this supervisor started. */
    doneBefore: number;
  };
  /** The errors of items that wait for a retry, by kind; the most frequent kind first. */
  waitingErrors: WaitingError[];
  processes: {
    who: Who;
    state: ChildState;
    /** For how many milliseconds it has been in that state. */
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
  limits: {
    name: string;
    held: number;
    concurrency: number | null;
    rate: string | null;
    waiting: number;
    frozenMs: number;
    /** Permits of processes that died; they come back when the calls would have ended. */
    lingering?: number;
    granted: number;
  }[];
  /** Sinks that take one writer at a time: how their consumers take turns. */
  turns: { sink: string; held: number; waiting: number; granted: number }[];
  /** The progress of a stop; null if none was requested. */
  stop: StopStatus | null;
  /** The last reload of its code; null if there was none. */
  reload: ReloadStatus | null;
  /** Keys whose values are taken out of what is shown, besides those that look like secrets. */
  redact: readonly string[];
  /** Why nothing, or less than could be, is moving; empty when all is well. */
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
  /** In how many milliseconds the first of the items is tried again; null if that is later than most others. */
  nextInMs: number | null;
}

/** A stop that is under way. */
export interface StopStatus {
  /** Who or what asked for it, such as a signal. */
  reason: string;
  /** Items that are still running. */
  running: number;
  /** In how many milliseconds they are aborted; null when that has been done. They stay in the queue. */
  abortInMs: number | null;
  /** In how many milliseconds the processes that are left are killed. */
  killInMs: number;
}

/** The last reload of a pipeline's code. */
export interface ReloadStatus {
  /** How many there have been since the supervisor started, this one included. */
  number: number;
  state: 'describing' | 'replacing' | 'done' | 'refused';
  /** Consumers that have the new code, of all. */
  replaced: number;
  of: number;
  /** Why it was refused, or given up half-way; null otherwise. */
  reason: string | null;
}

/** How often processes had to be started again since this supervisor started. */
export function totalRestarts({ processes }: Pick<Status, 'processes'>): number {
  return processes.reduce((sum, { restarts }) => sum + restarts, 0);
}
