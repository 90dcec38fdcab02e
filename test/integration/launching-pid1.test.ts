import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path, { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { describeIf } from '../support/describe-if.ts';

/** As in a container: process 1 of a PID namespace, in a directory that cannot be written. */
const unshare = ['--pid', '--mount', '--fork', '--mount-proc', '--kill-child'];
if (process.getuid?.() !== 0) unshare.unshift('--user', '--map-root-user');
const launch = 'mount -t tmpfs -o ro none "$1" && cd "$1" && shift && exec "$@"';

const { status: allowed } = spawnSync('unshare', [...unshare, 'true']);
const otherwise = 'this user may not use unshare here: Millrace as process 1 was not tested';

describeIf(allowed === 0, otherwise)('Millrace as process 1 with a read-only working directory', () => {
  let directory: string;
  let namespace: ChildProcess | undefined;
  let output: string;
  let heard: (() => void) | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-pid1-'));
    mkdirSync(join(directory, 'work'));
    output = '';
  });
  afterEach(async () => {
    if (namespace && namespace.exitCode === null && namespace.signalCode === null) {
      namespace.kill('SIGKILL');
      await once(namespace, 'exit');
    }
    rmSync(directory, { recursive: true });
  });

  const hear = (text = ''): void => {
    output += text;
    heard?.();
  };

  const start = (count: number): ChildProcess => {
    const pipeline = join(directory, 'pipeline.ts');
    const database = join(directory, 'rows.db');
    writeFileSync(
      pipeline,
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'contained',
         *source() { for (let n = 1; n <= ${count}; n++) yield { n }; },
         async process({ n }) {
           await new Promise((resolve) => setTimeout(resolve, 5));
           console.log('item ' + n);
           return { n };
         },
         sink: to.sqlite({ file: ${JSON.stringify(database)}, table: 'rows' }),
       });`,
    );
    const command = [process.execPath, path.resolve('dist/cli.js'), 'run', pipeline, '--consumers', '1'];
    const child = spawn(
      'unshare',
      [...unshare, 'sh', '-c', launch, 'sh', join(directory, 'work'), ...command, '--state', join(directory, 'state')],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.once('exit', () => hear());
    return (namespace = child);
  };

  /** The pid of the supervisor, as seen from outside, once its first item has been processed. */
  const working = async (child: ChildProcess): Promise<number> => {
    while (!output.includes('item ')) {
      if (child.exitCode !== null) throw new Error(`ended before the first item:\n${output}`);
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    return Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
  };

  const rows = (): number[] => {
    const database = new Database(join(directory, 'rows.db'), { readonly: true });
    const found = database.prepare('SELECT n FROM rows ORDER BY n').pluck().all() as number[];
    database.close();
    return found;
  };

  test('finishes a run', async () => {
    const [code] = (await once(start(20), 'exit')) as [number | null];
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(rows()).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test('stops cleanly on TERM, and keeps the items that it has not done', async () => {
    const child = start(50_000);
    process.kill(await working(child), 'SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    const done = rows();
    expect(new Set(done).size).toBe(done.length);
    expect(done.length).toBeLessThan(50_000);
  });
});
