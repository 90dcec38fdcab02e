/** The supervisor's standard output, as a consumer's sink sees it: bytes go there in messages, and are confirmed in order. */
export class StandardOutput {
  readonly #send: (bytes: Buffer) => void;
  readonly #waiting: (() => void)[] = [];

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  /** Resolves when the bytes are with the operating system. */
  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#send(bytes);
    });
  }

  /** The oldest `count` writes have been handed over. */
  written(count: number): void {
    for (const resolve of this.#waiting.splice(0, count)) resolve();
  }
}
