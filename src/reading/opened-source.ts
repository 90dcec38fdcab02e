import { parseJson } from '../core/json.ts';
import type { SourcePosition } from '../frame/position.ts';
import type { OpenContext, OpenSource, SourceSpec } from '../sources/port.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { ReadingOptions, SourceReader } from './reader.ts';
import { Reports } from './reports.ts';

export interface OpenedSourceOptions extends Omit<OpenContext, 'cursor'> {
  position: SourcePosition;
  /** A report to the source has failed: this process cannot go on. */
  onFailed: (error: unknown) => void;
}

/** A source with a specification, from its opening to its end. */
export class OpenedSource {
  readonly #spec: SourceSpec<unknown, string>;
  readonly #source: OpenSource;
  readonly #options: OpenedSourceOptions;
  readonly #stored: Reports | undefined;
  #closing: Promise<void> | undefined;

  static async open(spec: SourceSpec<unknown, string>, options: OpenedSourceOptions): Promise<OpenedSource> {
    const { position, onFailed: _, ...context } = options;
    const cursor: unknown = position.cursor === null ? undefined : parseJson(position.cursor);
    return new OpenedSource(spec, await spec.open({ ...context, cursor }), options);
  }

  private constructor(spec: SourceSpec<unknown, string>, source: OpenSource, options: OpenedSourceOptions) {
    this.#spec = spec;
    this.#source = source;
    this.#options = options;
    if (source.stored) this.#stored = new Reports((cursor) => source.stored!(cursor), options.onFailed);
  }

  /** What reads it into an outlet. */
  reader(options: ReadingOptions): SourceReader {
    const { maxItemBytes } = this.#options;
    return new ChunkReader({ ...options, source: this.#source, kind: this.#spec.kind, maxItemBytes });
  }

  /** Everything up to this cursor is stored. */
  stored(cursor: string): void {
    this.#stored?.reached(cursor);
  }

  /** Waits for reports that are under way, and closes it. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#stored?.idle();
    await this.#source.close?.();
  }
}
