import { describe, expect, it } from '@jest/globals';
import { controlSocketPath, stateDirectory } from '../../../src/config/state-directory.ts';

describe('the state directory', () => {
  it.each([
    ['what state says', '/srv/queue', '/var/lib/millrace', '/srv/queue'],
    ["systemd's", null, '/var/lib/millrace', '/var/lib/millrace'],
    ["the first of systemd's", null, '/var/lib/a:/var/lib/b', '/var/lib/a'],
    ['one in the current folder', null, undefined, '/home/me/.millrace/pokedex'],
    ['one in the current folder, if the variable is empty', null, '', '/home/me/.millrace/pokedex'],
  ])('is %s', (_, state, fromSystemd, expected) => {
    const environment = { STATE_DIRECTORY: fromSystemd };
    expect(stateDirectory({ settings: { state }, environment, name: 'pokedex', folder: '/home/me' })).toBe(expected);
  });

  it('is refused if its control socket could not be opened', () => {
    const request = { settings: { state: `/${'ü'.repeat(50)}` }, environment: {}, name: 'a', folder: '/' };
    expect(() => stateDirectory(request)).toThrow(
      expect.objectContaining({
        code: 'STATE_PATH',
        exitCode: 78,
        message: expect.stringMatching(/ has 114: name a folder/),
      }),
    );
  });
});

describe('the control socket', () => {
  it('lies in the state directory', () => {
    expect(controlSocketPath('/srv/queue')).toBe('/srv/queue/control.sock');
  });

  it('may have a path as long as the system allows, and no longer', () => {
    const longest = (process.platform === 'darwin' ? 103 : 107) - '/control.sock'.length;
    expect(controlSocketPath(`/${'x'.repeat(longest - 1)}`)).toHaveLength(longest + '/control.sock'.length);
    expect(() => controlSocketPath(`/${'x'.repeat(longest)}`)).toThrow('may have at most');
  });
});
