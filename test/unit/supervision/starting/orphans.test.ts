import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../../src/core/clock.ts';
import { EventBus, type Who } from '../../../../src/observability/events.ts';
import type { ProcessIdentity, WriterRecord, Writers } from '../../../../src/queue/writers.ts';
import { identify, membersOf } from '../../../../src/supervision/posts/identity.ts';
import { killGroup } from '../../../../src/supervision/posts/kill.ts';
import { killOrphans } from '../../../../src/supervision/starting/orphans.ts';
import { HandClock } from '../../../support/hand-clock.ts';
import { until } from '../../../support/until.ts';

/** The list of writers that a predecessor has left. */
class LeftBehind {
  readonly ended: [writer: number, isClean: boolean][] = [];
  readonly #records: WriterRecord[];

  constructor(...identities: Partial<ProcessIdentity>[]) {
    this.#records = identities.map((identity, i) => {
      return { writer: i + 1, run: 'run-1', role: 'consumer', ordinal: i + 1, ...identity };
    });
  }

  get asWriters(): Writers {
    const ended = (writer: number, { isClean }: { isClean: boolean }): void => void this.ended.push([writer, isClean]);
    return { notEnded: () => this.#records, ended } as unknown as Writers;
  }
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
  it('are killed and seen gone, one in a busy loop as well, before anything else happens', async () => {
    const orphans = [aProcess(), aProcess('for (;;);')];
    const left = new LeftBehind(...orphans.map(({ identity }) => identity));
    const { events, who } = killed();
    await killOrphans(left.asWriters, { ...looking, clock: systemClock, events });
    expect(orphans.map(({ pid }) => identify(pid))).toEqual([undefined, undefined]);
    expect(who.map(({ pid, ordinal }) => [pid, ordinal])).toEqual(orphans.map(({ pid }, i) => [pid, i + 1]));
    expect(left.ended).toEqual([
      [1, false],
      [2, false],
    ]);
  });

  it('take with them what they had started', async () => {
    const script = `const { pid } = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      require('node:fs').writeFileSync('/proc/self/comm', String(pid)); setInterval(() => {}, 1000);`;
    const orphan = aProcess(script);
    const comm = (): string => readFileSync(`/proc/${orphan.pid}/comm`, 'utf8').trim();
    await until(() => /^\d+$/.test(comm()));
    const grandchild = Number(comm());
    await killOrphans(new LeftBehind(orphan.identity).asWriters, { ...looking, clock: systemClock, ...killed() });
    await until(() => identify(grandchild) === undefined);
    expect(identify(orphan.pid)).toBeUndefined();
  });

  /** A leader that has gone, and one that it had started and that lives on. */
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

  it('that are gone have left what they had started: it is killed and seen gone', async () => {
    const { leader, pid } = await aGrandchild();
    const left = new LeftBehind(leader);
    const { events, who } = killed();
    await killOrphans(left.asWriters, { ...looking, clock: systemClock, events });
    expect(identify(pid)).toBeUndefined();
    expect(who).toEqual([{ role: 'consumer', ordinal: 1, pid: leader.pid }]);
    expect(left.ended).toEqual([[1, false]]);
  });

  it.each<[string, (leader: ProcessIdentity) => Partial<ProcessIdentity>]>([
    ['began before they did', (leader) => ({ ...leader, started: String(Number(leader.started) + 1_000_000) })],
    ['runs on another boot of the machine', (leader) => ({ ...leader, boot: 'another' })],
    ['cannot be told from others', (leader) => ({ ...leader, started: null })],
  ])('are not followed to a group that %s', async (_, alter) => {
    const { leader, pid } = await aGrandchild();
    const { events, who } = killed();
    await killOrphans(new LeftBehind(alter(leader)).asWriters, { ...looking, clock: systemClock, events });
    expect(identify(pid)).toBeDefined();
    expect(who).toEqual([]);
  });

  it('are not waited for when the service is asked to stop, and stay on record', async () => {
    const undead = aProcess();
    const left = new LeftBehind(undead.identity);
    const stop = new AbortController();
    const over = killOrphans(left.asWriters, {
      ...looking,
      clock: new HandClock(),
      ...killed(),
      identify: () => undead.identity,
      stopped: stop.signal,
    });
    stop.abort();
    await over;
    expect(left.ended).toEqual([]);
  });

  it.each<[string, (identity: ProcessIdentity) => Partial<ProcessIdentity>]>([
    ['started at another time', (identity) => ({ ...identity, started: '1' })],
    ['ran before the machine was started again', (identity) => ({ ...identity, boot: 'another' })],
  ])('are not mixed up with whoever has their number now: the one on record %s', async (_, alter) => {
    const stranger = aProcess();
    const left = new LeftBehind(alter(stranger.identity));
    const { events, who } = killed();
    await killOrphans(left.asWriters, { ...looking, clock: systemClock, events });
    expect(identify(stranger.pid)).toEqual(stranger.identity);
    expect(who).toEqual([]);
    expect(left.ended).toEqual([[1, false]]);
  });

  it('may be gone already, or never have had a number', async () => {
    const left = new LeftBehind({ pid: 4_194_999, started: '1', boot: 'b' }, {});
    await killOrphans(left.asWriters, { ...looking, clock: systemClock, ...killed() });
    expect(left.ended).toHaveLength(2);
  });

  it('that do not go are an error that names them, and nothing of them is recorded as ended', async () => {
    const clock = new HandClock();
    const undead = aProcess();
    const left = new LeftBehind(undead.identity);
    const outcome = killOrphans(left.asWriters, {
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
    expect(left.ended).toEqual([]);
  });
});

describe('a process’s identity', () => {
  it('is the same as long as it lives', async () => {
    const { pid, identity } = aProcess('process.exit()');
    expect(identity).toMatchObject({ pid, started: expect.stringMatching(/^\d+$/), boot: expect.stringMatching(/-/) });
    await until(() => identify(pid) === undefined);
    expect(identify(process.pid)).toEqual(identify(process.pid));
    expect(identify(process.pid)).not.toEqual(identify(process.ppid));
  });

  it('is none of a process that has ended and waits for its parent to look', async () => {
    // The shell becomes a program that never looks; its child ends only when it has.
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
