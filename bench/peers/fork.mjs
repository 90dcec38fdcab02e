/**
 * child_process.fork as people use it by hand: a producer sends arrays of items to the parent, which relays them to two
 * consumers, a few to each; advanced serialization.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { items } from '../items.ts';
import { leaveMark } from '../marks.ts';
import { Places } from './in-flight.mjs';
import { batches, consumerReady, count, countDone, isConsumer, measured, startConsumers } from './two-consumers.mjs';

const options = { serialization: 'advanced' };
const atOnce = 8;

if (isConsumer) {
  process.on('message', (batch) => {
    for (const item of batch) if (item.id === 0) throw new Error('expected an id');
    process.send('next');
    countDone(batch.length);
  });
  consumerReady();
} else if (process.argv[2] === 'producer') {
  const places = new Places(atOnce * 2);
  process.on('message', (message) => {
    if (message === 'next') places.give();
  });
  process.send('ready');
  await once(process, 'message');
  leaveMark('first-yield');
  for (const batch of batches(items(count), 256)) {
    await places.take();
    process.send(batch);
  }
} else {
  const producer = fork(process.argv[1], ['producer'], options);
  await once(producer, 'message');
  const consumers = await startConsumers(options);
  const held = new Map(consumers.map((consumer) => [consumer, 0]));
  const waiting = [];
  const relay = () => {
    while (waiting.length > 0) {
      const [[consumer, has]] = [...held].toSorted(([, a], [, b]) => a - b);
      if (has >= atOnce) return;
      held.set(consumer, has + 1);
      consumer.send(waiting.shift());
    }
  };
  producer.on('message', (batch) => {
    waiting.push(batch);
    relay();
  });
  for (const consumer of consumers) {
    consumer.on('message', (message) => {
      if (message !== 'next') return;
      held.set(consumer, held.get(consumer) - 1);
      producer.send('next');
      relay();
    });
  }
  await measured(consumers, () => producer.send('go'));
}
