import type { Backoff } from '../core/backoff.ts';
import type { RestartLimits } from './posts/restart-policy.ts';

/** What the supervisor needs to know about the configuration, in milliseconds and bytes. */
export interface ServiceSettings {
  consumers: number;
  concurrency: number;
  durability: 'full' | 'normal';
  attempts: number;
  deadMax: number;
  /** Consecutive failed attempts after which the pipeline pauses; 0: never. */
  pauseAfter: number;
  /** How long an item waits after a failed attempt. */
  retry: Backoff;
  itemTimeoutMs: number;
  abortGraceMs: number;
  sinkTimeoutMs: number;
  stopTimeoutMs: number;
  /** How long a consumer may take to flush and to run `teardown` at the end of a run. */
  endTimeoutMs: number;
  stallTimeoutMs: number;
  readyTimeoutMs: number;
  producerWindowBytes: number;
  consumerCreditBytes: number;
  frameItems: number;
  frameBytes: number;
  maxItemBytes: number;
  /** Keys whose values are secrets although they do not look like secrets. */
  redact: readonly string[];
  /** How much disk space must stay free; null: the usual amount, see `floorOf`. */
  minFreeBytes: number | null;
  restarts: RestartLimits;
  recycling: RecyclingLimits;
}

/** When a consumer's process is replaced by a new one; `null`: never for that reason. */
export interface RecyclingLimits {
  rssBytes: number | null;
  items: number | null;
  ageMs: number | null;
}
