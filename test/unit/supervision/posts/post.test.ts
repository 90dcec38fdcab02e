import { describe, expect, it } from '@jest/globals';
import type { FromConsumer, ToConsumer } from '../../../../src/ipc/messages.ts';
import { EventBus, type ChildState } from '../../../../src/observability/events.ts';
import { Post } from '../../../../src/supervision/posts/post.ts';
import { FakeConsumer } from '../../../support/fake-child.ts';
import { HandClock } from '../../../support/hand-clock.ts';

/** A post, its consecutive processes, and the events in order. */
function aPost() {
  const clock = new HandClock();
  const events = new EventBus();
  const happened: string[] = [];
  const children: FakeConsumer[] = [];
  events.subscribe((name, event) => {
    if (name === 'child.state') happened.push(`is ${(event as { to: ChildState }).to}`);
    if (name === 'child.exited') happened.push((event as { reason: string }).reason);
  });
  const settings = { restarts: { crashes: 2, periodMs: 60_000 }, readyTimeoutMs: 1000, endTimeoutMs: 5000 };
  const broken = (error: unknown): never => {
    throw error;
  };
  const hub = { clock, random: () => 0, events, settings, touch: () => undefined, broken };
  const post: Post<FromConsumer, ToConsumer> = new Post<FromConsumer, ToConsumer>(hub, {
    role: 'consumer',
    ordinal: 3,
    spawn: () => {
      const child = new FakeConsumer({ role: 'consumer', ordinal: 3, pid: 100 + children.length });
      children.push(child);
      return child;
    },
    onStart: () => happened.push('start'),
    onMessage: (message) => happened.push(message.type),
    onGone: (_exit, isExpected) => {
      happened.push(isExpected ? 'gone as told' : 'gone');
      return { givenBack: 5, crash: { blame: 'process' } };
    },
    heldBack: () => undefined,
  });
  return { clock, post, children, happened, child: () => children.at(-1)! };
}

describe('a post', () => {
  it('kills a process that does not end when asked, and asks its successor to end', () => {
    const { clock, post, child, children, happened } = aPost();
    post.start();
    post.ready();
    post.end();
    clock.turn(4999);
    expect(child().killedFor).toBeUndefined();
    clock.turn(1);
    expect(child().killedFor).toContain('did not end within 5s');
    child().dies();
    expect(post.state).toBe('backoff');
    clock.turn(125);
    expect(children).toHaveLength(2);
    expect(post.owesEnd).toBe(true);
    expect(happened).toContain('gone');
  });

  it('does not count it as a crash when a process that is not needed any more is killed before it is ready', () => {
    const { post, child, happened } = aPost();
    post.start();
    post.drain();
    child().dies();
    expect(happened).toContain('gone as told');
    expect(post.state).toBe('stopped');
  });

  it('goes from crash to back-off to a new start, and is parked when that happens too often; it keeps its ordinal', () => {
    const { clock, post, child, children, happened } = aPost();
    post.start();
    post.ready();
    child().dies();
    expect(happened.splice(0)).toEqual(['is starting', 'start', 'is ready', 'gone', 'killed by SIGKILL', 'is backoff']);
    expect(post.child).toBeUndefined();
    clock.turn(124);
    expect(children).toHaveLength(1);
    clock.turn(1);
    expect(children).toHaveLength(2);
    child().goes({ code: 1 });
    clock.turn(250);
    child().goes({ code: 0 });
    expect(happened.splice(0)).toEqual([
      'is starting',
      'start',
      'gone',
      'exited 1',
      'is backoff',
      'is starting',
      'start',
      'gone',
      'exited 0 unexpectedly',
      'is parked',
    ]);
    expect(post).toMatchObject({ state: 'parked', isOver: true, restarts: 2, ordinal: 3 });
    clock.turn(600_000);
    expect(children).toHaveLength(3);
    expect(clock.waiting).toBe(0);
  });

  it('expects an exit only from a process that has reported that it has ended', () => {
    const { post, child, happened } = aPost();
    post.start();
    post.ready();
    post.drain();
    post.ended();
    child().goes({ code: 0 });
    expect(happened.slice(-3)).toEqual(['gone as told', 'ended', 'is stopped']);
  });

  it('does not replace a process that dies after it was asked to stop, and reports that it had not ended', () => {
    const { post, child, happened, clock } = aPost();
    post.start();
    post.ready();
    post.drain();
    child().goes({ code: 0 });
    expect(happened.slice(-3)).toEqual(['gone', 'exited 0 before finishing', 'is stopped']);
    expect(clock.waiting).toBe(0);
  });

  it('replaces a process that dies during its end work, until the post is asked to stop', () => {
    const { post, child, children, clock } = aPost();
    post.start();
    post.ready();
    post.end();
    child().dies();
    expect(post).toMatchObject({ state: 'backoff', owesEnd: true });
    clock.turn(125);
    post.ready();
    post.end();
    post.drain();
    child().dies();
    expect(post).toMatchObject({ state: 'stopped', owesEnd: false });
    clock.turn(60_000);
    expect(children).toHaveLength(2);
  });

  it('does not replace a process that finished its end work and failed only to exit cleanly', () => {
    const { post, child } = aPost();
    post.start();
    post.ready();
    post.end();
    post.ended();
    child().dies();
    expect(post).toMatchObject({ state: 'stopped', owesEnd: false });
  });

  it.each<[ChildState, (made: ReturnType<typeof aPost>) => void, ChildState]>([
    ['stopped', () => undefined, 'stopped'],
    ['starting', ({ post }) => post.start(), 'draining'],
    [
      'ready',
      ({ post }) => {
        post.start();
        post.ready();
      },
      'draining',
    ],
    [
      'draining',
      ({ post }) => {
        post.start();
        post.drain();
      },
      'draining',
    ],
    [
      'backoff',
      ({ post, child }) => {
        post.start();
        child().dies();
      },
      'stopped',
    ],
    [
      'parked',
      ({ post, child, clock }) => {
        post.start();
        for (let i = 0; i < 3; i++) {
          child().dies();
          clock.turn(500);
        }
      },
      'stopped',
    ],
  ])('that is %s can be drained repeatedly, and leaves no timer behind', (state, bring, drained) => {
    const made = aPost();
    bring(made);
    expect(made.post.state).toBe(state);
    made.post.drain();
    made.post.drain();
    expect(made.post.state).toBe(drained);
    expect(made.clock.waiting).toBe(0);
  });

  it('kills a process that does not answer in time, counted from when it was asked', () => {
    const { post, child, clock } = aPost();
    post.start();
    clock.turn(5000);
    post.asked();
    clock.turn(999);
    expect(child().killedFor).toBeUndefined();
    post.asked();
    clock.turn(999);
    expect(child().killedFor).toBeUndefined();
    clock.turn(1);
    expect(child().killedFor).toBe('not ready within 1s');
  });

  it('waits without a deadline while the process has nothing to answer', () => {
    const { post, child, clock } = aPost();
    post.start();
    post.asked();
    post.answered();
    clock.turn(60_000);
    expect(child().killedFor).toBeUndefined();
    post.ready();
    post.asked();
    clock.turn(60_000);
    expect(child().killedFor).toBeUndefined();
  });

  it('reports a process that exited before it was put on the post', async () => {
    const { post, happened } = aPost();
    const early = new FakeConsumer({ role: 'consumer', ordinal: 3, pid: 7 });
    early.dies();
    post.start(early);
    expect(post.state).toBe('starting');
    await Promise.resolve();
    expect(post.state).toBe('backoff');
    expect(happened.slice(0, 4)).toEqual(['is starting', 'start', 'gone', 'killed by SIGKILL']);
  });

  it.each([
    [{ code: null, signal: 'SIGSEGV', reason: undefined }, undefined, 'killed by SIGSEGV'],
    [{ code: null, signal: 'SIGKILL', reason: 'silent for 1min' }, undefined, 'killed by SIGKILL (silent for 1min)'],
    [{ code: 1, signal: null, reason: undefined }, 'no memory', 'exited 1 (no memory)'],
    [{ code: null, signal: 'SIGKILL', reason: 'did not exit' }, 'no memory', 'killed by SIGKILL (no memory)'],
    [{ code: null, signal: null, reason: 'could not be started: E' }, undefined, 'never ran (could not be started: E)'],
  ])('explains the exit %j, in the process’s own words if there are any (%s)', (exit, failure, reason) => {
    const { post, child } = aPost();
    post.start();
    const error = { code: 'Error', message: failure ?? '' };
    if (failure !== undefined) post.failed({ origin: 'process', words: failure, error, isOutside: false });
    child().goes(exit);
    expect(post.lastExit).toBe(reason);
  });
});
