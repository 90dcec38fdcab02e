import { MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';

interface Waiting {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Those who changed something in the queue and are told when that is durable. */
export class Changes {
  #waiting: Waiting[] = [];

  /** Resolves when what is pending now has been committed; rejects if that is not to be. */
  committed(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Everything that was pending is durable. */
  afterCommit(): void {
    for (const { resolve } of this.#take()) resolve();
  }

  /** It is still pending: whoever asked is not kept waiting for the disk. */
  delayed(reason: string): void {
    const message = `the disk of the queue is full (${reason}): this is done as soon as there is room`;
    for (const { reject } of this.#take()) reject(unavailable('DISK_FULL', message));
  }

  /** The service is over: whether it was done is known to the queue only. */
  close(): void {
    for (const { reject } of this.#take()) reject(serviceOver());
  }

  #take(): Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

/** What is said to whoever wants to change something when the service has ended. */
export function serviceOver(): MillraceError {
  return unavailable('OVER', 'the pipeline has just stopped: ask again');
}

function unavailable(code: string, message: string): MillraceError {
  return new MillraceError(code, message, { exitCode: exitCodes.gaveUp });
}
