import { errorData, MillraceError } from '../../src/core/errors.ts';
import type { Failed } from '../../src/ipc/messages.ts';
import type { Connection } from '../../src/child/connect.ts';
import type { Who } from '../../src/observability/events.ts';
import type { Child, ChildListener, Exit } from '../../src/supervision/child.ts';
import { CutClock } from './cut-clock.ts';
import type { HandClock } from './hand-clock.ts';

interface Mail {
  message: unknown;
  payload: Buffer;
}

/** What a child does about a message, and when it leaves. */
export interface Life<Out> {
  handle: (message: Out, payload: Buffer) => void;
  onLeave: () => void;
}

type Line<In> = Pick<Connection<In>, 'send' | 'fail' | 'leave'>;

/**
 * A child that lives in this process: the real code behind a channel of which the test moves each message, and which
 * can be killed at any moment, with what it had written and what it had not.
 */
export class InProcessChild<In extends object, Out extends object> implements Child<In, Out> {
  readonly who: Who;
  readonly startedAt: number;
  readonly clock: CutClock;
  readonly #life: Life<Out>;
  #inbox: Mail[] = [];
  #outbox: Mail[] = [];
  #listener: ChildListener<In> | undefined;
  #killReason: string | undefined;
  #exit: { code: number | null; signal: string | null } | undefined;
  #exitCode = 0;
  #hasLeft = false;
  #isReported = false;
  #owesAnswer = false;

  constructor(who: Who, clock: HandClock, live: (line: Line<In>, child: InProcessChild<In, Out>) => Life<Out>) {
    this.who = who;
    this.startedAt = clock.now();
    this.clock = new CutClock(clock);
    const leave = (): void => {
      if (this.#hasLeft) return;
      this.#hasLeft = true;
      this.#life.onLeave();
      this.#end({ code: this.#exitCode, signal: null });
    };
    const send = (message: In | Failed, payload: readonly Buffer[] = []): void => {
      if (this.isDead || this.#hasLeft) return;
      if (this.#owesAnswer) {
        this.#owesAnswer = false;
        return;
      }
      this.#outbox.push(carried(message, payload));
    };
    const fail = (error: unknown): void => {
      const exitCode = error instanceof MillraceError && error.exitCode !== 1 ? error.exitCode : null;
      send({ type: 'failed', error: errorData(error), exitCode });
      this.#exitCode = 1;
      leave();
    };
    this.#life = live({ send, fail, leave }, this);
  }

  get isDead(): boolean {
    return this.#exit !== undefined;
  }

  /** Its death has been told, or there is nothing to tell. */
  get isOver(): boolean {
    return this.#isReported;
  }

  send = (message: Out, payload: readonly Buffer[] = []): void => {
    if (!this.isDead && !this.#hasLeft) this.#inbox.push(carried(message, payload));
  };

  listen = (listener: ChildListener<In>): void => {
    this.#listener = listener;
  };

  abandon = (): void => {
    throw new Error('a process that is killed here goes');
  };

  kill = (reason: string): void => {
    this.#killReason ??= reason;
    this.die(Infinity);
  };

  /** It has been asked this before the story begins: it hears nothing more until it has answered, which nobody hears. */
  wasAsked(message: Out): void {
    this.#owesAnswer = true;
    this.#life.handle(message, Buffer.alloc(0));
  }

  /** It is gone, at once; of what it has said and nobody has heard, the first `heard` messages had been written. */
  die(heard: number): void {
    if (this.isDead) return;
    this.#outbox.splice(heard);
    this.#end({ code: null, signal: 'SIGKILL' });
  }

  /** It hears the next message that it was sent; false if there is none. */
  hear(): boolean {
    const mail = this.isDead || this.#owesAnswer ? undefined : this.#inbox.shift();
    if (mail) this.#life.handle(mail.message as Out, mail.payload);
    return mail !== undefined;
  }

  /** The supervisor hears the next thing that it has said, and, when that was the last, of its exit. */
  beHeard(): boolean {
    const mail = this.#outbox.shift();
    if (mail) {
      this.#listener?.onMessage(mail.message as In, mail.payload);
      return true;
    }
    if (!this.#exit || this.#isReported) return false;
    this.#isReported = true;
    const exit: Exit = { ...this.#exit, reason: this.#killReason };
    this.#listener?.onExit(exit);
    return true;
  }

  #end(exit: { code: number | null; signal: string | null }): void {
    this.#exit = exit;
    this.#inbox = [];
    this.clock.cut();
  }
}

/** As a channel would carry it: a copy. */
function carried(message: object, payload: readonly Buffer[]): Mail {
  return { message: JSON.parse(JSON.stringify(message)), payload: Buffer.concat(payload) };
}
