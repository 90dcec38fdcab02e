import { describe, expect, it } from '@jest/globals';
import { configError, MillraceError } from '../../../src/core/errors.ts';
import { exhausted } from '../../../src/core/exhausted.ts';

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: it failed, ${syscall}`), { code, syscall });
}

describe('an error of an operating system that has run out of', () => {
  it.each([
    ['descriptors', systemError('EMFILE', 'open'), 'ulimit -n'],
    ['descriptors of the machine', systemError('ENFILE', 'open'), 'fs.file-max'],
    ['processes', systemError('EAGAIN', 'spawn'), 'ulimit -u'],
    ['memory', systemError('ENOMEM', 'spawn'), 'Add memory'],
  ])('%s says what to raise, even as a cause, and has exit code 78', (_, error, text) => {
    for (const thrown of [error, new Error('it did not work', { cause: error })]) {
      const found = exhausted(thrown);
      expect(found).toMatchObject({ code: 'EXHAUSTED', exitCode: 78, cause: thrown });
      expect(found?.message).toContain(text);
      expect(found?.message).toContain(error.message);
    }
  });

  it('something is distinguished from other errors', () => {
    expect(exhausted(systemError('EAGAIN', 'read'))).toBeUndefined();
    expect(exhausted(systemError('ENOENT', 'open'))).toBeUndefined();
    expect(exhausted(new Error('no code'))).toBeUndefined();
    expect(exhausted('text')).toBeUndefined();
    expect(exhausted(configError('X', 'what to do', systemError('EMFILE', 'open')))).toBeUndefined();
    expect(exhausted(new MillraceError('BUG', 'odd', { cause: systemError('EMFILE', 'open') }))).toBeDefined();
  });
});
