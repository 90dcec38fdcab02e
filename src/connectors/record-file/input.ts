/** The file, or stdin, from which records are read. */
import { close, fstatSync, open, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { isatty } from 'node:tty';
import { configError } from '../../core/errors.ts';
import { Unread, type Bytes } from './bytes.ts';
import { gunzipped, isGzip } from './gunzip.ts';
import { readAhead, readAt } from './read-ahead.ts';
import { streamed } from './stream.ts';
import { nameOf, type Compression, type Where } from './where.ts';

const openFd = promisify(open);
const closeFd = promisify(close);

/** Undefined for a path. */
const stdinFd = 0;

export interface Input {
  /** For messages, and in dead letters. */
  readonly name: string;
  readonly isCompressed: boolean;
  /** Undefined for a pipe, which cannot be read again. */
  readonly file: RereadableFile | undefined;
  /** All of its bytes, decompressed. A pipe can be read only once. */
  read(): Bytes;
  close(): Promise<void>;
}

export interface RereadableFile {
  /** Its first bytes as they are on disk, at most `most`. */
  head(most: number): Promise<Buffer>;
  /**
   * Its bytes, decompressed, from `offset` on. In a compressed file, the bytes before `offset` are read and dropped.
   */
  readFrom(offset: number): Promise<Bytes>;
}

/** Opens it. Throws a configuration error if it cannot be read. Consumes nothing from a pipe yet. */
export async function openInput(where: Where, compression: Compression): Promise<Input> {
  const name = nameOf(where);
  const fd = 'path' in where ? await openPath(where.path) : stdinFd;
  const closeIt = async (): Promise<void> => {
    if ('path' in where) await closeFd(fd);
  };
  try {
    const stats = fstatSync(fd);
    if (isatty(fd)) {
      throw configError('SOURCE_FILE', `${name} is a terminal: expected a file or a pipe, as in millrace run … < FILE`);
    }
    if (stats.isDirectory()) throw configError('SOURCE_FILE', `${name}: expected a file, got a directory.`);
    if (!stats.isFile()) return pipe({ name, fd, compression, stats, close: closeIt });
    return await file({ name, fd, compression, close: closeIt });
  } catch (error) {
    await closeIt();
    throw error;
  }
}

interface Opened {
  name: string;
  fd: number;
  compression: Compression;
  close: () => Promise<void>;
}

async function file({ name, fd, compression, close: closeIt }: Opened): Promise<Input> {
  const isCompressed = isToBeDecompressed(compression, await readAt({ name, fd }, 0, 2));
  const from = (offset: number): Bytes => readAhead({ name, fd }, offset);
  const read = (): Bytes => (isCompressed ? gunzipped(name, from(0)) : from(0));
  return {
    name,
    isCompressed,
    read,
    file: {
      head: (most) => readAt({ name, fd }, 0, most),
      async readFrom(offset) {
        if (!isCompressed) return from(offset);
        const bytes = new Unread(read());
        await bytes.drop(offset);
        return bytes;
      },
    },
    close: closeIt,
  };
}

function pipe({ name, fd, compression, stats, close: closeIt }: Opened & { stats: Stats }): Input {
  let stream: ReturnType<typeof streamed> | undefined;
  const read = async (): Promise<Bytes> => {
    if (!stats.isFIFO() && !stats.isSocket()) return readAhead({ name, fd }, null);
    stream = streamed(fd);
    const bytes = new Unread(stream);
    const isCompressed = isToBeDecompressed(compression, await bytes.peek(2));
    return isCompressed ? gunzipped(name, bytes) : bytes;
  };
  let bytes: Promise<Bytes> | undefined;
  return {
    name,
    isCompressed: false,
    file: undefined,
    read: () => ({ next: async (rest) => (await (bytes ??= read())).next(rest) }),
    async close() {
      // The stream owns the descriptor.
      if (stream === undefined) await closeIt();
      else stream.close();
    },
  };
}

function isToBeDecompressed(compression: Compression, head: Buffer): boolean {
  return compression === 'gzip' || (compression === 'auto' && isGzip(head));
}

async function openPath(path: string): Promise<number> {
  try {
    return await openFd(path, 'r');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what =
      { ENOENT: 'there is no such file', EACCES: 'this user may not read it' }[code ?? ''] ??
      `it cannot be opened (${message})`;
    throw configError('SOURCE_FILE', `${path}: ${what}. Relative paths start where the command was run.`, error);
  }
}
