import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Config, resolveConfig } from '../../src/config/resolve.ts';

interface Instruction {
  name: string;
  /** The text after the name, with continuation lines joined. */
  value: string;
  /** Which `FROM` it belongs to, counted from 0; -1 before the first. */
  stage: number;
}

/** The most frequent mistakes can be found without a docker engine: paths, users, and commands that a shell would run. */
function parseDockerfile(text: string): Instruction[] {
  let stage = -1;
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => {
      const [, name, value] = /^([A-Z]+)\s+(.+)$/.exec(line) ?? [];
      if (!name || !value) throw new Error(`Dockerfile: not an instruction: ${line}`);
      if (name === 'FROM') stage++;
      return { name, value, stage };
    });
}

/** Whether .dockerignore lets `path` into the build: the last matching pattern decides. */
function isSent(path: string): boolean {
  const patterns = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const last = patterns.findLast((pattern) => ['*', path].includes(pattern.replace(/^!/, '')));
  return last === undefined || last.startsWith('!');
}

describe('the Dockerfile', () => {
  const instructions = parseDockerfile(readFileSync('Dockerfile', 'utf8'));
  const lastStage = Math.max(...instructions.map(({ stage }) => stage));
  const inImage = (name: string): string[] =>
    instructions.filter((one) => one.name === name && one.stage === lastStage).map(({ value }) => value);
  const only = (name: string): string => {
    const [value, ...others] = inImage(name);
    if (value === undefined || others.length > 0) throw new Error(`expected one ${name} in the image`);
    return value;
  };

  test('copies only what exists and what .dockerignore lets through', () => {
    const sources = instructions
      .filter(({ name, value }) => name === 'COPY' && !value.startsWith('--from='))
      .flatMap(({ value }) => value.split(/\s+/).slice(0, -1));
    expect(sources).toContain('package-lock.json');
    expect(sources.filter((path) => !existsSync(path) || !isSent(path))).toEqual([]);
  });

  test('sends the build only files that the repository contains', () => {
    for (const path of ['.git', 'node_modules', 'dist', '.millrace', '.env']) expect(isSent(path)).toBe(false);
  });

  test('runs as a user that is not root, given by number', () => {
    const [user] = only('USER').split(':');
    expect(Number(user)).toBeGreaterThan(999);
  });

  test('starts node under an init, without a shell or npm between', () => {
    expect(JSON.parse(only('ENTRYPOINT'))).toEqual(['/usr/bin/tini', '--', 'node', '/app/dist/cli.js']);
    expect(JSON.parse(only('CMD'))).toEqual(['run', '/pipelines/pipeline.ts']);
    expect(only('HEALTHCHECK')).toMatch(/CMD \["node", "\/app\/dist\/cli\.js", "status", "--healthy"\]$/);
    expect(only('STOPSIGNAL')).toBe('SIGTERM');
  });

  test('contains neither npm nor compilers', () => {
    const commands = inImage('RUN').join(' ');
    expect(commands).toMatch(/rm -rf [^&]*\/usr\/local\/lib\/node_modules/);
    expect(commands).not.toMatch(/\b(g\+\+|make|python3|npm (ci|install|run))\b/);
  });

  test('keeps state and results in volumes that its user owns, and stops before docker kills it', () => {
    const volumes = JSON.parse(only('VOLUME')) as string[];
    expect(volumes).toEqual(['/state', '/data']);
    expect(inImage('RUN').join(' ')).toContain(
      'install --directory --owner=millrace --group=millrace --mode=0700 /state /data',
    );
    expect(only('WORKDIR')).toBe('/data');
    expect(only('ENV')).toMatch(/\bMILLRACE_STATE_ROOT=\/state\b/);
    expect(only('ENV')).toContain('MILLRACE_STOP_TIMEOUT=8s');
  });

  test('sets variables that the configuration knows, and leaves the number of consumers to pipeline and CPUs', () => {
    const environment = Object.fromEntries(
      [...only('ENV').matchAll(/(\S+)=(\S+)/g)].map(([, name, value]) => [name, value]),
    );
    expect(environment).toMatchObject({ MILLRACE_CONSUMERS: 'auto' });
    const resolve = (options: Record<string, unknown>): Config =>
      resolveConfig({ flags: {}, environment, cwd: '/data', cores: () => 3, pipeline: { file: 'p.ts', options } });
    expect(resolve({}).warnings).toEqual([]);
    expect(resolve({}).settings).toMatchObject({ consumers: 3, state: null, stateRoot: '/state', stopTimeout: 8000 });
    expect(resolve({ consumers: 5 }).settings.consumers).toBe(5);
  });

  test('pins its base image by a tag of a supported Node', () => {
    const image = instructions.find(({ name }) => name === 'ARG')!.value;
    expect(image).toMatch(/^NODE_IMAGE=node:24[\w.]*-bookworm-slim$/);
    expect(instructions.filter(({ name }) => name === 'FROM').map(({ value }) => value.split(' ')[0])).toEqual([
      '${NODE_IMAGE}',
      '${NODE_IMAGE}',
    ]);
  });
});
