import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { byLink, shortPath } from '../../../src/control/short-path.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function inDeepDirectory(): string {
  const deep = join(directory, 'x'.repeat(200));
  mkdirSync(deep);
  writeFileSync(join(deep, 'control.sock'), 'here');
  return join(deep, 'control.sock');
}

describe('a path that is too long for a socket', () => {
  it('is replaced by a short path to the same place, until the short path is released', () => {
    const { path, release } = shortPath(inDeepDirectory());
    expect(path.length).toBeLessThan(104);
    expect(existsSync(path)).toBe(true);
    release();
    release();
    expect(existsSync(path)).toBe(false);
  });

  it('is replaced by a link in a private directory if there is no /proc, and the release removes both', () => {
    const { path, release } = byLink(inDeepDirectory());
    expect(existsSync(path)).toBe(true);
    const own = dirname(dirname(path));
    expect(statSync(own).mode & 0o777).toBe(0o700);
    release();
    expect(existsSync(own)).toBe(false);
    expect(readdirSync(directory)).toEqual(['x'.repeat(200)]);
  });

  it('is an error if its directory does not exist', () => {
    expect(() => shortPath(join(directory, 'y'.repeat(200), 'control.sock'))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

describe('a path that is short enough', () => {
  it('stays as it is', () => {
    expect(shortPath('/srv/queue/control.sock').path).toBe('/srv/queue/control.sock');
  });
});
