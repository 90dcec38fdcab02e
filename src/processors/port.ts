/**
 * The processor port: what a consumer needs from the thing that turns items into results, if that is more than a
 * function.
 *
 *     specification    what a pipeline file holds as its `process`: says which processor and how. Nothing is open.
 *     open processor   what a consumer opens for one of its slots: a program, a thread, a connection. It runs one item at a
 *                      time.
 *
 * A consumer with `concurrency` 8 has 8 slots, and opens up to 8 processors. A slot's processor is *leased* to an item
 * from its start until it settles. A plain function is a processor with nothing to open, which all slots share; it does
 * not need this port.
 */
import type { Clock } from '../core/clock.ts';
import type { ProcessContext, SetupContext } from '../pipeline/context.ts';
import type { Text } from '../values/text.ts';

/** Marks processor specifications, across copies of the package. */
export const processorMark = Symbol.for('millrace.processor');

/** Only for the compiler: no object has it. */
declare const processorTypes: unique symbol;

/**
 * What a pipeline says about its processor. `Item` is its input, `Out` its result for an item, in the form in which a
 * `process` function returns it: one result, an array of results, or none. `Limit` names the limits of the pipeline
 * that it calls under.
 */
export interface Processor<in Item = never, out Out = unknown, out Limit extends string = never> {
  readonly [processorMark]: true;
  readonly [processorTypes]?: {
    readonly item: (item: Item) => void;
    readonly out: Out;
    readonly limit: Limit;
  };
  readonly kind: string;
  /** What it uses, such as a command, for people: params and secrets in it are shown by their names. */
  readonly target: Text;
  /**
   * The options as they were given: when the pipeline file is loaded, a param in them that the pipeline does not declare is
   * found, with the name of its option. May hold secrets: never shown.
   */
  readonly options?: object;
  /**
   * Opens a processor for one slot of a consumer. Import anything heavy here, not where the specification is made.
   *
   * Each consumer opens one after `setup` and before its first item, so that a processor that cannot be opened is found at
   * the start. It opens the others when an item first needs them, and opens a slot's processor again after it was broken. At
   * any time, a slot has one open processor at most.
   *
   * If it rejects, the process cannot continue, as if `setup` had rejected: it ends, its items return to the queue with no
   * attempt used, and it is restarted with back-off. A `configError` ends the service (exit code 78); a `DependencyError` or a
   * `RetryAfter` is waited for, as often as it takes; after too many other errors the consumer is parked. It may take as long
   * as an item (`itemTimeout`), the first one as long as the consumer's start (`readyTimeout`); longer counts as a rejection.
   */
  readonly open: (context: SlotContext) => OpenProcessor<Item, Out> | Promise<OpenProcessor<Item, Out>>;
  /**
   * Checks the real processor without running an item. No command calls this yet; the contract does. Resolves to lines
   * for people; rejects with the problem.
   */
  readonly check?: ((context: ProcessorCheckContext) => Promise<readonly string[]>) | undefined;
}

/** A processor for any type of item. */
export type AnyProcessor = Processor<never, unknown, string>;

/** The context in which a processor is opened. */
export interface SlotContext extends SetupContext {
  /** The number of the slot in its consumer: 1…`concurrency`. */
  readonly slot: number;
  /**
   * Aborts when this opening is given up without a `close`, before or after it has resolved: it has taken too long, or
   * its process is about to end. Everything must be released then.
   */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Fills params and secrets into an option that is `Text`. Throws if a value is missing. */
  readonly resolve: (text: Text) => string;
}

/** The context of a processor's `check`. */
export type ProcessorCheckContext = Omit<SlotContext, 'slot' | 'ordinal'>;

/** An open processor. Its methods are never called after `close`. */
export interface OpenProcessor<Item = never, Out = unknown> {
  /**
   * Processes an item, and returns what a `process` function would return. Called for one item at a time. Results must
   * not be changed afterwards: they may be copied only after the next item has started.
   *
   * An error is the item's error, as from a function: it is tried again and uses an attempt, unless the error says
   * otherwise (`PermanentError`, `RetryAfter`, `DependencyError`). It says nothing about the processor, which gets the
   * next item.
   *
   * When `context.signal` aborts, it must settle soon, if need be by breaking itself. Otherwise, after `abortGrace`,
   * the item has failed and its whole process is replaced, without `close`.
   */
  run(item: Item, context: ProcessContext): Out | PromiseLike<Out>;
  /**
   * True once it can run no further item: its program has died, its connection is lost. Read before and after each item. A
   * broken processor is closed, and another one is opened before the next item of its slot. What happens to the item that
   * was running depends on the error of `run` alone. Default: never.
   */
  readonly isBroken?: boolean;
  /**
   * Releases everything. Called once, while no item runs: when it is broken, or when its consumer has settled all of its
   * items and ends. Not called if the process is killed or cannot continue. An error is logged and changes nothing else.
   */
  close?(): void | Promise<void>;
}

/** Makes a specification. Nothing is opened or checked. */
export function defineProcessor<Item, Out, Limit extends string = never>(
  spec: Omit<Processor<Item, Out, Limit>, typeof processorMark | typeof processorTypes>,
): Processor<Item, Out, Limit> {
  return { ...spec, [processorMark]: true };
}

/** Whether `value` is a specification of a processor, made with this copy of the package or another one. */
export function isProcessor(value: unknown): value is AnyProcessor {
  return typeof value === 'object' && value !== null && processorMark in value;
}
