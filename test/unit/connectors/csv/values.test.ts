import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CsvType } from '../../../../src/connectors/csv/types.ts';
import { converters, Refused } from '../../../../src/connectors/csv/values.ts';

function value(type: CsvType, text: string): unknown {
  const converted = converters[type]!(text);
  return converted instanceof Refused ? 'refused' : converted;
}

describe('a column of integers', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['007', 7],
    ['+5', 5],
    ['-12', -12],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 'refused'],
    ['-9007199254740993', 'refused'],
    ['1e3', 'refused'],
    ['1.0', 'refused'],
    ['', 'refused'],
    [' 1', 'refused'],
    ['1,000', 'refused'],
    ['0x10', 'refused'],
    ['٣', 'refused'],
  ])('reads %j as %j', (text, expected) => {
    expect(value('integer', text)).toBe(expected);
  });
});

describe('a column of numbers', () => {
  it.each([
    ['1.50', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['-1e-3', -0.001],
    ['0.1', 0.1],
    ['0.30000000000000004', 0.30000000000000004],
    ['0.10000000000000001', 0.1],
    ['100000000000000000000', 1e20],
    ['0.000', 0],
    ['0e5', 0],
    ['0.00000000000000000', 0],
    ['9007199254740993', 'refused'],
    ['3.14159265358979323846', 'refused'],
    ['1e999', 'refused'],
    ['1e-999', 'refused'],
    ['1.23456789e-320', 'refused'],
    ['NaN', 'refused'],
    ['Infinity', 'refused'],
    ['1,5', 'refused'],
    ['1 ', 'refused'],
    ['.', 'refused'],
    ['', 'refused'],
  ])('reads %j as %j', (text, expected) => {
    expect(value('number', text)).toBe(expected);
  });

  it('reads every number from its printed text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(value('number', String(number))).toBe(number === 0 ? 0 : number);
      }),
    );
  });

  it('never returns a number whose digits differ from those of the text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }), fc.nat(22), (digits, point) => {
        const text = `${digits}e-${point}`;
        const number = value('number', text);
        fc.pre(number !== 'refused');
        const plain = String(digits).replace(/^-/, '').replace(/0+$/, '');
        const shown = (number as number)
          .toPrecision(Math.max(1, plain.length))
          .replace(/e.*/, '')
          .replaceAll(/[.-]/g, '')
          .replace(/^0+/, '')
          .replace(/0+$/, '');
        expect(shown).toBe(plain);
      }),
    );
  });
});

describe('other columns', () => {
  it.each<[CsvType, string, unknown]>([
    ['boolean', 'true', true],
    ['boolean', 'FALSE', false],
    ['boolean', 'Yes', true],
    ['boolean', 'n', false],
    ['boolean', '1', true],
    ['boolean', '2', 'refused'],
    ['boolean', '', 'refused'],
    ['date', '2024-02-29', '2024-02-29'],
    ['date', '2023-02-29', 'refused'],
    ['date', '1900-02-29', 'refused'],
    ['date', '2024-13-01', 'refused'],
    ['date', '2024-00-10', 'refused'],
    ['date', '2024-01-00', 'refused'],
    ['date', '2024-1-5', 'refused'],
    ['date', '2024-01-05T00:00:00Z', 'refused'],
    ['json', '{"a":[1,12345678901234567890]}', { a: [1, '12345678901234567890'] }],
    ['json', '{a:1}', 'refused'],
    ['json', '', 'refused'],
  ])('of type %s read %j as %j', (type, text, expected) => {
    expect(value(type, text)).toEqual(expected);
  });
});
