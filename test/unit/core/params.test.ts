import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readParam, type ParamDescription, type ParamType } from '../../../src/core/params.ts';

const shelves: ParamDescription = { type: 'oneOf', values: ['A', 'B'] };

function fromText(type: ParamType, text: string): unknown {
  const read = readParam({ type }, text, { isText: true });
  return read.status === 'read' ? read.value : read.message;
}

describe('the text of a flag or a variable', () => {
  it.each<[ParamType, string, unknown]>([
    ['string', '5', '5'],
    ['string', '', ''],
    ['integer', '-12', -12],
    ['number', '1.5e3', 1500],
    ['number', '.5', 0.5],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['date', '2024-02-29', '2024-02-29'],
  ])('becomes the value of a %s: %j', (type, text, value) => {
    expect(fromText(type, text)).toBe(value);
  });

  it.each<[ParamType, string, string]>([
    ['integer', '1.5', 'expected a whole number, got "1.5"'],
    ['integer', '9007199254740993', 'expected a whole number'],
    ['integer', '0x10', 'expected a whole number, got "0x10"'],
    ['number', 'Infinity', 'expected a number, got "Infinity"'],
    ['number', '', 'expected a number, got ""'],
    ['boolean', 'yes', 'expected true or false, got "yes"'],
    ['date', '2023-02-29', 'expected a date such as 2026-12-31, got "2023-02-29"'],
    ['date', '1.2.2024', 'expected a date such as 2026-12-31'],
  ])('is refused for a %s if it is %j', (type, text, message) => {
    expect(fromText(type, text)).toContain(message);
  });

  it('becomes the whole number that it shows', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => {
        expect(fromText('integer', String(n))).toBe(n);
      }),
    );
  });
});

describe('a value that is not text', () => {
  it('is checked but not converted', () => {
    expect(readParam({ type: 'string' }, 5, { isText: false })).toEqual({
      status: 'wrong',
      message: 'expected text, got 5',
    });
    expect(readParam({ type: 'integer' }, '5', { isText: false })).toMatchObject({ status: 'wrong' });
    expect(readParam({ type: 'boolean' }, true, { isText: false })).toEqual({ status: 'read', value: true });
  });
});

it('a param with listed values accepts no other value', () => {
  expect(readParam(shelves, 'A', { isText: true })).toEqual({ status: 'read', value: 'A' });
  expect(readParam(shelves, 'a', { isText: true })).toEqual({
    status: 'wrong',
    message: 'expected one of A, B, got "a"',
  });
});
