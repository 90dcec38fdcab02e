import type { LimitRecord } from '../core/limit-record.ts';
import type { LimitSnapshot } from '../core/limit-snapshot.ts';
import type { LimitRules } from '../core/limit-rules.ts';
import type { Moment } from '../core/clock.ts';
import { Limit, type PermitRequest } from './limit.ts';
import { sinceRecord } from './record.ts';

/** Names with this prefix need no definition: one permit at a time. For sinks that have one writer. */
const reserved = 'sink:';

/** If the wall clock moves by no more than this against the monotonic one, it is only being disciplined. */
const steadyMs = 50;

export interface Grant {
  readonly holder: number;
  readonly id: number;
  readonly name: string;
  /**
   * Under a rate: announced only when the records of `durable` are committed. Others depend on nothing and may be
   * announced at once.
   */
  readonly awaitsCommit: boolean;
}

/**
 * All limits of a pipeline, as the supervisor keeps them: which process may call now.
 *
 * Pure: time is passed in as `now` (monotonic milliseconds) and `wall`, and nothing happens between two calls. The
 * supervisor calls `advance` once per tick, and at `nextAt`; commits what `durable` returns; announces the grants to
 * their holders; and then calls `announced`. **Grants under a rate are announced only when the records are committed**.
 * If a commit fails, they stay granted and are announced after the commit that succeeds. Every call takes constant
 * time, amortised, in the number of permits.
 *
 * A rate promises that there are never more than N grants in any half-open interval of the period. A call arrives at
 * the vendor a little later than its grant; `window.ts` explains how that is taken into account, and how far.
 */
export class Limits {
  readonly #limits = new Map<string, Limit>();
  readonly #holders = new Map<number, Map<number, PermitRequest>>();
  readonly #changed = new Set<Limit>();
  /** Limits that have a record in the spool. */
  readonly #recorded = new Set<Limit>();
  readonly #boot: string | null;
  /** Wall clock minus monotonic clock, at the time of the latest records. */
  #wallOffset: number | undefined;

  /**
   * Names and numbers are used as given: the pipeline was checked where it was read. `boot` is the identity of the
   * machine's boot, if known.
   */
  constructor(rules: Readonly<Record<string, LimitRules>>, boot: string | null = null) {
    this.#boot = boot;
    for (const [name, each] of Object.entries(rules)) this.#limits.set(name, new Limit(name, each));
  }

  /** `holder` wants a permit of `name`, which it knows as `id`. `advance` grants it: first come, first served. */
  acquire(holder: number, id: number, name: string, timeoutMs?: number): 'queued' | 'unknown' {
    const limit = this.#find(name);
    if (limit === undefined) return 'unknown';
    const permits = this.#holders.get(holder) ?? new Map<number, PermitRequest>();
    if (permits.has(id)) return 'queued';
    const permit: PermitRequest = {
      limit,
      holder,
      id,
      timeoutMs,
      granted: undefined,
      before: undefined,
      after: undefined,
    };
    this.#holders.set(holder, permits.set(id, permit));
    limit.wait(permit);
    return 'queued';
  }

  /** The message for a caller that got the answer 'unknown'. */
  refusal(name: string): string {
    const names = [...this.#limits.keys()].filter((known) => !this.isReserved(known));
    const known = names.length === 0 ? 'it defines none' : `it defines ${names.join(', ')}`;
    return `expected the name of a limit of this pipeline, got "${name}": ${known}; add it to "limits"`;
  }

  /**
   * A permit is released, or no longer wanted. `isRefused`: the vendor did not accept the call. Idempotent; ignores
   * unknown ids.
   */
  release(now: number, holder: number, id: number, isRefused = false): void {
    const permits = this.#holders.get(holder);
    const permit = permits?.get(id);
    if (permits === undefined || permit === undefined) return;
    permits.delete(id);
    if (permit.limit.release(now, permit, isRefused)) this.#changed.add(permit.limit);
  }

  /** Whether that permit is still held or waited for. */
  isWanted({ holder, id }: Pick<Grant, 'holder' | 'id'>): boolean {
    return this.#holders.get(holder)?.has(id) ?? false;
  }

  /** Whether `holder` waits for a permit that it has not been granted yet. */
  isWaiting(holder: number): boolean {
    for (const { granted } of this.#holders.get(holder)?.values() ?? []) if (granted === undefined) return true;
    return false;
  }

  /**
   * The holder's exit was observed: its permits are released after the linger, and its waiting requests are dropped.
   * Idempotent.
   */
  releaseAll(now: number, holder: number): void {
    const permits = this.#holders.get(holder);
    this.#holders.delete(holder);
    for (const permit of permits?.values() ?? []) permit.limit.holderExited(now, permit);
  }

  /**
   * No permit of `name` is granted for `ms` milliseconds, or, with null, for 1 s doubling to 5 min (see `Freeze`).
   * Never shortens a freeze. Returns the milliseconds that are left now; 0 for an unknown name.
   */
  freeze(now: number, name: string, ms: number | null): number {
    const limit = this.#find(name);
    if (limit === undefined) return 0;
    this.#changed.add(limit);
    return limit.freeze(now, ms);
  }

  /** Grants all permits that can be granted at `now`. */
  advance(now: number): Grant[] {
    const granted: PermitRequest[] = [];
    for (const limit of this.#limits.values()) limit.advance(now, granted);
    return granted.map(({ holder, id, limit }) => ({
      holder,
      id,
      name: limit.name,
      awaitsCommit: limit.hasRate,
    }));
  }

  /**
   * Everything granted so far has been announced to the holders. A call under a rate counts from here, not from its
   * grant.
   */
  announced(now: number): void {
    for (const limit of this.#limits.values()) limit.announced(now);
  }

  /** When time alone allows `advance` to grant something; undefined if only a release can. */
  nextAt(now: number): number | undefined {
    let earliest: number | undefined;
    for (const limit of this.#limits.values()) {
      const at = limit.nextAt(now);
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    return earliest;
  }

  /** The limits under which no permit is granted before `deadline`. */
  closedUntil(deadline: number, now: number): string[] {
    return [...this.#limits.values()].filter((limit) => limit.opensAt(now) > deadline).map(({ name }) => name);
  }

  /**
   * Records of the limits that changed since the last call: each replaces the limit's earlier record in the spool.
   * Includes all recorded limits if the wall clock was set in the meantime, because that makes the stored records
   * wrong; and always the limits with grants that wait to be announced, because a delayed commit has to record the real
   * time.
   */
  durable({ now, wall }: Moment): LimitRecord[] {
    for (const limit of this.#limits.values()) if (limit.hasUnannounced) this.#changed.add(limit);
    const offset = wall - now;
    if (Math.abs(offset - (this.#wallOffset ?? offset)) > steadyMs) {
      for (const limit of this.#recorded) this.#changed.add(limit);
    }
    if (this.#changed.size === 0) return [];
    this.#wallOffset = offset;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const limit of changed) this.#recorded.add(limit);
    return changed.map((limit) => ({ ...limit.record(now), wall, at: Math.ceil(now), boot: this.#boot }));
  }

  /**
   * Restores the records of an earlier supervisor on this spool, whose children are gone. Call it first, and only if
   * there was one. Records of limits that no longer exist are skipped. `wasKilled`: calls may have been cut off.
   */
  restore(records: readonly LimitRecord[], now: number, wall: number, { wasKilled = false } = {}): void {
    for (const limit of this.#limits.values()) limit.succeed(now);
    for (const record of records) {
      const limit = this.#limits.get(record.limit);
      if (limit === undefined) continue;
      limit.recall(record, now, sinceRecord(record, { now, wall, boot: this.#boot }), wasKilled);
      // Recorded again with the current clocks: otherwise a clock that was set back would restart the freeze at every
      // further start.
      this.#changed.add(limit);
    }
  }

  /** Whether it is a sink's limit, and not one of the pipeline's. */
  isReserved(name: string): boolean {
    return name.startsWith(reserved);
  }

  snapshot(now: number): LimitSnapshot[] {
    return Array.from(this.#limits.values(), (limit) => limit.snapshot(now));
  }

  #find(name: string): Limit | undefined {
    const limit = this.#limits.get(name);
    if (limit !== undefined || !this.isReserved(name)) return limit;
    const implicit = new Limit(name, { concurrency: 1, lingerMs: 0 });
    this.#limits.set(name, implicit);
    return implicit;
  }
}
