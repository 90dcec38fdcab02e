import { describe, expect, it } from '@jest/globals';
import { createPermits, type Permits } from '../../../src/calls/permits.ts';
import { type CallScope, openScope } from '../../../src/calls/scope.ts';
import { HandClock } from '../../support/hand-clock.ts';

function opened(): { scope: CallScope; permits: Permits; sent: string[]; end: AbortController } {
  const sent: string[] = [];
  const permits = createPermits((message) => sent.push(message.type));
  const end = new AbortController();
  const clock = new HandClock();
  const deps = { fetch: () => Promise.reject(new Error('not in these tests')), permits, clock };
  return { scope: openScope(deps, end.signal), permits, sent, end };
}

describe('a task under a limit', () => {
  it('runs once there is a permit, which goes back when it has settled', async () => {
    const { scope, permits, sent } = opened();
    const ran: string[] = [];
    const done = scope.limit('vendor', async () => {
      ran.push(...sent);
      return await Promise.resolve('result');
    });
    expect(ran).toEqual([]);
    permits.onGranted({ id: 1 });
    expect(await done).toBe('result');
    expect(ran).toEqual(['acquire']);
    expect(sent).toEqual(['acquire', 'release']);
  });

  it('gives its permit back when it throws, and the error is its own', async () => {
    const { scope, permits, sent } = opened();
    const done = scope.limit('vendor', () => {
      throw new Error('of the task');
    });
    permits.onGranted({ id: 1 });
    await expect(done).rejects.toThrow('of the task');
    expect(sent).toEqual(['acquire', 'release']);
  });

  it('does not run if the time of the item ends in line', async () => {
    const { scope, sent, end } = opened();
    const ran: string[] = [];
    const done = scope.limit('vendor', () => ran.push('task'));
    end.abort(new Error('took too long'));
    await expect(done).rejects.toMatchObject({ name: 'RetryAfter' });
    expect(sent).toEqual(['acquire', 'release']);
    expect(ran).toEqual([]);
  });

  it('does not run if the item settles without having waited for it', async () => {
    const { scope, permits, sent } = opened();
    const ran: string[] = [];
    void scope.limit('vendor', () => ran.push('task'));
    scope.close();
    permits.onGranted({ id: 1 });
    await expect(scope.limit('vendor', () => ran.push('late'))).rejects.toThrow('the item is settled');
    expect(ran).toEqual([]);
    expect(sent).toEqual(['acquire', 'release', 'release']);
  });
});
