import { describe, expect, it } from '@jest/globals';
import type { ParamDescription } from '../../../src/core/params.ts';
import { examineParams, type ExaminedParams, type ParamSources } from '../../../src/config/params.ts';
import { readYaml } from '../../../src/config/yaml.ts';

const declared: Record<string, ParamDescription> = {
  shelf: { type: 'string' },
  fromDay: { type: 'date', optional: true },
  most: { type: 'integer', default: 5 },
};

function examine(sources: Partial<ParamSources> & { yaml?: string } = {}): ExaminedParams {
  const { yaml, ...given } = sources;
  const file = yaml === undefined ? undefined : { path: 'm.yaml', entries: readYaml(yaml).entries, problems: [] };
  return examineParams({ flags: [], environment: {}, file, ...given }, declared);
}

const texts = ({ problems }: ExaminedParams): string[] => problems.map(({ text }) => text);

describe('params', () => {
  it('come from the first source with a value: flags, then a program, the environment and the config file', () => {
    const yaml = 'consumers: 2\nparams:\n  shelf: F\n  fromDay: "2024-01-01"\n  most: 1\n';
    const environment = { MILLRACE_PARAM_SHELF: 'E', MILLRACE_PARAM_FROM_DAY: '2024-01-02', MILLRACE_STATE: '/s' };
    const values = { shelf: 'V', most: 2 };
    const places = (sources: Parameters<typeof examine>[0]): object => Object.fromEntries(examine(sources).given);
    expect(places({ yaml })).toEqual({
      shelf: { value: 'F', place: 'm.yaml:3: params.shelf' },
      fromDay: { value: '2024-01-01', place: 'm.yaml:4: params.fromDay' },
      most: { value: 1, place: 'm.yaml:5: params.most' },
    });
    expect(places({ yaml, environment })).toMatchObject({
      shelf: { value: 'E', place: 'MILLRACE_PARAM_SHELF' },
      fromDay: { value: '2024-01-02', place: 'MILLRACE_PARAM_FROM_DAY' },
      most: { value: 1 },
    });
    expect(places({ yaml, environment, values })).toMatchObject({ shelf: { value: 'V' }, most: { value: 2 } });
    expect(places({ yaml, environment, values, flags: ['shelf=a=b'] })).toMatchObject({
      shelf: { value: 'a=b', place: '--param shelf' },
    });
    expect(examine({ yaml, environment, values }).problems).toEqual([]);
  });

  it('are refused if the pipeline does not have their name, with the nearest name; in the environment, this is a warning', () => {
    const { warnings, ...examined } = examine({
      flags: ['shelff=A'],
      values: { zzz: 1 },
      environment: { MILLRACE_PARAM_SHELFF: 'A' },
      yaml: 'params: { mostt: 1 }',
    });
    expect(texts({ warnings, ...examined })).toEqual([
      '--param shelff: the pipeline has no such param; did you mean shelf?',
      'params.zzz: the pipeline has no such param; it has shelf, fromDay, most',
      'm.yaml:1: params.mostt: the pipeline has no such param; did you mean most?',
    ]);
    expect(warnings).toEqual(['MILLRACE_PARAM_SHELFF: the pipeline has no such param; did you mean shelf?']);
  });

  it('are all reported if their values are wrong, even if a stronger source has a correct value', () => {
    const examined = examine({
      flags: ['most=many', 'shelf', '=A'],
      environment: { MILLRACE_PARAM_MOST: '3', MILLRACE_PARAM_FROM_DAY: 'today' },
      yaml: 'params: { shelf: 5 }',
    });
    expect(texts(examined)).toEqual([
      '--param: expected name=value, got "shelf"',
      '--param: expected name=value, got "=A"',
      '--param most: expected a whole number, got "many"',
      'MILLRACE_PARAM_FROM_DAY: expected a date such as 2026-12-31, got "today"',
      'm.yaml:1: params.shelf: expected text, got 5',
    ]);
    expect(examined.problems.map(({ isUsage }) => isUsage)).toEqual([true, true, true, false, false]);
    expect(examined.given.get('most')).toEqual({ value: 3, place: 'MILLRACE_PARAM_MOST' });
  });

  it('cannot be given twice by flags, or as anything other than values by name', () => {
    expect(texts(examine({ flags: ['shelf=A', 'shelf=B'], yaml: 'params: [1]' }))).toEqual([
      '--param shelf is given more than once',
      'm.yaml:1: params: expected params by name',
    ]);
    expect(texts(examine({ yaml: 'params:' }))).toEqual([]);
  });
});
