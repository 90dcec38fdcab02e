import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FrameEncoder } from '../../../src/frame/codec.ts';
import { isSecret, secret } from '../../../src/values/secret.ts';
import { thrownBy } from '../../support/thrown.ts';

afterEach(() => void delete process.env['A_TOKEN']);

const hint = "text`Bearer ${secret('A_TOKEN')}`";

describe('a secret', () => {
  it('gives its value to code that asks for it', () => {
    process.env['A_TOKEN'] = 'canary';
    const { value } = secret('A_TOKEN');
    expect(value()).toBe('canary');
  });

  it('without a value says where it was searched', () => {
    const error = thrownBy(() => secret('A_TOKEN').value());
    expect(error).toMatchObject({ code: 'SECRET', exitCode: 78 });
    expect(error).toMatchObject({
      message: expect.stringContaining('secret A_TOKEN has no value: the variable A_TOKEN is not set'),
    });
  });

  it.each<[string, (one: unknown) => unknown]>([
    ['String()', String],
    // oxlint-disable-next-line typescript/restrict-template-expressions -- the test makes this mistake
    ['a template literal', (one) => `Bearer ${one}`],
    ['+', (one) => 'Bearer ' + (one as string)],
    ['JSON', (one) => JSON.stringify({ one })],
    ['concat', (one) => 'Bearer '.concat(one as string)],
  ])('does not become text through %s, and the error says what to use instead', (_, convert) => {
    expect(() => convert(secret('A_TOKEN'))).toThrow(hint);
    expect(() => convert(secret('A_TOKEN'))).toThrow("secret('A_TOKEN').value()");
  });

  it('is shown by its name where objects are inspected', () => {
    process.env['A_TOKEN'] = 'canary';
    const one = secret('A_TOKEN');
    one.value();
    expect(inspect({ one }, { showHidden: true, depth: 9 })).toBe("{ one: secret('A_TOKEN') }");
    expect(inspect(one, { customInspect: false, showHidden: true, depth: 9 })).not.toContain('canary');
  });

  it('is refused as part of an item', () => {
    const encoder = new FrameEncoder({ maxItemBytes: 1000 });
    expect(() => encoder.add({ auth: { one: secret('A_TOKEN') } })).toThrow('auth.one');
  });

  it.each(['', 'A TOKEN', '1A', '../x', 5])('cannot be called %j', (name) => {
    expect(() => secret(name as string)).toThrow('secret() expects a name');
  });

  it('is recognised, and no other value is', () => {
    expect([secret('A'), { value: () => '' }, 'A', null].map(isSecret)).toEqual([true, false, false, false]);
  });
});
