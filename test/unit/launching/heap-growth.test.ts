import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Bundles } from '../../support/bundled.ts';

const bundles = new Bundles();
afterAll(() => bundles.remove());

describe('the heap of the supervisor', () => {
  it('keeps a small young generation, so that V8 soon frees the frames that have passed', () => {
    const file = bundles.make('test/fixtures/passing-frames.ts');
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).toBeLessThanOrEqual(4 * 1024 * 1024);
  });
});
