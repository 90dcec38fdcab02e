import { describe, expect, it } from '@jest/globals';
import { type ItemPermits, itemPermits } from '../../../src/calls/item-permits.ts';
import { createPermits, type Permits } from '../../../src/calls/permits.ts';
import { HandClock } from '../../support/hand-clock.ts';

interface Setting {
  clock: HandClock;
  permits: Permits;
  item: ItemPermits;
  end: AbortController;
}

function setting(): Setting {
  const clock = new HandClock();
  const permits = createPermits(() => {});
  const end = new AbortController();
  return { clock, permits, end, item: itemPermits(permits, clock, end.signal) };
}

const putOff = { name: 'RetryAfter', message: expect.stringContaining('waiting for a permit of limit "vendor"') };

describe('an item whose time ends while it waits for a permit', () => {
  it('is postponed if it was never granted one', async () => {
    const { clock, item, end } = setting();
    const asked = item.acquire('vendor');
    clock.turn(300_000);
    end.abort(new Error('took too long'));
    await expect(asked).rejects.toMatchObject({ ...putOff, ms: 1000 });
  });

  it('is postponed if it was granted none in the second half of its time', async () => {
    const { clock, item, end, permits } = setting();
    clock.turn(100_000);
    const first = item.acquire('vendor');
    permits.onGranted({ id: 1 });
    await first;
    const second = item.acquire('vendor');
    clock.turn(100_000);
    end.abort(new Error('took too long'));
    await expect(second).rejects.toMatchObject(putOff);
  });

  it('fails as too slow if it was granted one later, because it would be no faster the next time', async () => {
    const { clock, item, end, permits } = setting();
    clock.turn(100_000);
    const first = item.acquire('vendor');
    permits.onGranted({ id: 1 });
    await first;
    const second = item.acquire('vendor');
    clock.turn(99_999);
    end.abort(new Error('took too long'));
    await expect(second).rejects.toThrow('took too long');
  });

  it('is postponed until the end of a known freeze, even if it was granted permits before', async () => {
    const { clock, item, end, permits } = setting();
    clock.turn(100_000);
    const first = item.acquire('vendor');
    permits.onGranted({ id: 1 });
    await first;
    item.freeze('vendor', 60_000);
    const second = item.acquire('vendor');
    clock.turn(20_000);
    end.abort(new Error('took too long'));
    await expect(second).rejects.toMatchObject({ ...putOff, ms: 40_000 });
  });

  it('rejects later requests with the reason for its end', async () => {
    const { item, end } = setting();
    end.abort(new Error('took too long'));
    await expect(item.acquire('vendor')).rejects.toThrow('took too long');
  });
});

describe('a signal of the user', () => {
  it('ends the wait with its own reason', async () => {
    const { item } = setting();
    const user = new AbortController();
    const asked = item.acquire('vendor', user.signal);
    user.abort(new Error('no longer wanted'));
    await expect(asked).rejects.toThrow('no longer wanted');
  });
});

describe('an undefined limit', () => {
  it('is refused', async () => {
    const { item, permits } = setting();
    const asked = item.acquire('vendr');
    permits.onRefused({ id: 1, message: 'no such limit' });
    await expect(asked).rejects.toMatchObject({ code: 'UNKNOWN_LIMIT' });
  });
});
