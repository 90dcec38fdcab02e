/** Enough for the line that says why V8 ends the process, and for what it writes after it. */
const keptBytes = 16 * 1024;
const fatal = /^FATAL ERROR: (.{1,200})/m;

/** Keeps the end of what a process writes to its standard error, for what V8 says there when it ends the process. */
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
