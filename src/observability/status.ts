import type { ChildState, Who } from './events.ts';

/** One moment of a running pipeline, as `millrace status`, the progress display and the periodic log line show it. */
export interface Status {
  name: string;
  run: string;
  state: 'starting' | 'running' | 'sealed' | 'finishing' | 'finished' | 'stopping';
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
  };
  items: { stored: number; done: number; dead: number; retries: number; perSecond: number };
  processes: {
    who: Who;
    state: ChildState;
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
  limits: { name: string; held: number; concurrency: number | null; rate: string | null; waiting: number; frozenMs: number; granted: number }[];
  /** Why nothing, or less than could be, is moving; empty when all is well. */
  reasons: string[];
}
