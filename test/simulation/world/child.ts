import type { Connection } from '../../../src/child/connect.ts';
import type { Life } from '../../../src/child/life.ts';
import { errorData, MillraceError } from '../../../src/core/errors.ts';
import { handle } from '../../../src/ipc/handlers.ts';
import type { Failed } from '../../../src/ipc/messages.ts';
import type { Who } from '../../../src/observability/events.ts';
import type { Child, ChildListener, Exit } from '../../../src/supervision/posts/child.ts';
import { ProcessClock, type WorldTime } from './clock.ts';

export interface Mail<Message> {
  message: Message;
  payload: Buffer;
  /** No process has sent it. */
  isForged?: true;
}

/** How a process ended. */
type Ended = Pick<Exit, 'code' | 'signal'>;

/** The supervisor of a child, as the child sees it. */
export interface Parent {
  readonly isGone: boolean;
  /** The child has done something externally visible, perhaps for the last time. */
  acted: () => void;
}

export interface SimulatedChildOptions<In extends object, Out extends { type: string }> {
  who: Who & { pid: number };
  time: WorldTime;
  parent: Parent;
  /** Checks messages at both ends, as the real channel does. */
  parse: { in: (header: unknown) => In; out: (header: unknown) => Out };
  life: (line: Pick<Connection<In>, 'send' | 'flush' | 'fail' | 'leave'>, child: SimulatedChild<In, Out>) => Life<Out>;
  /** A message from the supervisor on its way: unchanged, changed, or lost (undefined). */
  onSent: (child: SimulatedChild<In, Out>, mail: Mail<Out>) => Mail<Out> | undefined;
  /** The same for a message that the supervisor is about to receive. */
  onHeard: (child: SimulatedChild<In, Out>, mail: Mail<In>) => Mail<In> | undefined;
  /** A message at the moment when the child sends it. */
  changeSaid: (message: In) => In;
  /** The supervisor is about to learn of its exit. */
  onExitTold: (child: SimulatedChild<In, Out>, how: { isFromOutside: boolean }) => void;
  onDeath: (child: SimulatedChild<In, Out>) => void;
}

/**
 * A child that lives in this process: the real code on a channel whose messages are moved by the schedule,
 * and which can be killed between any two of its externally visible actions.
 */
export class SimulatedChild<In extends object, Out extends { type: string }> implements Child<In, Out> {
  readonly isReceiving = false;
  readonly who: Who & { pid: number };
  readonly startedAt: number;
  readonly clock: ProcessClock;
  /** Its writer id once it has been configured; 0 before. */
  writer = 0;
  readonly #options: SimulatedChildOptions<In, Out>;
  readonly #life: Life<Out>;
  #inbox: Mail<Out>[] = [];
  #outbox: Mail<In>[] = [];
  #listener: ChildListener<In> | undefined;
  /** How many messages of `#outbox` are certain to arrive. */
  #written = 0;
  #flushes = 0;
  #killReason: string | undefined;
  #killed: Exit['killed'] = 'no';
  #exit: { code: number | null; signal: string | null } | undefined;
  #exitCode = 0;
  #isLeaving = false;
  #isReported = false;
  #isOrphan = false;
  /** How many more externally visible actions it takes; undefined for no limit. */
  #left: number | undefined;
  #lastExit: Ended | undefined;
  #whenDead: (() => void)[] = [];

  constructor(options: SimulatedChildOptions<In, Out>) {
    this.#options = options;
    this.who = options.who;
    this.startedAt = options.time.now;
    this.clock = new ProcessClock(options.time);
    this.#life = options.life(
      {
        send: (message, payload) => this.say(message as In, payload),
        flush: () => {
          this.#written = this.#outbox.length;
          // The operating system usually takes everything at once.
          return ++this.#flushes % 4 === 0 ? Promise.resolve() : undefined;
        },
        fail: (error, origin) => this.#fail(error, origin),
        leave: this.#leave,
      },
      this,
    );
  }

  get isDead(): boolean {
    return this.#exit !== undefined;
  }

  /** It is dead, and its supervisor, if it has one, knows that. */
  get isOver(): boolean {
    return this.isDead && (this.#isReported || this.#isOrphan);
  }

  get isOrphan(): boolean {
    return this.#isOrphan;
  }

  get canHear(): boolean {
    return !this.isDead && this.#inbox.length > 0;
  }

  /** Whether its supervisor has a message from it to receive, or its exit to learn of. */
  get canBeHeard(): boolean {
    return (
      !this.#isOrphan && this.#listener !== undefined && (this.#outbox.length > 0 || (this.isDead && !this.#isReported))
    );
  }

  // ── the supervisor's end ───────────────────────────────────────────────────────────────────────────────────────

  send = (message: Out, payload: readonly Buffer[] = []): void => {
    const { parent, onSent, parse } = this.#options;
    if (parent.isGone) return;
    const mail = onSent(this, { message: parse.out(copyOf(message)), payload: Buffer.concat(payload) });
    if (mail && !this.isDead && !this.#isLeaving) this.#inbox.push(mail);
    parent.acted();
  };

  listen = (listener: ChildListener<In>): void => {
    this.#listener = listener;
    // It may have died while it waited for its post.
    const before = this.#isReported ? this.#exit : undefined;
    if (before) queueMicrotask(() => listener.onExit(this.#exitAs(before)));
  };

  kill = (reason: string, why: 'order' | 'hang' = 'order'): void => {
    if (this.#options.parent.isGone) return;
    this.#killReason ??= reason;
    if (!this.isDead) this.#killed = why;
    this.die(Infinity);
    this.#options.parent.acted();
  };

  /** Makes the supervisor receive, as the next message, one that the child has not sent. */
  forge(message: In): void {
    this.#outbox.unshift({ message, payload: Buffer.alloc(0), isForged: true });
  }

  abandon = (): void => {
    if (!this.#options.parent.isGone) this.orphan();
  };

  /** The supervisor receives the child's next message and, after the last one, its exit. */
  beHeard(): void {
    const mail = this.#outbox.shift();
    this.#written = Math.max(this.#written - 1, 0);
    if (mail) {
      const heard = mail.isForged ? mail : this.#options.onHeard(this, mail);
      if (heard) this.#listener?.onMessage(heard.message, heard.payload);
    } else if (this.#exit && !this.#isReported) {
      this.#isReported = true;
      const isFromOutside = this.#exit.signal === 'SIGKILL' && this.#killed === 'no';
      this.#options.onExitTold(this, { isFromOutside });
      this.#listener?.onExit(this.#exitAs(this.#exit));
    }
  }

  #exitAs(exit: Ended): Exit {
    return { ...exit, reason: this.#killReason, killed: this.#killed, lastWords: undefined };
  }

  // ── its own ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Receives its next message. */
  hear(): void {
    const mail = this.canHear ? this.#inbox.shift() : undefined;
    if (!mail) return;
    try {
      handle(this.#life.handlers, mail.message, mail.payload);
    } catch (error) {
      // Like an uncaught exception.
      this.#fail(error, 'uncaught');
    }
  }

  /** It takes an externally visible action. Returns false if it is dead. */
  acts(): boolean {
    if (this.isDead) return false;
    if (this.#left === undefined) return true;
    if (this.#left-- > 0) return true;
    this.die(Infinity, this.#lastExit);
    return false;
  }

  /** It dies right after its next `count` externally visible actions. */
  dieAfter(count: number, exit?: Ended): void {
    if (this.#left !== undefined) return;
    this.#left = count;
    this.#lastExit = exit;
  }

  /** It dies at once. It had written the first `heard` of its messages that have not been received. */
  die(heard: number, exit: Ended = { code: null, signal: 'SIGKILL' }): void {
    if (this.isDead) return;
    this.#outbox.splice(Math.max(heard, this.#written));
    this.#end(exit);
  }

  /** Calls `fn` when it dies. */
  whenDead(fn: () => void): void {
    if (this.isDead) fn();
    else this.#whenDead.push(fn);
  }

  /** Its supervisor is gone, and so is the channel. */
  orphan(): void {
    this.#isOrphan = true;
    this.#inbox = [];
    this.#outbox = [];
    this.#listener = undefined;
  }

  say(message: In, payload: readonly Buffer[] = []): void {
    if (this.#isLeaving || this.#isOrphan || !this.acts()) return;
    const copied = copyOf(this.#options.changeSaid(message));
    this.#outbox.push({
      message: this.#options.parse.in(copied),
      payload: Buffer.concat(payload),
    });
  }

  #fail(error: unknown, origin: Failed['origin'] = 'process'): void {
    if (this.isDead || this.#isLeaving) return;
    const exitCode = error instanceof MillraceError && error.exitCode !== 1 ? error.exitCode : null;
    // Every child may send this.
    this.say({ type: 'failed', error: errorData(error), origin, exitCode } as unknown as In);
    this.#exitCode = 1;
    this.#leave();
  }

  #leave = (): void => {
    if (this.#isLeaving || this.isDead) return;
    this.#isLeaving = true;
    this.#life.onLeave();
    this.#end({ code: this.#exitCode, signal: null });
  };

  #end(exit: Ended): void {
    this.#exit = exit;
    this.#inbox = [];
    this.clock.cut();
    this.#options.onDeath(this);
    for (const fn of this.#whenDead.splice(0)) fn();
  }
}

/** The message as a channel would carry it. */
function copyOf(message: object): unknown {
  return JSON.parse(JSON.stringify(message));
}
