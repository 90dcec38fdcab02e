import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { controlSocketPath, stateDirectory } from '../../../src/config/state-directory.ts';

describe('the state directory', () => {
  it.each([
    ['the value of --state', '/srv/queue', '/var/lib/millrace', '/srv/queue'],
    ["systemd's directory", null, '/var/lib/millrace', '/var/lib/millrace'],
    ["the first of systemd's directories", null, '/var/lib/a:/var/lib/b', '/var/lib/a'],
    ['a directory in the current directory', null, undefined, '/home/me/.millrace/pokedex'],
    ['a directory in the current directory if the variable is empty', null, '', '/home/me/.millrace/pokedex'],
  ])('is %s', (_, state, fromSystemd, expected) => {
    const environment = { STATE_DIRECTORY: fromSystemd };
    expect(
      stateDirectory({ settings: { state, stateRoot: null }, environment, name: 'pokedex', cwd: '/home/me' }),
    ).toBe(expected);
  });

  it.each([
    ["the pipeline's directory in the root", null, '/state/pokedex'],
    ['the value of --state, which overrides the root', '/srv/queue', '/srv/queue'],
  ])('is %s, regardless of systemd', (_, state, expected) => {
    const settings = { state, stateRoot: '/state' };
    const environment = { STATE_DIRECTORY: '/var/lib/millrace' };
    expect(stateDirectory({ settings, environment, name: 'pokedex', cwd: '/home/me' })).toBe(expected);
  });

  it('is not created in a root that holds the queue of a single pipeline', () => {
    const root = mkdtempSync(join(tmpdir(), 'millrace-'));
    try {
      const request = { settings: { state: null, stateRoot: root }, environment: {}, name: 'a', cwd: '/' };
      writeFileSync(join(root, 'queue.db'), '');
      expect(() => stateDirectory(request)).toThrow(
        expect.objectContaining({
          code: 'STATE_ROOT',
          exitCode: 78,
          message: expect.stringContaining(`MILLRACE_STATE=${root}`),
        }),
      );
      mkdirSync(join(root, 'a'));
      writeFileSync(join(root, 'a', 'queue.db'), '');
      expect(stateDirectory(request)).toBe(join(root, 'a'));
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('can have a path as long as SQLite allows, which is longer than a socket allows', () => {
    const named = (bytes: number): string =>
      stateDirectory({
        settings: { state: `/${'x'.repeat(bytes - 1)}`, stateRoot: null },
        environment: {},
        name: 'a',
        cwd: '/',
      });
    for (const bytes of [80, 107, 108, 200, 450]) expect(named(bytes)).toHaveLength(bytes);
    for (const bytes of [451, 1000]) {
      expect(() => named(bytes)).toThrow(
        expect.objectContaining({
          code: 'STATE_PATH',
          exitCode: 78,
          message: expect.stringMatching(/at most 450 bytes, because SQLite .* has \d+\. Choose a shorter path/),
        }),
      );
    }
  });
});

describe('the control socket', () => {
  it('is in the state directory', () => {
    expect(controlSocketPath('/srv/queue')).toBe('/srv/queue/control.sock');
  });
});
