import type { Readable } from 'node:stream';

/** The text that waits in `stream`. From Node 26 on, `read` returns one chunk of it; earlier versions return all of it. */
export function readAll(stream: Readable): string {
  const chunks: Buffer[] = [];
  for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
