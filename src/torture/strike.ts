import { pause, type Clock } from '../core/clock.ts';
import { isOfFinish, type Fault, type Point, type Role } from './faults.ts';
import { sendSignal, type ChildProcess } from './processes.ts';
import type { SmallDisk } from './small-disk.ts';
import { isLaid, layTrap, liftTrap } from './trap.ts';
import type { Victim } from './victim.ts';

export interface Field {
  clock: Clock;
  random: () => number;
  victim: Victim;
  trap: string;
  disk: SmallDisk | undefined;
}

/** What was done in the end. It may differ from the plan, because the intended victim may not exist. */
export interface Struck {
  /** Words for the report: `kill`, `kill after commit`, `freeze`. */
  kind: string;
  target: string;
  /** Whether a process was killed. */
  isKill: boolean;
}

/** How long a trap stays set. A pipeline that waits for a retry reaches no point at all. */
const trapMs = 1500;
/** A trap at the end of the run waits for it. */
const finishTrapMs = 20_000;
/** Longer than any pipeline of ours takes to stop. A pipeline that takes longer is killed, which is a fault, too. */
const stopMs = 60_000;

/** Strikes the supervisor or its children. Resolves when that is over; to undefined if there was no process to strike. */
export async function strike(fault: Fault, field: Field): Promise<Struck | undefined> {
  switch (fault.kind) {
    case 'kill':
      return await kill(fault.target, field);
    case 'trap':
      return await spring(fault, field);
    case 'freeze':
      return await freeze(fault, field);
    case 'orphan':
      return await orphan(fault.ms, field);
    case 'stop':
      return await stop(fault.ms, field);
    case 'disk full':
      return await fillDisk(fault.ms, field);
  }
}

async function kill(
  target: Role | 'supervisor' | 'everything',
  { victim, random }: Field,
): Promise<Struck | undefined> {
  if (target === 'everything') victim.killAll();
  else if (target === 'supervisor') victim.send('SIGKILL');
  else {
    const child = oneOf(target, victim, random);
    if (!child) return undefined;
    sendSignal(child.pid, 'SIGKILL');
    return { kind: 'kill', target, isKill: true };
  }
  await victim.ended;
  return { kind: 'kill', target, isKill: true };
}

async function spring(
  { point, sink, doomed }: Extract<Fault, { kind: 'trap' }>,
  { clock, victim, trap }: Field,
): Promise<Struck | undefined> {
  if (victim.pid === undefined) return undefined;
  layTrap(trap, { point, sink, doomed, supervisor: victim.pid });
  const until = clock.now() + (isOfFinish(point) ? finishTrapMs : trapMs);
  while (clock.now() < until && !victim.hasEnded && isLaid(trap)) await pause(clock, 10);
  if (liftTrap(trap)) return undefined;
  if (doomed !== 'self') await victim.ended;
  const role = roleAt(point);
  const target = { self: role, supervisor: 'supervisor', both: `${role} and supervisor` }[doomed];
  return { kind: `kill, ${point}${sink > 0 ? `, sink ${sink + 1}` : ''}`, target, isKill: true };
}

function roleAt(point: Point): string {
  if (isOfFinish(point)) return 'finisher';
  return point === 'item yielded' || point === 'source ended' ? 'producer' : 'consumer';
}

async function freeze(
  { target, ms, isKilled }: Extract<Fault, { kind: 'freeze' }>,
  { clock, random, victim }: Field,
): Promise<Struck | undefined> {
  const child = target === 'supervisor' ? undefined : oneOf(target, victim, random);
  if (!child && target !== 'supervisor') return undefined;
  const send = (name: NodeJS.Signals): void => (child ? sendSignal(child.pid, name) : victim.send(name));
  send('SIGSTOP');
  await pause(clock, ms);
  send(isKilled ? 'SIGKILL' : 'SIGCONT');
  if (isKilled && !child) await victim.ended;
  return { kind: isKilled ? 'freeze, then kill' : 'freeze', target, isKill: isKilled };
}

async function orphan(ms: number, { clock, random, victim }: Field): Promise<Struck | undefined> {
  const child = oneOf('consumer', victim, random);
  if (!child) return undefined;
  sendSignal(child.pid, 'SIGSTOP');
  victim.send('SIGKILL');
  await victim.ended;
  // Meanwhile its successor is started.
  clock.after(ms, () => sendSignal(child.pid, 'SIGCONT'));
  return { kind: 'kill, a consumer frozen', target: 'supervisor', isKill: true };
}

async function stop(ms: number | null, { clock, victim }: Field): Promise<Struck> {
  victim.send('SIGTERM');
  const wait = new AbortController();
  await Promise.race([victim.ended.then(() => wait.abort()), pause(clock, ms ?? stopMs, wait.signal)]);
  const isKill = !victim.hasEnded;
  if (isKill) victim.send('SIGKILL');
  await victim.ended;
  wait.abort();
  return { kind: isKill ? 'stop, then kill' : 'stop', target: 'supervisor', isKill };
}

async function fillDisk(ms: number, { clock, disk }: Field): Promise<Struck | undefined> {
  if (!disk) return undefined;
  disk.fill();
  await pause(clock, ms);
  disk.free();
  return { kind: 'disk full', target: 'queue', isKill: false };
}

function oneOf(role: Role, victim: Victim, random: () => number): ChildProcess | undefined {
  const all = victim.children.filter((child) => child.role === role);
  return all[Math.floor(random() * all.length)];
}
