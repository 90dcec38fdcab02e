import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MillraceError, ProtocolError } from '../../../src/core/errors.ts';
import { createChannel, type Channel, type ChannelListener } from '../../../src/ipc/channel.ts';
import { socketPair } from '../../support/socket-pair.ts';

interface Message {
  type: string;
  n?: number;
}

/** A channel's end, what it has received, and how it closed. */
class End {
  readonly channel: Channel<Message>;
  readonly messages: Message[] = [];
  readonly payloads: Buffer[] = [];
  readonly closes: (MillraceError | undefined)[] = [];
  readonly closed: Promise<MillraceError | undefined>;

  constructor(stream: Duplex, listener: Partial<ChannelListener<Message>> = {}) {
    let resolve: (error: MillraceError | undefined) => void;
    this.closed = new Promise((done) => (resolve = done));
    this.channel = createChannel<Message, Message>(stream, {
      parse: (header) => header as Message,
      onMessage: (message, payload) => {
        this.messages.push(message);
        this.payloads.push(Buffer.from(payload));
      },
      onClose: (error) => {
        this.closes.push(error);
        resolve(error);
      },
      ...listener,
    });
  }
}

interface Pair {
  near: End;
  far: End;
  line: [Duplex, Duplex];
}

async function pair(listener?: Partial<ChannelListener<Message>>): Promise<Pair> {
  const line = await socketPair();
  return { near: new End(line[0]), far: new End(line[1], listener), line };
}

describe('a flush', () => {
  /** A connection that accepts writes when the test says so. */
  function slowLine(): { line: Duplex; written: string[]; go: () => void } {
    const written: string[] = [];
    const waiting: ((error?: Error) => void)[] = [];
    const take = (bytes: string, done: (error?: Error) => void): void => {
      written.push(bytes);
      waiting.push(done);
    };
    const line = new Duplex({
      read: () => undefined,
      // As a socket does: writes in progress fail.
      destroy: (error, closed) => {
        for (const done of waiting) done(new Error('canceled'));
        closed(error);
      },
      write: (chunk: Buffer, _encoding, done) => take(chunk.toString(), done),
      writev: (chunks, done) => take(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)).toString(), done),
    });
    return { line, written, go: () => waiting.shift()?.() };
  }

  async function isOver(promise: Promise<void> | undefined): Promise<boolean> {
    let over = false;
    void Promise.resolve(promise).then(() => (over = true));
    await new Promise((turn) => setImmediate(turn));
    return over;
  }

  it('writes at once, and waits until everything sent has been accepted', async () => {
    const { line, written, go } = slowLine();
    const { channel } = new End(line);
    channel.send({ type: 'first' });
    const flushed = channel.flush();
    expect(written.join('')).toContain('first');
    expect(await isOver(flushed)).toBe(false);
    go();
    await new Promise((turn) => setImmediate(turn));
    go();
    expect(await isOver(flushed)).toBe(true);
  });

  it('has nothing to wait for when nothing was sent, or when the channel has closed', async () => {
    const { line } = slowLine();
    const { channel } = new End(line);
    expect(channel.flush()).toBeUndefined();
    channel.send({ type: 'first' });
    const flushed = channel.flush();
    channel.destroy();
    expect(await isOver(flushed)).toBe(true);
    expect(await isOver(channel.flush())).toBe(true);
  });

  it('takes no time if the operating system accepts everything at once', async () => {
    const { near, far } = await pair();
    near.channel.send({ type: 'm', n: 1 });
    await near.channel.flush();
    near.channel.send({ type: 'm', n: 2 });
    await near.channel.flush();
    near.channel.end();
    await far.closed;
    expect(far.messages.map(({ n }) => n)).toEqual([1, 2]);
  });
});

describe('a channel', () => {
  it('delivers everything that was sent before its end, in order, and then closes on both sides, once', async () => {
    const payload = fc.array(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      { maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { maxLength: 20 }), async (payloads) => {
        const { near, far } = await pair();
        payloads.forEach((parts, n) => near.channel.send({ type: 'm', n }, parts));
        near.channel.end();
        expect(await Promise.all([near.closed, far.closed])).toEqual([undefined, undefined]);
        expect(far.messages).toEqual(payloads.map((_, n) => ({ type: 'm', n })));
        expect(far.payloads).toEqual(payloads.map((parts) => Buffer.concat(parts)));
        expect([near.closes, far.closes]).toEqual([[undefined], [undefined]]);
      }),
      { numRuns: 50 },
    );
  });

  it('still reads after it has ended: messages that the peer sends until it notices arrive', async () => {
    const { near, far } = await pair();
    far.channel.send({ type: 'before' });
    near.channel.end();
    far.channel.send({ type: 'after' });
    await near.closed;
    expect(near.messages).toEqual([{ type: 'before' }, { type: 'after' }]);
  });

  it('sends all messages of a turn in one write, and the messages of the next turn in the next write', async () => {
    const writes: Buffer[] = [];
    const stream = new Duplex({
      read: () => undefined,
      writev: (chunks, done) => {
        writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)));
        done();
      },
    });
    const { channel } = new End(stream);
    for (let n = 0; n < 3; n++) channel.send({ type: 'a', n }, [Buffer.from('payload')]);
    expect(writes).toEqual([]);
    await Promise.resolve();
    channel.send({ type: 'b' });
    await new Promise(setImmediate);
    expect(writes.map((bytes) => String(bytes).match(/"type":"."/g))).toEqual([
      Array(3).fill('"type":"a"'),
      ['"type":"b"'],
    ]);
  });

  it.each([
    ['an invalid message', new ProtocolError('no such message'), 'no such message'],
    ['an error of ours', new MillraceError('X', 'text'), 'text'],
    ['a bug', new TypeError('no function'), 'a message could not be handled: TypeError: no function'],
  ])('closes after an error in the handling of a message and reports it: %s', async (_, thrown, text) => {
    const { near, far } = await pair({
      onMessage: () => {
        throw thrown;
      },
    });
    near.channel.send({ type: 'm' });
    const error = await far.closed;
    expect(error).toBeInstanceOf(MillraceError);
    expect(error?.message).toBe(text);
    await near.closed;
    expect(far.closes).toHaveLength(1);
  });

  it('closes after a message that does not parse, and delivers nothing after it', async () => {
    const handed: unknown[] = [];
    const { near, far } = await pair({
      parse: (header) => {
        if ((header as Message).n === 1) throw new ProtocolError('the second is wrong');
        return header as Message;
      },
      onMessage: (message) => handed.push(message),
    });
    for (let n = 0; n < 3; n++) near.channel.send({ type: 'm', n });
    expect((await far.closed)?.message).toBe('the second is wrong');
    expect(handed).toEqual([{ type: 'm', n: 0 }]);
  });

  it('closes after bytes that are not a message', async () => {
    const { far, line } = await pair();
    line[0].write('this is not a message');
    expect(await far.closed).toBeInstanceOf(ProtocolError);
  });

  it('ignores a message that was cut off, without an error', async () => {
    const [near, far] = await socketPair();
    const bytes: Buffer[] = [];
    const recorder = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        bytes.push(chunk);
        done();
      },
    });
    new End(recorder).channel.send({ type: 'whole' }, [Buffer.from('payload')]);
    await new Promise(setImmediate);
    const message = Buffer.concat(bytes);
    const end = new End(far);
    near.end(Buffer.concat([message, message.subarray(0, message.length - 1)]));
    expect(await end.closed).toBeUndefined();
    expect(end.messages).toEqual([{ type: 'whole' }]);
  });

  it('delivers nothing more after it was destroyed during a message, not even from the same chunk', async () => {
    const line = await socketPair();
    const near = new End(line[0]);
    const handed: Message[] = [];
    const far: End = new End(line[1], {
      onMessage: (message) => {
        handed.push(message);
        far.channel.destroy();
      },
    });
    for (let n = 0; n < 3; n++) near.channel.send({ type: 'm', n });
    expect(await far.closed).toBeUndefined();
    expect(handed).toEqual([{ type: 'm', n: 0 }]);
  });

  it('neither throws nor sends after it has closed', async () => {
    const { near, far } = await pair();
    near.channel.destroy();
    near.channel.send({ type: 'while closing' });
    await Promise.all([near.closed, far.closed]);
    for (const { channel } of [near, far]) {
      channel.send({ type: 'late' }, [Buffer.from('late')]);
      channel.end();
      channel.destroy();
    }
    await new Promise(setImmediate);
    expect([near.messages, far.messages]).toEqual([[], []]);
    expect([near.closes, far.closes]).toEqual([[undefined], [undefined]]);
  });

  it('sends nothing after it has been ended', async () => {
    const { near, far } = await pair();
    near.channel.send({ type: 'last' });
    near.channel.end();
    near.channel.end();
    near.channel.send({ type: 'too late' });
    await far.closed;
    expect(far.messages).toEqual([{ type: 'last' }]);
  });

  it.each(['EPIPE', 'ECONNRESET'])(
    'reads everything that a peer had sent, even if a write finds that the peer has gone (%s)',
    async (code) => {
      const line = await socketPair();
      const far = new End(line[1]);
      for (const method of ['_write', '_writev'] as const) {
        line[0][method] = (...args: unknown[]) =>
          (args.at(-1) as (error: Error) => void)(Object.assign(new Error(code), { code }));
      }
      const near = new End(line[0]);
      for (let n = 0; n < 100; n++) {
        near.channel.send({ type: 'nobody reads this' }, [Buffer.alloc(10)]);
        far.channel.send({ type: 'm', n });
        await Promise.resolve();
      }
      far.channel.end();
      expect(await near.closed).toBeUndefined();
      expect(near.messages).toHaveLength(100);
      expect(near.closes).toEqual([undefined]);
      expect(far.messages).toEqual([]);
    },
  );

  it('closes with the error when the connection fails in another way', async () => {
    const { near, line } = await pair();
    line[0].destroy(Object.assign(new Error('bad descriptor'), { code: 'EBADF' }));
    expect(await near.closed).toMatchObject({ code: 'CHANNEL', message: 'the channel failed: bad descriptor' });
  });
});
