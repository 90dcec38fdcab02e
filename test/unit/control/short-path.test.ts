import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { byLink, shortPath } from '../../../src/control/short-path.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function inDeepFolder(): string {
  const deep = join(folder, 'x'.repeat(200));
  mkdirSync(deep);
  writeFileSync(join(deep, 'control.sock'), 'here');
  return join(deep, 'control.sock');
}

describe('a path that is too long for a socket', () => {
  it('is replaced by a short one to the same place, until that is let go of', () => {
    const { path, release } = shortPath(inDeepFolder());
    expect(path.length).toBeLessThan(104);
    expect(existsSync(path)).toBe(true);
    release();
    release();
    expect(existsSync(path)).toBe(false);
  });

  it('has its link, where there is no /proc, in a folder that only its owner can use, and leaves nothing behind', () => {
    const { path, release } = byLink(inDeepFolder());
    expect(existsSync(path)).toBe(true);
    const own = dirname(dirname(path));
    expect(statSync(own).mode & 0o777).toBe(0o700);
    release();
    expect(existsSync(own)).toBe(false);
    expect(readdirSync(folder)).toEqual(['x'.repeat(200)]);
  });

  it('in a folder that is not there is an error that says so', () => {
    expect(() => shortPath(join(folder, 'y'.repeat(200), 'control.sock'))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

describe('a path that is short enough', () => {
  it('stays as it is', () => {
    expect(shortPath('/srv/queue/control.sock').path).toBe('/srv/queue/control.sock');
  });
});
