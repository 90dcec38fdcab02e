import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeIf } from '../support/describe-if.ts';

/** systemd's exposure score; it calls a lower one "OK". A unit without any settings has 9.6. */
const mostExposure = 2.5;

const unit = readFileSync('config/millrace.service', 'utf8');
const setting = (name: string): string[] =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value!);
const seconds = (text: string): number => Number(/^(\d+)s$/.exec(text)?.[1]);

describe('the systemd unit', () => {
  test('starts node itself, with the settings of the environment file', () => {
    expect(setting('ExecStart')).toEqual([
      '/usr/bin/node /opt/millrace/node_modules/millrace/dist/cli.js run ${PIPELINE}',
    ]);
    expect(setting('EnvironmentFile')).toEqual(['-/etc/millrace/millrace.env']);
    expect(readFileSync('config/millrace.env', 'utf8')).toMatch(/^PIPELINE=\/etc\/millrace\/pipeline\.ts$/m);
  });

  test('sets the directory for the queue itself', () => {
    expect(setting('Environment')).toEqual(['MILLRACE_STATE=/var/lib/millrace/state']);
  });

  test('signals the supervisor alone and waits longer than it takes to stop', () => {
    expect(setting('KillMode')).toEqual(['mixed']);
    expect(setting('ExecStopPost')).toEqual([]);
    expect(seconds(setting('TimeoutStopSec')[0]!)).toBeGreaterThan(25);
  });

  test('restarts after a failure, but not if the next start would end in the same way', () => {
    expect(setting('Restart')).toEqual(['on-failure']);
    expect(setting('RestartPreventExitStatus')).toEqual(['3 64 78']);
    expect(setting('SuccessExitStatus')).toEqual(['3']);
  });

  test('lets V8 compile, and the supervisor read the boot id', () => {
    expect(setting('MemoryDenyWriteExecute')).toEqual([]);
    expect(setting('ProcSubset')).toEqual([]);
  });
});

const { error: missing } = spawnSync('systemd-analyze', ['--version']);
const otherwise = 'systemd-analyze is not on this machine: systemd itself did not verify the unit';

describeIf(!missing, otherwise)('the systemd unit, as systemd sees it', () => {
  let directory: string;
  let file: string;

  // verify needs the program to exist: a copy of the unit that names files of this directory.
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-unit-'));
    mkdirSync(join(directory, 'state'));
    const program = join(directory, 'node');
    writeFileSync(program, '', { mode: 0o755 });
    file = join(directory, 'millrace.service');
    writeFileSync(file, unit.replace('ExecStart=/usr/bin/node', `ExecStart=${program}`));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('is accepted by systemd-analyze without a warning', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    expect(stderr.split('\n').filter((line) => line.includes('millrace'))).toEqual([]);
    expect(status).toBe(0);
  });

  test('gives access to little of the machine', () => {
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
      encoding: 'utf8',
    });
    const score = /Overall exposure level for millrace\.service: ([\d.]+)/.exec(stdout)?.[1];
    expect(Number(score)).toBeLessThan(mostExposure);
  });
});
