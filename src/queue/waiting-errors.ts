import { errorKind } from '../core/error-kind.ts';
import { describeError, type ErrorData } from '../core/errors.ts';

/** Kinds that are told apart at a time; the rest is counted together. */
const mostKinds = 50;
/** So much of the latest error of a kind is kept, in characters. */
const messageLength = 500;

/** Errors of one kind that items wait after. */
export interface WaitingErrors {
  /** Null for the rest: errors of various kinds. */
  kind: string | null;
  items: number;
  /** The latest of them. */
  code: string;
  message: string;
  /** The line of the user's code that it came from; null if that is not known. */
  at: string | null;
}

/**
 * What the items that wait for a retry have failed with, by kind. Its memory does not grow with the items. A kind is
 * told apart from the first to the last item that has it, or never: so the counts stay right although an item is
 * remembered by nothing but its kind.
 */
export class ErrorCounts {
  readonly #kinds = new Map<string, WaitingErrors>();
  #rest: WaitingErrors | undefined;

  /** An item waits from now on. Returns the kind of its error. */
  enter(error: ErrorData): string {
    const kind = errorKind(error);
    const group = this.#groupOf(kind);
    group.items += 1;
    group.code = error.code;
    group.message = describeError(error).slice(0, messageLength);
    group.at = error.at ?? null;
    return kind;
  }

  /** An item whose error was of this kind waits no more. */
  leave(kind: string): void {
    const group = this.#kinds.get(kind) ?? this.#rest;
    if (!group) return;
    group.items -= 1;
    if (group.items > 0) return;
    if (group === this.#rest) this.#rest = undefined;
    else this.#kinds.delete(kind);
  }

  /** All kinds, those that most items have first; the rest last. */
  get list(): WaitingErrors[] {
    const kinds = [...this.#kinds.values()].toSorted((a, b) => b.items - a.items);
    return [...kinds, ...(this.#rest ? [this.#rest] : [])].map((group) => ({ ...group }));
  }

  #groupOf(kind: string): WaitingErrors {
    const known = this.#kinds.get(kind);
    if (known) return known;
    const fresh = { kind, items: 0, code: '', message: '', at: null };
    // While there is a rest, an item of this kind may be in it.
    if (this.#rest || this.#kinds.size >= mostKinds) return (this.#rest ??= { ...fresh, kind: null });
    this.#kinds.set(kind, fresh);
    return fresh;
  }
}
