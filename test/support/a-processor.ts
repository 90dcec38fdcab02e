import { defineProcessor, type OpenProcessor, type Processor, type SlotContext } from '../../src/processors/port.ts';

/** An open processor. */
interface Opened {
  readonly slot: number;
  isBroken: boolean;
  /** The item that it is running, if any. */
  running: { readonly fail: (error: Error) => void } | undefined;
}

/**
 * A processor in memory that honours its port, and throws if its caller does not. It doubles numbers; `bad` fails, `breaks`
 * fails and breaks it, `slow` runs until its signal aborts.
 */
export class AProcessor {
  /** In the order in which they were opened. */
  readonly opened: Opened[] = [];
  /** The processors that are open now. */
  readonly open = new Set<Opened>();
  /** The events so far, such as `open 1`. */
  readonly history: string[] = [];
  readonly processor: Processor<unknown, number>;

  constructor() {
    this.processor = defineProcessor({
      kind: 'doubling',
      target: 'memory',
      open: (context) => this.#open(context),
      check: () => Promise.resolve(['doubles numbers']),
    });
  }

  /** Breaks the processor that was opened last, from outside. */
  breakLast(): void {
    const last = this.opened.at(-1)!;
    last.isBroken = true;
    last.running?.fail(new Error('broken'));
  }

  #open({ slot, signal }: SlotContext): OpenProcessor<unknown, number> {
    for (const other of this.open) if (other.slot === slot) throw new Error(`slot ${slot} was opened twice`);
    const opened: Opened = { slot, isBroken: false, running: undefined };
    this.opened.push(opened);
    this.open.add(opened);
    this.history.push(`open ${slot}`);
    signal.addEventListener('abort', () => {
      if (this.open.delete(opened)) this.history.push(`given up ${slot}`);
    });
    return {
      run: (item, context) => this.#run(opened, item, context.signal),
      get isBroken() {
        return opened.isBroken;
      },
      close: () => {
        if (!this.open.delete(opened)) throw new Error(`slot ${slot} was closed twice`);
        if (opened.running) throw new Error(`slot ${slot} was closed while an item ran`);
        this.history.push(`close ${slot}`);
      },
    };
  }

  async #run(opened: Opened, item: unknown, signal: AbortSignal): Promise<number> {
    const { slot } = opened;
    if (!this.open.has(opened) || opened.running) throw new Error(`slot ${slot} cannot run an item now`);
    this.history.push(`run ${String(item)} in ${slot}`);
    try {
      return await new Promise<number>((resolve, reject) => {
        opened.running = { fail: reject };
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        if (item === 'breaks') opened.isBroken = true;
        if (item === 'bad' || opened.isBroken) reject(new Error(`${String(item)} fails`));
        else if (item !== 'slow') resolve(Number(item) * 2);
      });
    } finally {
      opened.running = undefined;
    }
  }
}
