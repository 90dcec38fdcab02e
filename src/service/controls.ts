import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Status } from '../observability/status.ts';

/** The requests that a running service accepts. */
export interface Controlled {
  readonly status: Status;
  stop: (reason: string) => void;
  pause: (reason: string) => void;
  resume: () => void;
  reload: () => Promise<{ replaced: number }>;
}

/**
 * How a program controls a service, from before it starts until after it has ended. Requests that come before the
 * service exists are remembered: a stop ends the start, a pause is in force from the first item on.
 */
export class Controls {
  readonly #stops: string[] = [];
  #onStop: (reason: string) => void = () => undefined;
  #running: Controlled | undefined;
  #pausedFor: string | undefined;
  #last: Status | undefined;

  /** Of the running service, otherwise of the last one. */
  get status(): Status | undefined {
    return this.#running?.status ?? this.#last;
  }

  /** Stops cleanly. Calling it again changes nothing. */
  stop(reason: string): void {
    if (this.#stops.length === 0) this.press(reason);
  }

  /** The same, but each further call speeds it up, as a second Ctrl-C does. */
  press(reason: string): void {
    this.#stops.push(reason);
    this.#onStop(reason);
  }

  /** Stops without patience: for work that cannot be finished. */
  hurry(reason: string): void {
    this.press(reason);
    this.press(reason);
  }

  /** Calls `listener` for each request to stop, also for earlier ones. A new listener replaces the last. */
  listen(listener: (reason: string) => void): void {
    this.#onStop = listener;
    for (const reason of this.#stops) listener(reason);
  }

  pause(reason: string): void {
    this.#pausedFor = reason;
    this.#running?.pause(reason);
  }

  resume(): void {
    this.#pausedFor = undefined;
    this.#running?.resume();
  }

  async reload(): Promise<{ replaced: number }> {
    if (this.#running) return await this.#running.reload();
    throw new MillraceError('NOT_RUNNING', 'not reloaded: the service does not run', { exitCode: exitCodes.gaveUp });
  }

  /** A service is running. Call the returned function when it has ended. */
  attach(service: Controlled): () => void {
    this.#running = service;
    if (this.#pausedFor !== undefined) service.pause(this.#pausedFor);
    return () => {
      this.#last = service.status;
      this.#running = undefined;
    };
  }
}
