import { describe, expect, it } from '@jest/globals';
import { readText } from '../../../src/core/read-text.ts';

describe('the text of a file', () => {
  it('is read, and is undefined for a missing file and for a directory', () => {
    expect(readText('package.json')).toContain('"millrace"');
    expect([readText('no-such-file'), readText('src')]).toEqual([undefined, undefined]);
  });
});
