/**
 * The floor's hub: everything that arrives in one turn of the event loop is committed in one transaction. Only then
 * does it send `stored` to the producer and frames to the consumers. A frame's row is deleted when it is settled.
 */
import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { makeDatabase } from './sqlite-sink.ts';
import { highItems, readTask } from './task.ts';
import { kinds, receive, send } from './wire.ts';

interface Frame {
  first: number;
  count: number;
  body: Buffer;
}

interface Consumer {
  stream: Duplex;
  lent: Map<number, Frame>;
}

const lentFrames = 8;

const task = readTask();
if (task.sink.kind === 'sqlite') makeDatabase(task.sink.file);

const db = new Database(task.spool);
db.pragma('locking_mode = EXCLUSIVE');
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(`
  CREATE TABLE frames (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE TABLE run (only INTEGER PRIMARY KEY, state TEXT NOT NULL, stored INTEGER NOT NULL, done INTEGER NOT NULL) STRICT;
  INSERT INTO run VALUES (1, 'running', 0, 0)`);
const insertFrame = db.prepare('INSERT INTO frames VALUES (?, ?, ?)');
const deleteFrame = db.prepare('DELETE FROM frames WHERE first = ?');
const updateRun = db.prepare('UPDATE run SET state = ?, stored = ?, done = ?');

let arrived: Frame[] = [];
let settled: Frame[] = [];
let queue: Frame[] = [];
let nextSeq = 1;
let done = 0;
/** Stored frames that have not been acknowledged, because the queue is full. */
let untold = 0;
let hasEnded = false;
let isFinished = false;
let tickIsDue = false;

const commit = db.transaction(() => {
  for (const { first, count, body } of arrived) insertFrame.run(first, count, body);
  for (const { first } of settled) deleteFrame.run(first);
  updateRun.run(isFinished ? 'finished' : 'running', nextSeq - 1, done);
});

const producer = start('producer.js');
receive(producer, ({ kind, number, payload }) => {
  if (kind === kinds.frame) {
    arrived.push({ first: nextSeq, count: number, body: payload });
    nextSeq += number;
  } else {
    hasEnded = true;
  }
  touch();
});

const consumers = Array.from({ length: task.consumers }, (): Consumer => {
  const stream = start('consumer.js');
  const consumer = { stream, lent: new Map<number, Frame>() };
  receive(stream, ({ number: first }) => {
    const frame = consumer.lent.get(first)!;
    consumer.lent.delete(first);
    settled.push(frame);
    done += frame.count;
    touch();
  });
  return consumer;
});

function start(entry: string): Duplex {
  const file = fileURLToPath(new URL(entry, import.meta.url));
  const child = spawn(process.execPath, [file, process.argv[2]!], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  return child.stdio[3] as unknown as Duplex;
}

function touch(): void {
  if (tickIsDue) return;
  tickIsDue = true;
  setImmediate(() => {
    tickIsDue = false;
    tick();
  });
}

function tick(): void {
  isFinished = hasEnded && done === nextSeq - 1;
  commit.immediate();
  untold += arrived.length;
  queue = queue.concat(arrived);
  arrived = [];
  settled = [];
  lend();
  if (untold > 0 && nextSeq - 1 - done < highItems) {
    send(producer, kinds.stored, untold);
    untold = 0;
  }
  if (!isFinished) return;
  for (const { stream } of consumers) send(stream, kinds.end, 0);
  producer.end();
  db.close();
}

function lend(): void {
  while (queue.length > 0) {
    const consumer = consumers.reduce((a, b) => (b.lent.size < a.lent.size ? b : a));
    if (consumer.lent.size >= lentFrames) return;
    const frame = queue.shift()!;
    consumer.lent.set(frame.first, frame);
    send(consumer.stream, kinds.frame, frame.first, frame.body);
  }
}
