import { describe, expect, it } from '@jest/globals';
import { Nesting } from '../../../src/calls/nesting.ts';
import { createPermits, type Permits } from '../../../src/calls/permits.ts';
import { type CallScope, openScope } from '../../../src/calls/scope.ts';
import { verdictOf } from '../../../src/core/errors.ts';
import { HandClock } from '../../support/hand-clock.ts';

function opened(blocks = true): { scope: CallScope; permits: Permits; sent: string[]; end: AbortController } {
  const sent: string[] = [];
  const permits = createPermits((message) => sent.push(message.type));
  const end = new AbortController();
  const clock = new HandClock();
  const deps = {
    fetch: () => Promise.reject(new Error('not in these tests')),
    permits,
    clock,
    nesting: new Nesting(() => blocks),
  };
  return { scope: openScope(deps, end.signal), permits, sent, end };
}

describe('a task under a limit', () => {
  it('runs once there is a permit, which is released when the task has settled', async () => {
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

  it('releases its permit when it throws, and rejects with its own error', async () => {
    const { scope, permits, sent } = opened();
    const done = scope.limit('vendor', () => {
      throw new Error('of the task');
    });
    permits.onGranted({ id: 1 });
    await expect(done).rejects.toThrow('of the task');
    expect(sent).toEqual(['acquire', 'release']);
  });

  it('does not run if the time of the item ends while it waits', async () => {
    const { scope, sent, end } = opened();
    const ran: string[] = [];
    const done = scope.limit('vendor', () => ran.push('task'));
    end.abort(new Error('took too long'));
    await expect(done).rejects.toMatchObject({ name: 'RetryAfter' });
    expect(sent).toEqual(['acquire', 'release']);
    expect(ran).toEqual([]);
  });

  it('does not run if the item settles without having awaited it', async () => {
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

describe('a call inside a task under a limit', () => {
  /** The outcome of a call inside a task under limit `vendor`, if every permit is granted. */
  async function inside(inner: (scope: CallScope) => unknown, { blocks = true } = {}): Promise<unknown> {
    const { scope, permits } = opened(blocks);
    const done = scope.limit('vendor', () => inner(scope)).catch((error: unknown) => error);
    for (const id of [1, 2, 3]) {
      permits.onGranted({ id });
      await new Promise((resolve) => setImmediate(resolve));
    }
    return await done;
  }
  const refused = { code: 'NESTED_LIMIT', exitCode: 78, message: expect.stringContaining('limit "vendor"') };

  it.each<[how: string, inner: (scope: CallScope) => unknown]>([
    ['by limit', ({ limit }) => limit('vendor', () => 'never')],
    ['by fetch', ({ fetch }) => fetch('http://127.0.0.1', { limit: 'vendor' })],
    ['through another limit', ({ limit }) => limit('other', () => limit('vendor', () => 'never'))],
    [
      'after another wait',
      async ({ limit }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return await limit('vendor', () => 'never');
      },
    ],
  ])('fails at once and permanently if it needs the same limit, and names the limit: %s', async (_, inner) => {
    const error = await inside(inner);
    expect(error).toMatchObject(refused);
    expect(verdictOf(error)).toBe('permanent');
  });

  it('may use another limit', async () => {
    expect(await inside(({ limit }) => limit('other', () => 'result'))).toBe('result');
  });

  it('may use the same limit if it is only a rate, because permits of a rate need not be returned', async () => {
    expect(await inside(({ limit }) => limit('vendor', () => 'result'), { blocks: false })).toBe('result');
  });

  it('may use the same limit after its task has ended, or next to another task', async () => {
    const { scope, permits } = opened();
    const { limit } = scope;
    let late: Promise<unknown> | undefined;
    const first = limit('vendor', () => {
      late = new Promise((resolve) => setImmediate(resolve)).then(() => limit('vendor', () => 'late'));
    });
    const beside = limit('vendor', () => 'beside');
    permits.onGranted({ id: 1 });
    await first;
    permits.onGranted({ id: 2 });
    expect(await beside).toBe('beside');
    await new Promise((resolve) => setImmediate(resolve));
    permits.onGranted({ id: 3 });
    expect(await late).toBe('late');
  });
});
