import { read } from 'node:fs';
import { promisify } from 'node:util';
import { errorData, MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import type { Bytes } from './bytes.ts';

const readFd = promisify(read);

/** How much is read at a time: about as much as is stored together. */
export const pieceBytes = 128 * 1024;

/**
 * A file from `offset` on, read ahead by one piece: while one is looked at, the next comes from the disk. `offset` null:
 * from where the descriptor stands, for what has no positions.
 */
export function readAhead(file: { name: string; fd: number }, offset: number | null): Bytes {
  let at = offset;
  let isAtEnd = false;
  const readPiece = async (): Promise<Buffer | null> => {
    if (isAtEnd) return null;
    const piece = await readAt(file, at, pieceBytes);
    if (at !== null) at += piece.length;
    isAtEnd = piece.length === 0;
    return isAtEnd ? null : piece;
  };
  let ahead: Promise<Buffer | null> | undefined;
  return {
    async next() {
      const piece = await (ahead ?? readPiece());
      ahead = readPiece();
      ahead.catch(() => undefined); // It is thrown by the next call.
      return piece;
    },
  };
}

/** Up to `length` bytes at `position`; fewer at the end, and from a pipe. */
export async function readAt(
  { name, fd }: { name: string; fd: number },
  position: number | null,
  length: number,
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  try {
    const { bytesRead } = await readFd(fd, buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    const { message } = errorData(error);
    throw new MillraceError('SOURCE_FILE', `${name}: reading at byte ${position ?? 'unknown'} failed: ${message}`, {
      cause: error,
      exitCode: exitCodes.bug,
    });
  }
}
