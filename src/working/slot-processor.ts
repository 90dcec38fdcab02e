import type { Calls } from '../calls/calls.ts';
import { configError, describeWithPlace, errorData, MillraceError } from '../core/errors.ts';
import { show } from '../core/show.ts';
import type { ProcessContext } from '../pipeline/context.ts';
import type { AnyProcessor, OpenProcessor, SlotContext } from '../processors/port.ts';

export interface SlotProcessorOptions {
  processor: AnyProcessor;
  /** What it uses, for people. */
  target: string;
  /** The part of the context that all slots share. */
  context: Omit<SlotContext, 'slot' | 'signal' | 'fetch' | 'limit'>;
  calls: Pick<Calls, 'scope'>;
}

/** A processor could not be opened: this process cannot continue, and the item that needed it is not to blame. */
export class OpenFailed extends MillraceError {
  constructor(name: string, cause: unknown) {
    const { exitCode } = cause instanceof MillraceError ? cause : {};
    super('PROCESSOR', `could not open the processor ${name}: ${errorData(cause).message}`, {
      cause,
      ...(exitCode !== undefined && { exitCode }),
    });
  }
}

/** The processor of one slot: closed at first, and opened again after it was broken. */
export class SlotProcessor {
  readonly #options: SlotProcessorOptions;
  readonly #slot: number;
  readonly #name: string;
  #open: OpenProcessor<unknown> | undefined;
  /** Gives up what is open, or is being opened. */
  #controller: AbortController | undefined;
  /** Resolves when the one before it is closed. */
  #closing: Promise<void> | undefined;

  constructor(options: SlotProcessorOptions, slot: number) {
    this.#options = options;
    this.#slot = slot;
    const { processor, target } = options;
    this.#name = target === processor.kind ? target : `${processor.kind} ${target}`.trim();
  }

  /** It is open, and can run an item. */
  get isReady(): boolean {
    return this.#open !== undefined && !this.#open.isBroken;
  }

  /** Like the processor's `run`. It must be ready. */
  run(item: unknown, context: ProcessContext): unknown {
    return this.#open!.run(item, context);
  }

  /**
   * Opens it, once the broken one before it is closed. Rejects with OpenFailed, also as soon as `signal` aborts: it has
   * taken too long.
   */
  async open(signal?: AbortSignal): Promise<void> {
    const closing = this.close();
    const controller = new AbortController();
    this.#controller = controller;
    const giveUp = (): void => controller.abort(signal?.reason);
    signal?.addEventListener('abort', giveUp);
    try {
      const opening = closing.then(() => this.#opened(controller.signal));
      const opened = await unlessAborted(opening, controller.signal);
      if (!isOpen(opened)) {
        throw configError('PROCESSOR', `expected open() to return an object with a method run, got ${show(opened)}`);
      }
      this.#open = opened;
    } catch (error) {
      controller.abort(error);
      throw new OpenFailed(this.#name, error);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Closes what is open. Resolves when nothing is open any more, and does not reject. */
  close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open) {
      this.#controller = undefined;
      this.#closing = this.#closed(open);
    }
    return this.#closing ?? Promise.resolve();
  }

  /** Gives up what is open, or is being opened, without closing it. */
  giveUp(reason: unknown): void {
    this.#open = undefined;
    this.#controller?.abort(reason);
  }

  async #opened(signal: AbortSignal): Promise<unknown> {
    const { processor, context, calls } = this.#options;
    const { fetch, limit } = calls.scope(signal);
    return await processor.open({ ...context, slot: this.#slot, signal, fetch, limit });
  }

  async #closed(open: OpenProcessor<unknown>): Promise<void> {
    try {
      await open.close?.();
    } catch (error) {
      const reason = describeWithPlace(errorData(error));
      this.#options.context.log.warn(`could not close the processor ${this.#name}: ${reason}`);
    }
  }
}

/** Settles as `work` does, or rejects with the signal's reason as soon as that aborts. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return await Promise.race([work, aborted]);
}

function isOpen(value: unknown): value is OpenProcessor<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Partial<OpenProcessor>).run === 'function';
}
