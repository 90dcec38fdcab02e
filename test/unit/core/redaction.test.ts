import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redaction } from '../../../src/core/redaction.ts';

const redaction = new Redaction();

describe('a text without its secrets', () => {
  it.each([
    'authorization: Bearer canary',
    'Authorization: "Basic Y2FuYXJ5canary=="',
    '{"headers":{"authorization":"Bearer canary","x-api-key":"canary"}}',
    "{ password: 'a canary with spaces' }",
    'DB_PASSWORD=canary rest',
    'Cookie: a=b; session=canary; c=canary',
    'sent Bearer abc.canary-7f',
    'https://user:canary@host/x?api_key=canary&page=2',
    'postgres://me:canary@db/x failed',
    'client_secret = canary,',
  ])('has no canary in it: %s', (text) => {
    expect(redaction.text(text)).not.toContain('canary');
    expect(redaction.text(text)).toMatch(/\[redacted\]|\*\*\*@/);
  });

  it.each([
    'no such pokémon: missingno',
    'Unexpected token } in JSON',
    'key: 5',
    'a bearer of good news',
    'https://a.example/?page=2',
  ])('is unchanged if there was no secret: %s', (text) => {
    expect(redaction.text(text)).toBe(text);
  });

  it('can be made from an error, its stack and its causes', () => {
    const error = {
      code: 'E',
      message: 'token=canary',
      stack: 'Error: token=canary',
      cause: { code: 'C', message: 'token=canary' },
    };
    expect(JSON.stringify(redaction.error(error))).not.toContain('canary');
  });

  it('can replace the text of a thrown error, its stack and its causes, even where the error does not allow it', () => {
    const error = new Error('token=canary', { cause: new Error('token=canary') });
    redaction.clean(error);
    expect(`${error.message} ${error.stack}`).not.toContain('canary');
    expect(`${(error.cause as Error).stack}`).not.toContain('canary');
    expect(() => redaction.clean(Object.freeze(new Error('token=canary')))).not.toThrow();
  });

  it('takes linear time to make, whatever the text contains', () => {
    const parts = fc.constantFrom('password', '=', ':', '"', "'", ' ', '://', '@', '-', '?token', 'bearer ', 'a');
    fc.assert(
      fc.property(fc.array(parts, { minLength: 1, maxLength: 5 }), (some) => {
        expect(redaction.text(some.join('').repeat(20_000)).length).toBeGreaterThan(0);
      }),
      { numRuns: 30 },
    );
  });
});
