/** Enough for the line in which V8 says why it ends the process, and for everything it writes after that. */
const keptBytes = 16 * 1024;
const fatal = /^FATAL ERROR: (.{1,200})/m;

/** Keeps the end of a process's standard error, because V8 writes there why it ends the process. */
export class LastWords {
  #tail = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#tail = Buffer.concat([
      this.#tail.subarray(-Math.max(keptBytes - chunk.length, 1)),
      chunk.subarray(-keptBytes),
    ]);
  }

  /** V8's own reason for ending the process; undefined if it gave none. */
  get text(): string | undefined {
    return fatal.exec(this.#tail.toString('latin1'))?.[1];
  }
}
