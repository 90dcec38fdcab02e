import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { userCacheDirectory } from '../../../src/pipeline/cache-directory.ts';

let parent: string;
let wanted: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'millrace-cache-'));
  wanted = join(parent, `millrace-${process.getuid?.()}`);
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('the directory for translated files', () => {
  it('is created only for this user, and found again', () => {
    expect(userCacheDirectory(parent)).toBe(wanted);
    expect(statSync(wanted).mode & 0o777).toBe(0o700);
    expect(userCacheDirectory(parent)).toBe(wanted);
    expect(readdirSync(parent)).toHaveLength(1);
  });

  it.each([
    ['others may write to', () => mkdirSync(wanted), () => chmodSync(wanted, 0o777)],
    [
      'is a link',
      () => mkdirSync(join(parent, 'else'), { mode: 0o700 }),
      () => symlinkSync(join(parent, 'else'), wanted),
    ],
    ['is a file', () => writeFileSync(wanted, ''), () => {}],
  ])('is never one that %s', (_, first, second) => {
    first();
    second();
    expect(userCacheDirectory(parent)).toBeUndefined();
  });

  it('does not exist if it cannot be created', () => {
    expect(userCacheDirectory('/dev/null')).toBeUndefined();
  });
});
