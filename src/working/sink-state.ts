/** Why the sink accepts nothing now, reported whenever that changes. */
export class SinkState {
  readonly #tell: (reason: string | null) => void;
  #problem: string | null = null;

  constructor(tell: (reason: string | null) => void) {
    this.#tell = tell;
  }

  /** Null while it accepts results. */
  get problem(): string | null {
    return this.#problem;
  }

  set(reason: string | null): void {
    if (reason !== this.#problem) this.setAgain(reason);
  }

  /** The same, but always reported. */
  setAgain(reason: string | null): void {
    this.#problem = reason;
    this.#tell(reason);
  }
}
