import { describe, expect, it } from '@jest/globals';
import { from } from '../../../../src/connectors/from.ts';
import { sourceFacts } from '../../../../src/pipeline/source-facts.ts';

const read = (): number[] => [];
const wrong = (options: unknown) => (): unknown => from.poll(options as { every: '1s'; read: typeof read });

describe('from.poll refuses', () => {
  it.each<[string, unknown, string]>([
    ['no options', undefined, 'expected { … }, got nothing'],
    ['a missing `every`', { read }, 'every: expected a duration such as 250ms, 60s, 5min, 2h or 1d, got nothing'],
    ['an `every` of 0', { every: 0, read }, 'every: expected at least 1ms, got 0'],
    ['an `every` of 0s', { every: '0s', read }, 'every: expected at least 1ms, got "0s"'],
    [
      'an `every` without a unit',
      { every: '10', read },
      'every: expected a duration such as 250ms, 60s, 5min, 2h or 1d, got "10"',
    ],
    [
      'an `every` below 0',
      { every: -1, read },
      'every: expected a duration such as 250ms, 60s, 5min, 2h or 1d, got -1',
    ],
    ['a missing `read`', { every: '1s' }, 'read: expected a function that polls once, got nothing'],
    [
      'a `read` that is not a function',
      { every: '1s', read: [1] },
      'read: expected a function that polls once, got an array',
    ],
    ['an unknown field', { every: '1s', read, evry: 1 }, 'unknown field evry; did you mean "every"?'],
    ['a foreign field', { every: '1s', read, url: 'x' }, 'unknown field url; the options are every, read'],
  ])('%s', (_, options, message) => {
    expect(wrong(options)).toThrow(
      expect.objectContaining({ exitCode: 78, message: expect.stringContaining(`from.poll: ${message}`) }),
    );
  });

  it('everything that is wrong at once', () => {
    expect(wrong({ every: 0, read: 1, evry: 1 })).toThrow(
      expect.objectContaining({
        message: [
          'from.poll: every: expected at least 1ms, got 0',
          'from.poll: read: expected a function that polls once, got 1',
          'from.poll: unknown field evry; did you mean "every"?',
        ].join('\n'),
      }),
    );
  });
});

it.each([
  ['10s', 'every 10s'],
  [1500, 'every 1500ms'],
  ['1h', 'every 1h'],
] as const)(
  'from.poll with an `every` of %s says how often it polls, that it is endless, and how it resumes',
  (every, target) => {
    const spec = from.poll({ every, read });
    expect(spec).toMatchObject({ kind: 'poll', target });
    expect(sourceFacts(spec)).toEqual({ resumes: 'by checkpoints', isEndless: true, items: undefined });
  },
);
