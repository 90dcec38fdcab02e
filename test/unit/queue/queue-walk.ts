/** The queue together with its model: any steps in any order, and after each step a check of everything that must hold. */
import fc from 'fast-check';
import { frameBytes, itemSpan, joinItems, type Frame } from '../../../src/frame/frame.ts';
import { sourceStart } from '../../../src/frame/position.ts';
import { Holding } from '../../../src/queue/lending/holding.ts';
import type { Moment } from '../../../src/core/clock.ts';
import type { Fate } from '../../../src/queue/fate.ts';
import type { Delivery } from '../../../src/queue/lending/delivery.ts';
import { Queue } from '../../../src/queue/queue.ts';
import { memoryBytes, StoreFull, type RunRecord, type Store } from '../../../src/queue/store.ts';
import { thrownBy } from '../../support/thrown.ts';
import { flaky } from './flaky-store.ts';
import {
  acquit,
  canBeLent,
  copyOf,
  countOf,
  giveBack,
  historyOf,
  modeOf,
  inherited,
  isMarked,
  isOpen,
  newItem,
  type DeathNote,
  type Item,
  type Items,
} from './queue-model.ts';

/** The relative frequency of each kind of step. */
const frequencies = {
  append: 2,
  take: 4,
  'take alone': 4,
  'take marked': 3,
  announce: 6,
  settle: 2,
  fail: 4,
  release: 1,
  lose: 1,
  'give back': 2,
  purge: 1,
  die: 2,
  commit: 3,
  'commit settlements': 1,
  'commit on a full disk': 1,
  wait: 2,
  restart: 1,
};

type Kind = keyof typeof frequencies;

export interface Step {
  kind: Kind;
  /** The arguments of the step: each 0…1, mapped to the available choices. */
  a: number;
  b: number;
  c: number;
}

export function steps(maxLength: number): fc.Arbitrary<Step[]> {
  // Not fc.double, which prefers the smallest numbers.
  const share = fc.nat(999).map((n) => n / 1000);
  const kind = fc.constantFrom(
    ...Object.entries(frequencies).flatMap(([name, n]) => Array<Kind>(n).fill(name as Kind)),
  );
  const step = fc.record({ kind, a: share, b: share, c: share });
  return fc.array(step, { maxLength, size: 'max' });
}

const windowBytes = 2000;
const windowRetries = 2;
const shapes = Buffer.from('[["a"]]');
const mostItems = 8;
const mostBytes = 60;
const nobodyHolds = 1_000_000;
const error = { code: 'E', message: 'failed' };

export class Walk {
  readonly #store: Store;
  readonly #disk: { isFull: boolean };
  readonly #frames = new Map<number, Frame>();
  #queue: Queue;
  #items = new Map<number, Item>();
  /** What the store must hold: the items as they were at the last commit. */
  #durable = new Map<number, Item>();
  #holdings: Holding[] = [];
  /** For each holding, the items that must run alone and are not announced yet, and the announced items, in order. */
  #toAnnounce = new Map<Holding, number[]>();
  #announced = new Map<Holding, number[]>();
  #deaths: DeathNote[] = [];
  /** The item that the store has on trial. */
  #trial: Item | undefined;
  #now = 0;
  #life = 0;
  #lastFirstDelivery = 0;
  /** The changes of dead letters since the last full commit: the letter, and the item that it became. */
  #operations: { from: number; letter: Item; seq: number | undefined }[] = [];
  #isDirty = false;
  #largestFrame = 0;

  constructor(store: Store) {
    ({ store: this.#store, disk: this.#disk } = flaky(store));
    this.#queue = this.#start();
  }

  run(all: readonly Step[]): void {
    for (const step of all) {
      this.#step(step);
      this.#check();
    }
  }

  /** Settles everything; nothing may be left over. */
  finish(): void {
    for (let round = 0; !this.#queue.isEmpty; round++) {
      must('everything is settled in the end', round < 10_000);
      this.#commit('all');
      this.#now += 100;
      this.#lend(this.#holdings[0]!, { items: 100, bytes: 10_000 });
      this.#lendMarked(this.#holdings[2]!, { items: 100, bytes: 10_000 });
      this.#lendAlone(this.#holdings[1]!, 10_000);
      for (const holding of this.#holdings) this.#settle(holding, 0, nobodyHolds);
    }
    this.#commit('all');
    this.#check();
    same('what the store holds in the end', this.#store.totals(), { items: 0, bytes: 0, retrying: 0 });
  }

  get #moment(): Moment {
    return { now: this.#now, wall: 1e12 + this.#now };
  }

  #start(): Queue {
    this.#life += 1;
    const queue = new Queue(this.#store, this.#store.run() ?? newRun, { windowBytes, windowRetries });
    this.#holdings = [1, 2, 3].map(() => new Holding(2));
    this.#lastFirstDelivery = 0;
    this.#operations = [];
    this.#isDirty = false;
    this.#deaths = [];
    this.#trial = undefined;
    return queue;
  }

  // ── steps ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #step({ kind, a, b, c }: Step): void {
    const holding = this.#holdings[Math.floor(a * this.#holdings.length)]!;
    switch (kind) {
      case 'append':
        return this.#append(1 + Math.floor(a * mostItems), b);
      case 'take':
        return this.#lend(holding, { items: Math.floor(b * 12), bytes: Math.floor(c * 300) });
      case 'take alone':
        return this.#lendAlone(holding, Math.floor(c * 300));
      case 'take marked':
        return this.#lendMarked(holding, { items: 1 + Math.floor(b * 12), bytes: Math.floor(c * 300) });
      case 'announce':
        return this.#announce(holding);
      case 'settle':
      case 'release': {
        // Around the items that it holds, so that the range includes items that it does not hold.
        const from = Math.max((pick(this.#heldBy(holding), b)?.[0] ?? 1) - Math.floor(c * 2), 0);
        const to = from + Math.floor(c * 6);
        return kind === 'settle' ? this.#settle(holding, from, to) : this.#release(holding, from, to);
      }
      case 'fail':
        return this.#fail(holding, pick(this.#heldBy(holding), b), c);
      case 'lose':
        return this.#lose(holding);
      case 'give back':
        return this.#giveBack(pick(this.#letters(), a), b < 0.3 ? `edited ${c}` : undefined);
      case 'purge':
        return this.#purge(pick(this.#letters(), a));
      case 'die':
        return this.#die(holding, { isFromOutside: b < 0.3, delayMs: Math.floor(c * 100) });
      case 'commit':
        return this.#commit('all');
      case 'commit settlements':
        return this.#commit('settlements');
      case 'commit on a full disk':
        return this.#commitOnFullDisk();
      case 'wait':
        this.#now += Math.floor(a * 150);
        return;
      case 'restart':
        this.#items = inherited(this.#durable);
        this.#queue = this.#start();
    }
  }

  #append(count: number, size: number): void {
    const first = this.#queue.run.nextSeq;
    const texts = Array.from({ length: count }, (_, i) =>
      `${this.#life}:${first + i}`.padEnd(Math.floor(size * mostBytes), '.'),
    );
    const bytes = texts.map((text) => Buffer.from(text));
    const frame = joinItems(shapes, bytes);
    this.#queue.append(frame, { ...sourceStart, count: first + count });
    this.#frames.set(first, frame);
    this.#largestFrame = Math.max(this.#largestFrame, memoryBytes(frame));
    texts.forEach((text, i) => this.#items.set(first + i, newItem(text, first)));
    this.#isDirty = true;
  }

  #lend(holding: Holding, limit: { items: number; bytes: number }): void {
    const now = this.#now;
    const sure = [...this.#items.values()].filter(
      (item) => canBeLent(item, now) === 'yes' && modeOf(item) === 'together' && !isMarked(item),
    ).length;
    const available = this.#queue.available(this.#moment);
    const delivery = this.#queue.take(holding, limit, this.#moment);
    same('whether there is something to lend', delivery !== undefined, available > 0);
    must(`${available} are available when ${sure} are`, sure === 0 || available > 0);
    if (!delivery) return;
    same('the mode of the items', delivery.mode, 'together');
    this.#checkDelivery(delivery, limit);
    this.#lent(holding, delivery);
  }

  #lendMarked(holding: Holding, limit: { items: number; bytes: number }): void {
    const marked = [...this.#items.values()].filter((item) => item.status === 'queued' && isMarked(item)).length;
    same('marked items to be lent', this.#queue.availableMarked, marked);
    const delivery = this.#queue.takeMarked(holding, limit, this.#moment);
    same('whether a marked item is lent', delivery !== undefined, marked > 0);
    if (!delivery) return;
    same('the mode of the items', delivery.mode, 'together');
    this.#checkDelivery(delivery, limit);
    for (const [, item] of this.#itemsOf(delivery)) must('what is lent is marked', isMarked(item));
    this.#lent(holding, delivery);
  }

  #lendAlone(holding: Holding, bytes: number): void {
    if (holding.count > 0) return;
    const sure = [...this.#items.values()].some((item) => item.status === 'queued' && modeOf(item) !== 'together');
    const available = this.#queue.availableAlone(this.#moment);
    must(`${available} are available to be run alone`, available > 0 || !sure);
    let deliveries = this.#queue.takeAlone(holding, { bytes }, this.#moment);
    if (available > 0 && bytes > 0 && deliveries.length === 0) {
      // Only an item that is lent by itself waits: until it is on trial.
      must('nothing is lent and nothing to be committed', this.#queue.isDirty);
      this.#commit('settlements');
      deliveries = this.#queue.takeAlone(holding, { bytes }, this.#moment);
      this.#trial = this.#items.get(deliveries[0]?.seq ?? nobodyHolds);
    }
    same('whether there is something to run alone', deliveries.length > 0, available > 0 && bytes > 0);
    for (const delivery of deliveries) {
      this.#checkDelivery(delivery, { items: Infinity, bytes });
      for (const [seq, item] of this.#itemsOf(delivery)) {
        same('the mode of the items', delivery.mode, modeOf(item));
        must(`${seq}, which has killed, is lent with others`, item.kills === 0 || deliveries.length === 1);
      }
      this.#lent(holding, delivery);
    }
    this.#announced.set(holding, []);
    const seqs = deliveries.flatMap((delivery) => this.#itemsOf(delivery).map(([seq]) => seq));
    this.#toAnnounce.set(holding, seqs);
  }

  #lent(holding: Holding, delivery: Delivery): void {
    this.#itemsOf(delivery).forEach(([, item], i) => {
      Object.assign(item, { status: 'lent', holder: holding, seen: true, started: i < delivery.free });
    });
  }

  /** It is about to run the next item that must run alone. */
  #announce(holding: Holding): void {
    const left = this.#toAnnounce.get(holding) ?? [];
    const together = this.#heldBy(holding).find(([, item]) => modeOf(item) === 'together' && !item.started);
    if (left.length === 0 && together) {
      same('items that it does not hold', holding.announce(together[0], together[0]), 0);
      together[1].started = true;
      return;
    }
    const seq = left.shift() ?? nobodyHolds;
    const item = this.#items.get(seq);
    const isHeld = item?.status === 'lent' && item.holder === holding && modeOf(item) !== 'askOnly';
    same('whether it may be run', holding.announce(seq, seq) === 0, isHeld);
    if (!isHeld) return;
    // It may have come back and been lent again together with others.
    if (modeOf(item) === 'alone') this.#announced.get(holding)!.push(seq);
    else item.started = true;
  }

  #settle(holding: Holding, from: number, to: number): void {
    const done = this.#heldWithin(holding, from, to);
    same('refused', this.#queue.settle(holding, [[from, to]], this.#now), to - from + 1 - done.length);
    this.#comeBack(holding, done);
    for (const item of done) {
      item.status = 'done';
      acquit(item);
    }
    this.#isDirty ||= done.length > 0;
  }

  #release(holding: Holding, from: number, to: number): void {
    const given = this.#heldWithin(holding, from, to);
    same('refused', this.#queue.takeBack(holding, [[from, to]], this.#now), to - from + 1 - given.length);
    given.forEach(giveBack);
    this.#comeBack(holding, given);
  }

  #lose(holding: Holding): void {
    const lost = this.#heldWithin(holding, 0, Infinity);
    same('lost', this.#queue.lose(holding, this.#moment), {
      items: lost.length,
      isolated: 0,
      marked: 0,
      killer: undefined,
    });
    this.#gone(holding, lost);
  }

  /** Its consumer died by itself: nobody asked it to end, and there is no other reason. */
  #die(holding: Holding, { isFromOutside, delayMs }: { isFromOutside: boolean; delayMs: number }): void {
    const lost = this.#heldWithin(holding, 0, Infinity);
    const accused = lost.filter((item) => modeOf(item) === 'together' && item.started);
    const isolated = accused.filter((item) => item.accusedOf.length > 0 || (!isFromOutside && accused.length <= 4));
    const announced = this.#announced.get(holding) ?? [];
    const last = this.#items.get(announced.at(-1) ?? nobodyHolds);
    const killer = last && lost.includes(last) ? last : undefined;

    const death: DeathNote = { isFromOutside, hasKiller: false, said: [] };
    const onSolved = (hasKiller: boolean): void => void death.said.push(hasKiller);
    const loss = this.#queue.lose(holding, this.#moment, {
      cause: 'SIGSEGV',
      isFromOutside,
      onSolved,
      delayMs: () => delayMs,
    });
    same(
      'lost',
      [loss.items, loss.isolated, loss.marked, loss.killer?.seq],
      [lost.length, isolated.length, accused.length - isolated.length, killer && announced.at(-1)],
    );
    this.#gone(holding, lost);
    if (accused.length > 0) this.#deaths.push(death);
    for (const item of accused) item.accusedOf.push(death);
    for (const item of isolated) item.isolated = true;
    if (!killer) return;
    for (const seq of announced.slice(0, -1)) this.#acquit(this.#items.get(seq)!, lost);
    const explained = killer.accusedOf.some((note) => note.hasKiller) ? 1 : 0;
    const open = killer.accusedOf.filter((note) => !note.hasKiller);
    const own = open.filter((note) => !note.isFromOutside).length;
    const outside = Math.min(open.length - own, 1);
    const most = killer.kills === 0 && isFromOutside ? 2 : 3;
    killer.kills = Math.min(killer.kills + 1 + Math.max(own + outside, explained), most);
    for (const note of killer.accusedOf) note.hasKiller = true;
    acquit(killer);
    same('its kills', loss.killer?.kills, killer.kills);
    Object.assign(killer, { status: 'retry', frame: undefined, lost: true });
    Object.assign(killer, { failedAt: this.#now, committedAt: Infinity, delayMs: killer.kills >= 3 ? 0 : delayMs });
    this.#isDirty = true;
  }

  #acquit(item: Item, held: readonly Item[]): void {
    if (held.includes(item)) acquit(item);
  }

  /** `holding` no longer has these items. If one of them was on trial, it no longer is, which must be committed. */
  #comeBack(holding: Holding, items: readonly Item[]): void {
    const announced = this.#announced.get(holding) ?? [];
    const isBack = (seq: number): boolean => items.includes(this.#items.get(seq)!);
    this.#announced.set(
      holding,
      announced.map((seq) => (isBack(seq) ? nobodyHolds : seq)),
    );
    if (!this.#trial || !items.includes(this.#trial)) return;
    this.#trial = undefined;
    this.#isDirty = true;
  }

  #gone(holding: Holding, lost: readonly Item[]): void {
    this.#comeBack(holding, lost);
    for (const item of lost) {
      giveBack(item);
      item.lost = true;
    }
    same('the late report of a dead consumer', this.#queue.settle(holding, [[1, nobodyHolds]], this.#now), nobodyHolds);
    const successor = new Holding(2);
    this.#holdings = this.#holdings.map((other) => (other === holding ? successor : other));
  }

  #fail(holding: Holding, held: [number, Item] | undefined, c: number): void {
    const [seq, item] = held ?? [nobodyHolds, undefined];
    const usesAttempt = c < 0.7;
    const delayMs = Math.floor(c * 100);
    const fate: Fate =
      c < 0.15 ? { kind: 'dead', error, reason: 'no' } : { kind: 'retry', error, delayMs, usesAttempt };
    const outcome = this.#queue.fail(holding, seq, this.#moment, ({ attempt, mode }) => {
      same('the attempt that failed', [attempt, mode], [item?.attempt, item && modeOf(item)]);
      return fate;
    });
    same('what becomes of it', outcome, item && { attempt: item.attempt, fate });
    if (!item) return;
    this.#comeBack(holding, [item]);
    this.#isDirty = true;
    item.status = fate.kind;
    acquit(item);
    if (fate.kind === 'dead') return;
    item.attempt += usesAttempt ? 1 : 0;
    Object.assign(item, { frame: undefined, lost: false, failedAt: this.#now, committedAt: Infinity, delayMs });
  }

  /** Only letters that are in the store can be changed. */
  #letters(): number[] {
    return [...this.#items].flatMap(([seq, { status }]) =>
      status === 'dead' && this.#durable.get(seq)?.status === 'dead' ? [seq] : [],
    );
  }

  #giveBack(from: number | undefined, edited: string | undefined): void {
    const unknown = this.#queue.run.nextSeq + 5;
    const frame = edited === undefined ? null : joinItems(shapes, [Buffer.from(edited)]);
    const seq = this.#queue.run.nextSeq;
    const missing = this.#queue.letters.giveBack(
      from === undefined ? [unknown] : [from, unknown, from],
      this.#moment,
      frame,
    );
    same('letters that there are none of', missing, from === undefined ? [unknown] : [unknown, from]);
    if (from === undefined) return;
    const letter = this.#items.get(from)!;
    this.#items.delete(from);
    const given = {
      ...newItem(edited ?? letter.text, 0),
      frame: undefined,
      status: 'retry' as const,
      failedAt: this.#now,
    };
    this.#items.set(seq, given);
    this.#operations.push({ from, letter, seq });
    this.#isDirty = true;
  }

  #purge(from: number | undefined): void {
    if (from === undefined) return;
    same('letters that there are none of', this.#queue.letters.purge([from, from]), [from]);
    this.#operations.push({ from, letter: this.#items.get(from)!, seq: undefined });
    this.#items.delete(from);
    this.#isDirty = true;
  }

  #commit(what: 'all' | 'settlements'): void {
    this.#queue.commit(this.#moment, what);
    if (what === 'all') this.#operations = [];
    const pending = new Set(this.#operations.map(({ seq }) => seq));
    for (const [seq, item] of this.#items) {
      if (pending.has(seq)) continue;
      if (item.status === 'retry' && item.committedAt === Infinity) item.committedAt = this.#now;
      if (item.status === 'appended' && what === 'all') item.status = 'queued';
    }
    this.#durable = copyOf(
      new Map([
        ...[...this.#items].filter(([seq, { status }]) => status !== 'appended' && !pending.has(seq)),
        ...this.#operations.map(({ from, letter }) => [from, letter] as const),
      ]),
    );
    this.#isDirty = this.#operations.length > 0 || this.#durable.size < this.#items.size;
    this.#checkStore();
  }

  #commitOnFullDisk(): void {
    const before = this.#store.totals();
    this.#disk.isFull = true;
    const thrown = thrownBy(() => this.#queue.commit(this.#moment));
    this.#disk.isFull = false;
    same('whether the disk was full', thrown instanceof StoreFull, this.#isDirty);
    same('what a full store holds', this.#store.totals(), before);
  }

  // ── what must hold ─────────────────────────────────────────────────────────────────────────────────────────────

  #check(): void {
    const { memoryBytes: inMemory, ...stats } = this.#queue.stats;
    const { appended, queued, lent, retry } = countOf(this.#items);
    const accused = [...this.#items.values()].filter(({ accusedOf }) => accusedOf.length > 0);
    // Killers that are due count as queued once the queue has searched for them.
    const collected = stats.queued - appended - queued;
    const due = [...this.#items.values()].filter((item) => item.kills > 0 && canBeLent(item, this.#now) !== 'no');
    must(`${collected} killers are due of ${due.length}`, collected >= 0 && collected <= due.length);
    same('stats', stats, {
      open: appended + queued + lent + retry,
      queued: appended + queued + collected,
      lent,
      retrying: retry - collected,
      unread: 0,
      bytes: this.#bytesOf(this.#items),
      accused: accused.filter(({ isolated }) => isolated).length,
    });
    for (const death of this.#deaths) {
      const isUnsolved = accused.some(({ accusedOf }) => accusedOf.includes(death));
      same('what was said of a death', death.said, death.hasKiller ? [true] : isUnsolved ? [] : [false]);
    }
    same('isEmpty', this.#queue.isEmpty, appended + queued + lent + retry === 0);
    same('isDirty', this.#queue.isDirty, this.#isDirty);
    must(`${inMemory} bytes in memory`, inMemory <= windowBytes + this.#largestFrame);
    for (const holding of this.#holdings) same('held', holding.count, this.#heldBy(holding).length);
    // Seqs that the ledger may forget must be settled for good, both in the store and in memory.
    const { before, open } = this.#queue.watermark();
    const forgotten = [...this.#items, ...this.#durable].filter(
      ([seq, item]) => isOpen(item) && seq < before && !open.includes(seq),
    );
    same('what the ledger would forget too early', forgotten, []);
  }

  #checkDelivery(delivery: Delivery, limit: { items: number; bytes: number }): void {
    const { frame, attempt, history } = delivery;
    must(`${frame.count} items lent, at most ${limit.items}`, frame.count <= Math.max(limit.items, 1));
    must(
      `${frame.body.length} bytes lent, at most ${limit.bytes}`,
      frame.count === 1 || frame.body.length <= limit.bytes,
    );
    this.#itemsOf(delivery).forEach(([seq, item], index) => {
      const { start, end } = itemSpan(frame, index);
      const text = frame.body.toString('latin1', start, end);
      must(`item ${seq} is lent, which is ${item.status}`, canBeLent(item, this.#now) !== 'no');
      same(
        `item ${seq}`,
        { text, attempt, history },
        { text: item.text, attempt: item.attempt, history: historyOf(item) },
      );
      if (item.seen || item.frame === undefined) return;
      must(`item ${seq} is lent for the first time after ${this.#lastFirstDelivery}`, seq > this.#lastFirstDelivery);
      this.#lastFirstDelivery = seq;
    });
  }

  /** The store holds what was committed, so a queue that starts on it counts what this one counts. */
  #checkStore(): void {
    const open = [...this.#durable.values()].filter(isOpen);
    const retrying = open.filter(({ frame }) => frame === undefined).length;
    const { done, dead } = countOf(this.#durable);
    same('what the store holds', this.#store.totals(), {
      items: open.length - retrying,
      bytes: this.#bytesOf(this.#durable),
      retrying,
    });
    const run = this.#store.run() ?? newRun;
    same('what the run counts', [run.stored, run.done, run.dead], [this.#durable.size, done, dead]);
    const letters = this.#store
      .readDead({ after: 0, limit: nobodyHolds })
      .map(({ seq, attempts, kills }) => [seq, attempts, kills]);
    const expected = [...this.#durable].filter(([, { status }]) => status === 'dead');
    same(
      'dead letters',
      letters,
      expected.map(([seq, { attempt, kills }]) => [seq, attempt, kills]).toSorted(([a], [b]) => a! - b!),
    );
  }

  #itemsOf({ seq, frame }: Delivery): [number, Item][] {
    return Array.from({ length: frame.count }, (_, i) => [seq + i, this.#items.get(seq + i)!]);
  }

  #heldBy(holding: Holding): [number, Item][] {
    return [...this.#items].filter(([, { status, holder }]) => status === 'lent' && holder === holding);
  }

  #heldWithin(holding: Holding, from: number, to: number): Item[] {
    return this.#heldBy(holding)
      .filter(([seq]) => seq >= from && seq <= to)
      .map(([, item]) => item);
  }

  /** A frame counts until all of its items are settled or kept separately. */
  #bytesOf(items: Items): number {
    const open = [...items.values()].filter(isOpen);
    const frames = new Set(open.map(({ frame }) => frame).filter((first) => first !== undefined));
    let bytes = 0;
    for (const first of frames) bytes += frameBytes(this.#frames.get(first)!);
    for (const { frame, text } of open) if (frame === undefined) bytes += shapes.length + 4 + text.length;
    return bytes;
  }
}

const newRun: RunRecord = {
  run: 'r1',
  state: 'running',
  fingerprint: 'f',
  position: sourceStart,
  nextSeq: 1,
  stored: 0,
  done: 0,
  dead: 0,
  doneElsewhere: 0,
  params: {},
  startedAt: 0,
  finishedAt: null,
  exitCode: null,
};

function pick<T>(list: readonly T[], share: number): T | undefined {
  return list[Math.floor(share * list.length)];
}

// Jest's own comparisons would take most of the time: each of many thousand steps makes about ten.
function same(what: string, got: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

function must(what: string, isTrue: boolean): void {
  if (!isTrue) throw new Error(`must not be: ${what}`);
}
