import type { Cancel } from '../../core/clock.ts';
import { formatDuration } from '../../core/units.ts';
import type { Beat, Stop } from '../../ipc/messages.ts';
import type { ChildState, Who } from '../../observability/events.ts';
import type { LastError } from '../blame/death.ts';
import type { Hub } from '../hub.ts';
import type { Child, Exit } from './child.ts';
import { describeExit } from './exit-text.ts';
import { next, type LifeEvent } from './lifecycle.ts';
import { occupantFor, type Occupant } from './occupant.ts';
import type { Outbox } from './outbox.ts';
import { RestartPolicy, type Crash, type Life } from './restart-policy.ts';

type PostHub = Pick<Hub, 'clock' | 'random' | 'events' | 'touch' | 'broken'> & {
  settings: Pick<Hub['settings'], 'restarts' | 'readyTimeoutMs' | 'endTimeoutMs'>;
};

/** The number of processes that may attempt the end work of a run. */
const mostEndAttempts = 2;

export interface PostOptions<In, Out> {
  role: 'producer' | 'consumer';
  ordinal: number;
  /**
   * The post that has the ordinal until this one takes over. This one continues its count of restarts; a process that
   * goes before it has taken over is not replaced.
   */
  predecessor?: Post<In, Out> | undefined;
  spawn: () => Child<In, Out | Stop>;
  /** A process has been started: give it its work. */
  onStart: (child: Child<In, Out | Stop>) => void;
  onMessage: (message: In, payload: Buffer) => void;
  /** The process has gone: take back what it held, before it is replaced. */
  onGone: (exit: Exit, isExpected: boolean) => Gone;
  /** Its end work must be done, however many processes that takes. Default: it is given up after some. */
  mustEnd?: boolean;
  /** Why a process that dies is currently not replaced; undefined if it is. */
  heldBack: () => string | undefined;
}

/** What a process that has gone leaves behind. */
export interface Gone {
  /** The number of items that it held, which are back in the queue. */
  givenBack: number;
  /** Who is to blame, unless it ended as requested. */
  crash: Crash;
}

/**
 * A post: the producer's, or a consumer's. Processes come and go on it; the ordinal stays. It knows how to start a
 * process, what to do when it goes, and when to give up. It does not know what the process works on.
 */
export class Post<In, Out> {
  readonly role: 'producer' | 'consumer';
  readonly ordinal: number;
  #state: ChildState = 'stopped';
  #since: number;
  /** The process on the post or, when that has gone, the last one. */
  #occupant: Occupant<In, Out> | undefined;
  #restarts: number;
  #lastExit: string | null;
  #isCandidate: boolean;
  #isHeldBack = false;
  /**
   * Its process has got the message that no more items will come. If it goes before it has ended, its successor gets
   * the same message.
   */
  #owesEnd = false;
  /** How many processes exited without completing their end work. */
  #endFailures = 0;
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
    this.#isCandidate = predecessor !== undefined;
    this.#since = hub.clock.now();
  }

  // ── how it is ──────────────────────────────────────────────────────────────────────────────────────────────────

  get state(): ChildState {
    return this.#state;
  }

  get since(): number {
    return this.#since;
  }

  /** The process on the post, in whatever state. */
  get child(): Child<In, Out | Stop> | undefined {
    return this.#present?.child;
  }

  /** Messages to the process on the post that wait for a commit; undefined while there is no process. */
  get outbox(): Outbox<Out> | undefined {
    return this.#present?.outbox;
  }

  get who(): Who {
    return { role: this.role, ordinal: this.ordinal, pid: this.child?.who.pid };
  }

  get restarts(): number {
    return this.#restarts;
  }

  get lastExit(): string | null {
    return this.#lastExit;
  }

  /** The last sign of life of the process on the post, or of the last one. */
  get beat(): { at: number; beat: Beat } | undefined {
    return this.#occupant?.beat;
  }

  /** The last reported reason for the end of the process on the post, or of the previous one. */
  get lastError(): LastError | undefined {
    return this.#occupant?.lastError;
  }

  /** The process has reported that none of its work is unfinished. */
  get hasEnded(): boolean {
    return this.#occupant?.hasEnded ?? false;
  }

  /** There is no process on the post, and there will be none. */
  get isOver(): boolean {
    return this.#state === 'stopped' || this.#state === 'parked';
  }

  /** Its process has not taken over yet. */
  get isCandidate(): boolean {
    return this.#isCandidate;
  }

  /** Its process died and is not replaced until the pipeline file can be used. */
  get isHeldBack(): boolean {
    return this.#isHeldBack;
  }

  /** A process was asked to do its end work, which has not been done. */
  get owesEnd(): boolean {
    return this.#owesEnd && !this.hasEnded;
  }

  // ── what becomes of it ─────────────────────────────────────────────────────────────────────────────────────────

  /** Puts a process on the post: `child` if it runs already, otherwise a new one. */
  start(child: Child<In, Out | Stop> = this.#options.spawn()): void {
    this.#occupant = occupantFor(child);
    this.#isHeldBack = false;
    this.#move('start');
    child.listen({
      onMessage: (message, payload) => this.#options.onMessage(message, payload),
      onExit: (exit) => {
        try {
          this.#exited(exit);
        } catch (error) {
          // What it held could not be taken back, and nothing else reports that.
          this.#hub.broken(error);
        }
      },
    });
    this.#options.onStart(child);
  }

  /** The reason for which its process was not replaced is gone. */
  release(): void {
    if (this.#state === 'backoff' && this.#isHeldBack) this.start();
  }

  /** Its process is at work, and its predecessor is not needed any more. */
  takeOver(): void {
    this.#isCandidate = false;
  }

  /** Tells the process to stop. One that is not ready yet has nothing to finish, and is killed. */
  stop(): void {
    if (this.#state === 'ready') this.child?.send({ type: 'stop' });
    else if (this.#state === 'starting') this.child?.kill('stopped before it was ready');
    this.drain();
  }

  /** The process was asked to stop, or is no longer needed: its exit is not a crash. */
  drain(): void {
    this.#owesEnd = false;
    this.#isHeldBack = false;
    this.#cancelTimer();
    if (this.#state === 'backoff' || this.#state === 'parked') this.#move('gone');
    else if (this.child && this.#state !== 'draining') this.#move('drain');
  }

  /**
   * The process has got the message that no more items will come. It, or otherwise its successor, has to do the end
   * work.
   */
  end(): void {
    this.drain();
    this.#owesEnd = this.#state === 'draining';
    const { clock, settings } = this.#hub;
    const { endTimeoutMs } = settings;
    const { child } = this;
    if (!child) return;
    // User code may hang at the end, and nothing else would ever notice.
    this.#cancelTimer = clock.after(endTimeoutMs, () =>
      child.kill(`did not end within ${formatDuration(endTimeoutMs)} (endTimeout)`),
    );
  }

  // ── what its process says ──────────────────────────────────────────────────────────────────────────────────────

  /** The starting process was asked for something, and has its time to answer, from now on or after a pause. */
  asked(pauseMs = 0): void {
    const { clock, settings } = this.#hub;
    const { readyTimeoutMs } = settings;
    const { child } = this;
    if (this.#state !== 'starting' || !child) return;
    this.#cancelTimer();
    this.#cancelTimer = clock.after(pauseMs + readyTimeoutMs, () =>
      child.kill(`not ready within ${formatDuration(readyTimeoutMs)}`),
    );
  }

  /** It has answered: it is not to blame for its current wait. */
  answered(): void {
    this.#cancelTimer();
  }

  ready(): void {
    this.#cancelTimer();
    if (this.#occupant) this.#occupant.wasReady = true;
    if (this.#state === 'starting') this.#move('ready');
  }

  /** It has ended cleanly: none of its work is unfinished. */
  ended(): void {
    if (this.#occupant) this.#occupant.hasEnded = true;
  }

  /** It reports why it is about to go. */
  failed(error: LastError): void {
    if (this.#occupant) this.#occupant.lastError = error;
  }

  beaten(beat: Beat): void {
    if (this.#occupant) this.#occupant.beat = { at: this.#hub.clock.now(), beat };
  }

  // ── how it goes ────────────────────────────────────────────────────────────────────────────────────────────────

  get #present(): Occupant<In, Out> | undefined {
    return this.#occupant?.isGone === false ? this.#occupant : undefined;
  }

  #exited(exit: Exit): void {
    const { clock, events } = this.#hub;
    const occupant = this.#occupant!;
    const { child, outbox, wasReady, hasEnded, lastError } = occupant;
    this.#cancelTimer();
    outbox.drop();
    const wasAsked = this.#state === 'draining';
    // A process that was not ready yet had nothing to end.
    const isExpected = wasAsked && (hasEnded || !wasReady);
    const reason = isExpected ? 'ended' : describeExit({ ...exit, reason: lastError?.words ?? exit.reason }, wasAsked);
    const { who } = child;
    // Before its successor starts: items and permits of the dead process are released first.
    const { givenBack, crash } = this.#options.onGone(exit, isExpected);
    occupant.isGone = true;
    this.#lastExit = reason;
    const { code, signal } = exit;
    const error = lastError?.error;
    const isOutage = !isExpected && crash.blame === 'outside';
    events.emit('child.exited', { who, code, signal, expected: isExpected, reason, givenBack, error, isOutage });
    const isMissed = !this.#isCandidate && (!wasAsked || this.owesEnd);
    if (!isMissed) this.#move('gone');
    else if (this.owesEnd && ++this.#endFailures >= mostEndAttempts && !this.#options.mustEnd)
      this.#giveUpEnd(who, reason);
    else this.#crashed(who, reason, { livedMs: clock.now() - child.startedAt, wasReady }, crash);
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
      // A new process would run a different version than the one that died, which says nothing about either.
      events.emit('child.heldBack', { who, reason: heldBack });
      this.#isHeldBack = true;
      this.#move('crash');
      return;
    }
    // End work has a limit of its own. The crash limit would end a run that is done with an error.
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
