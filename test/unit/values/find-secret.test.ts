import { describe, expect, it } from '@jest/globals';
import { findSecret, whereItLooked, type FoundSecret } from '../../../src/values/find-secret.ts';

const files: Record<string, string> = {
  '/run/secrets/token': 'from the file\n',
  '/run/secrets/empty': '\n',
  '/credentials/TOKEN': 'from systemd',
};

function find(environment: Record<string, string>): FoundSecret {
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
    return content;
  };
  return findSecret('TOKEN', { environment, readFile });
}

describe('the value of a secret', () => {
  it.each([
    ['the variable', { TOKEN: 'from the variable', TOKEN_FILE: '/run/secrets/token' }, 'from the variable', 'TOKEN'],
    ['the file that TOKEN_FILE names', { TOKEN_FILE: '/run/secrets/token', CREDENTIALS_DIRECTORY: '/credentials' }, 'from the file', 'the file /run/secrets/token (TOKEN_FILE)'], // prettier-ignore
    ['the credentials directory', { CREDENTIALS_DIRECTORY: '/credentials' }, 'from systemd', '/credentials/TOKEN'],
  ])('comes from %s', (_, environment, value, place) => {
    expect(find(environment)).toEqual({ status: 'found', value, place });
  });

  it.each<[string, Record<string, string>, string]>([
    ['nothing is set', {}, 'the variable TOKEN is not set, neither is TOKEN_FILE, nor CREDENTIALS_DIRECTORY'],
    ['the variable is empty', { TOKEN: '', CREDENTIALS_DIRECTORY: '/credentials' }, 'the variable TOKEN is empty'],
    ['the file is missing', { TOKEN_FILE: '/x' }, 'the file /x (TOKEN_FILE) does not exist'],
    ['the file is empty', { TOKEN_FILE: '/run/secrets/empty' }, 'the file /run/secrets/empty (TOKEN_FILE) is empty'],
    ['the credential is missing', { CREDENTIALS_DIRECTORY: '/x' }, 'neither is TOKEN_FILE, /x/TOKEN does not exist'],
  ])('is missing if %s, and the message says where it was searched', (_, environment, text) => {
    const found = find(environment);
    expect(found.status).toBe('missing');
    expect(whereItLooked('TOKEN', found as FoundSecret & { status: 'missing' })).toContain(text);
  });
});
