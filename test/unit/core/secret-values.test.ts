import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SecretValues } from '../../../src/core/secret-values.ts';

function without(value: string, text: string): string {
  const values = new SecretValues();
  values.add([value]);
  return values.replaceIn(text, '[redacted]');
}

describe('the value of a secret', () => {
  const value = 'p/ss wörd+?';

  it.each<[string, string]>([
    ['as it is', value],
    ['percent-encoded', encodeURIComponent(value)],
    ['percent-encoded in small letters', encodeURIComponent(value).toLowerCase()],
    ['as a form sends it', new URLSearchParams({ x: value }).toString().slice(2)],
    ['as the password of a URL', new URL(`https://me:${encodeURIComponent(value)}@host`).password],
    ['in base64', Buffer.from(value).toString('base64')],
    ['in base64url', Buffer.from(value).toString('base64url')],
  ])('is hidden %s', (_, form) => {
    expect(without(value, `before ${form} after`)).toMatch(/^before \[redacted\]=* after$/);
  });

  it.each(['', 'a', 'me', 'me:', 'user:'])('is hidden in the base64 of basic authentication after %j', (before) => {
    const secret = 'correct horse battery';
    const shown = without(secret, `Basic ${Buffer.from(`${before}${secret}:more`).toString('base64')}`);
    expect(shown).toContain('[redacted]');
    const rest = shown.slice('Basic '.length).split('[redacted]');
    // Not even a part of it can be read from the text that is left on either side.
    expect(rest.map((part) => part.length).every((length) => length <= 12)).toBe(true);
  });

  it('is hidden inside JSON, even though quotes and line feeds are escaped there', () => {
    expect(without('a"b\\c d', JSON.stringify({ said: 'a"b\\c d' }))).toBe('{"said":"[redacted]"}');
  });

  it('is hidden line by line if it has several lines, like a private key', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----';
    expect(without(key, 'read MIIEvQIBADANBgkq')).toBe('read [redacted]');
  });

  it('of fewer than four characters is not searched for', () => {
    expect(without('ab', 'abracadabra')).toBe('abracadabra');
  });

  it('is hidden whole if it begins like another secret', () => {
    const values = new SecretValues();
    values.add(['token']);
    values.add(['token-of-production']);
    expect(values.replaceIn('it is token-of-production', '***')).toBe('it is ***');
  });

  it('is removed from a text, wherever and in whatever encoding it stands', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), fc.string(), fc.string(), (secret, before, after) => {
        const texts = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
        for (const text of texts) expect(without(secret, `${before} ${text} ${after}`)).not.toContain(secret);
      }),
    );
  });
});
