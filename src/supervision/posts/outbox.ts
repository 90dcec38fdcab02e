/** What a commit has made durable: everything that was pending or, on a full disk, only what settles items. */
export type Extent = 'settlements' | 'all';

interface Letter<Out> {
  message: Out | (() => Out | undefined);
  restsOn: Extent;
}

/**
 * Messages to one process that rest on the next commit. They are put here during the turn and sent after the commit, in
 * the order in which they were put. An outbox belongs to its process: when the process has gone it is dropped with
 * everything in it, so no successor ever gets a message that was meant for its predecessor.
 */
export class Outbox<Out> {
  readonly #send: (message: Out) => void;
  #waiting: Letter<Out>[] = [];
  #isDropped = false;

  constructor(send: (message: Out) => void) {
    this.#send = send;
  }

  /**
   * Sends `message` after the first commit that makes durable what it `restsOn`. A function is called at that time to
   * make the message; if it returns undefined, nothing is sent.
   */
  put(restsOn: Extent, message: Letter<Out>['message']): void {
    this.#waiting.push({ message, restsOn });
  }

  /** Does the same, but if the message put last still waits, `join` may return one message that stands for both. */
  join(restsOn: Extent, message: Out, join: (last: Out) => Out | undefined): void {
    const last = this.#waiting.at(-1);
    const joined = last?.restsOn === restsOn && !isMaker(last.message) ? join(last.message) : undefined;
    if (last && joined !== undefined) last.message = joined;
    else this.put(restsOn, message);
  }

  /** A commit has made everything of this extent durable: sends what rested on it. What is put meanwhile waits for the next. */
  committed(extent: Extent): void {
    const waiting = this.#waiting;
    const isDue = ({ restsOn }: Letter<Out>): boolean => extent === 'all' || restsOn === extent;
    this.#waiting = waiting.filter((letter) => !isDue(letter));
    for (const letter of waiting) {
      // Sending may have shown that the process has gone.
      if (this.#isDropped) return;
      if (!isDue(letter)) continue;
      const { message } = letter;
      const made = isMaker(message) ? message() : message;
      if (made !== undefined) this.#send(made);
    }
  }

  /** The process has gone: sends nothing any more. */
  drop(): void {
    this.#isDropped = true;
    this.#waiting = [];
  }
}

function isMaker<Out>(message: Letter<Out>['message']): message is () => Out | undefined {
  return typeof message === 'function';
}
