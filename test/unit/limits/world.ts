import assert from 'node:assert/strict';
import type { LimitRules } from '../../../src/core/limit-rules.ts';
import { Limits } from '../../../src/limits/limits.ts';
import type { LimitRecord } from '../../../src/core/limit-record.ts';

export interface Call {
  holder: number;
  id: number;
  /** Infinity until the commit that it waits for. */
  announcedAt: number;
  endedAt: number;
  /** When it arrives at the vendor: 0 at its grant … 1 at its end. */
  travels: number;
}

export type Step =
  | { kind: 'acquire'; holder: number; count: number }
  | { kind: 'release'; pick: number }
  | { kind: 'giveUp'; pick: number }
  | { kind: 'exit'; holder: number }
  | { kind: 'wait'; share: number }
  | { kind: 'waitForNext' }
  | { kind: 'freeze'; ms: number | null }
  | { kind: 'setClock'; by: number }
  | { kind: 'stall'; share: number }
  /** While no supervisor runs, the wall clock is set and the machine may be rebooted. */
  | { kind: 'restart'; downMs: number; setBy: number; boots: boolean };

/**
 * A supervisor with one limit, its children, the wall clock and the spool. Each step checks order, concurrency and
 * freezes.
 */
export class World {
  readonly spec: LimitRules;
  now = 1000;
  limits: Limits;
  readonly over: Call[] = [];
  held: Call[] = [];
  waiting: { holder: number; id: number }[] = [];
  frozenUntil = -Infinity;
  readonly #travels: (index: number) => number;
  #ids = 0;
  #boots = 1;
  /** No commit succeeds before this time. */
  #stalledUntil = -Infinity;
  #uncommitted: { records: string; offset: number } | undefined;
  /** Wall clock minus `now`. */
  #offset = 1_700_000_000_000;
  #offsetOfRecord = this.#offset;
  #spool: LimitRecord[] = [];

  constructor(spec: LimitRules, travels: (index: number) => number = () => 0) {
    this.spec = spec;
    this.#travels = travels;
    this.limits = this.#newLimits();
  }

  step(step: Step): void {
    switch (step.kind) {
      case 'acquire':
        for (let i = 0; i < step.count; i++) this.acquire(step.holder);
        break;
      case 'release':
        this.release(step.pick);
        break;
      case 'giveUp': {
        const [gone] = this.waiting.splice(step.pick % Math.max(1, this.waiting.length), 1);
        if (gone) this.limits.release(this.now, gone.holder, gone.id);
        break;
      }
      case 'exit':
        this.limits.releaseAll(this.now, step.holder);
        this.#end((call) => call.holder === step.holder);
        this.waiting = this.waiting.filter((one) => one.holder !== step.holder);
        break;
      case 'wait':
        this.now += step.share * (this.spec.rate?.perMs ?? 1000);
        break;
      case 'waitForNext':
        this.now = Math.max(this.now, this.limits.nextAt(this.now) ?? this.now);
        break;
      case 'freeze':
        this.frozenUntil = this.now + this.limits.freeze(this.now, 'vendor', step.ms);
        break;
      case 'setClock':
        this.#offset += step.by;
        break;
      case 'stall':
        this.#stalledUntil = this.now + step.share * (this.spec.rate?.perMs ?? 1000);
        break;
      case 'restart':
        this.#restart(step);
        break;
    }
    this.tick();
  }

  acquire(holder: number): void {
    const one = { holder, id: this.#ids++ };
    assert.equal(this.limits.acquire(one.holder, one.id, 'vendor'), 'queued');
    this.waiting.push(one);
  }

  release(pick: number): void {
    const [call] = this.held.splice(pick % Math.max(1, this.held.length), 1);
    if (!call) return;
    this.limits.release(this.now, call.holder, call.id);
    this.over.push({ ...call, endedAt: this.now });
  }

  tick(): number {
    const grants = this.limits.advance(this.now);
    const records = this.limits.durable({ now: this.now, wall: this.now + this.#offset });
    if (records.length > 0) {
      this.#uncommitted = { records: JSON.stringify(records), offset: this.#offset };
      assert.ok(records[0]!.calls.length / 2 <= 64, 'records are short');
    }
    assert.deepEqual(
      grants.map(({ id }) => id),
      this.waiting.splice(0, grants.length).map(({ id }) => id),
      'first come, first served',
    );
    assert.ok(grants.length === 0 || this.now >= this.frozenUntil, 'nothing is granted in a freeze');
    for (const { holder, id } of grants) {
      this.held.push({ holder, id, announcedAt: Infinity, endedAt: Infinity, travels: this.#travels(id) });
    }
    assert.ok(this.held.length <= (this.spec.concurrency ?? Infinity), 'no more are held than may be');
    const [{ held, waiting } = {}] = this.limits.snapshot(this.now);
    assert.deepEqual({ held, waiting }, { held: this.held.length, waiting: this.waiting.length });
    if (this.now >= this.#stalledUntil) this.#commit();
    return grants.length;
  }

  #commit(): void {
    if (this.#uncommitted !== undefined) {
      this.#spool = JSON.parse(this.#uncommitted.records) as LimitRecord[];
      this.#offsetOfRecord = this.#uncommitted.offset;
      this.#uncommitted = undefined;
    }
    for (const call of this.held) call.announcedAt = Math.min(call.announcedAt, this.now);
    this.limits.announced(this.now);
  }

  /** All announced calls; calls that have not ended end now. */
  calls(): Call[] {
    this.#end(() => true);
    return this.over.filter(({ announcedAt }) => announcedAt < Infinity);
  }

  #restart({ downMs, setBy, boots }: Extract<Step, { kind: 'restart' }>): void {
    this.#end(() => true);
    this.waiting = [];
    this.#uncommitted = undefined;
    this.#stalledUntil = -Infinity;
    this.now += downMs;
    this.#offset += setBy;
    if (boots) {
      this.#boots += 1;
      // A clock that was set far forward since the record is indistinguishable from time that has passed.
      this.#offset = Math.min(this.#offset, this.#offsetOfRecord + 10_000);
    }
    this.limits = this.#newLimits();
    this.limits.restore(this.#spool, this.now, this.now + this.#offset);
  }

  #newLimits(): Limits {
    return new Limits({ vendor: this.spec }, `boot ${this.#boots}`);
  }

  #end(which: (call: Call) => boolean): void {
    this.over.push(...this.held.filter(which).map((call) => ({ ...call, endedAt: this.now })));
    this.held = this.held.filter((call) => !which(call));
  }
}
