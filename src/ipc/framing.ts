import { ProtocolError } from '../core/errors.ts';
import { parseJson, writeJson } from '../core/json.ts';

/*
 * A message on the wire:
 *
 *     u16 magic · u16 version · u32 header length · u32 payload length · header (JSON) · payload (opaque bytes)
 */
const magic = 0x4d52; // "MR"
const version = 1;
const prefixBytes = 12;
const maxHeaderBytes = 64 * 1024 * 1024;
// Above the largest item that the configuration allows, so that a longer one can only be garbage.
const maxPayloadBytes = 512 * 1024 * 1024;

/** A message that spans several chunks. */
interface Gathering {
  bytes: Buffer;
  filled: number;
  headerBytes: number;
}

/** The bytes that precede `payload`: prefix and header. */
export function encodeHeader(header: object, payloadBytes: number): Buffer {
  const text = writeJson(header);
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(prefixBytes + length);
  bytes.writeUInt16BE(magic, 0);
  bytes.writeUInt16BE(version, 2);
  bytes.writeUInt32BE(length, 4);
  bytes.writeUInt32BE(payloadBytes, 8);
  bytes.write(text, prefixBytes);
  return bytes;
}

/**
 * Splits a stream into messages. A message within one chunk is not copied; a message that spans several chunks is
 * collected in its own buffer, each byte copied once.
 */
export class MessageReader {
  readonly #onMessage: (header: unknown, payload: Buffer) => void;
  // The rest of a chunk that ended inside a prefix or a message of unknown size.
  #rest: Buffer = Buffer.alloc(0);
  #gathering: Gathering | undefined;

  constructor(onMessage: (header: unknown, payload: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** The beginning of a message has come, and its end has not. */
  get isMidMessage(): boolean {
    return this.#gathering !== undefined || this.#rest.length > 0;
  }

  /** Takes a chunk. Throws a ProtocolError at the first byte that breaks the protocol. */
  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#gathering) {
      bytes = this.#gather(this.#gathering, bytes);
    } else if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, bytes]);
      this.#rest = Buffer.alloc(0);
    }
    let at = 0;
    while (bytes.length - at >= prefixBytes) {
      const { headerBytes, total } = readPrefix(bytes, at);
      if (bytes.length - at < total) {
        const whole = Buffer.allocUnsafeSlow(total);
        const filled = bytes.copy(whole, 0, at);
        this.#gathering = { bytes: whole, filled, headerBytes };
        return;
      }
      this.#emit(bytes.subarray(at, at + total), headerBytes);
      at += total;
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
  }

  /** Fills the collected message from `bytes` and returns the remaining bytes. */
  #gather(gathering: Gathering, bytes: Buffer): Buffer {
    const copied = bytes.copy(gathering.bytes, gathering.filled);
    gathering.filled += copied;
    if (gathering.filled === gathering.bytes.length) {
      this.#gathering = undefined;
      this.#emit(gathering.bytes, gathering.headerBytes);
    }
    return bytes.subarray(copied);
  }

  #emit(message: Buffer, headerBytes: number): void {
    const headerEnd = prefixBytes + headerBytes;
    let header: unknown;
    try {
      header = parseJson(message.toString('utf8', prefixBytes, headerEnd));
    } catch (error) {
      const seen = message.toString('utf8', prefixBytes, Math.min(headerEnd, prefixBytes + 100));
      throw new ProtocolError(`expected a header in JSON, got ${writeJson(seen)} (${(error as Error).message})`);
    }
    this.#onMessage(header, message.subarray(headerEnd));
  }
}

function readPrefix(bytes: Buffer, at: number): { headerBytes: number; total: number } {
  const gotMagic = bytes.readUInt16BE(at);
  const gotVersion = bytes.readUInt16BE(at + 2);
  if (gotMagic !== magic) {
    const seen = bytes.toString('latin1', at, Math.min(at + 24, bytes.length));
    throw new ProtocolError(
      `expected a message, got other bytes: ${writeJson(seen)}. Does anything in that process write to file descriptor 3?`,
    );
  }
  if (gotVersion !== version) {
    throw new ProtocolError(
      `expected a message of protocol version ${version}, got one of ${gotVersion}. Was Millrace upgraded while it was running? Restart it.`,
    );
  }
  const headerBytes = bytes.readUInt32BE(at + 4);
  const payloadBytes = bytes.readUInt32BE(at + 8);
  if (headerBytes > maxHeaderBytes || payloadBytes > maxPayloadBytes) {
    throw new ProtocolError(
      `expected a header of at most ${maxHeaderBytes} bytes and a payload of at most ${maxPayloadBytes}, got a message that claims ${headerBytes} and ${payloadBytes}`,
    );
  }
  return { headerBytes, total: prefixBytes + headerBytes + payloadBytes };
}
