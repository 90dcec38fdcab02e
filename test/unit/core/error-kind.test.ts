import { describe, expect, it } from '@jest/globals';
import { errorKind } from '../../../src/core/error-kind.ts';

const kind = (message: string, code = 'E'): string => errorKind({ code, message });

describe('the kind of an error', () => {
  it.each([
    ['item 17 failed after 3.5s', 'item 9 failed after 12s'],
    ['no pokémon "pikachu"', 'no pokémon "mew"'],
    ['user 7f3a2c1d-aaaa-4bbb-8ccc-0123456789ab is gone', 'user 00000000-0000-4000-8000-000000000000 is gone'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED 10.0.0.7:5433'],
    ['order ab12-x is unknown', 'order zz99-y is unknown'],
    ['expected a name\n  got none', 'expected a name got none'],
  ])('is the same for "%s" and "%s"', (one, other) => {
    expect(kind(one)).toBe(kind(other));
  });

  it('differs for a different code or message', () => {
    expect(kind('m', 'A')).not.toBe(kind('m', 'B'));
    expect(kind('vendor answered 500')).not.toBe(kind('vendor answered 404'));
    expect(kind('connection refused')).not.toBe(kind('connection reset'));
  });

  it('includes the messages of the causes', () => {
    const failed = (cause: string) =>
      errorKind({ code: 'E', message: 'fetch failed', cause: { code: 'C', message: cause } });
    expect(failed('refused')).not.toBe(failed('reset'));
  });

  it('is short, however long the message is', () => {
    expect(kind('x y '.repeat(10_000)).length).toBeLessThan(150);
  });
});
