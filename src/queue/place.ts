/**
 * The place where a queue is kept, as a start needs it. `queue/spool/place.ts` is a state directory with the queue in a
 * file. A service needs less: see `OpenSpool`.
 */
import type { Clock } from '../core/clock.ts';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Claims } from './claims.ts';
import type { FreeSpace } from './free-space.ts';
import type { OpenSpool } from './open-spool.ts';
import type { PassedOn, PreviousCursors } from './previous.ts';
import type { StoreFull } from './store.ts';

/** How a supervisor that closed the queue cleanly ended. */
export interface StartEnd {
  /** Wall-clock time. */
  at: number;
  /** `finished`: the run finished; `stopped`: the supervisor was stopped; `failed`: it gave up or had an error. */
  outcome: 'finished' | 'stopped' | 'failed';
  exitCode: number;
}

/** How a start closed the queue. `unused`: no supervisor ran the pipeline. */
export type Close = 'in order' | 'unused' | StartEnd;

/** An open queue with all of its parts. */
export interface WholeSpool extends OpenSpool {
  readonly claims: Claims;
  readonly previous: PreviousCursors;
  /** Call this now and then: it tidies up if nothing was written lately. Returns the size of the log in bytes. */
  tend(): number;
  /** Gives some of the free space within the queue back to the disk. */
  shrink(): void;
  /** A check that the queue is still the one that was opened; it throws if not. */
  watch(): () => void;
  /** Copies all of it to another file while this one stays in use. */
  backUp(options: { file: string; onProgress?: (pages: { done: number; of: number }) => void }): Promise<void>;
  /** Moves the queue to another name, and closes it. Nothing is deleted. Returns the new name. */
  archive(suffix: string): string;
  /**
   * Closes it: cleanly, or, if it has failed, without another write to it. If it was `unused`, it keeps the record of how
   * its predecessors ended. Idempotent.
   */
  close(how?: Close): void;
}

/** Disk space that is kept back for settling items when the disk is full. */
export interface Reserve {
  readonly isHeld: boolean;
  /**
   * Takes the space. Returns false if there is not enough, or was not enough a moment ago. Throws an error that is final
   * if the disk has failed.
   */
  take(): boolean;
  /** Gives the space up. Idempotent. */
  release(): void;
}

/** `damaged`: there is something, and it cannot be read. */
export type FoundPassedOn = ({ status: 'found' } & PassedOn) | { status: 'none' | 'damaged' };

export interface QueuePlace {
  /**
   * Opens the queue, so that nobody else can, and makes it if there is none. Waits a few seconds if a process other than a
   * supervisor has it; resolves to undefined if `stopped` aborts meanwhile. Rejects with a MillraceError that says what to do.
   */
  open(options: {
    /** The name of the pipeline that the queue must belong to; undefined for any. */
    pipeline: string | undefined;
    /** Wall-clock time, for a supervisor that will run the pipeline. */
    startedAt?: number;
    clock: Clock;
    stopped: AbortSignal;
  }): Promise<WholeSpool | undefined>;
  /** Moves a queue that cannot be opened to another name. Nothing is deleted. Returns the new name. */
  archiveUnreadable(suffix: string): string;
  /** Keeps what an archived queue passes on until the new queue has recorded it: a kill at any point loses nothing. */
  keepPassedOn(passedOn: PassedOn): void;
  findPassedOn(): FoundPassedOn;
  /** Idempotent. */
  forgetPassedOn(): void;
  /** Why it is not a good place for a queue, one sentence for each reason. */
  doubts(): string[];
  /** The space that is left. Throws if that is not known. */
  freeSpace(): FreeSpace;
  /** `makeSpace` is called to free disk space if none is left for the reserve. It throws StoreFull if it cannot. */
  reserve(options: { makeSpace: () => void; clock: Pick<Clock, 'now'> }): Reserve;
}

/** Whether a queue could not be opened or read because of its content. If it was opening, no supervisor holds it. */
export function isUnreadable(error: unknown): error is MillraceError {
  return error instanceof MillraceError && ['SPOOL_DAMAGED', 'SPOOL_NEWER', 'SPOOL_INCOMPLETE'].includes(error.code);
}

/** A service that runs waits for space; a start cannot: exit 74. */
export function noSpaceToStart(full: StoreFull): MillraceError {
  return new MillraceError('SPOOL', `${full.message}. Free some space, then start again.`, {
    cause: full,
    exitCode: exitCodes.io,
  });
}
