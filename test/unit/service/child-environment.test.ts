import { describe, expect, it } from '@jest/globals';
import { childEnvironment } from '../../../src/service/child-environment.ts';

describe('the environment of children', () => {
  it.each([
    ['--inspect', ''],
    ['--inspect-brk=0.0.0.0:9229 --max-old-space-size=64', '--max-old-space-size=64'],
    ['--enable-source-maps --inspect=1', '--enable-source-maps'],
    ['--no-warnings', '--no-warnings'],
  ])('opens no debugger: NODE_OPTIONS=%s', (given, expected) => {
    expect(childEnvironment({ NODE_OPTIONS: given, TOKEN: 'a' })).toEqual({ NODE_OPTIONS: expected, TOKEN: 'a' });
  });

  it('is otherwise that of the supervisor', () => {
    expect(childEnvironment({ TOKEN: 'a' })).toEqual({ TOKEN: 'a' });
  });
});
