import { describe, expect, it } from '@jest/globals';
import type { Status } from '../../../src/observability/status.ts';
import { Controls, type Controlled } from '../../../src/service/controls.ts';

function aService(): { notes: string[]; service: Controlled } {
  const notes: string[] = [];
  const service: Controlled = {
    status: { name: 'books' } as Status,
    stop: (reason) => void notes.push(`stop: ${reason}`),
    pause: (reason) => void notes.push(`pause: ${reason}`),
    resume: () => void notes.push('resume'),
    reload: () => Promise.resolve({ replaced: 2 }),
  };
  return { notes, service };
}

describe('the controls of a service', () => {
  it('stop it once, however often a stop is requested', () => {
    const controls = new Controls();
    const stops: string[] = [];
    controls.listen((reason) => stops.push(reason));
    controls.stop('first');
    controls.stop('second');
    expect(stops).toEqual(['first']);
  });

  it('hurry it when a second signal comes', () => {
    const controls = new Controls();
    const stops: string[] = [];
    controls.listen((reason) => stops.push(reason));
    controls.press('SIGTERM');
    controls.press('SIGINT');
    expect(stops).toEqual(['SIGTERM', 'SIGINT']);
  });

  it('pass on a stop and a pause that came before the service', () => {
    const controls = new Controls();
    controls.pause('maintenance');
    controls.stop('early');
    const { notes, service } = aService();
    controls.attach(service);
    controls.listen(service.stop);
    expect(notes).toEqual(['pause: maintenance', 'stop: early']);
  });

  it('do not pause a service that was resumed before it started', () => {
    const controls = new Controls();
    controls.pause('maintenance');
    controls.resume();
    const { notes, service } = aService();
    controls.attach(service);
    expect(notes).toEqual([]);
  });

  it('keep the last status after the end, and refuse to reload', async () => {
    const controls = new Controls();
    expect(controls.status).toBeUndefined();
    const detach = controls.attach(aService().service);
    expect(await controls.reload()).toEqual({ replaced: 2 });
    detach();
    expect(controls.status).toMatchObject({ name: 'books' });
    await expect(controls.reload()).rejects.toThrow('not reloaded: the service does not run');
  });
});
