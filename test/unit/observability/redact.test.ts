import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redaction } from '../../../src/core/redaction.ts';
import { redactFields, redactText } from '../../../src/observability/redact.ts';

const redaction = new Redaction();

describe('the log', () => {
  it.each([
    'password',
    'PGPASSWORD',
    'db_pass',
    'apiKey',
    'api_key',
    'API-Key',
    'authorization',
    'Set-Cookie',
    'clientSecret',
    'access_token',
    'sentryDsn',
    'credentials',
    'privateKey',
  ])('hides the value of a field called %s at any depth', (key) => {
    const canary = 'canary';
    expect(JSON.stringify(redactFields(redaction, { [key]: canary }))).not.toContain(canary);
    expect(JSON.stringify(redactFields(redaction, { a: [{ [key]: { inner: canary } }] }))).not.toContain(canary);
    expect(JSON.stringify(redactFields(redaction, { a: new Map([[key, canary]]) }))).not.toContain(canary);
    expect(JSON.stringify(redactFields(redaction, { [key]: 4711 })).includes('4711')).toBe(key.endsWith('s'));
  });

  it('does not hide a value that only resembles a secret', () => {
    const fields = { tokens: 5, passed: true, hasPassword: false, password: '', key: 'pokemon', items: 3 };
    expect(redactFields(redaction, fields)).toEqual(fields);
  });

  it.each([
    ['postgres://me:s3cret@db/x', 'postgres://***@db/x'],
    ['see https://a:b@c.example/d?e=f and amqp://guest:p@ss@mq', 'see https://***@c.example/d?e=f and amqp://***@mq'],
    ['https://a.example/?page=2&api_key=s3cret&x=1', 'https://a.example/?page=2&api_key=[redacted]&x=1'],
    ['https://a.example/?access_token=s3cret#top', 'https://a.example/?access_token=[redacted]#top'],
    ['https://a.example/@user', 'https://a.example/@user'],
    ['me@example.org, a://', 'me@example.org, a://'],
  ])('shows the text %s as %s', (text, shown) => {
    expect(redactText(redaction, text)).toBe(shown);
    expect(redactFields(redaction, { a: [text] })).toEqual({ a: [shown] });
  });

  it.each([
    ['NaN', NaN, 'NaN'],
    ['a big integer', 12n, '12'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an invalid date', new Date(NaN), 'Invalid Date'],
    ['bytes', Buffer.from('abc'), '3 bytes'],
    ['a set', new Set([1]), [1]],
    ['a function', () => 1, '[function]'],
    ['an error', new Error('went wrong'), 'went wrong'],
  ])('accepts %s as a field', (_, value, shown) => {
    expect(redactFields(redaction, { value })).toEqual({ value: shown });
  });

  it('limits deep, wide, long and circular values', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(redactFields(redaction, circular)).toEqual({ self: { self: { self: { self: '{…}' } } } });
    expect(
      redactFields(redaction, { list: Array.from({ length: 1000 }, () => 'x'.repeat(100_000)) })['list'],
    ).toHaveLength(50);
    expect(JSON.stringify(redactFields(redaction, { text: 'x'.repeat(100_000) })).length).toBeLessThan(9000);
  });

  it('makes JSON of every value and never throws', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true })),
        (fields) => {
          expect(() => JSON.stringify(redactFields(redaction, fields))).not.toThrow();
        },
      ),
    );
    const hostile = {
      get broken(): never {
        throw new Error('no');
      },
    };
    expect(redactFields(redaction, hostile)).toEqual({ unreadable: true });
  });
});
