import type { Duplex } from 'node:stream';

/*
 * A message: u32 bytes of payload · u8 kind · f64 number · payload
 */
const prefixBytes = 13;

export const kinds = { frame: 1, stored: 2, settled: 3, end: 4 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

export interface Message {
  kind: Kind;
  number: number;
  payload: Buffer;
}

const nothing = Buffer.alloc(0);

export function send(stream: Duplex, kind: Kind, number: number, payload: Buffer = nothing): void {
  const prefix = Buffer.allocUnsafe(prefixBytes);
  prefix.writeUInt32LE(payload.length, 0);
  prefix.writeUInt8(kind, 4);
  prefix.writeDoubleLE(number, 5);
  stream.cork();
  stream.write(prefix);
  if (payload.length > 0) stream.write(payload);
  process.nextTick(uncork, stream);
}

function uncork(stream: Duplex): void {
  stream.uncork();
}

export function receive(stream: Duplex, onMessage: (message: Message) => void): void {
  let chunks: Buffer[] = [];
  let length = 0;
  let needed = prefixBytes;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length < needed) return;
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
    let at = 0;
    needed = prefixBytes;
    while (length - at >= prefixBytes) {
      const end = at + prefixBytes + bytes.readUInt32LE(at);
      if (end > length) {
        needed = end - at;
        break;
      }
      const kind = bytes.readUInt8(at + 4) as Kind;
      onMessage({ kind, number: bytes.readDoubleLE(at + 5), payload: bytes.subarray(at + prefixBytes, end) });
      at = end;
    }
    chunks = at < length ? [bytes.subarray(at)] : [];
    length -= at;
  });
}
