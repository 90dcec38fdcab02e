import type { LimitRules } from '../core/limit-rules.ts';
import type { LimitSnapshot } from '../core/limit-snapshot.ts';
import { Buckets } from './buckets.ts';
import { Durations } from './durations.ts';
import { Freeze } from './freeze.ts';
import type { LimitRecord } from '../core/limit-record.ts';
import { formatRate } from './rate.ts';
import { type Standing, WaitingLine } from './waiting-line.ts';
import { Window } from './window.ts';

/** A request for the right to one call under a limit, and then that right. The process `holder` knows it as `id`. */
export interface PermitRequest extends Standing<PermitRequest> {
  readonly limit: Limit;
  readonly holder: number;
  readonly id: number;
  /** The call takes no longer than this, if that is known. */
  readonly timeoutMs: number | undefined;
  /** Undefined while it waits. */
  granted: { readonly at: number; readonly ticket: number } | undefined;
}

/** The recorded call time is updated only if it changed by more than this, which is rare. */
const growth = 1.25;
const leastMs = 50;

/** One named budget: who holds a permit, who waits, and what blocks the next grant. */
export class Limit {
  readonly name: string;
  readonly #rules: LimitRules;
  readonly #concurrency: number;
  readonly #lingerMs: number | undefined;
  readonly #durations = new Durations();
  /** The longest call time in the record. */
  #recordedMs = 0;
  readonly #window: Window | undefined;
  readonly #buckets: Buckets | undefined;
  readonly #freeze = new Freeze();
  readonly #line = new WaitingLine<PermitRequest>();
  /** When permits of exited holders are released; oldest first. */
  #lingering: number[] = [];
  /** Tickets of calls that have been granted under the rate but not yet announced. */
  #unannounced: number[] = [];
  #held = 0;
  #granted = 0;

  constructor(name: string, rules: LimitRules) {
    this.name = name;
    this.#rules = rules;
    this.#concurrency = rules.concurrency ?? Infinity;
    this.#lingerMs = rules.lingerMs;
    this.#window = rules.rate && new Window(rules.rate);
    this.#buckets = rules.rate && new Buckets(rules.rate.perMs);
  }

  get hasRate(): boolean {
    return this.#window !== undefined;
  }

  /** Grants come from `advance`, in the order of the calls to `wait`. */
  wait(permit: PermitRequest): void {
    this.#line.join(permit);
  }

  /**
   * The permit is released, or no longer wanted. `isRefused`: the vendor did not accept the call. Returns whether the
   * record must be updated.
   */
  release(now: number, permit: PermitRequest, isRefused: boolean): boolean {
    if (permit.granted === undefined) {
      this.#line.leave(permit);
      return false;
    }
    this.#held--;
    this.#window?.ended(permit.granted.ticket, now);
    if (!isRefused) this.#freeze.callSucceeded(now, permit.granted.at);
    return this.#took(now - permit.granted.at);
  }

  /** Its holder's exit was observed. */
  holderExited(now: number, permit: PermitRequest): void {
    if (permit.granted === undefined) return this.#line.leave(permit);
    // For the window the call has not `ended`, but it was sent now at the latest: it may still be on its way.
    this.#window?.announced(permit.granted.ticket, now);
    this.#lingering.push(this.#comesBackAt(now, permit.granted.at, permit.timeoutMs));
    this.#lingering.sort((a, b) => a - b);
    this.#comeBack(now);
  }

  freeze(now: number, ms: number | null): number {
    return this.#freeze.begin(now, ms);
  }

  /** Appends the permits that can be granted at `now` to `granted`. */
  advance(now: number, granted: PermitRequest[]): void {
    this.#comeBack(now);
    for (let next = this.#line.first; next !== undefined && this.#canGrant(now); next = this.#line.first) {
      this.#line.leave(next);
      next.granted = { at: now, ticket: this.#window?.add() ?? 0 };
      if (this.#window !== undefined) this.#unannounced.push(next.granted.ticket);
      this.#held++;
      this.#granted++;
      granted.push(next);
    }
  }

  /** Whether it has granted calls under its rate that have not been announced yet. */
  get hasUnannounced(): boolean {
    return this.#unannounced.length > 0;
  }

  /** They have been announced. */
  announced(now: number): void {
    if (this.#window === undefined || this.#buckets === undefined) return;
    for (const ticket of this.#unannounced) {
      this.#window.announced(ticket, now);
      this.#buckets.add(this.#window.arrivalOf(now));
    }
    this.#unannounced = [];
  }

  /** When `advance` can next grant something without anything else happening first. */
  nextAt(now: number): number | undefined {
    if (this.#line.size === 0) return undefined;
    this.#comeBack(now);
    const permitAt = this.#held < this.#concurrency ? now : this.#lingering[0];
    if (permitAt === undefined) return undefined;
    const at = Math.max(permitAt, this.#freeze.until, this.#window?.opensAt(now) ?? now);
    return at === Infinity ? undefined : at;
  }

  /** No permit is granted before this time, even if permits are released in the meantime. */
  opensAt(now: number): number {
    return Math.max(this.#freeze.until, this.#window?.opensAt(now) ?? now);
  }

  /**
   * Includes calls that were not announced yet, as if they were announced now: that will be true when it is committed.
   */
  record(now: number): Pick<LimitRecord, 'limit' | 'frozenMs' | 'calls' | 'longestMs'> {
    const calls = (this.#buckets?.list(now) ?? []).flatMap(({ end, count }) => [ageOf(end, now), count]);
    if (this.#window && this.hasUnannounced)
      calls.push(ageOf(this.#window.arrivalOf(now), now), this.#unannounced.length);
    const longestMs = this.#isEstimated && this.#recordedMs > 0 && { longestMs: Math.ceil(this.#recordedMs) };
    return { limit: this.name, frozenMs: Math.ceil(this.#freeze.leftMs(now)), calls, ...longestMs };
  }

  /** An earlier supervisor existed and its children are gone: their permits linger, however they were distributed. */
  succeed(now: number): void {
    if (this.#lingerMs !== undefined && this.#lingerMs > 0) this.#freeze.begin(now, this.#lingerMs);
  }

  /**
   * Restores what was recorded `since` milliseconds ago, before anything else is done with this limit. `wasKilled`:
   * calls were cut off, and it is unknown which; so all permits linger for as long as one call may have taken.
   */
  recall(record: LimitRecord, now: number, since: number, wasKilled: boolean): void {
    if (this.#isEstimated) this.#recordedMs = record.longestMs ?? 0;
    for (let i = wasKilled && this.#recordedMs > 0 ? this.#concurrency : 0; i > 0; i--) {
      this.#held++;
      this.#lingering.push(now + this.#recordedMs);
    }
    if (record.frozenMs > since) this.#freeze.begin(now, record.frozenMs - since);
    for (let i = 0; i + 1 < record.calls.length; i += 2) {
      // Their callers are gone, so the calls have arrived by now.
      const end = now - Math.max(0, record.calls[i]! + since);
      this.#window?.recall(end, record.calls[i + 1]!);
      this.#buckets?.recall(end, record.calls[i + 1]!);
    }
  }

  snapshot(now: number): LimitSnapshot {
    return {
      name: this.name,
      held: this.#held - this.#lingering.length,
      lingering: this.#lingering.length,
      concurrency: this.#rules.concurrency ?? null,
      rate: this.#rules.rate === undefined ? null : formatRate(this.#rules.rate),
      waiting: this.#line.size,
      frozenMs: this.#freeze.leftMs(now),
      granted: this.#granted,
    };
  }

  /** Adds the time of a call. Returns whether the record must be updated. */
  #took(ms: number): boolean {
    const isHundredth = this.#durations.add(ms);
    if (!this.#isEstimated) return false;
    const before = this.#recordedMs;
    if (ms > before * growth + leastMs) this.#recordedMs = ms;
    else if (isHundredth && this.#durations.longest * growth + leastMs < before)
      this.#recordedMs = this.#durations.longest;
    return this.#recordedMs !== before;
  }

  /** Only permits under a concurrency are held. */
  get #isEstimated(): boolean {
    return this.#lingerMs === undefined && this.#concurrency !== Infinity;
  }

  /** When a permit is released if its holder exited at `now`. */
  #comesBackAt(now: number, grantedAt: number, timeoutMs: number = Infinity): number {
    if (this.#lingerMs !== undefined) return now + this.#lingerMs;
    return Math.max(now, this.#isEstimated ? grantedAt + Math.min(this.#durations.longest, timeoutMs) : now);
  }

  #canGrant(now: number): boolean {
    return this.#held < this.#concurrency && !this.#freeze.isOn(now) && (this.#window?.isOpen(now) ?? true);
  }

  #comeBack(now: number): void {
    while (this.#lingering.length > 0 && this.#lingering[0]! <= now) {
      this.#lingering.shift();
      this.#held--;
    }
  }
}

/** The age in milliseconds, rounded down to a tenth: never older than it is. */
function ageOf(at: number, now: number): number {
  return Math.floor((now - at) * 10) / 10;
}
