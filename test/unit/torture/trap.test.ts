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

/** The processes that a child of `ppid` kills when it reaches a point of its work with the sink of this number. */
function passing(ppid: number, sink?: number): number[] {
  const killed: number[] = [];
  const kill = (pid: number): true => {
    killed.push(pid);
    return true;
  };
  trapDoor(file, { pid: 20, ppid, kill })('after commit', sink);
  return killed;
}

describe('a trap', () => {
  it.each([
    ['self', [20]],
    ['supervisor', [10]],
    ['both', [10, 20]],
  ] as const)('kills the processes that it is set for, once: %s', (doomed, killed) => {
    layTrap(file, { point: 'after commit', sink: 0, doomed, supervisor: 10 });
    expect(passing(10)).toEqual(killed);
    expect(passing(10)).toEqual([]);
    expect(liftTrap(file)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  it('is not sprung by a child whose supervisor has gone: its parent is now an unrelated process', () => {
    layTrap(file, { point: 'after commit', sink: 0, doomed: 'both', supervisor: 10 });
    expect(passing(1)).toEqual([]);
    expect(isLaid(file)).toBe(true);
    expect(liftTrap(file)).toBe(true);
  });

  it('is not sprung at another point', () => {
    layTrap(file, { point: 'before commit', sink: 0, doomed: 'both', supervisor: 10 });
    expect(passing(10)).toEqual([]);
  });

  it('for one of several sinks is sprung only at that sink', () => {
    layTrap(file, { point: 'after commit', sink: 1, doomed: 'self', supervisor: 10 });
    expect(passing(10, 0)).toEqual([]);
    expect(passing(10, 1)).toEqual([20]);
  });
});
