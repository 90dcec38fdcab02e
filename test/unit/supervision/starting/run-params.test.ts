import { describe, expect, it } from '@jest/globals';
import type { GivenParams, ParamDescription, ParamValue } from '../../../../src/core/params.ts';
import { paramsOfNewRun, paramsOfOpenRun, refuseOtherParams } from '../../../../src/supervision/starting/run-params.ts';
import { thrownBy } from '../../../support/thrown.ts';

const declared: Record<string, ParamDescription> = {
  shelf: { type: 'string', describe: 'the shelf to read' },
  most: { type: 'integer', default: 5 },
  day: { type: 'date', optional: true },
};

function given(values: Record<string, ParamValue>): GivenParams {
  return new Map(Object.entries(values).map(([name, value]) => [name, { value, place: `--param ${name}` }]));
}

describe('a new run', () => {
  it('gets the given values, and defaults for the rest', () => {
    expect(paramsOfNewRun(declared, given({ shelf: 'A' }))).toEqual({ shelf: 'A', most: 5 });
    expect(paramsOfNewRun(declared, given({ shelf: 'A', most: 1, day: '2024-01-01' }))).toEqual({
      shelf: 'A',
      most: 1,
      day: '2024-01-01',
    });
  });

  it('is refused while values are missing, with one error that names them all', () => {
    const error = thrownBy(() =>
      paramsOfNewRun({ ...declared, room: { type: 'oneOf', values: ['x', 'y'] } }, given({})),
    );
    expect(error).toMatchObject({ code: 'PARAMS', exitCode: 78 });
    expect(error?.message.split('\n')).toEqual([
      expect.stringContaining(
        'param shelf has no value: expected text (the shelf to read). Give it with --param shelf=…',
      ),
      expect.stringContaining('param room has no value: expected one of x, y'),
    ]);
  });
});

describe('an open run', () => {
  const run = { params: { shelf: 'A', most: 7 } };

  it('keeps its values, whether or not they are given again', () => {
    expect(paramsOfOpenRun(declared, given({}), run)).toEqual({ shelf: 'A', most: 7 });
    expect(paramsOfOpenRun(declared, given({ shelf: 'A' }), run)).toEqual({ shelf: 'A', most: 7 });
  });

  it('is not continued with other values: the error shows both sets and the ways out', () => {
    const error = thrownBy(() => paramsOfOpenRun(declared, given({ shelf: 'B', day: '2024-01-01' }), run));
    expect(error).toMatchObject({ code: 'PARAMS', exitCode: 78 });
    expect(error?.message).toContain('shelf was "A" and is now "B" (--param shelf)');
    expect(error?.message).toContain('day was not set and is now "2024-01-01" (--param day)');
    expect(error?.message).toContain('--again');
  });

  it('loses a param that the pipeline has lost, and gets the default of one that it has gained', () => {
    const gained = { most: declared['most']!, color: { type: 'string', default: 'red' } as const };
    expect(paramsOfOpenRun(gained, given({}), run)).toEqual({ most: 7, color: 'red' });
  });

  it('gets the given value of a param that the pipeline has gained, and reports a missing one', () => {
    const gained = { ...declared, color: { type: 'string' } as const, size: { type: 'integer', default: 1 } as const };
    const values = paramsOfOpenRun(gained, given({ color: 'red', size: 2 }), run);
    expect(values).toEqual({ shelf: 'A', most: 7, color: 'red', size: 2 });
    expect(() => paramsOfOpenRun(gained, given({}), run)).toThrow('param color has no value');
  });

  it('whose value the pipeline no longer accepts is refused', () => {
    const narrowed: Record<string, ParamDescription> = { shelf: { type: 'oneOf', values: ['B', 'C'] } };
    expect(() => paramsOfOpenRun(narrowed, given({}), run)).toThrow(
      'the open run was started with shelf "A", which the pipeline no longer accepts: expected one of B, C, got "A"',
    );
  });
});

describe('a finished run', () => {
  it('does not pass for a run with other values', () => {
    const run = { params: { shelf: 'A', most: 5 } };
    expect(thrownBy(() => refuseOtherParams(declared, given({ shelf: 'A' }), run))).toBeUndefined();
    expect(() => refuseOtherParams(declared, given({ shelf: 'B' }), run)).toThrow(
      /the last run is finished, and had other params: shelf was "A" and is now "B".*--again/,
    );
  });
});
