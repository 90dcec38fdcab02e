import { read } from 'node:fs';
import { promisify } from 'node:util';
import { errorData, MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { joined, type Bytes } from './bytes.ts';

const readFd = promisify(read);

/** How much is read at a time: a few frames. */
export const pieceBytes = 512 * 1024;

/** Space before each piece for the rest of the previous piece. Otherwise both would have to be copied. */
const headBytes = 16 * 1024;

/**
 * Reads a file from `offset` on, one piece ahead: while one piece is processed, the next is read from the disk.
 * `offset` null: from the current position of the descriptor, for files without positions.
 */
export function readAhead(file: { name: string; fd: number }, offset: number | null): Bytes {
  let at = offset;
  let isAtEnd = false;
  const readPiece = async (): Promise<Piece | null> => {
    if (isAtEnd) return null;
    const memory = Buffer.allocUnsafeSlow(headBytes + pieceBytes);
    const length = await readInto(file, at, memory.subarray(headBytes));
    if (at !== null) at += length;
    isAtEnd = length === 0;
    return isAtEnd ? null : { memory, end: headBytes + length };
  };
  let ahead: Promise<Piece | null> | undefined;
  return {
    async next(rest) {
      const piece = await (ahead ?? readPiece());
      ahead = readPiece();
      ahead.catch(() => undefined); // The next call throws it.
      return piece && withRest(piece, rest);
    },
  };
}

/** A buffer that has been filled from `headBytes` on. */
interface Piece {
  memory: Buffer;
  end: number;
}

function withRest({ memory, end }: Piece, rest: Buffer | undefined): Buffer {
  const length = rest?.length ?? 0;
  if (length > headBytes) return joined(rest, memory.subarray(headBytes, end));
  rest?.copy(memory, headBytes - length);
  return memory.subarray(headBytes - length, end);
}

/** Reads up to `length` bytes at `position`; fewer at the end, and from a pipe. */
export async function readAt(
  file: { name: string; fd: number },
  position: number | null,
  length: number,
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  return buffer.subarray(0, await readInto(file, position, buffer));
}

async function readInto(
  { name, fd }: { name: string; fd: number },
  position: number | null,
  buffer: Buffer,
): Promise<number> {
  try {
    return (await readFd(fd, buffer, 0, buffer.length, position)).bytesRead;
  } catch (error) {
    const { message } = errorData(error);
    throw new MillraceError('SOURCE_FILE', `${name}: reading at byte ${position ?? 'unknown'} failed: ${message}`, {
      cause: error,
      exitCode: exitCodes.bug,
    });
  }
}
