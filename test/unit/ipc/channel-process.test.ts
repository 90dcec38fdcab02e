/** The channel over a real socket pair, with a process at the other end: tiny programs that know only the wire format. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { MillraceError } from '../../../src/core/errors.ts';
import { createChannel, type Channel } from '../../../src/ipc/channel.ts';

interface Message {
  type: string;
  n?: number;
}

/** The beginning of every program: descriptor 3 as a socket, and how to write a message. */
const preamble = `
  import { Socket } from 'node:net';
  import { writeSync } from 'node:fs';
  const message = (header, payload = Buffer.alloc(0)) => {
    const text = Buffer.from(JSON.stringify(header));
    const prefix = Buffer.alloc(12);
    prefix.writeUInt16BE(0x4d52, 0);
    prefix.writeUInt16BE(1, 2);
    prefix.writeUInt32BE(text.length, 4);
    prefix.writeUInt32BE(payload.length, 8);
    return Buffer.concat([prefix, text, payload]);
  };
`;

const programs = {
  /** Writes 1,000 messages, which fit into the socket although nothing reads them, and dies. */
  diesWithoutAWord: `
    for (let n = 0; n < 1000; n += 100) {
      writeSync(3, Buffer.concat(Array.from({ length: 100 }, (_, i) => message({ type: 'm', n: n + i }))));
    }
    process.kill(process.pid, 'SIGKILL');
  `,
  /** Reads everything that arrives, and reports how much that was when the reading ends. */
  counts: `
    const socket = new Socket({ fd: 3 });
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (chunk.at(-1) === 9) socket.end(message({ type: 'bytes', n: bytes }));
    });
  `,
  /** Writes a thousand messages of a megabyte, waiting until each is accepted. */
  pours: `
    const socket = new Socket({ fd: 3 });
    socket.resume();
    for (let n = 0; n < 1000; n++) {
      await new Promise((resolve) => socket.write(message({ type: 'm', n }, Buffer.alloc(1024 * 1024, n)), resolve));
    }
    socket.end();
  `,
  writesGarbage: `
    writeSync(3, message({ type: 'm', n: 1 }));
    writeSync(3, 'console.log went astray');
    setInterval(() => undefined, 1000);
  `,
  lingers: `
    writeSync(3, message({ type: 'm', n: 1 }));
    const socket = new Socket({ fd: 3 });
    socket.on('end', () => process.exit(7));
    socket.resume();
  `,
} as const;

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** Starts a program; `listen` is called before a byte can have been read. */
function start(program: keyof typeof programs): { child: ChildProcess; line: Duplex } {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', preamble + programs[program]], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  started.push(child);
  return { child, line: child.stdio[3] as unknown as Duplex };
}

function receive(line: Duplex, onMessage: (message: Message, payload: Buffer) => void) {
  const closes: (MillraceError | undefined)[] = [];
  let channel: Channel<Message> | undefined;
  const closed = new Promise<void>((resolve) => {
    channel = createChannel<Message, Message>(line, {
      parse: (header) => header as Message,
      onMessage,
      onClose: (error) => {
        closes.push(error);
        resolve();
      },
    });
  });
  return { channel: channel!, closes, closed };
}

/** Waits, without letting the event loop turn, until a process is dead and everything it wrote is in the socket. */
function holdUntilDead({ pid }: ChildProcess): void {
  // A dead child whose status has not been collected is a zombie.
  while (!execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'latin1' }).startsWith('Z'));
}

describe('a channel to a process', () => {
  it.each([
    ['none', 0],
    ['some that it did not read', 20],
  ])(
    'reads to the end what a process wrote before it was killed, even if we write to it afterwards (earlier writes: %s)',
    async (_, early) => {
      const { child, line } = start('diesWithoutAWord');
      let inOrder = 0;
      let countAtClose = -1;
      const { channel, closes, closed } = receive(line, ({ n }) => {
        if (n === inOrder) inOrder += 1;
        channel.send({ type: 'answer' }, [Buffer.alloc(100)]);
      });
      const exited = once(child, 'exit');
      for (let i = 0; i < early; i++) {
        channel.send({ type: 'unread' });
        await Promise.resolve();
      }
      holdUntilDead(child);
      // Nothing has been read yet: these writes meet a dead peer in the very tick in which reading begins.
      for (let i = 0; i < 50; i++) {
        channel.send({ type: 'anybody there' }, [Buffer.alloc(10_000)]);
        await Promise.resolve();
      }
      await Promise.all([closed.then(() => (countAtClose = inOrder)), exited]);
      expect({ inOrder, countAtClose, closes }).toEqual({ inOrder: 1000, countAtClose: 1000, closes: [undefined] });
    },
  );

  it('carries a gigabyte to a process that reads, and keeps no more of it in memory than the sender has outstanding', async () => {
    const { line } = start('counts');
    const replies: Message[] = [];
    const { channel, closes, closed } = receive(line, (message) => replies.push(message));
    const megabyte = Buffer.alloc(1024 * 1024, 1);
    const most = 4 * megabyte.length;
    let sent = 0;
    let longestBacklog = 0;
    for (let n = 0; n < 1000; n++) {
      if (line.writableLength > most) await once(line, 'drain');
      const before = line.writableLength;
      channel.send({ type: 'm', n }, [megabyte]);
      sent += line.writableLength - before;
      longestBacklog = Math.max(longestBacklog, line.writableLength);
      await Promise.resolve();
    }
    const before = line.writableLength;
    channel.send({ type: 'last' }, [Buffer.of(9)]);
    sent += line.writableLength - before;
    await closed;
    expect(replies).toEqual([{ type: 'bytes', n: sent }]);
    expect(longestBacklog).toBeLessThan(most + 2 * megabyte.length);
    expect(closes).toEqual([undefined]);
  });

  it('receives every byte of a gigabyte from a process, and holds no more than a few messages at a time', async () => {
    const { line } = start('pours');
    let expected = 0;
    let wrong = 0;
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    const { closes, closed } = receive(line, ({ n }, payload) => {
      if (n !== expected || payload.length !== 1024 * 1024 || !payload.equals(Buffer.alloc(payload.length, n)))
        wrong += 1;
      expected += 1;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    });
    await closed;
    expect([expected, wrong]).toEqual([1000, 0]);
    // This includes garbage that V8 has not collected yet, so the bound is a fraction of the total, not the messages held.
    expect(most).toBeLessThan(250 * 1024 * 1024);
    expect(closes).toEqual([undefined]);
  });

  it('closes when something arrives that is not a message, and reports what it was', async () => {
    const { line } = start('writesGarbage');
    const messages: Message[] = [];
    const { closes, closed } = receive(line, (message) => messages.push(message));
    await closed;
    expect(messages).toEqual([{ type: 'm', n: 1 }]);
    expect(closes.map((error) => error?.message)).toEqual([
      expect.stringContaining('got other bytes: "console.log went astray'),
    ]);
  });

  it('ends for the process when it is ended here', async () => {
    const { child, line } = start('lingers');
    const { channel, closes, closed } = receive(line, () => channel.end());
    const [[code]] = (await Promise.all([once(child, 'exit'), closed])) as [[number], void];
    expect(code).toBe(7);
    expect(closes).toEqual([undefined]);
  });
});
