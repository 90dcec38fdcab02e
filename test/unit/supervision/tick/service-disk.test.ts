import { describe, expect, it } from '@jest/globals';
import { ioError } from '../../../../src/queue/spool/failure.ts';
import { AService } from '../../../support/a-service.ts';

const MiB = 1024 * 1024;
const total = 100_000 * MiB;

describe('a disk that is almost full', () => {
  it('pauses the producer, says so and why, and lets stored items finish', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.space = { free: 255 * MiB, total };
    world.pass(1000);
    expect(world.producer.last('throttle')).toEqual({ type: 'throttle', on: true });
    expect(world.emitted('disk.low')).toEqual([{ free: 255 * MiB, minFree: 256 * MiB }]);
    const { queue, reasons } = world.service.status;
    expect(queue.throttled).toBe(true);
    expect(reasons).toContain(
      'only 255MiB are free on the disk of the state directory: the producer is paused until more than 256MiB are free (minFree)',
    );
    world.consumer().settles(1, 2);
    world.tick();
    expect(world.consumer().last('settled')).toEqual({ type: 'settled' });
  });

  it('resumes the producer when a little more than the floor is free, and does not flap', () => {
    const world = new AService({ settings: { minFreeBytes: 100 * MiB } }).runReady();
    for (const free of [99, 101, 109, 99, 111, 101, 100]) {
      world.space = { free: free * MiB, total };
      world.pass(1000);
    }
    const told = world.producer.sent.flatMap((message) => (message.type === 'throttle' ? [message.on] : []));
    expect(told).toEqual([true, false]);
    expect([world.emitted('disk.low'), world.emitted('disk.ok')].map(({ length }) => length)).toEqual([1, 1]);
  });

  it('also pauses a producer that starts while it lasts', () => {
    const world = new AService();
    world.space = { free: 1, total };
    world.runReady();
    expect(world.producer.last('throttle')).toEqual({ type: 'throttle', on: true });
  });

  it.each([
    ['no minimum is set', 0, () => ({ free: 0, total })],
    [
      'the system does not report its space',
      null,
      () => {
        throw new Error('ENOSYS');
      },
    ],
  ])('has no effect when %s', (_, minFreeBytes, space) => {
    const world = new AService({ settings: { minFreeBytes } });
    Object.defineProperty(world, 'space', { get: space });
    world.runReady();
    world.pass(5000);
    expect(world.service.status.queue.throttled).toBe(false);
  });
});

describe('the log of the spool', () => {
  it('is reported once when it has grown large', () => {
    const world = new AService().runReady();
    for (const bytes of [60, 70, 80, 10, 65]) {
      world.logBytes = bytes * MiB;
      world.pass(10_000);
    }
    expect(world.emitted('spool.logLarge').map(({ bytes }) => bytes / MiB)).toEqual([70, 65]);
  });

  it('that cannot be emptied ends the service if the error is final', async () => {
    const world = new AService().runReady();
    Object.defineProperty(world, 'logBytes', {
      get: () => {
        throw ioError('the disk has failed', undefined);
      },
    });
    world.pass(10_000);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 74, spoolFailed: true });
  });
});
