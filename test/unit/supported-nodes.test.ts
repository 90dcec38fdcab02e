import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const read = (file: string): string => readFileSync(file, 'utf8');
const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
/** The first supported version of each line, as in `engines`. */
const lines = engines.node.split(' || ').map((range) => range.replace(/^(\^|>=)/, ''));

describe('the supported Node lines', () => {
  it('are the same in package.json and README', () => {
    const named = /supports Node\.js ([\d.]+(?:(?:, | and )[\d.]+)+)/.exec(read('README.md'))?.[1]?.match(/[\d.]+/g);
    expect(named).toEqual(lines.map((version) => version.replace(/(\.0)+$/, '')));
  });

  it('include the lines that the tests and the image run on', () => {
    const majors = lines.map((version) => version.split('.')[0]);
    expect(majors).toContain(/test:node -- (\d+)/.exec(read('.ci/run'))?.[1]);
    expect(majors).toContain(/NODE_IMAGE=node:(\d+)/.exec(read('Dockerfile'))?.[1]);
    const others = /test:node -- ((?:\d+ ?)+)/.exec(read('CONTRIBUTING.md'))?.[1]?.trim().split(' ') ?? [];
    expect(new Set([...others, '20'])).toEqual(new Set(majors));
  });
});
