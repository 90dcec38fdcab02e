import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { guardCommand } from '../../../../src/supervision/posts/group-guard.ts';
import { deathSignalCommand, identify, membersOf } from '../../../../src/supervision/posts/identity.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { until } from '../../../support/until.ts';

const deathSignal = deathSignalCommand();
const hasGuard = spawnSync('sh', ['-c', 'exit 0']).status === 0 && deathSignal !== undefined;
const otherwise = 'setpriv or sh is not on this machine: the guard of process groups was not tested';

describeIf(hasGuard, otherwise)('the process group of a child whose supervisor is killed', () => {
  it('is killed as well, busy or idle, with everything that the child has started', async () => {
    const item = `require('node:child_process').spawn('sleep', ['1000'], { stdio: 'ignore' }); for (;;);`;
    const [program, ...args] = [...guardCommand(deathSignal)!, process.execPath, '-e', item];
    const supervisor = spawn(
      process.execPath,
      [
        '-e',
        `const [program, ...args] = ${JSON.stringify([program, ...args])};
         const stdio = ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'];
         console.log(require('node:child_process').spawn(program, args, { stdio, detached: true }).pid);
         setInterval(() => undefined, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    supervisor.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until(() => text.endsWith('\n'));
    const leader = Number(text);
    // The child, its guard, and the processes that it has started.
    await until(() => membersOf(leader).length === 3);
    supervisor.kill('SIGKILL');
    await until(() => membersOf(leader).length === 0);
    expect(identify(leader)).toBeUndefined();
  });
});

describe('a guard', () => {
  it('is not used where the kernel has no death signal: a child watches its parent there', () => {
    expect(guardCommand(undefined)).toBeUndefined();
  });
});
