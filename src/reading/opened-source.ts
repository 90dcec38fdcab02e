import { parseJson } from '../core/json.ts';
import type { SourcePosition } from '../frame/position.ts';
import type { OpenContext, OpenSource, SourceSpec } from '../sources/port.ts';
import { ChunkReader } from './chunk-reader.ts';
import { cursorFrom } from '../core/cursor-text.ts';
import type { ReadingOptions, SourceReader } from './reader.ts';
import { Reports } from './reports.ts';

export interface OpenedSourceOptions extends Omit<OpenContext, 'cursor'> {
  position: SourcePosition;
  /** How long the source may take for one report. */
  reportTimeoutMs: number;
  /** A report to the source has failed: this process cannot continue. */
  onFailed: (error: unknown) => void;
}

/** A source with a specification, from its opening to its end. */
export class OpenedSource {
  readonly #spec: SourceSpec<unknown, string>;
  readonly #source: OpenSource;
  readonly #maxItemBytes: number;
  readonly #stored: Reports;
  readonly #settled: Reports;
  #closing: Promise<void> | undefined;

  static async open(spec: SourceSpec<unknown, string>, options: OpenedSourceOptions): Promise<OpenedSource> {
    const { position, reportTimeoutMs: _, onFailed: __, ...context } = options;
    return new OpenedSource(spec, await spec.open({ ...context, cursor: cursorFrom(position.cursor) }), options);
  }

  private constructor(spec: SourceSpec<unknown, string>, source: OpenSource, options: OpenedSourceOptions) {
    const { clock, maxItemBytes, reportTimeoutMs: timeoutMs, onFailed } = options;
    this.#spec = spec;
    this.#source = source;
    this.#maxItemBytes = maxItemBytes;
    this.#stored = new Reports({ clock, timeoutMs, what: 'stored', onFailed });
    this.#settled = new Reports({ clock, timeoutMs, what: 'settled', onFailed });
  }

  /** It is dealing with what is settled. */
  get isSettling(): boolean {
    return this.#settled.isBusy;
  }

  /** It wants to hear what is stored, and may then forget it. */
  get forgets(): boolean {
    return this.#source.stored !== undefined;
  }

  /** A reader that reads it into an outlet. */
  reader(options: ReadingOptions): SourceReader {
    return new ChunkReader({
      ...options,
      source: this.#source,
      kind: this.#spec.kind,
      maxItemBytes: this.#maxItemBytes,
    });
  }

  /** Everything up to this cursor, which is JSON, is stored. */
  stored(cursor: string): void {
    if (this.#source.stored) this.#stored.report(() => this.#source.stored?.(parseJson(cursor)));
  }

  /** Everything up to this cursor is settled. Calls `onDone` when the source has dealt with that. */
  settled(cursor: string, onDone: () => void): void {
    this.#settled.report(async () => {
      await this.#source.settled?.(parseJson(cursor));
      onDone();
    });
  }

  /** Waits for reports in progress, and closes it. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#stored.idle();
    await this.#settled.idle();
    await this.#source.close?.();
  }
}
