import { describe, expect, it } from '@jest/globals';
import { createPermits, type Permits } from '../../../src/calls/permits.ts';
import type { Acquire, Freeze, Release } from '../../../src/ipc/messages.ts';

function recorded(): { permits: Permits; sent: (Acquire | Release | Freeze)[] } {
  const sent: (Acquire | Release | Freeze)[] = [];
  return { sent, permits: createPermits((message) => sent.push(message)) };
}

describe('a permit', () => {
  it('is requested, granted, and released once', async () => {
    const { permits, sent } = recorded();
    const asked = permits.acquire('vendor');
    expect(sent).toEqual([{ type: 'acquire', id: 1, limit: 'vendor' }]);
    permits.onGranted({ id: 1 });
    const permit = await asked;
    permit.release();
    permit.release();
    expect(sent.slice(1)).toEqual([{ type: 'release', id: 1 }]);
  });

  it('goes to the call with its id', async () => {
    const { permits } = recorded();
    const first = permits.acquire('a').then(() => 'first');
    const second = permits.acquire('b').then(() => 'second');
    permits.onGranted({ id: 2 });
    expect(await Promise.race([first, second])).toBe('second');
    permits.onGranted({ id: 1 });
    expect(await first).toBe('first');
  });

  it('of an undefined limit is refused with the message of the supervisor', async () => {
    const { permits } = recorded();
    const asked = permits.acquire('vendr');
    permits.onRefused({ id: 1, message: 'got "vendr": it defines vendor' });
    await expect(asked).rejects.toMatchObject({ code: 'UNKNOWN_LIMIT', message: 'got "vendr": it defines vendor' });
  });

  it('is no longer requested when the signal aborts', async () => {
    const { permits, sent } = recorded();
    const controller = new AbortController();
    const asked = permits.acquire('vendor', controller.signal);
    controller.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    expect(sent.slice(1)).toEqual([{ type: 'release', id: 1 }]);
    expect(permits.waitingFor()).toBeNull();
  });

  it('is not requested with an aborted signal', async () => {
    const { permits, sent } = recorded();
    await expect(permits.acquire('vendor', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(sent).toEqual([]);
  });

  it('is released at once if the grant comes after the abort', async () => {
    const { permits, sent } = recorded();
    const controller = new AbortController();
    const asked = permits.acquire('vendor', controller.signal);
    controller.abort(new Error('enough'));
    permits.onGranted({ id: 1 });
    permits.onRefused({ id: 1, message: 'too late as well' });
    await expect(asked).rejects.toThrow('enough');
    expect(sent.at(-1)).toEqual({ type: 'release', id: 1 });
  });

  it('stays held when the signal aborts after the grant', async () => {
    const { permits, sent } = recorded();
    const controller = new AbortController();
    const asked = permits.acquire('vendor', controller.signal);
    permits.onGranted({ id: 1 });
    await asked;
    controller.abort();
    expect(sent).toHaveLength(1);
  });
});

describe('the permits of a process', () => {
  it('pass on a freeze', () => {
    const { permits, sent } = recorded();
    permits.freeze('vendor', 1500);
    permits.freeze('vendor', null);
    expect(sent).toEqual([
      { type: 'freeze', limit: 'vendor', ms: 1500 },
      { type: 'freeze', limit: 'vendor', ms: null },
    ]);
  });

  it('report the longest wait', async () => {
    const { permits } = recorded();
    expect(permits.waitingFor()).toBeNull();
    const first = permits.acquire('vendor');
    void permits.acquire('mail');
    expect(permits.waitingFor()).toBe('a permit of limit "vendor"');
    permits.onGranted({ id: 1 });
    await first;
    expect(permits.waitingFor()).toBe('a permit of limit "mail"');
  });
});
