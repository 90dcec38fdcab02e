import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ProtocolError } from '../../../src/core/errors.ts';
import { encodeHeader, MessageReader } from '../../../src/ipc/framing.ts';
import { thrownBy } from '../../support/thrown.ts';

interface Sent {
  header: object;
  payload: Buffer;
}

function encoded({ header, payload }: Sent): Buffer {
  return Buffer.concat([encodeHeader(header, payload.length), payload]);
}

/** A reader, and the messages that it has read. */
function reading(): { reader: MessageReader; messages: Sent[] } {
  const messages: Sent[] = [];
  const reader = new MessageReader((header, payload) => messages.push({ header: header as object, payload }));
  return { reader, messages };
}

/** `bytes` in chunks that end at `places`, each in memory of its own. */
function chunksOf(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set([...places.map((place) => Math.floor(place * bytes.length)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return ends.map((end, i) => Buffer.from(bytes.subarray(i === 0 ? 0 : ends[i - 1], end)));
}

const message = fc.record({
  header: fc
    .dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
    .map((o) => JSON.parse(JSON.stringify(o)) as object),
  payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
});
const messages = fc.array(message, { maxLength: 8 });
const place = fc.nat(1000).map((n) => n / 1000);
const places = fc.array(place, { maxLength: 20 });

afterEach(() => {
  jest.restoreAllMocks();
});

describe('messages', () => {
  it('arrive as they were sent and in order, in whatever chunks the stream comes', () => {
    fc.assert(
      fc.property(messages, places, (sent, ends) => {
        const { reader, messages: got } = reading();
        for (const chunk of chunksOf(Buffer.concat(sent.map(encoded)), ends)) reader.push(chunk);
        expect(got).toEqual(sent);
      }),
    );
  });

  it('arrive as they were sent when the stream comes byte by byte', () => {
    const sent = [
      { header: { type: 'ünï' }, payload: Buffer.from('payload') },
      { header: {}, payload: Buffer.alloc(0) },
      { header: { n: 1 }, payload: Buffer.alloc(1) },
    ];
    const { reader, messages: got } = reading();
    for (const byte of Buffer.concat(sent.map(encoded))) reader.push(Buffer.from([byte]));
    expect(got).toEqual(sent);
  });

  it('count as arriving from their first byte to the one before their last', () => {
    const { reader } = reading();
    const bytes = encoded({ header: { n: 1 }, payload: Buffer.alloc(100) });
    const states = [...bytes].map((byte) => {
      reader.push(Buffer.from([byte]));
      return reader.isMidMessage;
    });
    expect(states).toEqual(Array.from(bytes, (_, i) => i + 1 < bytes.length));
  });

  it('are not copied if they lie in one chunk', () => {
    const { reader, messages: got } = reading();
    const chunk = Buffer.concat([1, 2].map((n) => encoded({ header: { n }, payload: Buffer.alloc(10, n) })));
    reader.push(chunk);
    expect(got.map(({ payload }) => payload.buffer)).toEqual([chunk.buffer, chunk.buffer]);
  });

  it('are copied once, byte for byte, if they span many chunks', () => {
    const size = 8 * 1024 * 1024;
    const bytes = encoded({ header: { type: 'large' }, payload: Buffer.alloc(size, 7) });
    const { reader, messages: got } = reading();
    const copy = jest.spyOn(Buffer.prototype, 'copy');
    const concat = jest.spyOn(Buffer, 'concat');
    for (let at = 0; at < bytes.length; at += 65_536) reader.push(bytes.subarray(at, at + 65_536));
    const copied = copy.mock.results.reduce((sum, { value }) => sum + Number(value), 0);
    expect(copied).toBe(bytes.length);
    expect(concat).not.toHaveBeenCalled();
    expect(got[0]?.payload.length).toBe(size);
  });
});

describe('bytes that are not a message', () => {
  const good = encoded({ header: { type: 'ready' }, payload: Buffer.from('x') });

  it.each([
    [
      'a line of text',
      Buffer.from('hello from the pipeline\n'),
      /expected a message, got other bytes: "hello from the pipeline.* file descriptor 3\?/,
    ],
    ['JSON', Buffer.from('{"type":"ready"}'), /got other bytes: "{\\"type/],
    ['zeros', Buffer.alloc(20), /got other bytes: "\\u0000/],
    [
      'a message of another version',
      patched(2, 0, 2),
      /expected a message of protocol version 1, got one of 2\. .*upgraded/,
    ],
    ['a header that is not JSON', patched(12, 0x7d), /expected a header in JSON, got "}/],
    ['a header without an end', patched(4, 0xff), /expected a header of at most \d+ bytes .* claims 42\d+ and 1/],
    [
      'a payload without an end',
      patched(8, 0xff),
      /expected .* a payload of at most \d+, got a message that claims 16 and 42\d+/,
    ],
  ])('are refused: %s', (_, bytes, text) => {
    const { reader, messages: got } = reading();
    reader.push(good);
    const error = thrownBy(() => reader.push(bytes));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error?.message).toMatch(text);
    expect(got).toHaveLength(1);
  });

  /** `good` with other bytes at `at`. */
  function patched(at: number, ...bytes: number[]): Buffer {
    const copy = Buffer.from(encoded({ header: { type: 'ready' }, payload: Buffer.from('x') }));
    copy.set(bytes, at);
    return copy;
  }

  it('are kept until more bytes arrive or refused with a ProtocolError, after all messages before them, whatever they are', () => {
    fc.assert(
      fc.property(messages, fc.uint8Array({ maxLength: 60 }), places, (sent, garbage, ends) => {
        const { reader, messages: got } = reading();
        const bytes = Buffer.concat([...sent.map(encoded), garbage]);
        const error = thrownBy(() => chunksOf(bytes, ends).forEach((chunk) => reader.push(chunk)));
        expect(error === undefined || error instanceof ProtocolError).toBe(true);
        expect(got.slice(0, sent.length)).toEqual(sent);
      }),
    );
  });
});
