import { expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import { writerTo } from '../../../src/cli/writer.ts';

function failing(code: string): Writable {
  const error = Object.assign(new Error(`${code}, write`), { code });
  return new Writable({ write: (_chunk, _encoding, done) => done(error) });
}

it('a command fails if it cannot write its output: a full disk must not pass for a complete export', async () => {
  const write = writerTo(failing('ENOSPC'));
  await expect(write('a dead letter\n')).rejects.toMatchObject({
    message: 'cannot write the output: ENOSPC, write',
    exitCode: 74,
  });
});

it('a command does not fail if its reader has read enough', async () => {
  await expect(writerTo(failing('EPIPE'))('a line\n')).resolves.toBeUndefined();
});
