import type { Status } from '../../../src/observability/status.ts';

export type ProcessStatus = Status['processes'][number];

/** A run in progress with two consumers; `changes` replace parts of it. */
export function aStatus(changes: Partial<Status> = {}): Status {
  return {
    name: 'pokedex',
    run: '7f3a',
    params: {},
    state: 'running',
    pausedBy: null,
    stateDirectory: '/srv/.millrace/pokedex',
    durability: 'full',
    pid: 100,
    uptimeMs: 8200,
    queue: {
      queued: 45,
      lent: 24,
      retrying: 0,
      bytes: 9000,
      highItems: 100_000,
      highBytes: 268_435_456,
      throttled: false,
      memoryBytes: 9000,
      nextRetryInMs: null,
      accused: 0,
    },
    traffic: { frames: 1, deliveries: 9, delivered: 106 },
    items: { stored: 151, done: 82, dead: 0, retries: 0, perSecond: 10.04, doneBefore: 0 },
    waitingErrors: [],
    processes: [aProcess(), aConsumer(1), aConsumer(2)],
    limits: [],
    turns: [],
    stop: null,
    reload: null,
    redact: [],
    reasons: [],
    ...changes,
  };
}

export function aProcess(changes: Partial<ProcessStatus> = {}): ProcessStatus {
  return {
    who: { role: 'producer', ordinal: 0, pid: 101 },
    state: 'ready',
    since: 0,
    restarts: 0,
    lent: 0,
    started: 0,
    oldestMs: 0,
    rss: 50_331_648,
    utilisation: 0.25,
    waiting: null,
    beatAgeMs: 300,
    lastExit: null,
    ...changes,
  };
}

export function aConsumer(ordinal: number, changes: Partial<ProcessStatus> = {}): ProcessStatus {
  const who = { role: 'consumer', ordinal, pid: 101 + ordinal } as const;
  return aProcess({ who, lent: 12, started: 12, oldestMs: 80, ...changes });
}
