import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { importProblem } from '../../../src/pipeline/import-problem.ts';
import { ownPlace } from '../../../src/core/stack.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-problem-'));
afterAll(() => rmSync(directory, { recursive: true }));

const file = '/home/me/pipeline.ts';
const text = "import { a } from './part.ts';\nimport b from 'pack';\n";

/** An error as Node and jiti throw it. */
function thrown(message: string, code?: string, stack?: string): Error {
  return Object.assign(new Error(message), { code, stack: stack ?? '' });
}

describe('the problem of a file that could not be imported', () => {
  it.each([
    [
      'a relative module that require did not find',
      thrown(`Cannot find module './part.ts'\nRequire stack:\n- ${file}`, 'MODULE_NOT_FOUND'),
      { file, line: 1, message: 'cannot find module "./part.ts"; does the file exist?' },
    ],
    [
      'a package that import did not find',
      thrown(`Cannot find package 'pack' imported from ${file}`, 'ERR_MODULE_NOT_FOUND'),
      { file, line: 2, message: 'cannot find package "pack"; is it installed where this file can see it?' },
    ],
    [
      'a module that an unreadable file asked for',
      thrown("Cannot find module './x'\nRequire stack:\n- /nowhere/y.ts\n- /z.ts", 'MODULE_NOT_FOUND'),
      { file: '/nowhere/y.ts', message: 'cannot find module "./x"; does the file exist?' },
    ],
    [
      'an error with the code of a missing module and a text of its own',
      thrown('my own words', 'MODULE_NOT_FOUND', 'Error: my own words\n    at file:///home/me/pipeline.ts:7:9'),
      { file, line: 7, column: 9, message: 'threw while it was imported: my own words' },
    ],
    [
      'a syntax error',
      thrown('ParseError: Unexpected token, expected "," \n /home/me/other.ts:3:0'),
      { file: '/home/me/other.ts', line: 3, message: 'syntax error at column 1: Unexpected token, expected ","' },
    ],
    [
      'a native module built for another Node',
      thrown(
        'wrong NODE_MODULE_VERSION',
        'ERR_DLOPEN_FAILED',
        'Error\n    at Object.<anonymous> (/home/me/pipeline.ts:2:1)',
      ),
      {
        file,
        line: 2,
        column: 1,
        message: `threw while it was imported: wrong NODE_MODULE_VERSION (built for another Node? try "npm rebuild"; this is ${process.version})`,
      },
    ],
    [
      'an unknown export of ours',
      thrown('(0 , _millrace.sqlit) is not a function', undefined, 'TypeError\n    at /home/me/pipeline.ts:4:2'),
      { file, line: 4, column: 2, message: '"millrace" exports no "sqlit"; did you mean "sqlite"?' },
    ],
    [
      'an unknown sink',
      thrown('_millrace.to.sqlit is not a function'),
      { file, message: 'to.sqlit does not exist; did you mean "to.sqlite"?' },
    ],
    [
      'a sink unlike any other',
      thrown('_millrace.to.kafka is not a function'),
      { file, message: 'to.kafka does not exist; it has to.sqlite, to.stdout' },
    ],
    [
      'a known export of ours that is misused',
      thrown('(0 , _millrace.sqlite) is not a constructor'),
      { file, message: 'threw while it was imported: (0 , _millrace.sqlite) is not a constructor' },
    ],
    ['null', null, { file, message: 'threw while it was imported: a null was thrown: null' }],
    ['undefined', undefined, { file, message: 'threw while it was imported: a undefined was thrown: undefined' }],
  ])('names the place and the solution for %s', (_, error, problem) => {
    expect(importProblem({ error, file, text, exported: ['sqlite', 'to', 'to.sqlite', 'to.stdout'] })).toEqual(problem);
  });

  it('names the line of the failed import in another file', () => {
    const part = join(directory, 'part.ts');
    writeFileSync(part, "// './x'\n\nexport * from './x';\n");
    const error = thrown(`Cannot find module './x'\nRequire stack:\n- ${part}`, 'MODULE_NOT_FOUND');
    expect(importProblem({ error, file, text, exported: [] })).toMatchObject({ file: part, line: 3 });
  });

  it('includes the causes', () => {
    const error = new Error('no settings', { cause: new Error('no such file') });
    expect(importProblem({ error, file, text, exported: [] }).message).toBe(
      'threw while it was imported: no settings: no such file',
    );
  });
});

describe('the first place in the user’s own code', () => {
  it.each([
    ['    at f (/home/me/a.ts:5:21)', { file: '/home/me/a.ts', line: 5, column: 21 }],
    ['    at async file:///home/me/a%20b.ts:5:21', { file: '/home/me/a b.ts', line: 5, column: 21 }],
    ['    at new Client [as X] (/home/(me)/a.ts:5:21)', { file: '/home/(me)/a.ts', line: 5, column: 21 }],
    [
      '    at node:internal/modules/run_main:123:5\n    at /home/me/a.ts:5:21',
      { file: '/home/me/a.ts', line: 5, column: 21 },
    ],
    [
      '    at f (/home/me/node_modules/x/i.js:1:1)\n    at g (/home/me/a.ts:5:21)',
      { file: '/home/me/a.ts', line: 5, column: 21 },
    ],
    [
      `    at f (${process.cwd()}/src/connectors/sqlite/sink.ts:1:1)\n    at /home/me/a.ts:5:21`,
      { file: '/home/me/a.ts', line: 5, column: 21 },
    ],
  ])('is found in %j', (stack, place) => {
    expect(ownPlace(`Error: at first\n${stack}`)).toEqual(place);
  });

  it.each(['', 'Error: x\n    at f (<anonymous>)', 'no stack', undefined, 5])('is not found in %j', (stack) => {
    expect(ownPlace(stack)).toBeUndefined();
  });
});
