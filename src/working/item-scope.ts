import type { ParamValues } from '../core/params.ts';
import type { Fetch, Log, ProcessContext, UnderLimit } from '../pipeline/context.ts';
import type { Calls, CallScope, Vain } from '../calls/calls.ts';
import type { ItemId, Scope } from './slots.ts';

/** What all items of a consumer share. */
export interface ScopeBase {
  readonly resources: unknown;
  readonly params: ParamValues;
  readonly log: Log;
  readonly calls: Calls;
}

/**
 * The context of one item. Everything that costs something is made when it is first asked for, so that an item that
 * asks for nothing pays for one object.
 */
export class ItemScope implements Scope, ProcessContext {
  readonly seq: number;
  readonly attempt: number;
  readonly #base: ScopeBase;
  readonly #origin: number;
  readonly #originRun: string;
  #controller: AbortController | undefined;
  #calls: CallScope | undefined;

  constructor(base: ScopeBase, { seq, origin, originRun, attempt }: ItemId) {
    this.#base = base;
    this.seq = seq;
    this.#origin = origin;
    this.#originRun = originRun;
    this.attempt = attempt;
  }

  get key(): string {
    return `${this.#originRun}:${this.#origin}`;
  }

  /** Its key, if it was a dead letter that was given back: the key of its first seq. */
  get givenBackKey(): string | undefined {
    return this.#origin === this.seq ? undefined : this.key;
  }

  get resources(): unknown {
    return this.#base.resources;
  }

  get params(): ParamValues {
    return this.#base.params;
  }

  get log(): Log {
    return this.#base.log;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  get fetch(): Fetch {
    return this.#callScope.fetch;
  }

  get limit(): UnderLimit {
    return this.#callScope.limit;
  }

  abort(reason: Error): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /** The limits under which it called; undefined if it called nothing. */
  get usedLimits(): ReadonlySet<string> | undefined {
    return this.#calls?.used;
  }

  waitsInVain(vain: Vain): boolean {
    return this.#calls?.waitsInVain(vain) ?? false;
  }

  finish(): void {
    this.#calls?.close();
  }

  get #callScope(): CallScope {
    this.#calls ??= this.#base.calls.scope(this.signal);
    return this.#calls;
  }
}
