import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  DependencyError,
  describeError,
  describeWithPlace,
  errorData,
  errorFromData,
  MillraceError,
  PermanentError,
  RetryAfter,
  verdictOf,
} from '../../../src/core/errors.ts';

function throwing(): never {
  throw new Error('do not look');
}

const hostile = new Proxy({}, { get: throwing, has: throwing, getPrototypeOf: throwing, ownKeys: throwing });

function withGetter(name: string): Error {
  return Object.defineProperty(new Error('the message'), name, { get: throwing });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function withCause(error: Error, cause: unknown): Error {
  error.cause = cause;
  return error;
}

describe('a thrown value, as data', () => {
  it.each([
    ['null', null, 'a null was thrown: null'],
    ['undefined', undefined, 'a undefined was thrown: undefined'],
    ['a text', 'oops', 'a string was thrown: oops'],
    ['a symbol', Symbol('s'), 'a symbol was thrown: Symbol(s)'],
    ['a big integer', 10n, 'a bigint was thrown: 10'],
    ['a plain object', { status: 404 }, 'a object was thrown: {"status":404}'],
    ['an object that JSON leaves out', { toJSON: () => undefined }, 'a object was thrown: [object Object]'],
    ['a proxy that throws', hostile, 'a object was thrown: it cannot even be shown'],
    ['a revoked proxy', revoked(), 'a object was thrown: it cannot even be shown'],
  ])('names the type when it is %s', (_, thrown, message) => {
    expect(errorData(thrown)).toEqual({ code: 'THROWN', message });
  });

  it('has the code, message and stack of an error', () => {
    const error = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
    expect(errorData(error)).toMatchObject({ code: 'ECONNREFUSED', message: 'connect refused', stack: error.stack });
  });

  it('names the first line of the user’s own code, in the error or else in its cause', () => {
    const inPackage = 'Error: bad port\n    at fetch (/app/node_modules/undici/index.js:7:1)';
    const inCode = `${inPackage}\n    at async process (/app/pipeline.ts:12:7)\n    at async f (/app/other.ts:1:1)`;
    const stacked = (stack: string, cause?: Error): Error => Object.assign(new Error('x', { cause }), { stack });
    expect(errorData(stacked(inCode)).at).toBe('/app/pipeline.ts:12:7');
    const caused = errorData(stacked(inPackage, stacked(inPackage, stacked(inCode))));
    expect(caused.at).toBe('/app/pipeline.ts:12:7');
    expect(caused.cause).not.toHaveProperty('at');
    expect(errorData(stacked(inPackage))).not.toHaveProperty('at');
  });

  it('is read from any value with a message, because errors of another realm are not instances of our Error', () => {
    expect(errorData({ name: 'AbortError', message: 'aborted' })).toEqual({ code: 'AbortError', message: 'aborted' });
  });

  it('converts a message that is not text to text', () => {
    expect(errorData(Object.assign(new Error('x'), { message: { status: 404 } })).message).toBe('{"status":404}');
  });

  it.each(['name', 'code', 'message', 'stack', 'cause'])('leaves out a %s that throws when it is read', (name) => {
    const data = errorData(withGetter(name));
    expect(data.message).toBe(name === 'message' ? 'without a readable message' : 'the message');
    expect(data.code).toBe(name === 'name' ? 'Error' : data.code);
    expect(data.cause).toBeUndefined();
  });

  it.each([
    ['a number', 20],
    ['an empty text', ''],
    ['an object', {}],
  ])('uses the name as the code if the code is %s', (_, code) => {
    expect(errorData(Object.assign(new TypeError('no'), { code })).code).toBe('TypeError');
  });

  it.each([
    ['a symbol', Symbol('n')],
    ['undefined', undefined],
    ['an object without a text', Object.create(null)],
  ])('has the code Error if the name is %s', (_, name) => {
    expect(errorData(Object.assign(new Error('no'), { name })).code).toBe('Error');
  });

  it('shortens huge texts', () => {
    const huge = Object.assign(new Error('m'.repeat(100_000)), {
      code: 'c'.repeat(100_000),
      stack: 's'.repeat(100_000),
    });
    const data = errorData(withCause(huge, 't'.repeat(100_000)));
    expect(data.message).toBe(`${'m'.repeat(8000)}…`);
    expect(data.code).toHaveLength(100);
    expect(data.stack).toHaveLength(4000);
    expect(data.cause?.message.length).toBeLessThan(300);
  });

  it('names the line of the user’s code even if it is beyond the kept part of the stack', () => {
    const deep = '    at f (/app/node_modules/deep/index.js:7:1)\n'.repeat(100);
    const stack = `Error: x\n${deep}    at process (/app/pipeline.ts:12:7)`;
    expect(errorData(Object.assign(new Error('x'), { stack })).at).toBe('/app/pipeline.ts:12:7');
  });

  it('ends a chain of causes that leads back to its beginning', () => {
    const first = new Error('first');
    const second = withCause(new Error('second'), first);
    first.cause = second;
    const messages: string[] = [];
    for (let data = errorData(first) as ReturnType<typeof errorData> | undefined; data; data = data.cause) {
      messages.push(data.message);
    }
    expect(messages).toEqual(['first', 'second', 'first', 'second', 'first']);
  });

  it('has the first error of an AggregateError, whose own message is empty, as its cause', () => {
    const data = errorData(new AggregateError([new Error('connect ECONNREFUSED ::1:9'), new Error('other')], ''));
    expect(data.cause?.message).toBe('connect ECONNREFUSED ::1:9');
  });

  it('never throws, and is always JSON with texts where texts are expected', () => {
    // fast-check reads the values that it generates, so values that must not be read are put in afterwards.
    const horrors = { hostile, revoked: revoked(), symbol: Symbol('s'), function: throwing };
    const odd = fc.oneof(
      fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true, withTypedArray: true }),
      fc.constantFrom(...Object.keys(horrors)),
    );
    const real = (value: unknown): unknown =>
      typeof value === 'string' ? (horrors[value as keyof typeof horrors] ?? value) : value;
    const fields = fc.record(
      { name: odd, code: odd, message: odd, stack: odd, cause: odd, errors: odd },
      { requiredKeys: [] },
    );
    const makers: ((value: unknown, with_: object) => unknown)[] = [
      (value) => real(value),
      (_, properties) => properties,
      (_, properties) => Object.assign(new Error('text'), properties),
    ];
    fc.assert(
      fc.property(odd, fields, fc.constantFrom(...makers), (value, some, make) => {
        const properties = Object.fromEntries(Object.entries(some).map(([name, field]) => [name, real(field)]));
        const error = make(value, properties);
        for (let data = errorData(error) as ReturnType<typeof errorData> | undefined; data; data = data.cause) {
          expect(typeof data.code).toBe('string');
          expect(typeof data.message).toBe('string');
          expect(['string', 'undefined']).toContain(typeof data.stack);
        }
        expect(typeof JSON.stringify(errorData(error))).toBe('string');
        expect(typeof describeError(errorData(error))).toBe('string');
      }),
    );
  });
});

describe('a verdict', () => {
  it.each([
    [new PermanentError('no'), 'permanent', 'PERMANENT'],
    [new RetryAfter(10), 'retry-after', 'RETRY_AFTER'],
    [new DependencyError('down'), 'dependency', 'DEPENDENCY'],
    [new Error('no'), undefined, 'Error'],
  ])('is read from %s', (error, verdict, code) => {
    expect(verdictOf(error)).toBe(verdict);
    expect(errorData(error).code).toBe(code);
  });

  it('is recognized in an error of another copy of the package, by its mark', () => {
    const foreign = Object.assign(new Error('later'), { [Symbol.for('millrace.verdict')]: 'retry-after', ms: 1500 });
    expect(verdictOf(foreign)).toBe('retry-after');
    expect(errorData(foreign)).toMatchObject({ code: 'RETRY_AFTER', retryAfterMs: 1500 });
  });

  it.each([null, undefined, 7, 'permanent', { [Symbol.for('millrace.verdict')]: 'forever' }])(
    'is not found in %p',
    (thrown) => {
      expect(verdictOf(thrown)).toBeUndefined();
    },
  );

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('requires a valid time to wait, not %p', (ms) => {
    expect(() => new RetryAfter(ms)).toThrow(`RetryAfter expects milliseconds >= 0, got ${ms}`);
  });

  it('leaves out an invalid time to wait', () => {
    const foreign = Object.assign(new Error('later'), { [Symbol.for('millrace.verdict')]: 'retry-after', ms: 'soon' });
    expect(errorData(foreign)).not.toHaveProperty('retryAfterMs');
  });
});

describe('an error in one line', () => {
  it('includes the messages of causes that add information', () => {
    const cause = { code: 'C', message: 'connection refused', cause: { code: 'D', message: 'refused' } };
    expect(describeError({ code: 'A', message: 'fetch failed', cause })).toBe(
      'fetch failed: connection refused: refused',
    );
    expect(describeError({ code: 'A', message: 'fetch failed: connection refused', cause })).toBe(
      'fetch failed: connection refused',
    );
  });

  it('names the line of the user’s code on request, if the line is known', () => {
    expect(describeWithPlace({ code: 'A', message: 'no', at: '/a.ts:1:2' })).toBe('no (at /a.ts:1:2)');
    expect(describeWithPlace({ code: 'A', message: 'no' })).toBe('no');
  });
});

describe('an error that another process described', () => {
  it('can be thrown here with its original stacks', () => {
    const cause = { code: 'B', message: 'why' };
    const error = errorFromData({ code: 'A', message: 'no', stack: 'Error: no\n    at /a.ts:1:2', cause });
    expect(error).toMatchObject({ message: 'no', stack: 'Error: no\n    at /a.ts:1:2' });
    expect((error.cause as Error).stack).toBe('B: why');
  });
});

describe('a Millrace error', () => {
  it('counts as a bug unless it has an exit code', () => {
    expect(new MillraceError('X', 'text').exitCode).toBe(1);
    expect(new MillraceError('X', 'text', { exitCode: 74, cause: 'why' })).toMatchObject({
      exitCode: 74,
      cause: 'why',
    });
  });
});
