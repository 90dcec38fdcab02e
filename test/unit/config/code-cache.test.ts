import { describe, expect, it } from '@jest/globals';
import { keepingCompiledCode } from '../../../src/config/code-cache.ts';

describe('the environment of a child that keeps its compiled code', () => {
  it('names a directory in the user’s cache directory', () => {
    expect(keepingCompiledCode({ TOKEN: 'a' }, '/tmp/millrace-1')).toEqual({
      NODE_COMPILE_CACHE: '/tmp/millrace-1/code',
      TOKEN: 'a',
    });
  });

  it('keeps a directory that the user has named', () => {
    expect(keepingCompiledCode({ NODE_COMPILE_CACHE: '/mine' }, '/tmp/millrace-1')).toEqual({
      NODE_COMPILE_CACHE: '/mine',
    });
  });

  it('names no directory if the user has no cache directory', () => {
    expect(keepingCompiledCode({ TOKEN: 'a' }, undefined)).toEqual({ TOKEN: 'a' });
  });
});
