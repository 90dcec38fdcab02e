import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isLaid, layTrap, liftTrap, trapDoor } from '../../../src/torture/trap.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trap-'));
  file = join(directory, 'trap');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Which processes a child of `ppid` kills when it reaches a point. */
function passing(ppid: number): number[] {
  const killed: number[] = [];
  const kill = (pid: number): true => {
    killed.push(pid);
    return true;
  };
  trapDoor(file, { pid: 20, ppid, kill })('after commit');
  return killed;
}

describe('a trap', () => {
  it.each([
    ['self', [20]],
    ['supervisor', [10]],
    ['both', [10, 20]],
  ] as const)('kills whom it is laid for, once: %s', (doomed, killed) => {
    layTrap(file, { point: 'after commit', doomed, supervisor: 10 });
    expect(passing(10)).toEqual(killed);
    expect(passing(10)).toEqual([]);
    expect(liftTrap(file)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  it('is not sprung by a child whose supervisor is gone: by now, its parent is an unrelated process', () => {
    layTrap(file, { point: 'after commit', doomed: 'both', supervisor: 10 });
    expect(passing(1)).toEqual([]);
    expect(isLaid(file)).toBe(true);
    expect(liftTrap(file)).toBe(true);
  });

  it('is not sprung elsewhere', () => {
    layTrap(file, { point: 'before commit', doomed: 'both', supervisor: 10 });
    expect(passing(10)).toEqual([]);
  });
});
