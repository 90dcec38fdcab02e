import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const text = readFileSync(resolve('docs/reliability.md'), 'utf8');
const matrix = text.slice(text.indexOf('\n## Fault matrix'), text.indexOf('\n## Torture'));
const rows = matrix
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| fault |'))
  // A | in a cell is written \|.
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

/** `file`: *name*, *another name of the same file*. */
function testsIn(cell: string): { file: string; name: string }[] {
  return [
    ...cell.matchAll(/`((?:unit|contract|integration|simulation)\/[^`]+)`: (\*[^*]+\*(?:, \*[^*]+\*)*)/g),
  ].flatMap(([, file, names]) =>
    [...names!.matchAll(/\*([^*]+)\*/g)].map(([, name]) => ({ file: file!, name: name! })),
  );
}

describe('the fault matrix', () => {
  it('has at least forty rows, each with its effect, its cost and its evidence', () => {
    expect(rows.length).toBeGreaterThanOrEqual(40);
    expect(rows.filter((row) => row.length !== 8).map(([, fault]) => fault)).toEqual([]);
  });

  it('names a test, torture, or the word "argued" in each row', () => {
    const unshown = rows.filter((row) => testsIn(row[6]!).length === 0 && !/\btorture\b|\bargued\b/.test(row[6]!));
    expect(unshown.map(([, fault]) => fault)).toEqual([]);
  });

  it('names only tests that exist', () => {
    const missing = rows
      .flatMap((row) => testsIn(row[6]!))
      .filter(({ file, name }) => {
        const path = join('test', file);
        return !existsSync(path) || !readFileSync(path, 'utf8').includes(name);
      });
    expect(missing).toEqual([]);
  });

  it('names only faults that torture draws', () => {
    const drawn = ['src/torture/strike.ts', 'src/torture/faults.ts'].map((file) => readFileSync(file, 'utf8')).join('');
    const named = rows.flatMap((row) =>
      [...row[6]!.matchAll(/torture: ((?:\*[^*]+\*(?:, )?)+)/g)].flatMap(([, list]) =>
        [...list!.matchAll(/\*([^*]+)\*/g)].map(([, fault]) => fault!),
      ),
    );
    const words = named.flatMap((fault) => fault.split(/: |, (?=before |after |source |item )/));
    expect(words.filter((word) => !drawn.includes(word))).toEqual([]);
  });
});
