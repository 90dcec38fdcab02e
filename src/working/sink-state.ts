/** Why the sink takes nothing now, told whenever that changes. */
export class SinkState {
  readonly #tell: (reason: string | null) => void;
  #problem: string | null = null;

  constructor(tell: (reason: string | null) => void) {
    this.#tell = tell;
  }

  /** Null while it takes what it is given. */
  get problem(): string | null {
    return this.#problem;
  }

  set(reason: string | null): void {
    if (reason !== this.#problem) this.setAgain(reason);
  }

  /** The same, and it is told in any case. */
  setAgain(reason: string | null): void {
    this.#problem = reason;
    this.#tell(reason);
  }
}
