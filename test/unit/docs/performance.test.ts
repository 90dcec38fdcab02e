import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { writtenFiles } from '../../../bench/report/write.ts';

describe('the figures in docs/performance.md', () => {
  it.each([...writtenFiles(resolve('.'))])('are the figures in bench/results: %s', (file, text) => {
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});
