import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findChildEntries } from '../../../src/service/child-entries.ts';

let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-')));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the files of the child processes', () => {
  it('are taken from the installed package, not from the directory of a bundle', () => {
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(resolve('.'), join(directory, 'node_modules/millrace'));
    writeFileSync(join(directory, 'producer.js'), 'throw new Error("the user’s own file")');
    expect(findChildEntries([join(directory, 'bundle.js')])).toEqual({
      producer: resolve('dist/producer.js'),
      consumer: resolve('dist/consumer.js'),
    });
  });

  it('are searched from the next file if the first one is not near the package', () => {
    const found = findChildEntries([undefined, join(directory, 'bundle.js'), resolve('src/service/run.ts')]);
    expect(found.producer).toBe(resolve('dist/producer.js'));
  });

  it('cause an error that says what to install if they cannot be found', () => {
    expect(() => findChildEntries([join(directory, 'bundle.js')])).toThrow(
      'install millrace next to the pipeline file',
    );
  });
});
