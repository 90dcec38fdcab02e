import { describe, expect, it } from '@jest/globals';
import { table } from '../../../src/cli/table.ts';

describe('a table', () => {
  it('has words to the left and figures to the right', () => {
    expect(
      table(
        ['name', 'items', 'age', ''],
        [
          ['a', '1,234', '2s', 'note'],
          ['longer', '-', '10min', ''],
        ],
      ),
    ).toEqual(['name    items    age', 'a       1,234     2s  note', 'longer      -  10min']);
  });
});
