import { describe, expect, it } from '@jest/globals';
import { table } from '../../../src/cli/table.ts';

describe('a table', () => {
  it('aligns words to the left and numbers to the right', () => {
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
