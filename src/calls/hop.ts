import type { Permit } from './permits.ts';
import type { Headers } from './retry-after.ts';
import type { Controller, Handler } from './wire.ts';

/** What a request on the wire reports to the call that it belongs to. */
export interface HopEvents {
  /** The head of a response, or of a 1xx before it, has arrived; its permit is still held. Returns whether it says "not now". */
  readonly answered: (status: number, headers: Headers) => boolean;
  /** There will be no response, or it will not be complete. */
  readonly failed: (error: Error) => void;
  /** It is over, successfully or not, and its permit is released. Called once. */
  readonly over: () => void;
}

/**
 * One request on the wire. It sits between undici, which calls these methods, and the fetch that the request belongs
 * to. It holds a permit from before the first byte goes out until the last byte of the response has arrived, or no more
 * can arrive.
 */
export class Hop implements Handler {
  readonly #fetch: Handler;
  readonly #permit: Permit | undefined;
  readonly #events: HopEvents;
  #controller: Controller | undefined;
  #isOver = false;
  #isForgotten = false;
  /** Until an answer shows otherwise. */
  #isRefused = true;

  constructor(fetch: Handler, permit: Permit | undefined, events: HopEvents) {
    this.#fetch = fetch;
    this.#permit = permit;
    this.#events = events;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** It has a connection, so part of it may have arrived. */
  get wasSent(): boolean {
    return this.#controller !== undefined;
  }

  /**
   * The call was aborted. If it still waits for a connection, it releases its permit now and is stopped when it gets
   * the connection.
   */
  abort(reason: Error): void {
    if (this.#isOver) return;
    if (this.#controller !== undefined) return this.#controller.abort(reason);
    this.#end();
    // It never began, so it has no controller. The handler of a fetch does not use one here.
    this.#fetch.onResponseError?.(undefined as never, reason);
  }

  /**
   * The fetch has continued without this request, to follow a redirect, or has failed. It neither reads nor ends the
   * rest of the response, so the permit would be held for as long as the server likes.
   */
  forget(): void {
    if (this.#isOver) return;
    this.#isForgotten = true;
    this.#controller?.abort(new Error('the rest of the response is not needed'));
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('aborted before it was sent'));
    else this.#fetch.onRequestStart?.(controller, context);
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, message?: string): void {
    this.#isRefused = this.#events.answered(status, headers);
    this.#fetch.onResponseStart?.(controller, status, headers, message);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#fetch.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: Headers): void {
    this.#end();
    this.#fetch.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    if (this.#isOver) return;
    this.#end();
    if (this.#isForgotten) return;
    this.#events.failed(error);
    this.#fetch.onResponseError?.(controller, error);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#permit?.release(this.#isRefused);
    this.#events.over();
  }
}
