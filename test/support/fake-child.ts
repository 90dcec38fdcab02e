import { cutFrame, frameFromPayload, frameToPayload, type Frame } from '../../src/frame/frame.ts';
import type { SourcePosition } from '../../src/frame/position.ts';
import type {
  Deliver,
  Failure,
  FromConsumer,
  FromProducer,
  SendFrame,
  ToConsumer,
  ToProducer,
} from '../../src/ipc/messages.ts';
import type { Who } from '../../src/observability/events.ts';
import type { Child, ChildListener, Exit } from '../../src/supervision/posts/child.ts';
import { frameOf, itemsOf } from './frames.ts';

const report = { idle: 0, ran: 0, tookMs: 0, blockedMs: 0 };

/** A child that does what the test says, and keeps the messages that it receives. */
class FakeChild<In, Out extends { type: string }> implements Child<In, Out> {
  isReceiving = false;
  readonly who: Who;
  startedAt = 0;
  readonly sent: Out[] = [];
  readonly payloads: Buffer[] = [];
  killedFor: string | undefined;
  killedAs: 'order' | 'hang' | undefined;
  exit: Exit | undefined;
  /** Called with every message that it receives. */
  onTold: ((message: Out) => void) | undefined;
  #listener: ChildListener<In> | undefined;
  readonly #note: (what: string) => void;

  constructor(who: Who, note: (what: string) => void = () => undefined) {
    this.who = who;
    this.#note = note;
  }

  get name(): string {
    return this.who.role === 'producer' ? 'producer' : `consumer ${this.who.ordinal}`;
  }

  send = (message: Out, payload: readonly Buffer[] = []): void => {
    if (this.exit) return;
    this.#note(`${this.name} ← ${message.type}`);
    this.sent.push(message);
    this.payloads.push(Buffer.concat(payload));
    this.onTold?.(message);
  };

  listen = (listener: ChildListener<In>): void => {
    this.#listener = listener;
    const { exit } = this;
    if (exit) queueMicrotask(() => listener.onExit(exit));
  };

  kill = (reason: string, why: 'order' | 'hang' = 'order'): void => {
    if (this.exit) return;
    this.#note(`${this.name} killed`);
    this.killedFor ??= reason;
    this.killedAs ??= why;
  };

  abandon = (): void => this.#note(`${this.name} abandoned`);

  says(message: In, payload: readonly Buffer[] = []): void {
    this.#listener?.onMessage(message, Buffer.concat(payload));
  }

  /** It exits. */
  goes(exit: Partial<Exit> = {}): void {
    const killed = (exit.signal === 'SIGKILL' && this.killedAs) || 'no';
    this.exit = { code: null, signal: null, reason: this.killedFor, killed, lastWords: undefined, ...exit };
    this.#note(`${this.name} gone`);
    this.#listener?.onExit(this.exit);
  }

  /** It exits like a process that was killed. */
  dies(): void {
    this.goes({ signal: 'SIGKILL' });
  }

  /** The types of all messages that it was sent, or only the types in `types`. */
  typesSent(...types: Out['type'][]): Out['type'][] {
    const all = this.sent.map(({ type }) => type as Out['type']);
    return types.length === 0 ? all : all.filter((type) => types.includes(type));
  }

  /** The last message of a type that it was sent. */
  last<Type extends Out['type']>(type: Type): Extract<Out, { type: Type }> {
    const found = this.sent.findLast((message) => message.type === type);
    if (!found) throw new Error(`${this.name} was not sent "${type}", but: ${this.typesSent().join(', ')}`);
    return found as Extract<Out, { type: Type }>;
  }
}

/** A producer that sends the items that the test says it has read. */
export class FakeProducer extends FakeChild<FromProducer, ToProducer> {
  /** It sends these items; the last one is number `count` from its source. */
  yields(
    items: readonly unknown[],
    position: Partial<SourcePosition> = {},
    { isForgotten }: Pick<SendFrame, 'isForgotten'> = {},
  ): void {
    const frame = frameOf(items);
    const { header, parts } = frameToPayload(frame);
    const message: SendFrame = {
      type: 'frame',
      position: { cursor: null, count: 0, digest: 'd', ...position },
      ...(isForgotten !== undefined && { isForgotten }),
      ...header,
    };
    this.says(message, parts);
  }

  ends(position: Partial<SourcePosition> = {}): void {
    this.says({ type: 'end', position: { cursor: null, count: 0, digest: null, ...position } });
  }

  /** It exits, as a child does after `bye`. */
  leaves(): void {
    this.goes({ code: 0 });
  }
}

/** A consumer that settles the items that the test says it has done. */
export class FakeConsumer extends FakeChild<FromConsumer, ToConsumer> {
  /** The deliveries that it was lent, oldest first. */
  get deliveries(): (Deliver & { frame: Frame; items: unknown[] })[] {
    return this.sent.flatMap((message, i) => {
      if (message.type !== 'deliver') return [];
      const frame = frameFromPayload(message, this.payloads[i]!);
      return [{ ...message, frame, items: itemsOf(cutFrame(frame, 0, frame.count)) }];
    });
  }

  /** The seqs that it was lent. */
  get lent(): number[] {
    return this.deliveries.flatMap(({ seq, count }) => Array.from({ length: count }, (_, i) => seq + i));
  }

  settles(...done: number[]): void {
    const seqs = done.toSorted((a, b) => a - b);
    this.says({ type: 'settle', done: seqs.flatMap((seq) => [seq, seq]), failed: [], ...report });
  }

  /** It reports that each of these items failed with the error "it failed". */
  fails(...failed: Omit<Failure, 'error'>[]): void {
    const error = { code: 'E', message: 'it failed' };
    this.says({ type: 'settle', done: [], failed: failed.map((failure) => ({ ...failure, error })), ...report });
  }
}
