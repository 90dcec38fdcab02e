/** The floor's consumer: decodes frames, processes their items, writes the results, and settles. */
import { Socket } from 'node:net';
import { Unpackr } from 'msgpackr';
import type { Item, Ping } from '../items.ts';
import { leaveNumbers, leaveReady, nowNs } from '../marks.ts';
import { openSink, type Sink } from './sqlite-sink.ts';
import { readTask } from './task.ts';
import { kinds, receive, send, type Message } from './wire.ts';

const task = readTask();
const unpackr = new Unpackr({ moreTypes: true, useBigIntExtension: true, copyBuffers: true });
const hub = new Socket({ fd: 3, readable: true, writable: true });
const latencies: number[] = [];
const sink: Sink | undefined = task.sink.kind === 'sqlite' ? openSink(task.sink.file) : undefined;

leaveReady();
let arrived: Message[] = [];
receive(hub, (message) => {
  if (message.kind === kinds.end) {
    leaveNumbers('latencies', latencies);
    sink?.close();
    hub.end();
    return;
  }
  arrived.push(message);
  // Everything that arrives in one turn goes into the sink in one transaction.
  if (arrived.length === 1) setImmediate(work);
});

function work(): void {
  const frames = arrived;
  arrived = [];
  const rows: Item[] = [];
  const written: { first: number; count: number }[] = [];
  for (const { number: first, payload } of frames) {
    const items = unpackr.unpack(payload) as (Item | Ping)[];
    for (const item of items) {
      const result = process(item);
      if (result !== undefined) rows.push(result);
    }
    written.push({ first, count: items.length });
  }
  sink?.commit(rows, written);
  for (const { first } of written) send(hub, kinds.settled, first);
}

function process(item: Item | Ping): Item | undefined {
  if ('at' in item) {
    if (item.counts) latencies.push(nowNs() - item.at);
  } else if (sink) return item;
  return undefined;
}
