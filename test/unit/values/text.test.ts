import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { param } from '../../../src/values/param.ts';
import { secret } from '../../../src/values/secret.ts';
import { hasSecret, text } from '../../../src/values/text.ts';
import { shown, valuesOf } from '../../../src/values/values.ts';

beforeEach(() => void (process.env['A_TOKEN'] = 'canary'));
afterEach(() => void delete process.env['A_TOKEN']);

const shelf = param.string();
const most = param.integer({ optional: true });
const specs = { shelf, most };
const template = text`in/${shelf}-${7}?key=${secret('A_TOKEN')}`;

describe('a text', () => {
  it('is filled in with the values of the run and of this process', () => {
    const { resolve } = valuesOf(specs, { shelf: 'A' });
    expect(resolve(template)).toBe('in/A-7?key=canary');
    expect(resolve(text`<${template}>`)).toBe('<in/A-7?key=canary>');
    expect(['x', shelf, secret('A_TOKEN')].map(resolve)).toEqual(['x', 'A', 'canary']);
  });

  it('is shown with the names of params and secrets', () => {
    expect(shown(specs, template)).toBe('in/{shelf}-7?key={secret A_TOKEN}');
    expect(shown(undefined, 'x')).toBe('x');
  });

  it('knows whether it contains a secret', () => {
    expect([template, text`<${template}>`, text`a${shelf}`, 'x'].map(hasSecret)).toEqual([true, true, false, false]);
  });

  it('is not filled in with a param that has no value, or that the pipeline does not list', () => {
    const { resolve } = valuesOf(specs, { shelf: 'A' });
    expect(() => resolve(text`${most as ReturnType<typeof param.integer>}`)).toThrow('param most has no value');
    expect(() => resolve(param.string())).toThrow('a param is used that the pipeline does not list in params');
  });

  it('accepts no other values', () => {
    expect(() => text`${{} as string}`).toThrow('takes text, numbers, params and secrets, got an object');
  });
});
