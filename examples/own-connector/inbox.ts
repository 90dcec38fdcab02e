/**
 * A source outside the package: the lines of all text files in a directory. When all lines of a file are settled, the
 * file moves to the subdirectory `done`.
 */
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { configError, defineSource, type Chunk, type OpenSource, type SourceSpec } from 'millrace/port';

/** What `process` gets. */
export interface Line {
  readonly file: string;
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * The files of this run, and how many of them have been read. The list is fixed when the run begins: a file that
 * arrives later waits for the next run, and is never moved unread.
 */
interface Cursor {
  readonly files: readonly string[];
  readonly read: number;
}

export interface InboxOptions {
  readonly directory: string;
  /** Called with the name of each file that is read, for tests. */
  readonly onRead?: (file: string) => void;
}

export function inbox(options: InboxOptions): SourceSpec<Line> {
  const { directory } = options;
  return defineSource<Line>({
    kind: 'inbox',
    target: directory,
    resumes: 'by cursor',
    settles: true,
    open: (context) => openInbox(options, context.cursor as Cursor | undefined),
    check: async () => [`${directory}: ${(await filesIn(directory)).length} files`],
  });
}

function openInbox({ directory, onRead }: InboxOptions, cursor: Cursor | undefined): OpenSource {
  return {
    // A generator: it reads the next file only when the next chunk is requested.
    async *read(): AsyncGenerator<Chunk> {
      const files = cursor?.files ?? (await filesIn(directory));
      // Stored before the first line, so that a successor reads the same files.
      if (cursor === undefined) yield { items: [], cursor: { files, read: 0 } };
      for (let read = cursor?.read ?? 0; read < files.length; read++) {
        const file = files[read]!;
        onRead?.(file);
        yield {
          items: linesOf(file, await readFile(join(directory, file), 'utf8')),
          cursor: { files, read: read + 1 },
        };
      }
    },
    async settled(reached) {
      const { files, read } = reached as Cursor;
      const left = new Set(await filesIn(directory));
      await mkdir(join(directory, 'done'), { recursive: true });
      for (const file of files.slice(0, read)) {
        // It may have been moved before: this call is repeated if its confirmation was lost.
        if (left.has(file)) await rename(join(directory, file), join(directory, 'done', file));
      }
    },
  };
}

function linesOf(file: string, content: string): Line[] {
  const lines = content.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((text, i) => ({ file, number: i + 1, text }));
}

async function filesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.txt')).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // It ends the service with exit code 78, because waiting does not help.
    throw configError(
      'INBOX',
      `${directory}: expected a directory of text files, found nothing. Create it first.`,
      error,
    );
  }
}
