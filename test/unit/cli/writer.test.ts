import { expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import { writerTo } from '../../../src/cli/writer.ts';

function failing(code: string): Writable {
  const error = Object.assign(new Error(`${code}, write`), { code });
  return new Writable({ write: (_chunk, _encoding, done) => done(error) });
}

it('says that output could not be kept: a full disk must not pass for an export', async () => {
  const write = writerTo(failing('ENOSPC'));
  await expect(write('a dead letter\n')).rejects.toMatchObject({
    message: 'cannot write the output: ENOSPC, write',
    exitCode: 74,
  });
});

it('takes a reader that has had enough for no failure', async () => {
  await expect(writerTo(failing('EPIPE'))('a line\n')).resolves.toBeUndefined();
});
