/**
 * A sink outside the package: one JSON file per item, named by the item's key. An item that is written again replaces its
 * own file, so every result is in the directory once, although the sink itself is called at least once.
 */
import { mkdir, open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadRow, defineSink, Unreachable, withoutLedger, type Batch, type Sink, type SinkWriter } from 'millrace/port';

export function outbox({ directory }: { directory: string }): Sink<unknown> {
  return defineSink({
    kind: 'outbox',
    delivery: 'call',
    target: directory,
    open: async (): Promise<SinkWriter<unknown, string>> => {
      await mkdir(directory, { recursive: true });
      return {
        ...withoutLedger,
        capture: (row, captured) => void captured.push(jsonOf(row)),
        commit: (batch) => commit(directory, batch),
        close: async () => {},
      };
    },
  });
}

/** When it resolves, the queue forgets the items: so everything must be on the disk by then. */
async function commit(directory: string, { seqs, ends, captured, keyOf }: Batch<string>): Promise<void> {
  try {
    for (const i of seqs.keys()) {
      const rows = captured.slice(ends[i - 1] ?? 0, ends[i]);
      if (rows.length > 0) await writeWhole(directory, `${encodeURIComponent(keyOf(i))}.json`, `[${rows.join(',')}]\n`);
    }
    await sync(directory);
  } catch (error) {
    // A full disk, a lost mount: the batch is written again later, and no attempt of an item is used.
    throw new Unreachable(`${directory}: ${(error as Error).message}`, { cause: error });
  }
}

/** Under another name first: a reader never sees half of a file. */
async function writeWhole(directory: string, name: string, text: string): Promise<void> {
  const part = join(directory, `.${name}.part`);
  await writeFile(part, text, { flush: true });
  await rename(part, join(directory, name));
}

async function sync(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function jsonOf(row: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(row);
  } catch (error) {
    // The item becomes a dead letter with this text.
    throw new BadRow(`outbox: expected a result that JSON can hold: ${(error as Error).message}`, { cause: error });
  }
  if (json === undefined) throw new BadRow(`outbox: expected a result that JSON can hold, got ${typeof row}`);
  return json;
}
