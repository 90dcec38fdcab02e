import { describe, expect, it } from '@jest/globals';
import { nameInFile } from '../../../src/cli/name-in-file.ts';

describe('the name of the pipeline in a file', () => {
  it.each([
    ["export default definePipeline({ name: 'pokedex', source: [] });", 'pokedex'],
    [
      "import { definePipeline, to } from 'millrace';\nconst name = 'other';\nexport default definePipeline({\n  limits: { name: { concurrency: 1 } },\n  name: \"b\",\n});",
      'b',
    ],
    [
      "import { definePipeline } from 'millrace';\n// definePipeline({ name: 'comment' })\nexport default definePipeline<Item, { name: 'x' }>({ name: 'c' });",
      'c',
    ],
    ['export default definePipeline({ name: `d` });', 'd'],
    ['export default definePipeline({ name: process.env.NAME });', undefined],
    ['export default definePipeline(options);', undefined],
    ['', undefined],
  ])('is read from its text: %j has %j', (text, name) => {
    expect(nameInFile(text)).toBe(name);
  });
});
