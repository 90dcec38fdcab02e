import type { DeadQuery, PastError } from '../core/dead-letters.ts';
import { errorKind } from '../core/error-kind.ts';
import type { ErrorData } from '../core/errors.ts';
import { Intervals } from '../core/intervals.ts';
import type { LimitRecord } from '../core/limit-record.ts';
import { frameBytes, joinItems, type Frame } from '../frame/frame.ts';
import { withError } from './past-errors.ts';
import {
  memoryBytes,
  requireRow,
  settlesAny,
  type Cursor,
  type DeadHead,
  type Group,
  type PartRecord,
  type RetryHead,
  type RetryRecord,
  type RunRecord,
  type Store,
  type StoredDead,
  type StoredFrame,
  type StoreTotals,
} from './store.ts';

/** A store in memory, which does not outlive the process: for tests, and as the simplest example of a store. */
export class MemoryStore implements Store {
  /** In the order in which they began, the latest run last. */
  readonly #runs = new Map<string, RunRecord>();
  readonly #frames = new Map<number, StoredFrame>();
  readonly #retries = new Map<number, RetryRecord & { frame: Frame; history: PastError[] }>();
  readonly #dead = new Map<number, StoredDead>();
  readonly #limits = new Map<string, LimitRecord>();
  readonly #cursors = new Map<number, Cursor>();
  #parts: (PartRecord & { run: string })[] = [];
  /** The item that is on trial; and how many supervisors in a row were killed since an item was settled. */
  trial: number | null = null;
  uncleanStarts = 0;

  run(): RunRecord | undefined {
    const latest = [...this.#runs.values()].at(-1);
    return latest && { ...latest };
  }

  runOf(seq: number): string | undefined {
    return [...this.#runs.values()].find(({ nextSeq }) => nextSeq > seq)?.run;
  }

  runsBefore(run: string): string[] {
    return [...this.#runs.keys()]
      .filter((other) => other !== run)
      .toReversed()
      .slice(0, 100);
  }

  totals(): StoreTotals {
    const totals = { items: 0, bytes: 0, retrying: this.#retries.size };
    for (const { frame, settled } of this.#frames.values()) {
      totals.items += frame.count - settled.size;
      totals.bytes += frameBytes(frame);
    }
    for (const { frame } of this.#retries.values()) totals.bytes += frameBytes(frame);
    return totals;
  }

  limits(): LimitRecord[] {
    return [...this.#limits.values()];
  }

  commit(group: Group): void {
    this.#refuse(group);
    this.#runs.set(group.run.run, { ...group.run });
    for (const { first, frame } of group.frames) this.#frames.set(first, { first, frame, settled: new Intervals() });
    for (const { first, count, settled } of group.progress) {
      if (settled.size === count) this.#frames.delete(first);
      // A copy: the queue keeps changing its own until the next commit.
      else this.#frames.get(first)!.settled = Intervals.fromFlat(settled.toFlat());
    }
    for (const retry of group.retries) {
      const frame = retry.frame ? single(retry.frame) : this.#retries.get(retry.seq)!.frame;
      const history = this.#historyWith(retry.seq, retry.dueAt - retry.delayMs, retry.error);
      this.#retries.set(retry.seq, { ...retry, frame, history });
    }
    for (const { isKnownError, ...dead } of group.dead) {
      const known = isKnownError ? this.#retries.get(dead.seq)?.history : undefined;
      const history = known ?? this.#historyWith(dead.seq, dead.diedAt, dead.error);
      this.#dead.set(dead.seq, { ...dead, frame: single(dead.frame), history });
    }
    for (const seq of group.retriesGone) this.#retries.delete(seq);
    for (const { from, frame, error: _, ...revival } of group.revived) {
      const { origin, error, history, inSinks = [], frame: before } = this.#dead.get(from)!;
      const item = frame ? single(frame) : before;
      this.#retries.set(revival.seq, {
        ...revival,
        origin,
        delayMs: 0,
        attempt: 1,
        kills: 0,
        ownFault: 0,
        ...some(inSinks),
        error,
        history,
        frame: item,
      });
      this.#dead.delete(from);
    }
    for (const seq of group.purged) this.#dead.delete(seq);
    for (const record of group.limits) this.#limits.set(record.limit, record);
    for (const cursor of group.cursors) this.#cursors.set(cursor.id, cursor);
    for (const id of this.#cursors.keys()) if (id <= (group.confirmedCursor ?? 0)) this.#cursors.delete(id);
    for (const { sink, writer, part } of group.parts ?? []) {
      const { run } = group.run;
      this.#parts = this.#parts.filter(
        (other) => other.run === run && (other.sink !== sink || other.writer !== writer),
      );
      this.#parts.push({ run, sink, writer, part });
    }
    if (group.trial !== undefined) this.trial = group.trial;
    if (settlesAny(group)) this.uncleanStarts = 0;
  }

  parts(run: string): PartRecord[] {
    return this.#parts.filter((part) => part.run === run).map(({ sink, writer, part }) => ({ sink, writer, part }));
  }

  sync(): void {}

  /** Throws for changes that are impossible, before anything is changed. */
  #refuse({ frames, progress, retries, retriesGone, dead, revived, purged }: Group): void {
    for (const { first } of frames) requireRow(!this.#frames.has(first), `frame ${first}`);
    for (const { first } of progress) requireRow(this.#frames.has(first), `frame ${first}`);
    for (const { seq, frame } of retries) requireRow(this.#retries.has(seq) === (frame === null), `retry ${seq}`);
    for (const seq of retriesGone) requireRow(this.#retries.has(seq), `retry ${seq}`);
    for (const { seq } of dead) requireRow(!this.#dead.has(seq), `dead letter ${seq}`);
    for (const { from } of revived) requireRow(this.#dead.has(from), `dead letter ${from}`);
    for (const seq of purged) requireRow(this.#dead.has(seq), `dead letter ${seq}`);
  }

  readFrames(after: number, bytes: number): StoredFrame[] {
    const found: StoredFrame[] = [];
    let size = 0;
    for (const stored of this.#frames.values()) {
      if (stored.first <= after) continue;
      size += memoryBytes(stored.frame);
      if (found.length > 0 && size > bytes) break;
      found.push(copyOf(stored));
    }
    return found;
  }

  readFrameOf(seq: number): StoredFrame | undefined {
    for (const stored of this.#frames.values()) {
      if (seq >= stored.first && seq < stored.first + stored.frame.count) return copyOf(stored);
    }
    return undefined;
  }

  readRetryHeads(limit: number): RetryHead[] {
    return [...this.#retries.values()]
      .toSorted((a, b) => a.dueAt - b.dueAt || a.seq - b.seq)
      .slice(0, limit)
      .map(headOf);
  }

  readRetryHead(seq: number): RetryHead | undefined {
    const retry = this.#retries.get(seq);
    return retry && headOf(retry);
  }

  visitRetryErrors(visit: (error: ErrorData) => void): void {
    for (const { error } of this.#retries.values()) visit(error);
  }

  readRetry(seq: number): Frame | undefined {
    return this.#retries.get(seq)?.frame;
  }

  readRetryError(seq: number): ErrorData | undefined {
    return this.#retries.get(seq)?.error;
  }

  readRetrySeqs(limit: number): number[] {
    return [...this.#retries.keys()].toSorted((a, b) => a - b).slice(0, limit);
  }

  newestCursor(): number {
    return Math.max(0, ...this.#cursors.keys());
  }

  cursorBelow(seq: number): Cursor | undefined {
    return [...this.#cursors.values()].findLast((cursor) => cursor.seq < seq);
  }

  readDead({ after, limit }: DeadQuery): StoredDead[] {
    return [...this.#dead.values()]
      .filter(({ seq }) => seq > after)
      .toSorted((a, b) => a.seq - b.seq)
      .slice(0, limit);
  }

  readDeadHeads(query: DeadQuery): DeadHead[] {
    return this.readDead(query).map(({ frame, ...head }) => ({ ...head, bytes: frameBytes(frame) }));
  }

  /** Returns an independent store with the same content. */
  copy(): MemoryStore {
    const copy = new MemoryStore();
    for (const [run, record] of this.#runs) copy.#runs.set(run, record);
    for (const [first, stored] of this.#frames) copy.#frames.set(first, { ...stored });
    for (const [seq, retry] of this.#retries) copy.#retries.set(seq, retry);
    for (const [seq, letter] of this.#dead) copy.#dead.set(seq, letter);
    for (const [limit, record] of this.#limits) copy.#limits.set(limit, record);
    for (const [id, cursor] of this.#cursors) copy.#cursors.set(id, cursor);
    copy.#parts = [...this.#parts];
    copy.trial = this.trial;
    copy.uncleanStarts = this.uncleanStarts;
    return copy;
  }

  #historyWith(seq: number, at: number, error: ErrorData): PastError[] {
    return withError(this.#retries.get(seq)?.history ?? [], at, error);
  }
}

/** One item on its own, without its position in the frame that it was cut from. */
function single(frame: Frame): Frame {
  return joinItems(frame.shapes, [frame.body]);
}

function copyOf(stored: StoredFrame): StoredFrame {
  return { ...stored, settled: Intervals.fromFlat(stored.settled.toFlat()) };
}

function headOf(retry: RetryRecord): RetryHead {
  const { seq, origin, dueAt, delayMs, attempt, kills, ownFault, inSinks = [], error } = retry;
  return { seq, origin, dueAt, delayMs, attempt, kills, ownFault, ...some(inSinks), kind: errorKind(error) };
}

function some(inSinks: readonly string[]): { inSinks?: readonly string[] } {
  return inSinks.length > 0 ? { inSinks } : {};
}
