import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../../src/calls/outgoing.ts';

const url = 'http://vendor.example/a';

describe('a request', () => {
  it.each([
    ['GET', true],
    ['head', true],
    ['Put', true],
    ['DELETE', true],
    ['POST', false],
    ['PATCH', false],
    ['QUERY', false],
  ])('with method %s is idempotent: %s', (method, expected) => {
    expect(outgoing(url, { method }).isIdempotent).toBe(expected);
  });

  it('is a GET without a method', () => {
    expect(outgoing(new URL(url), {})).toMatchObject({ method: 'GET', isIdempotent: true, isRepeatable: true });
  });

  it.each<[what: string, body: unknown, expected: boolean]>([
    ['no body', null, true],
    ['a text', 'text', true],
    ['an empty text', '', true],
    ['bytes', new Uint8Array(3), true],
    ['a Buffer', Buffer.from('abc'), true],
    ['an ArrayBuffer', new ArrayBuffer(3), true],
    ['a DataView', new DataView(new ArrayBuffer(3)), true],
    ['a Blob', new Blob(['abc']), true],
    ['a form', new FormData(), true],
    ['search parameters', new URLSearchParams('a=b'), true],
    ['a stream', new ReadableStream(), false],
    ['a generator', (function* () {})(), false],
    ['an asynchronous generator', (async function* () {})(), false],
  ])('knows whether it can be sent again with %s as its body', (_, body, expected) => {
    expect(outgoing(url, { method: 'POST', body: body as string }).isRepeatable).toBe(expected);
  });

  it('keeps its signal separate', () => {
    const { signal } = new AbortController();
    const request = outgoing(url, { signal, method: 'PUT' });
    expect(request.signal).toBe(signal);
    expect(request.init).toEqual({ method: 'PUT' });
    expect(outgoing(url, { signal: null }).signal).toBeUndefined();
  });

  it('is read from the Request of the platform, and the options take precedence', () => {
    const request = new Request(url, { method: 'POST', body: 'text', headers: { a: '1' }, redirect: 'manual' });
    const sent = outgoing(request, { headers: { b: '2' } });
    expect(sent).toMatchObject({ url, method: 'POST', isRepeatable: false });
    expect(sent.init).toMatchObject({ method: 'POST', redirect: 'manual', headers: { b: '2' }, duplex: 'half' });
    expect(sent.signal).toBe(request.signal);
    expect(outgoing(new Request(url), {}).isRepeatable).toBe(true);
    expect(request.bodyUsed).toBe(false);
  });
});
