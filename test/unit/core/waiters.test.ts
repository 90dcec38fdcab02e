import { expect, it } from '@jest/globals';
import { Waiters } from '../../../src/core/waiters.ts';
import { microtasks } from '../../support/microtasks.ts';

it('wakes all waiters in the order in which they came; a waiter that comes during that waits for the next time', async () => {
  const waiters = new Waiters();
  const woken: string[] = [];
  const wait = async (name: string): Promise<void> => {
    await waiters.next();
    woken.push(name);
    if (name === 'first') void wait('again');
  };
  void wait('first');
  void wait('second');
  await microtasks();
  expect(woken).toEqual([]);
  waiters.wake();
  await microtasks();
  expect(woken).toEqual(['first', 'second']);
  waiters.wake();
  await microtasks();
  expect(woken).toEqual(['first', 'second', 'again']);
});
