import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Agent, buildConnector } from 'undici';
import { Repeats } from '../../../src/calls/repeats.ts';
import { createFetch, type FetchDeps } from '../../../src/calls/fetch.ts';
import { Nesting } from '../../../src/calls/nesting.ts';
import { type CallScope, openScope } from '../../../src/calls/scope.ts';
import { stopped } from '../../../src/child/stopped.ts';
import { isCancellation } from '../../../src/core/cancellation.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { verdictOf } from '../../../src/core/errors.ts';
import type { LimitRules } from '../../../src/core/limit-rules.ts';
import { timedOut } from '../../../src/working/item-timeout.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { type Supervisor, supervise } from './supervisor.ts';
import { type Answer, startVendor, type Vendor } from './vendor.ts';

const toClose: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0)) await one.close();
});

async function vendorThat(answer: Answer): Promise<Vendor> {
  const vendor = await startVendor(answer);
  toClose.push(vendor);
  return vendor;
}

function limitedTo(spec: LimitRules, clock?: Clock): Supervisor {
  const supervisor = supervise(spec, clock);
  toClose.push(supervisor);
  return supervisor;
}

/** Does not wait between attempts, unless requested. */
function callsOf(supervisor: Supervisor, options: Partial<FetchDeps> & { signal?: AbortSignal } = {}): CallScope {
  const { signal = new AbortController().signal, clock = systemClock, random = () => 0, repeats } = options;
  const fetch = createFetch({ clock, random, resolve: String, ...(repeats && { repeats }) });
  const calls = openScope({ fetch, permits: supervisor.child(), nesting: new Nesting(() => true), clock }, signal);
  toClose.push({ close: () => calls.close() });
  return calls;
}

/** A manual clock that shows when something waits for it. */
class WatchedClock extends HandClock {
  #watchers: (() => void)[] = [];

  override after(ms: number, fn: () => void, everyMs?: number): () => void {
    const cancel = super.after(ms, fn, everyMs);
    for (const watcher of this.#watchers.splice(0)) watcher();
    return cancel;
  }

  /** Resolves when there is a timer. */
  async waits(): Promise<void> {
    if (this.waiting === 0) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }
}

/** A promise that is resolved from outside. */
function latch(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

function abortable(): { signal: AbortSignal; abort: (reason: Error) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}

/** The URL of a port on which nothing listens. */
async function nobody(): Promise<string> {
  const vendor = await startVendor(() => {});
  await vendor.close();
  return vendor.url;
}

/** Answers with what the request contained. */
const echo: Answer = (request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => response.end([request.headers['content-type'], request.headers['x-mine'], body].join(' ')));
};

const limit = 'vendor';

describe('under a limit', () => {
  it('calls of two processes together never exceed it, and all are answered', async () => {
    const supervisor = limitedTo({ concurrency: 3 });
    // Holds all requests until there are three.
    const kept: ServerResponse[] = [];
    const vendor = await vendorThat((_, response) => {
      if (kept.push(response) === 3) for (const one of kept.splice(0)) one.end('ok');
    });
    const children = [callsOf(supervisor), callsOf(supervisor)];
    const texts = await Promise.all(
      Array.from({ length: 39 }, async (__, i) => {
        const response = await children[i % 2]!.fetch(`${vendor.url}/${i}`, { limit });
        return response.text();
      }),
    );
    expect(texts).toEqual(Array.from({ length: 39 }, () => 'ok'));
    expect(vendor.most).toBe(3);
    await supervisor.until(({ held, waiting }) => held === 0 && waiting === 0);
    expect(supervisor.vendor.granted).toBe(39);
  });

  it('a call holds its permit until its body has arrived', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const slow: ServerResponse[] = [];
    const vendor = await vendorThat((request, response) => {
      if (request.url === '/second') response.end('second');
      else if (response.write('fir')) slow.push(response);
    });
    const { fetch } = callsOf(supervisor);
    const first = await fetch(`${vendor.url}/first`, { limit });
    const second = fetch(`${vendor.url}/second`, { limit });
    await supervisor.until(({ waiting }) => waiting === 1);
    expect(vendor.requests).toEqual(['GET /first']);
    slow[0]!.end('st');
    expect(await first.text()).toBe('first');
    expect(await (await second).text()).toBe('second');
  });

  it.each<[string, (response: Response, calls: CallScope) => unknown]>([
    ['its body is cancelled', (response) => response.body!.cancel()],
    ['its item is settled', (_, calls) => calls.close()],
  ])('a call releases its permit when %s', async (_, end) => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((__, response) => response.write('endless'));
    const calls = callsOf(supervisor);
    const response = await calls.fetch(vendor.url, { limit });
    expect(supervisor.vendor.held).toBe(1);
    await end(response, calls);
    await supervisor.until(({ held }) => held === 0);
    await vendor.until(() => vendor.inFlight === 0);
  });

  it('a call whose server dies in the middle of the body releases its permit, and reading fails', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) => response.write('half', () => response.destroy()));
    const response = await callsOf(supervisor).fetch(vendor.url, { limit });
    await expect(response.text()).rejects.toThrow('terminated');
    await supervisor.until(({ held }) => held === 0);
    expect(vendor.requests).toHaveLength(1);
  });

  it('a call with a compressed body unpacks it, and releases its permit', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(100_000))),
    );
    const response = await callsOf(supervisor).fetch(vendor.url, { limit });
    expect(await response.text()).toHaveLength(100_000);
    await supervisor.until(({ held }) => held === 0);
  });

  it.each([
    ['a short body', 'short'],
    ['a body too large to be read', 'x'.repeat(2_000_000)],
  ])('each redirect takes its own permit, one at a time, even with %s', async (_, body) => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((request, response) => {
      if (request.url === '/new') response.end('here');
      else response.writeHead(302, { location: '/new' }).end(body);
    });
    const response = await callsOf(supervisor).fetch(`${vendor.url}/old`, { limit });
    expect(await response.text()).toBe('here');
    expect(response.redirected).toBe(true);
    expect(vendor.requests).toEqual(['GET /old', 'GET /new']);
    await supervisor.until(({ held }) => held === 0);
    expect(supervisor.messages).toEqual(['acquire 1', 'release 1', 'acquire 2', 'release 2']);
  });

  it('a redirect that is not followed releases its permit, even if its body is large', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) =>
      response.writeHead(302, { location: '/new' }).end('x'.repeat(2_000_000)),
    );
    const call = callsOf(supervisor).fetch(vendor.url, { limit, redirect: 'error' });
    await expect(call).rejects.toThrow('fetch failed');
    await supervisor.until(({ held }) => held === 0);
    await vendor.until(() => vendor.inFlight === 0);
    expect(vendor.requests).toHaveLength(1);
  });

  it('a dispatcher that throws releases the permit', async () => {
    class Broken extends Agent {
      override dispatch(): boolean {
        throw new Error('broken');
      }
    }
    const supervisor = limitedTo({ concurrency: 1 });
    const options = { limit, dispatcher: new Broken() as never };
    const call = callsOf(supervisor).fetch('http://127.0.0.1:8080', options);
    await expect(call).rejects.toMatchObject({ message: 'fetch failed', cause: { message: 'broken' } });
    await supervisor.until(({ held }) => held === 0);
    expect(supervisor.messages).toEqual(['acquire 1', 'release 1']);
  });

  it('a call ignores early hints', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) =>
      response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end('ok')),
    );
    expect(await (await callsOf(supervisor).fetch(vendor.url, { limit })).text()).toBe('ok');
  });

  it('a call with an undefined name fails, and lists the names that exist', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const call = callsOf(supervisor).fetch('http://127.0.0.1:8080', { limit: 'vendr' });
    await expect(call).rejects.toMatchObject({
      code: 'UNKNOWN_LIMIT',
      message: expect.stringContaining('it defines vendor'),
    });
  });
});

describe('an abort of a call', () => {
  it('by the user while it waits for a permit withdraws the call and rejects with the reason', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) => response.write('endless'));
    const { fetch } = callsOf(supervisor);
    await fetch(vendor.url, { limit });
    const controller = new AbortController();
    const second = fetch(vendor.url, { limit, signal: controller.signal });
    await supervisor.until(({ waiting }) => waiting === 1);
    controller.abort(new Error('no longer wanted'));
    await expect(second).rejects.toThrow('no longer wanted');
    await supervisor.until(({ waiting }) => waiting === 0);
    expect(vendor.requests).toHaveLength(1);
  });

  it('by its item while it waits for a permit uses no attempt, because the wait was not its fault', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) => response.write('endless'));
    const controller = new AbortController();
    await callsOf(supervisor).fetch(vendor.url, { limit });
    const second = callsOf(supervisor, { signal: controller.signal }).fetch(vendor.url, { limit });
    await supervisor.until(({ waiting }) => waiting === 1);
    controller.abort(new Error('took too long'));
    const error = await second.catch((reason: unknown) => reason);
    expect(verdictOf(error)).toBe('retry-after');
    expect(error).toMatchObject({
      ms: 1000,
      message: expect.stringContaining('waiting for a permit of limit "vendor"'),
    });
    await supervisor.until(({ waiting }) => waiting === 0);
  });

  it.each(['user', 'item'])(
    'by the %s during the request closes the connection, releases the permit and rejects with the reason',
    async (who) => {
      const supervisor = limitedTo({ concurrency: 1 });
      const vendor = await vendorThat(() => {});
      const { signal, abort } = abortable();
      const calls = callsOf(supervisor, who === 'item' ? { signal } : {});
      const call = calls.fetch(vendor.url, { limit, retries: 0, ...(who === 'user' && { signal }) });
      await vendor.until(() => vendor.inFlight === 1);
      // An error that must not be confused with one of the network.
      const reason = Object.assign(new Error('enough'), { code: 'ECONNRESET' });
      abort(reason);
      expect(await call.catch((error: unknown) => error)).toBe(reason);
      await vendor.until(() => vendor.inFlight === 0);
      await supervisor.until(({ held }) => held === 0);
      expect(vendor.requests).toHaveLength(1);
    },
  );

  it('by its item while the body arrives fails the reading, with the reason as its cause', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) => response.write('endless'));
    const { signal, abort } = abortable();
    const response = await callsOf(supervisor, { signal }).fetch(vendor.url, { limit });
    const reading = response.text();
    abort(new Error('enough'));
    await expect(reading).rejects.toMatchObject({ message: 'terminated', cause: { message: 'enough' } });
    await supervisor.until(({ held }) => held === 0);
  });

  it('by the user while the body arrives fails the reading with the reason', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) => response.write('endless'));
    const controller = new AbortController();
    const response = await callsOf(supervisor).fetch(vendor.url, { limit, signal: controller.signal });
    const reading = response.text();
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    await supervisor.until(({ held }) => held === 0);
  });

  it.each(['user', 'item'])(
    'by the %s before there is a connection releases the permit at once, and nothing is sent later',
    async (who) => {
      const supervisor = limitedTo({ concurrency: 1 });
      const vendor = await vendorThat((_, response) => response.end('ok'));
      const { signal, abort } = abortable();
      const connect = buildConnector({});
      const knock = latch();
      const gate = latch();
      const dispatcher = new Agent({
        connect: (options, done) => {
          knock.open();
          void gate.opened.then(() => connect(options, done));
        },
      });
      toClose.push(dispatcher);
      const calls = callsOf(supervisor, who === 'item' ? { signal } : {});
      const options = { limit, dispatcher: dispatcher as never };
      const call = calls.fetch(vendor.url, { ...options, ...(who === 'user' && { signal }) });
      await knock.opened;
      expect(supervisor.vendor.held).toBe(1);
      abort(new Error('enough'));
      await expect(call).rejects.toThrow('enough');
      await supervisor.until(({ held }) => held === 0);
      gate.open();
      await (await callsOf(supervisor).fetch(`${vendor.url}/next`, options)).text();
      expect(vendor.requests).toEqual(['GET /next']);
    },
  );

  it('between the grant and the request releases the permit', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const { signal, abort } = abortable();
    const call = callsOf(supervisor, { signal }).fetch('http://127.0.0.1:8080', { limit });
    await supervisor.until(({ held }) => {
      if (held === 1) abort(new Error('enough'));
      return held === 1;
    });
    await expect(call).rejects.toThrow('enough');
    await supervisor.until(({ held }) => held === 0);
    expect(supervisor.messages).toEqual(['acquire 1', 'release 1']);
  });

  it('before it starts makes it fail, and no permit is requested', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const calls = callsOf(supervisor, { signal: AbortSignal.abort(new Error('too late')) });
    await expect(calls.fetch('http://127.0.0.1:8080', { limit })).rejects.toThrow('too late');
    expect(supervisor.messages).toEqual([]);
  });
});

describe('the calls of an item', () => {
  it('leave no listener on a long-lived signal', async () => {
    const supervisor = limitedTo({ concurrency: 2 });
    const vendor = await vendorThat((_, response, count) => response.writeHead(count % 2 ? 500 : 200).end('ok'));
    const user = new AbortController();
    const item = new AbortController();
    const calls = callsOf(supervisor, { signal: item.signal });
    for (let i = 0; i < 5; i++) await (await calls.fetch(vendor.url, { limit, signal: user.signal })).text();
    await supervisor.until(({ held }) => held === 0);
    expect(getEventListeners(user.signal, 'abort')).toEqual([]);
    expect(getEventListeners(item.signal, 'abort')).toHaveLength(1);
    calls.close();
    expect(getEventListeners(item.signal, 'abort')).toEqual([]);
  });

  it('leave a signal alone until the first call', () => {
    const { signal } = new AbortController();
    const calls = callsOf(limitedTo({ concurrency: 1 }), { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(() => calls.close()).not.toThrow();
  });

  it('are cancelled silently when the item is settled, if the item did not await them', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat(() => {});
    const calls = callsOf(supervisor);
    const unhandled: unknown[] = [];
    const note = (reason: unknown): unknown => unhandled.push(reason);
    process.on('unhandledRejection', note);
    void calls.fetch(vendor.url, { limit });
    await vendor.until(() => vendor.inFlight === 1);
    calls.close();
    await vendor.until(() => vendor.inFlight === 0);
    await supervisor.until(({ held }) => held === 0);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    await expect(calls.fetch(vendor.url)).rejects.toThrow('the item is settled');
  });
});

describe('a call that an item starts and does not await', () => {
  /** Starts something that continues; returns promises that nobody awaits. */
  type Start = (calls: CallScope, url: string) => Promise<unknown[]> | unknown[];
  const starts: [string, Start][] = [
    ['a body', async ({ fetch }, url) => [(await fetch(url, { limit })).text()]],
    ['a body under a timeout', async ({ fetch }, url) => [(await fetch(url, { limit, timeout: '60s' })).json()]],
    ['a clone of an answer', async ({ fetch }, url) => [(await fetch(url)).clone().arrayBuffer()]],
    [
      'both ends of a tee',
      async ({ fetch }, url) => (await fetch(url)).body!.tee().map((end) => end.pipeTo(new WritableStream())),
    ],
    [
      'a loop over a body',
      async ({ fetch }, url) => {
        const { body } = await fetch(url, { limit });
        const loop = async (): Promise<void> => {
          for await (const _ of body!);
        };
        return [loop()];
      },
    ],
    [
      'a body whose failure is given another name',
      async ({ fetch }, url) => {
        const text = (await fetch(url)).text();
        const renamed = text.catch((cause: unknown) => {
          throw new Error('could not read it', { cause });
        });
        return [renamed];
      },
    ],
    ['what follows from a call', ({ fetch }, url) => [fetch(url, { limit }).then((response) => response.text())]],
  ];
  const ends: [string, (calls: CallScope, item: AbortController) => void][] = [
    ['its item settles', (calls) => calls.close()],
    ['its time is over', (_, item) => item.abort(timedOut(1000))],
    ['the service is stopped', (_, item) => item.abort(stopped())],
  ];

  it.each(ends.flatMap(([end, act]) => starts.map(([start, begin]) => ({ start, end, begin, act }))))(
    '($start) is recognised as cancelled when $end',
    async ({ begin, act }) => {
      const supervisor = limitedTo({ concurrency: 1 });
      const vendor = await vendorThat((_, response) => response.write('a part of it'));
      const item = new AbortController();
      const calls = callsOf(supervisor, { signal: item.signal });
      const started = await begin(calls, vendor.url);
      await vendor.until(() => vendor.inFlight === 1);
      act(calls, item);
      const reasons = await Promise.all(
        started.map((promise) => (promise as Promise<unknown>).catch((error) => error)),
      );
      expect(reasons.map((reason) => isCancellation(reason))).toEqual(started.map(() => true));
      await supervisor.until(({ held }) => held === 0);
    },
  );

  it('is recognised as cancelled if it was waiting for a permit', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const item = new AbortController();
    const calls = callsOf(supervisor, { signal: item.signal });
    void calls.limit(limit, () => new Promise(() => {}));
    const second = calls.limit(limit, () => 'never').catch((error: unknown) => error);
    await supervisor.until(({ waiting }) => waiting === 1);
    item.abort(timedOut(1000));
    expect(isCancellation(await second)).toBe(true);
  });

  it('is recognised as cancelled if it was waiting to repeat a 503', async () => {
    const clock = new WatchedClock();
    const vendor = await vendorThat((_, response) => response.writeHead(503, { 'retry-after': '30' }).end());
    const item = new AbortController();
    const call = callsOf(limitedTo({ concurrency: 1 }), { clock, signal: item.signal })
      .fetch(vendor.url)
      .catch((error: unknown) => error);
    await vendor.until(() => vendor.requests.length === 1 && vendor.inFlight === 0);
    await clock.waits();
    item.abort(timedOut(1000));
    expect(isCancellation(await call)).toBe(true);
  });
});

describe('a call that waits for its next attempt', () => {
  it.each([
    ['an answer 503', 'answered 503', (_, response) => response.writeHead(503, { 'retry-after': '30' }).end()],
    ['an answer 500', 'answered 500', (_, response) => response.writeHead(500).end()],
    ['a lost connection', 'cannot reach', (request) => request.destroy()],
  ] as [string, string, Answer][])('shows that it waits, and why: after %s', async (_, what, answer) => {
    const vendor = await vendorThat(answer);
    const clock = new WatchedClock();
    const repeats = new Repeats(clock, undefined);
    const { signal, abort } = abortable();
    const { fetch } = callsOf(limitedTo({}), { clock, repeats, signal, random: () => 1 });
    const answered = fetch(vendor.url);
    await clock.waits();
    expect(repeats.waitingFor()).toContain(what);
    expect(repeats.waitingFor()).toContain(', attempt 2 of 5 in ');
    abort(new Error('over'));
    await answered.catch(() => undefined);
    expect(repeats.waitingFor()).toBeNull();
  });
});

describe('after 429 or 503', () => {
  /** Lets the freeze of a limit end. */
  async function thaw(supervisor: Supervisor, clock: HandClock): Promise<void> {
    await supervisor.until(({ waiting, frozenMs }) => waiting > 0 && frozenMs > 0);
    clock.turn(supervisor.vendor.frozenMs);
  }

  it.each([
    ['429 with seconds', 429, { 'retry-after': '50' }, 'freeze vendor 50000'],
    [
      '429 with a date',
      429,
      { 'retry-after': 'Fri, 20 Nov 2026 12:00:01 GMT', date: 'Fri, 20 Nov 2026 12:00:00 GMT' },
      'freeze vendor 1000',
    ],
    ['503 with seconds', 503, { 'retry-after': '50' }, 'freeze vendor 50000'],
    ['503 without a time', 503, {}, 'freeze vendor null'],
    ['503 with an invalid time', 503, { 'retry-after': '-45' }, 'freeze vendor null'],
  ])(
    'the limit is frozen before the permit is released, and the call queues again: %s',
    async (_, status, headers, freeze) => {
      const clock = new HandClock();
      const supervisor = limitedTo({ concurrency: 1 }, clock);
      const vendor = await vendorThat((__, response, count) =>
        count === 1 ? response.writeHead(status, headers).end('not now') : response.end('ok'),
      );
      const call = callsOf(supervisor, { clock }).fetch(vendor.url, { limit, method: 'POST', body: 'text' });
      await thaw(supervisor, clock);
      expect(await (await call).text()).toBe('ok');
      await supervisor.until(({ held }) => held === 0);
      expect(supervisor.messages).toEqual(['acquire 1', freeze, 'release 1', 'acquire 2', 'release 2']);
    },
  );

  it.each([429, 503, 500])('the permit is released even if the body of an answer %i never ends', async (status) => {
    const clock = new HandClock();
    const supervisor = limitedTo({ concurrency: 1 }, clock);
    const vendor = await vendorThat((_, response, count) =>
      count === 1 ? response.writeHead(status, { 'retry-after': '2' }).write('endless') : response.end('ok'),
    );
    const call = callsOf(supervisor, { clock }).fetch(vendor.url, { limit });
    await vendor.until(() => vendor.requests.length === 1 && vendor.inFlight === 0);
    if (status === 500) clock.turn(0);
    else await thaw(supervisor, clock);
    expect(await (await call).text()).toBe('ok');
    await vendor.until(() => vendor.inFlight === 0);
  });

  it('no other call is let through before the freeze ends', async () => {
    const clock = new HandClock();
    const supervisor = limitedTo({ concurrency: 1 }, clock);
    const vendor = await vendorThat((_, response, count) =>
      count === 1 ? response.writeHead(429, { 'retry-after': '60' }).end() : response.end('ok'),
    );
    const calls = [callsOf(supervisor), callsOf(supervisor)].map(({ fetch }) => fetch(vendor.url, { limit }));
    await supervisor.until(({ waiting, frozenMs }) => waiting === 2 && frozenMs === 60_000);
    clock.turn(59_999);
    await supervisor.until(({ frozenMs }) => frozenMs === 1);
    expect([supervisor.vendor.waiting, vendor.requests.length]).toEqual([2, 1]);
    clock.turn(1);
    await Promise.all(calls.map(async (call) => (await call).text()));
    expect([vendor.requests.length, vendor.most]).toEqual([3, 1]);
  });

  it('on every attempt the item is postponed for as long as the vendor asked, without using an attempt of the item', async () => {
    const clock = new HandClock();
    const supervisor = limitedTo({ concurrency: 1 }, clock);
    const vendor = await vendorThat((_, response) => response.writeHead(429, { 'retry-after': '2' }).end());
    const call = callsOf(supervisor, { clock })
      .fetch(`${vendor.url}/secret?key=1`, { limit, retries: 2 })
      .catch((reason: unknown) => reason);
    for (const _ of [1, 2]) await thaw(supervisor, clock);
    const error = await call;
    expect(verdictOf(error)).toBe('retry-after');
    expect(error).toMatchObject({ ms: 2000, message: `${vendor.url} answered 429, 3 times` });
    expect(vendor.requests).toHaveLength(3);
    await supervisor.until(({ held }) => held === 0);
  });

  it('the item is postponed if the body of its call is a stream, which cannot be sent again', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((request, response) => {
      request.resume();
      response.writeHead(429, { 'retry-after': '30' }).end();
    });
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('once'));
        controller.close();
      },
    });
    const call = callsOf(supervisor).fetch(vendor.url, { limit, method: 'PUT', body, duplex: 'half' });
    await expect(call).rejects.toMatchObject({ name: 'RetryAfter', ms: 30_000 });
    expect(vendor.requests).toHaveLength(1);
  });

  it('the item is postponed for the rest of the freeze if it runs out of time during the freeze', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    const item = new AbortController();
    const call = callsOf(supervisor, { signal: item.signal }).fetch(vendor.url, { limit });
    await supervisor.until(({ waiting, frozenMs }) => waiting === 1 && frozenMs > 0);
    item.abort(new Error('took too long'));
    const error = await call.catch((reason: unknown) => reason);
    expect(verdictOf(error)).toBe('retry-after');
    expect((error as { ms: number }).ms).toBeGreaterThan(3_500_000);
    expect(vendor.requests).toHaveLength(1);
  });

  it('a call without a limit waits on its own', async () => {
    const clock = new WatchedClock();
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response, count) => {
      if (count === 1) response.writeHead(429, { 'retry-after': '30' }).end();
      else if (count === 2) response.writeHead(503).end();
      else response.end('ok');
    });
    const call = callsOf(supervisor, { clock, random: () => 1 }).fetch(vendor.url);
    await vendor.until(() => vendor.requests.length === 1 && vendor.inFlight === 0);
    await clock.waits();
    clock.turn(29_999);
    expect(clock.waiting).toBe(1);
    clock.turn(1);
    await vendor.until(() => vendor.requests.length === 2 && vendor.inFlight === 0);
    await clock.waits();
    clock.turn(1999);
    expect(clock.waiting).toBe(1);
    clock.turn(1);
    expect(await (await call).text()).toBe('ok');
    expect(supervisor.messages).toEqual([]);
  });

  it('the item is postponed for the rest of the wait if it runs out of time in a call without a limit', async () => {
    const clock = new WatchedClock();
    const vendor = await vendorThat((_, response) => response.writeHead(429, { 'retry-after': '30' }).end());
    const item = new AbortController();
    const call = callsOf(limitedTo({ concurrency: 1 }), { clock, signal: item.signal }).fetch(vendor.url);
    await vendor.until(() => vendor.requests.length === 1 && vendor.inFlight === 0);
    await clock.waits();
    clock.turn(10_000);
    item.abort(new Error('took too long'));
    await expect(call).rejects.toMatchObject({ name: 'RetryAfter', ms: 20_000 });
  });
});

describe('after a 5xx other than 503', () => {
  it.each([
    ['GET', 3],
    ['PUT', 3],
    ['POST', 1],
    ['PATCH', 1],
  ])('%s is sent %i times, and the last answer of the vendor is returned', async (method, times) => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response, count) => response.writeHead(500).end(`no ${count}`));
    const response = await callsOf(supervisor).fetch(vendor.url, { limit, method, retries: 2 });
    expect(response.status).toBe(500);
    expect(await response.text()).toBe(`no ${times}`);
    expect(vendor.requests).toHaveLength(times);
    expect(supervisor.vendor.granted).toBe(times);
  });

  it('a later success is returned', async () => {
    const vendor = await vendorThat((_, response, count) => response.writeHead(count < 3 ? 502 : 200).end('ok'));
    expect((await callsOf(limitedTo({ concurrency: 1 })).fetch(vendor.url)).status).toBe(200);
  });

  it('a 4xx is returned at once', async () => {
    const vendor = await vendorThat((_, response) => response.writeHead(404).end());
    expect((await callsOf(limitedTo({ concurrency: 1 })).fetch(vendor.url)).status).toBe(404);
    expect(vendor.requests).toHaveLength(1);
  });
});

describe('a lost connection', () => {
  it('that was refused on every attempt is blamed on the host, and releases all permits', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const url = await nobody();
    const error = await callsOf(supervisor)
      .fetch(`${url}/secret`, { limit })
      .catch((reason: unknown) => reason);
    expect(verdictOf(error)).toBe('dependency');
    expect(error).toMatchObject({
      message: expect.stringContaining(`cannot reach ${url} after 5 attempts: connect ECONNREFUSED`),
      cause: { code: 'ECONNREFUSED' },
    });
    await supervisor.until(({ held }) => held === 0);
    expect(supervisor.vendor.granted).toBe(5);
  });

  it('to a host without an address is blamed on the host', async () => {
    const call = callsOf(limitedTo({ concurrency: 1 })).fetch('http://nobody.invalid', { retries: 0 });
    await expect(call).rejects.toMatchObject({ name: 'DependencyError' });
  });

  it.each([
    ['GET', 3],
    ['POST', 1],
  ])(
    'in the middle of a %s is blamed on the host after %i requests if the host answers no call',
    async (method, times) => {
      const supervisor = limitedTo({ concurrency: 1 });
      const vendor = await vendorThat((_, response) => response.destroy());
      const call = callsOf(supervisor).fetch(vendor.url, { limit, method, retries: 2 });
      await expect(call).rejects.toMatchObject({ name: 'DependencyError', cause: { code: 'UND_ERR_SOCKET' } });
      expect(vendor.requests).toHaveLength(times);
      await supervisor.until(({ held }) => held === 0);
    },
  );

  it('is blamed on the request if the host answers other requests meanwhile', async () => {
    const supervisor = limitedTo({ concurrency: 2 });
    const poisoned: ServerResponse[] = [];
    const vendor = await vendorThat((request, response) => {
      if (request.url === '/poison') poisoned.push(response);
      else response.end('ok');
    });
    const { fetch } = callsOf(supervisor);
    const call = fetch(`${vendor.url}/poison`, { limit, retries: 0 });
    await vendor.until(() => vendor.requests.length === 1);
    await (await fetch(vendor.url, { limit })).text();
    poisoned[0]!.destroy();
    await expect(call).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'UND_ERR_SOCKET' } });
  });

  it('before anything was sent is repeated, even for a POST', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) => response.end('ok'));
    const connect = buildConnector({});
    let connections = 0;
    const dispatcher = new Agent({
      connect: (options, done) =>
        ++connections === 1
          ? done(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), null)
          : connect(options, done),
    });
    toClose.push(dispatcher);
    const options = { limit, method: 'POST', dispatcher: dispatcher as never };
    expect(await (await callsOf(supervisor).fetch(vendor.url, options)).text()).toBe('ok');
    expect(vendor.requests).toEqual(['POST /']);
  });
});

describe('the timeout of a call', () => {
  it('does not run during the wait for a permit, and ends a request that takes longer', async () => {
    const clock = new WatchedClock();
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((request, response) => {
      if (request.url === '/first') response.write('endless');
    });
    const first = await callsOf(supervisor).fetch(`${vendor.url}/first`, { limit });
    const call = callsOf(supervisor, { clock }).fetch(vendor.url, { limit, timeout: '10s', retries: 0 });
    await supervisor.until(({ waiting }) => waiting === 1);
    clock.turn(60_000);
    await first.body!.cancel();
    await vendor.until(() => vendor.requests.length === 2);
    expect(clock.waiting).toBe(1);
    clock.turn(10_000);
    await expect(call).rejects.toMatchObject({ name: 'DependencyError', cause: { name: 'TimeoutError' } });
    await vendor.until(() => vendor.inFlight === 0);
    await supervisor.until(({ held }) => held === 0);
  });

  it('includes the body', async () => {
    const clock = new WatchedClock();
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) => response.write('endless'));
    const response = await callsOf(supervisor, { clock }).fetch(vendor.url, { limit, timeout: 500 });
    const reading = response.text();
    clock.turn(500);
    await expect(reading).rejects.toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('500 ms') });
    await supervisor.until(({ held }) => held === 0);
  });

  it('leaves no timer', async () => {
    const clock = new WatchedClock();
    const vendor = await vendorThat((_, response) => response.end('ok'));
    await (await callsOf(limitedTo({ concurrency: 1 }), { clock }).fetch(vendor.url, { timeout: 500 })).text();
    expect(clock.waiting).toBe(0);
  });
});

describe('the arguments of fetch', () => {
  it('may be the Request, Headers and forms of the platform', async () => {
    const vendor = await vendorThat(echo);
    const { fetch } = callsOf(limitedTo({ concurrency: 1 }));
    const request = new Request(vendor.url, { method: 'POST', body: 'text', headers: { 'x-mine': '1' } });
    expect(await (await fetch(request, { limit })).text()).toBe('text/plain;charset=UTF-8 1 text');
    const headers = new Headers({ 'x-mine': '2', 'content-type': 'text/csv' });
    expect(await (await fetch(new URL(vendor.url), { method: 'PUT', body: 'a,b', headers })).text()).toBe(
      'text/csv 2 a,b',
    );
    const form = new FormData();
    form.append('name', 'value');
    form.append('file', new Blob(['content']), 'a.txt');
    const text = await (await fetch(vendor.url, { method: 'POST', body: form })).text();
    expect(text).toMatch(/^multipart\/form-data; boundary=/);
    expect(text).toMatch(/name="name"\r\n\r\nvalue\r\n/);
    expect(text).toMatch(/filename="a.txt"[^]*content/);
  });

  it.each([
    [{ retries: -1 }, 'retries must be a whole number, 0 or more, not -1'],
    [{ retries: 1.5 }, 'retries'],
    [{ timeout: 'soon' as never }, 'expected a duration'],
    [{ timeout: 0 }, 'timeout must be 1 ms or more'],
    [{ timeout: '0.3ms' as never }, 'timeout must be 1 ms or more'],
    [{ timeout: -1 }, 'expected a duration'],
    [{ timeout: NaN }, 'expected a duration'],
    [{ timeout: Infinity }, 'expected a duration'],
    [{ retries: Infinity }, 'retries must be a whole number, 0 or more, not Infinity'],
  ])('are refused if they are %j', async (options, message) => {
    const call = callsOf(limitedTo({ concurrency: 1 })).fetch('http://127.0.0.1:8080', options);
    await expect(call).rejects.toThrow(message);
  });

  it('are refused as by the platform if it does not accept them, without an attempt', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    await expect(callsOf(supervisor).fetch('not a url', { limit })).rejects.toThrow(TypeError);
    expect(supervisor.messages).toEqual([]);
  });
});

describe('an item whose calls', () => {
  const vain = { limits: new Set(['vendor']), deadline: 10_000 };

  it('all wait for a permit that does not come in time waits in vain', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat(() => undefined);
    const [holder, item] = [callsOf(supervisor), callsOf(supervisor)];
    expect(item.waitsInVain(vain)).toBe(false);
    void holder.fetch(vendor.url, { limit });
    await vendor.until(() => vendor.inFlight === 1);
    void item.fetch(vendor.url, { limit });
    void item.limit('vendor', () => undefined);
    await supervisor.until(({ waiting }) => waiting === 2);
    expect([item, holder].map((scope) => scope.waitsInVain(vain))).toEqual([true, false]);
    expect(item.waitsInVain({ ...vain, limits: new Set(['other']) })).toBe(false);
    // A call without a limit is in progress.
    void item.fetch(`${vendor.url}/free`);
    await vendor.until(() => vendor.inFlight === 2);
    expect(item.waitsInVain(vain)).toBe(false);
  });

  it('include an unfinished task or body does not wait in vain', async () => {
    const supervisor = limitedTo({ concurrency: 1 });
    const vendor = await vendorThat((_, response) => response.write('a part'));
    const [tasked, reading] = [callsOf(supervisor), callsOf(supervisor)];
    const { opened, open } = latch();
    void tasked.limit('vendor', () => opened);
    void tasked.limit('vendor', () => undefined);
    await reading.fetch(vendor.url);
    void reading.fetch(vendor.url, { limit });
    await supervisor.until(({ waiting }) => waiting === 2);
    expect([tasked, reading].map((scope) => scope.waitsInVain(vain))).toEqual([false, false]);
    open();
  });

  it('are repeated only after its time is up waits in vain', async () => {
    const clock = new WatchedClock();
    const vendor = await vendorThat((_, response) => response.writeHead(503, { 'retry-after': '30' }).end());
    const item = callsOf(limitedTo({ concurrency: 1 }), { clock });
    void item.fetch(vendor.url);
    await vendor.until(() => vendor.requests.length === 1 && vendor.inFlight === 0);
    await clock.waits();
    expect([10_000, 30_000].map((deadline) => item.waitsInVain({ ...vain, deadline }))).toEqual([true, false]);
  });
});
