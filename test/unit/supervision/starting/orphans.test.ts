import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../../src/core/clock.ts';
import { EventBus, type Who } from '../../../../src/observability/events.ts';
import { MemoryWriters } from '../../../../src/queue/memory-writers.ts';
import type { NewWriter, ProcessIdentity } from '../../../../src/queue/writers.ts';
import { identify, membersOf } from '../../../../src/supervision/posts/identity.ts';
import { killGroup } from '../../../../src/supervision/posts/kill.ts';
import { killOrphans } from '../../../../src/supervision/starting/orphans.ts';
import { HandClock } from '../../../support/hand-clock.ts';
import { until } from '../../../support/until.ts';

/** The consumers of a predecessor, which did not record their end. */
function leftBehind(...identities: ProcessIdentity[]): MemoryWriters {
  const writers = new MemoryWriters();
  identities.forEach((identity, i) =>
    writers.register({ run: 'run-1', role: 'consumer', ordinal: i + 1, ...identity }),
  );
  return writers;
}

/** The recorded end of each of them; undefined if there is none. */
function endsOf({ all }: MemoryWriters): ('clean' | 'unclean' | undefined)[] {
  return [...all.values()].map(({ ended }) => ended);
}

const looking = { identify, membersOf, kill: killGroup, stopped: new AbortController().signal };

const started: ChildProcess[] = [];
const grandchildren: number[] = [];
afterEach(() => {
  for (const pid of [...started.splice(0).map((child) => child.pid!), ...grandchildren.splice(0)]) {
    if (identify(pid)) process.kill(pid, 'SIGKILL');
  }
});

/** A real process that leads a group, as children do. */
function aProcess(script = 'setInterval(() => {}, 1000)'): { pid: number; identity: ProcessIdentity } {
  const child = spawn(process.execPath, ['-e', script], { detached: true, stdio: 'ignore' });
  started.push(child);
  return { pid: child.pid!, identity: identify(child.pid!)! };
}

function killed(): { events: EventBus; who: Who[] } {
  const events = new EventBus();
  const who: Who[] = [];
  events.subscribe((name, event) => {
    if (name === 'orphan.killed') who.push((event as { who: Who }).who);
  });
  return { events, who };
}

describe('the children of a predecessor', () => {
  it('are killed and seen gone, even one in a busy loop, before anything else happens', async () => {
    const orphans = [aProcess(), aProcess('for (;;);')];
    const left = leftBehind(...orphans.map(({ identity }) => identity));
    const { events, who } = killed();
    await killOrphans(left, { ...looking, clock: systemClock, events });
    expect(orphans.map(({ pid }) => identify(pid))).toEqual([undefined, undefined]);
    expect(who.map(({ pid, ordinal }) => [pid, ordinal])).toEqual(orphans.map(({ pid }, i) => [pid, i + 1]));
    expect(endsOf(left)).toEqual(['unclean', 'unclean']);
  });

  it('bring down the processes that they had started', async () => {
    const script = `const { pid } = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      require('node:fs').writeFileSync('/proc/self/comm', String(pid)); setInterval(() => {}, 1000);`;
    const orphan = aProcess(script);
    const comm = (): string => readFileSync(`/proc/${orphan.pid}/comm`, 'utf8').trim();
    await until(() => /^\d+$/.test(comm()));
    const grandchild = Number(comm());
    await killOrphans(leftBehind(orphan.identity), { ...looking, clock: systemClock, ...killed() });
    await until(() => identify(grandchild) === undefined);
    expect(identify(orphan.pid)).toBeUndefined();
  });

  /** A leader that is gone, and a live process that it had started. */
  async function aGrandchild(): Promise<{ leader: ProcessIdentity; pid: number }> {
    const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }); setInterval(() => {}, 1000);`;
    const leader = aProcess(script);
    const grandchild = (): number | undefined => membersOf(leader.pid).find(({ pid }) => pid !== leader.pid)?.pid;
    await until(() => grandchild() !== undefined);
    const pid = grandchild()!;
    grandchildren.push(pid);
    process.kill(leader.pid, 'SIGKILL');
    await until(() => identify(leader.pid) === undefined);
    return { leader: leader.identity, pid };
  }

  it('that are gone may have left processes that they started: these are killed and seen gone, too', async () => {
    const { leader, pid } = await aGrandchild();
    const left = leftBehind(leader);
    const { events, who } = killed();
    await killOrphans(left, { ...looking, clock: systemClock, events });
    expect(identify(pid)).toBeUndefined();
    expect(who).toEqual([{ role: 'consumer', ordinal: 1, pid: leader.pid }]);
    expect(endsOf(left)).toEqual(['unclean']);
  });

  it.each<[string, (leader: ProcessIdentity) => ProcessIdentity]>([
    ['began before they did', (leader) => ({ ...leader, started: String(Number(leader.started) + 1_000_000) })],
    ['runs on another boot of the machine', (leader) => ({ ...leader, boot: 'another' })],
    ['cannot be distinguished from others', (leader) => ({ ...leader, started: null })],
  ])('are not followed to a group that %s', async (_, alter) => {
    const { leader, pid } = await aGrandchild();
    const { events, who } = killed();
    await killOrphans(leftBehind(alter(leader)), { ...looking, clock: systemClock, events });
    expect(identify(pid)).toBeDefined();
    expect(who).toEqual([]);
  });

  it('are not waited for if the service is asked to stop, and stay on record', async () => {
    const undead = aProcess();
    const left = leftBehind(undead.identity);
    const stop = new AbortController();
    const over = killOrphans(left, {
      ...looking,
      clock: new HandClock(),
      ...killed(),
      identify: () => undead.identity,
      stopped: stop.signal,
    });
    stop.abort();
    await over;
    expect(endsOf(left)).toEqual([undefined]);
  });

  it.each<[string, (identity: ProcessIdentity) => ProcessIdentity]>([
    ['started at another time', (identity) => ({ ...identity, started: '1' })],
    ['ran before the machine was rebooted', (identity) => ({ ...identity, boot: 'another' })],
  ])('are not confused with the process that has their pid now: the one on record %s', async (_, alter) => {
    const stranger = aProcess();
    const left = leftBehind(alter(stranger.identity));
    const { events, who } = killed();
    await killOrphans(left, { ...looking, clock: systemClock, events });
    expect(identify(stranger.pid)).toEqual(stranger.identity);
    expect(who).toEqual([]);
    expect(endsOf(left)).toEqual(['unclean']);
  });

  it('may already be gone, or may never have had a pid', async () => {
    const left = leftBehind({ pid: 4_194_999, started: '1', boot: 'b' });
    left.register({ run: 'run-1', role: 'consumer', ordinal: 2 } as NewWriter);
    await killOrphans(left, { ...looking, clock: systemClock, ...killed() });
    expect(endsOf(left)).toEqual(['unclean', 'unclean']);
  });

  it('that do not end cause an error that names them, and are not recorded as ended', async () => {
    const clock = new HandClock();
    const undead = aProcess();
    const left = leftBehind(undead.identity);
    const outcome = killOrphans(left, {
      ...looking,
      clock,
      ...killed(),
      identify: () => undead.identity,
    }).then(
      () => 'resolved',
      (error: unknown) => error,
    );
    let isOver = false;
    void outcome.then(() => (isOver = true));
    await until(() => {
      clock.turn(1000);
      return isOver;
    });
    expect(await outcome).toMatchObject({
      code: 'ORPHAN',
      exitCode: 74,
      message: expect.stringContaining(`process ${undead.pid}, the consumer of an earlier supervisor`),
    });
    expect(endsOf(left)).toEqual([undefined]);
  });
});

describe('a process’s identity', () => {
  it('stays the same as long as it lives', async () => {
    const { pid, identity } = aProcess('process.exit()');
    expect(identity).toMatchObject({ pid, started: expect.stringMatching(/^\d+$/), boot: expect.stringMatching(/-/) });
    await until(() => identify(pid) === undefined);
    expect(identify(process.pid)).toEqual(identify(process.pid));
    expect(identify(process.pid)).not.toEqual(identify(process.ppid));
  });

  it('does not exist for a process that has ended and waits for its parent to collect its status', async () => {
    // The shell becomes a program that never collects it; its child ends only after that.
    const child = `sh -c 'until [ "$(cat /proc/$PPID/comm)" = sleep ]; do :; done'`;
    const parent = spawn('sh', ['-c', `${child} & echo $!; exec sleep 1000`], { detached: true });
    started.push(parent);
    let pid = '';
    parent.stdout.on('data', (chunk: Buffer) => (pid += chunk.toString()));
    await until(() => pid.endsWith('\n'));
    await until(() => / Z /.test(readFileSync(`/proc/${pid.trim()}/stat`, 'latin1')));
    expect(identify(Number(pid))).toBeUndefined();
  });
});
