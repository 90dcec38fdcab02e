import { errorKind } from '../core/error-kind.ts';
import { describeError, type ErrorData } from '../core/errors.ts';

/** The most kinds that are counted separately; all others are counted together. */
const mostKinds = 50;
/** How many characters of the latest error of a kind are kept. */
const messageLength = 500;

/** The errors of one kind among waiting items. */
export interface WaitingErrors {
  /** Null for the rest, which has several kinds. */
  kind: string | null;
  items: number;
  /** Code and message of the latest error. */
  code: string;
  message: string;
  /** The line of the user's code that it came from; null if that is not known. */
  at: string | null;
}

/**
 * The errors of items that wait for a retry, counted by kind. The memory that this takes does not grow with the number of
 * items. A kind is counted separately from its first item to its last, or not at all. So the counts stay right although
 * only the kind of each item is remembered.
 */
export class ErrorCounts {
  readonly #kinds = new Map<string, WaitingErrors>();
  #rest: WaitingErrors | undefined;

  /** An item starts to wait. Returns the kind of its error. */
  enter(error: ErrorData): string {
    const kind = errorKind(error);
    const group = this.#groupOf(kind);
    group.items += 1;
    group.code = error.code;
    group.message = describeError(error).slice(0, messageLength);
    group.at = error.at ?? null;
    return kind;
  }

  /** An item with an error of this kind no longer waits. */
  leave(kind: string): void {
    const group = this.#kinds.get(kind) ?? this.#rest;
    if (!group) return;
    group.items -= 1;
    if (group.items > 0) return;
    if (group === this.#rest) this.#rest = undefined;
    else this.#kinds.delete(kind);
  }

  /** All kinds, the most frequent first; the rest last. */
  get list(): WaitingErrors[] {
    const kinds = [...this.#kinds.values()].toSorted((a, b) => b.items - a.items);
    return [...kinds, ...(this.#rest ? [this.#rest] : [])].map((group) => ({ ...group }));
  }

  #groupOf(kind: string): WaitingErrors {
    const known = this.#kinds.get(kind);
    if (known) return known;
    const fresh = { kind, items: 0, code: '', message: '', at: null };
    // As long as the rest is not empty, it may contain an item of this kind.
    if (this.#rest || this.#kinds.size >= mostKinds) return (this.#rest ??= { ...fresh, kind: null });
    this.#kinds.set(kind, fresh);
    return fresh;
  }
}
