import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { configError } from '../../core/errors.ts';
import { joined, type Bytes } from './bytes.ts';
import { pieceBytes } from './read-ahead.ts';

/** The first bytes of each gzip file. */
const magic = Buffer.from([0x1f, 0x8b]);

export function isGzip(head: Buffer): boolean {
  return head.subarray(0, magic.length).equals(magic);
}

/** Decompresses `bytes`. A file that ends too early, or is damaged, is an error, and never an early end. */
export function gunzipped(name: string, bytes: Bytes): Bytes {
  const compressed = Readable.from(piecesOf(bytes), { highWaterMark: 1, objectMode: true });
  const gunzip = createGunzip({ chunkSize: pieceBytes });
  compressed.on('error', (error) => gunzip.destroy(error));
  const pieces: AsyncIterator<Buffer> = compressed.pipe(gunzip)[Symbol.asyncIterator]();
  return {
    async next(rest) {
      try {
        const { value, done } = await pieces.next();
        return done === true ? null : joined(rest, value);
      } catch (error) {
        throw notGood(name, error);
      }
    },
  };
}

function notGood(name: string, error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (code === 'Z_BUF_ERROR') {
    return configError(
      'SOURCE_CUT',
      `${name}: the compressed file ends in the middle of its data. The data before that place is stored. Copy the whole file, and ` +
        'run the same command.',
      error,
    );
  }
  if (typeof code !== 'string' || !code.startsWith('Z_')) return error;
  return configError(
    'SOURCE_DAMAGED',
    `${name}: the compressed file is damaged (${(error as Error).message}). The data before the damage is stored.`,
    error,
  );
}

async function* piecesOf(bytes: Bytes): AsyncGenerator<Buffer> {
  for (let piece = await bytes.next(); piece !== null; piece = await bytes.next()) yield piece;
}
