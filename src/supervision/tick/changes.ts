import { MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';

interface Waiting {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Callers that changed something in the queue and wait until it is durable. */
export class Changes {
  #waiting: Waiting[] = [];

  /** Resolves when the pending changes have been committed; rejects if that will not happen. */
  committed(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Everything that was pending is durable. */
  afterCommit(): void {
    for (const { resolve } of this.#take()) resolve();
  }

  /** It is still pending: the caller does not have to wait for the disk. */
  delayed(reason: string): void {
    const message = `the disk of the queue is full (${reason}): this will be done once there is space`;
    for (const { reject } of this.#take()) reject(unavailable('DISK_FULL', message));
  }

  /** The service is over: only the queue knows whether it was done. */
  close(): void {
    for (const { reject } of this.#take()) reject(serviceOver());
  }

  #take(): Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

/** The error for callers that want to change something after the service has ended. */
export function serviceOver(): MillraceError {
  return unavailable('OVER', 'the pipeline has just stopped; try again');
}

function unavailable(code: string, message: string): MillraceError {
  return new MillraceError(code, message, { exitCode: exitCodes.gaveUp });
}
