import { configError, type MillraceError } from '../../core/errors.ts';
import { formatBytes } from '../../core/units.ts';
import type { Chunk, Meta, OpenContext, OpenSource } from '../../sources/port.ts';
import type { Unread } from './bytes.ts';
import { recordChunks } from './chunks.ts';
import { comparedBytes, digestOf, fileCursor, type FileCursor } from './cursor.ts';
import { openInput, type Input } from './input.ts';
import type { FileOptions } from './options.ts';
import { resumed } from './resume.ts';
import type { RecordSplitter } from './splitter.ts';
import { nameOf, resolvedWhere } from './where.ts';

/** What the beginning of a file says about its records. */
export interface Beginning {
  readonly splitter: RecordSplitter;
  readonly meta: Meta;
  /** Where the first record begins, and its line. */
  readonly offset: number;
  readonly line: number;
  /** The bytes from there on. */
  readonly bytes: Unread;
}

/**
 * Reads the part before the first record; undefined if the file ends there. `maxItemBytes`: the longest record that is
 * accepted.
 */
export type Begin = (input: Input, maxItemBytes: number) => Promise<Beginning | undefined>;

/** Opens a file of records, or stdin, in the producer. */
export async function openRecords(options: FileOptions, begin: Begin, context: OpenContext): Promise<OpenSource> {
  const cursor = fileCursor(context.cursor);
  const where = resolvedWhere(options.where, context.resolve);
  const input = await openInput(where, options.compression);
  if (input.file === undefined && context.isReopened) {
    await input.close();
    throw lostPipe(nameOf(where));
  }
  return {
    read: () => readRecords(input, cursor, (from) => begin(from, maxItemBytes(options, context)), context),
    close: () => input.close(),
  };
}

async function* readRecords(
  input: Input,
  cursor: FileCursor | undefined,
  begin: (input: Input) => Promise<Beginning | undefined>,
  { log }: Pick<OpenContext, 'log'>,
): AsyncGenerator<Chunk> {
  const { name, isCompressed } = input;
  const beginning = await begin(input);
  if (beginning === undefined && cursor === undefined) return;
  if (cursor !== undefined && isCompressed) {
    const offset = formatBytes(cursor.offset);
    log.info(`${name} is compressed: reading it from its start to get to where it was read up to`, { offset });
  }
  const bytes = cursor === undefined ? beginning!.bytes : await resumed(input, cursor);
  yield* recordChunks({
    ...beginning!,
    name,
    bytes,
    ...(cursor && { offset: cursor.offset, line: cursor.line }),
    file: await identity(input, cursor),
  });
}

/**
 * The part of a cursor that identifies the file. A run keeps the beginning that it saw first, because the file may have
 * been shorter then.
 */
async function identity(
  { name, isCompressed, file }: Input,
  cursor: FileCursor | undefined,
): Promise<Pick<FileCursor, 'file' | 'isCompressed' | 'head'> | undefined> {
  if (file === undefined) return undefined;
  if (cursor !== undefined) return { file: name, isCompressed, head: cursor.head };
  const head = await file.head(comparedBytes);
  return { file: name, isCompressed, head: { bytes: head.length, digest: digestOf(head) } };
}

function maxItemBytes(options: FileOptions, context: OpenContext): number {
  return Math.min(options.maxItemBytes, context.maxItemBytes);
}

function lostPipe(name: string): MillraceError {
  return configError(
    'SOURCE_LOST',
    `${name} is a pipe, and the process that read it has ended: data that it had read and that was not stored yet is lost, and a pipe cannot ` +
      'be read again. Start over with --fresh, or read a file, which resumes: millrace run … < FILE.',
  );
}
