/** The supervisor's standard output for a consumer's sink: bytes are sent in messages and confirmed in order. */
export class StandardOutput {
  readonly #send: (bytes: Buffer) => void;
  readonly #waiting: { written: () => void; failed: (error: Error) => void }[] = [];

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  /** Resolves when the bytes are with the operating system. */
  write(bytes: Buffer): Promise<void> {
    return new Promise((written, failed) => {
      this.#waiting.push({ written, failed });
      this.#send(bytes);
    });
  }

  /** The operating system has the bytes of the oldest write. */
  written(): void {
    this.#waiting.shift()?.written();
  }

  /** Stop waiting for unconfirmed bytes. */
  giveUp(): void {
    for (const { failed } of this.#waiting.splice(0)) failed(new Error('nobody reads standard output any more'));
  }
}
