/** The floor's producer: encodes items into frames and sends them, at most a window ahead of what is stored. */
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Packr } from 'msgpackr';
import { items, pings, type Item, type Ping } from '../items.ts';
import { consumersReady, leaveMark } from '../marks.ts';
import { frameItems, readTask, windowBytes } from './task.ts';
import { kinds, receive, send } from './wire.ts';

const { source, consumers } = readTask();
const packr = new Packr({ moreTypes: true, useBigIntExtension: true });
const hub = new Socket({ fd: 3, readable: true, writable: true });

/** Frames that are not stored yet. */
const outstanding = { sizes: [] as number[], bytes: 0 };
let onStored = (): void => undefined;
receive(hub, ({ kind, number }) => {
  if (kind !== kinds.stored) return;
  for (let i = 0; i < number; i++) outstanding.bytes -= outstanding.sizes.shift()!;
  onStored();
});

consumersReady(consumers);
leaveMark('first-yield');
let gathered: (Item | Ping)[] = [];
if (source.kind === 'items') {
  for (const item of items(source.count, source.bytes)) {
    gathered.push(item);
    if (gathered.length === frameItems) await sendFrame();
  }
} else {
  for await (const ping of pings(source.count)) {
    gathered.push(ping);
    await sendFrame();
  }
}
if (gathered.length > 0) await sendFrame();
while (outstanding.bytes > 0) await stored();
send(hub, kinds.end, 0);

async function sendFrame(): Promise<void> {
  const bytes = packr.pack(gathered);
  send(hub, kinds.frame, gathered.length, bytes);
  gathered = [];
  outstanding.sizes.push(bytes.length);
  outstanding.bytes += bytes.length;
  await turn();
  while (outstanding.bytes > windowBytes) await stored();
}

function stored(): Promise<void> {
  return new Promise((resolve) => {
    onStored = resolve;
  });
}
