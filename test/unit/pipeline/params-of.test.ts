import { describe, expect, it } from '@jest/globals';
import { paramsOf } from '../../../src/pipeline/params-of.ts';
import { param } from '../../../src/values/param.ts';
import { secret } from '../../../src/values/secret.ts';

const findings = (params: unknown): string[] =>
  paramsOf(params).findings.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('the params of a pipeline', () => {
  it('are read as plain data', () => {
    const { params } = paramsOf({
      shelf: param.string({ default: 'all', describe: 'the shelf to read' }),
      most: param.integer({ optional: true }),
      mode: param.oneOf(['full', 'delta'], { default: 'full' }),
      day: param.date({ default: undefined }),
    });
    expect(params).toEqual({
      shelf: { type: 'string', default: 'all', describe: 'the shelf to read' },
      most: { type: 'integer', optional: true },
      mode: { type: 'oneOf', values: ['full', 'delta'], default: 'full' },
      day: { type: 'date' },
    });
    expect(JSON.parse(JSON.stringify(params))).toEqual(params);
  });

  it('are empty without the field', () => {
    expect(paramsOf(undefined)).toEqual({ params: {}, findings: [] });
  });

  it.each<[string, unknown, string]>([
    ['a list', ['shelf'], 'params: expected params by name'],
    ['a secret', { token: secret('TOKEN') }, 'params.token: a secret cannot be a param'],
    ['a plain value', { shelf: 'all' }, 'params.shelf: expected a param such as param.string(), got "all"'],
    [
      'a function that was not called',
      { shelf: param.string },
      'params.shelf: expected a param such as param.string()',
    ],
    ['a name that cannot be typed', { 'a b': param.string() }, 'params.a b: expected a name'],
    [
      'names that differ in capitals only',
      { from_day: param.date(), fromDay: param.date() },
      'is the same name as from_day',
    ],
    ['a default of another type', { most: param.integer({ default: 1.5 }) }, 'params.most.default: expected a whole number, got 1.5'], // prettier-ignore
    ['a default that is not listed', { mode: param.oneOf(['a'], { default: 'b' as 'a' }) }, 'params.mode.default: expected a, got "b"'], // prettier-ignore
    ['nothing listed', { mode: param.oneOf([]) }, 'params.mode.values: expected a list of texts'],
    ['a default of an optional param', { most: param.integer({ default: 1, optional: true }) }, 'is optional and has a default'], // prettier-ignore
    ['an unknown field', { most: param.integer({ descibe: 'x' } as object) }, 'did you mean "describe"?'],
  ])('are refused with an explanation: %s', (_, params, text) => {
    expect(findings(params)).toEqual([expect.stringContaining(text)]);
  });
});
