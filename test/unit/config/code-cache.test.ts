import { describe, expect, it } from '@jest/globals';
import { keepingCompiledCode } from '../../../src/config/code-cache.ts';

describe('the environment of a child that keeps its compiled code', () => {
  it('names a folder inside the one of this user', () => {
    expect(keepingCompiledCode({ TOKEN: 'a' }, '/tmp/millrace-1')).toEqual({
      NODE_COMPILE_CACHE: '/tmp/millrace-1/code',
      TOKEN: 'a',
    });
  });

  it('leaves a folder that the user has named', () => {
    expect(keepingCompiledCode({ NODE_COMPILE_CACHE: '/mine' }, '/tmp/millrace-1')).toEqual({
      NODE_COMPILE_CACHE: '/mine',
    });
  });

  it('names none where there is none', () => {
    expect(keepingCompiledCode({ TOKEN: 'a' }, undefined)).toEqual({ TOKEN: 'a' });
  });
});
