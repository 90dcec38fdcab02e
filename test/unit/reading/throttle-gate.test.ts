import { describe, expect, it } from '@jest/globals';
import { ThrottleGate } from '../../../src/reading/throttle-gate.ts';
import { microtasks } from '../../support/microtasks.ts';

async function isOpen(waiting: Promise<void>): Promise<boolean> {
  let opened = false;
  void waiting.then(() => (opened = true));
  await microtasks();
  return opened;
}

describe('the throttle’s gate', () => {
  it('holds all callers while the flag is up, and lets all of them through when it is lowered', async () => {
    const gate = new ThrottleGate();
    expect(await isOpen(gate.lowered())).toBe(true);
    gate.set(true);
    const waiting = [gate.lowered(), gate.lowered()];
    expect(await isOpen(waiting[0]!)).toBe(false);
    gate.set(true);
    expect(await isOpen(waiting[1]!)).toBe(false);
    gate.set(false);
    await Promise.all(waiting);
    expect(gate.isOn).toBe(false);
  });

  it('lets waiting callers check again when it is opened, and does not change its flag', async () => {
    const gate = new ThrottleGate();
    gate.set(true);
    const waiting = gate.lowered();
    gate.open();
    await waiting;
    expect(gate.isOn).toBe(true);
    expect(await isOpen(gate.lowered())).toBe(false);
  });
});
