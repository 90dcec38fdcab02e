import type { Cancel } from '../../core/clock.ts';
import { formatDuration } from '../../core/units.ts';
import type { Beat, Stop } from '../../ipc/messages.ts';
import type { ChildState, Who } from '../../observability/events.ts';
import type { Child, Exit } from './child.ts';
import type { LastError } from '../blame/death.ts';
import type { Hub } from '../hub.ts';
import { next, type LifeEvent } from './lifecycle.ts';
import { Outbox } from './outbox.ts';
import { RestartPolicy, type Crash, type Life } from './restart-policy.ts';

type PostHub = Pick<Hub, 'clock' | 'random' | 'events' | 'touch' | 'broken'> & {
  settings: Pick<Hub['settings'], 'restarts' | 'readyTimeoutMs' | 'endTimeoutMs'>;
};

/** How many processes may attempt the end work of a run. */
const endTries = 2;

export interface PostOptions<In, Out> {
  role: 'producer' | 'consumer';
  ordinal: number;
  /**
   * Who has the same ordinal until this one takes over: its restarts are counted on, and what goes before that is not
   * replaced.
   */
  predecessor?: Post<In, Out> | undefined;
  spawn: () => Child<In, Out | Stop>;
  /** A process has been started: give it its work. */
  onStart: (child: Child<In, Out | Stop>) => void;
  onMessage: (message: In, payload: Buffer) => void;
  /** The process has gone: take back what it held, before it is replaced. */
  onGone: (exit: Exit, isExpected: boolean) => Gone;
  /** Why a process that dies is not replaced for now; undefined if it is. */
  heldBack: () => string | undefined;
}

/** What a process that has gone leaves behind. */
export interface Gone {
  /** How many items it held, which are back in the queue. */
  givenBack: number;
  /** Who is to blame, if it was not to go. */
  crash: Crash;
}

/**
 * A post: the producer's, or a consumer's. Processes come and go on it; the ordinal stays. It knows how to start one,
 * what to do when it goes, and when to give up; what the process works on is not its business.
 */
export class Post<In, Out> {
  readonly role: 'producer' | 'consumer';
  readonly ordinal: number;
  #state: ChildState = 'stopped';
  #since: number;
  #child: Child<In, Out | Stop> | undefined;
  #outbox: Outbox<Out> | undefined;
  #restarts: number;
  #lastExit: string | null;
  /** Its process has not taken over yet. */
  #isOnTrial: boolean;
  #isHeldBack = false;
  #beat: { at: number; beat: Beat } | undefined;
  /** It said that it has ended in order. */
  #hasEnded = false;
  #wasReady = false;
  /** It has been told that nothing more will come: should it go before it `hasEnded`, its successor is told again. */
  #owesEnd = false;
  /** How many processes exited without completing their end work. */
  #endFailures = 0;
  #lastError: LastError | undefined;
  #cancelTimer: Cancel = () => undefined;
  readonly #policy: RestartPolicy;
  readonly #hub: PostHub;
  readonly #options: PostOptions<In, Out>;

  constructor(hub: PostHub, options: PostOptions<In, Out>) {
    this.role = options.role;
    this.ordinal = options.ordinal;
    this.#hub = hub;
    this.#options = options;
    const { predecessor } = options;
    this.#policy = predecessor && !predecessor.isOver ? predecessor.#policy : new RestartPolicy(hub.settings.restarts);
    this.#restarts = predecessor?.restarts ?? 0;
    this.#lastExit = predecessor?.lastExit ?? null;
    this.#isOnTrial = predecessor !== undefined;
    this.#since = hub.clock.now();
  }

  get state(): ChildState {
    return this.#state;
  }

  /** The process on the post, in whatever state. */
  get child(): Child<In, Out | Stop> | undefined {
    return this.#child;
  }

  /** Messages to the process on the post that wait for a commit; undefined while there is no process. */
  get outbox(): Outbox<Out> | undefined {
    return this.#outbox;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get lastExit(): string | null {
    return this.#lastExit;
  }

  get since(): number {
    return this.#since;
  }

  get beat(): { at: number; beat: Beat } | undefined {
    return this.#beat;
  }

  get who(): Who {
    return { role: this.role, ordinal: this.ordinal, pid: this.#child?.who.pid };
  }

  /** Nobody is on the post, and nobody will be. */
  get isOver(): boolean {
    return this.#state === 'stopped' || this.#state === 'parked';
  }

  /** Puts a process on the post: `child` if it runs already, else a new one. */
  start(child: Child<In, Out | Stop> = this.#options.spawn()): void {
    this.#child = child;
    this.#outbox = new Outbox((message) => child.send(message));
    this.#isHeldBack = false;
    this.#hasEnded = false;
    this.#wasReady = false;
    this.#lastError = undefined;
    this.#beat = undefined;
    this.#move('start');
    child.listen({
      onMessage: (message, payload) => this.#options.onMessage(message, payload),
      onExit: (exit) => {
        try {
          this.#exited(child, exit);
        } catch (error) {
          // What it held could not be taken back: nobody else hears of that.
          this.#hub.broken(error);
        }
      },
    });
    this.#options.onStart(child);
  }

  /** There is a reason no more for which its process was not replaced. */
  release(): void {
    if (this.#state === 'backoff' && this.#isHeldBack) this.start();
  }

  get isOnTrial(): boolean {
    return this.#isOnTrial;
  }

  /** Its process is at work now, and its predecessor is not needed any more. */
  takeOver(): void {
    this.#isOnTrial = false;
  }

  /** It waits, and not for a time, to be replaced. */
  get isHeldBack(): boolean {
    return this.#isHeldBack;
  }

  /** The starting process has been asked for something, and has its time to answer, from now on or after a pause. */
  asked(pauseMs = 0): void {
    const { clock, settings } = this.#hub;
    const { readyTimeoutMs } = settings;
    const child = this.#child;
    if (this.#state !== 'starting' || !child) return;
    this.#cancelTimer();
    this.#cancelTimer = clock.after(pauseMs + readyTimeoutMs, () =>
      child.kill(`not ready within ${formatDuration(readyTimeoutMs)}`),
    );
  }

  /** It has answered: whatever it waits for now is not its fault. */
  answered(): void {
    this.#cancelTimer();
  }

  /** The process has said that it is ready. */
  ready(): void {
    this.#cancelTimer();
    this.#wasReady = true;
    if (this.#state === 'starting') this.#move('ready');
  }

  /** Tells the process to stop. One that is not ready yet has nothing to finish, and is killed. */
  stop(): void {
    if (this.#state === 'ready') this.#child?.send({ type: 'stop' });
    else if (this.#state === 'starting') this.#child?.kill('stopped before it was ready');
    this.drain();
  }

  /** The process has been told to stop, or is not needed any more: its exit is no crash. */
  drain(): void {
    this.#owesEnd = false;
    this.#isHeldBack = false;
    this.#cancelTimer();
    if (this.#state === 'backoff' || this.#state === 'parked') this.#move('gone');
    else if (this.#child && this.#state !== 'draining') this.#move('drain');
  }

  /** The process has been told that nothing more will come: it is to finish, and its successor if it does not. */
  end(): void {
    this.drain();
    this.#owesEnd = this.#state === 'draining';
    const { clock, settings } = this.#hub;
    const { endTimeoutMs } = settings;
    const child = this.#child;
    if (!child) return;
    // What user code does at the end may hang, and nothing else would ever notice.
    this.#cancelTimer = clock.after(endTimeoutMs, () =>
      child.kill(`did not end within ${formatDuration(endTimeoutMs)} (endTimeout)`),
    );
  }

  /** What a process was told to do at its end has not been done. */
  get owesEnd(): boolean {
    return this.#owesEnd && !this.#hasEnded;
  }

  /** The process has said that it has ended: nothing of its is under way any more. */
  ended(): void {
    this.#hasEnded = true;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The process has said why it is about to go. */
  failed(error: LastError): void {
    this.#lastError = error;
  }

  /** What the process has said last of why it is about to go. */
  get lastError(): LastError | undefined {
    return this.#lastError;
  }

  beaten(beat: Beat): void {
    this.#beat = { at: this.#hub.clock.now(), beat };
  }

  #exited(child: Child<In, Out | Stop>, exit: Exit): void {
    const { clock, events } = this.#hub;
    this.#cancelTimer();
    this.#outbox?.drop();
    this.#outbox = undefined;
    const wasTold = this.#state === 'draining';
    // One that was not ready yet had nothing to end.
    const isExpected = wasTold && (this.#hasEnded || !this.#wasReady);
    const reason = isExpected
      ? 'ended'
      : describeExit({ ...exit, reason: this.#lastError?.words ?? exit.reason }, wasTold);
    const { who } = child;
    // Before its successor starts: items and permits of the dead go back first.
    const { givenBack, crash } = this.#options.onGone(exit, isExpected);
    this.#child = undefined;
    this.#lastExit = reason;
    const { code, signal } = exit;
    const error = this.#lastError?.error;
    const isOutage = !isExpected && crash.blame === 'outside';
    events.emit('child.exited', { who, code, signal, expected: isExpected, reason, givenBack, error, isOutage });
    const isMissed = !this.#isOnTrial && (!wasTold || this.owesEnd);
    if (!isMissed) this.#move('gone');
    else if (this.owesEnd && ++this.#endFailures >= endTries) this.#giveUpEnd(who, reason);
    else this.#crashed(who, reason, { livedMs: clock.now() - child.startedAt, wasReady: this.#wasReady }, crash);
  }

  /** Every item is settled, so a failing `teardown` must not keep the run from finishing. */
  #giveUpEnd(who: Who, reason: string): void {
    this.#owesEnd = false;
    this.#hub.events.emit('child.endGivenUp', { who, reason });
    this.#move('gone');
  }

  #crashed(who: Who, reason: string, life: Life, crash: Crash): void {
    const { clock, random, events, settings } = this.#hub;
    const heldBack = this.#options.heldBack();
    if (heldBack !== undefined) {
      // What would be started is not what has died: that says nothing about either.
      events.emit('child.heldBack', { who, reason: heldBack });
      this.#isHeldBack = true;
      this.#move('crash');
      return;
    }
    // End work has a limit of its own. The crash limit would end with an error a run that is done.
    const counted: Crash = this.owesEnd ? { blame: 'outside' } : crash;
    const verdict = this.#policy.crashed(clock.now(), life, random(), counted);
    if (verdict.kind === 'park') {
      events.emit('child.parked', {
        who,
        crashes: verdict.crashes,
        withinMs: verdict.of === 'crashes' ? settings.restarts.periodMs : null,
        lastReason: reason,
      });
      this.#move('park');
      return;
    }
    events.emit('child.restarting', { who, inMs: verdict.inMs, restarts: this.#restarts + 1 });
    this.#move('crash');
    this.#cancelTimer = clock.after(verdict.inMs, () => {
      this.#restarts += 1;
      this.start();
    });
  }

  #move(event: LifeEvent): void {
    const from = this.#state;
    this.#state = next(from, event);
    if (this.#state === from) return;
    this.#since = this.#hub.clock.now();
    this.#hub.events.emit('child.state', { who: this.who, from, to: this.#state });
    this.#hub.touch();
  }
}

function describeExit({ code, signal, reason }: Exit, wasTold: boolean): string {
  const how = signal ? `killed by ${signal}` : code === null ? 'never ran' : describeCode(code, wasTold);
  return reason ? `${how} (${reason})` : how;
}

function describeCode(code: number, wasTold: boolean): string {
  if (code !== 0) return `exited ${code}`;
  return wasTold ? 'exited 0 before it had ended' : 'exited 0 without having been told to';
}
