import type { FaultKind, Plan } from './plan.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

interface Action {
  weight: number;
  do: () => void;
}

/** Takes the next step: an event that can happen now or, while the world is not calm, a fault. */
export function step(world: World): void {
  const { random, plan, story } = world;
  story.step += 1;
  if (!world.isCalm && plan.faults.length > 0 && random.chance(plan.faultsPerThousand / 1000)) {
    faults[random.pick(plan.faults)](world);
    return;
  }
  const actions = possible(world);
  let left = random.next() * actions.reduce((sum, { weight }) => sum + weight, 0);
  const action = actions.find(({ weight }) => (left -= weight) < 0) ?? actions.at(-1);
  action?.do();
}

/** Weights that let no process wait so long that slow work is never done. */
const even: Plan['weights'] = { hear: 1, say: 1, turn: 1, timer: 1, sink: 1, time: 0.01 };

/** Ends all faults. */
export function calm(world: World): void {
  world.story.tell('the world', 'is calm from now on');
  world.isCalm = true;
  world.disk.makeSpace();
  for (const server of world.servers) server.isOut = false;
  world.isDependencyOut = false;
  world.disk.isLow = false;
  world.file = 'as it was';
}

function possible(world: World): Action[] {
  const { plan, servers, disk, time, random, supervisor } = world;
  const weights = world.isCalm ? even : plan.weights;
  const actions: Action[] = [];
  const add = (weight: number, action: () => void): void => void actions.push({ weight, do: action });
  for (const child of world.children.all) {
    if (child.canHear) add(weights.hear, () => child.hear());
    if (child.canBeHeard && supervisor) add(weights.say, () => child.beHeard());
    if (child.isOrphan && !child.isDead) add(world.isCalm ? 1 : 0.02, () => child.die(0));
  }
  for (const { clock } of supervisor ? [supervisor, ...world.live] : world.live) {
    if (clock.hasTurn) add(weights.turn, () => clock.turn());
    if (clock.isDue) add(weights.timer, () => clock.fire());
  }
  for (const server of servers) {
    if (!server.isOut) for (const transaction of server.ready) add(weights.sink, () => server.advance(transaction));
    for (const transaction of server.abandoned) add(weights.sink / 10, () => server.forget(transaction));
  }
  if (!supervisor) add(0.5, () => world.startSupervisor());
  if (disk.isFull) add(0.05, () => makeSpace(world));
  if (world.isDependencyOut) add(0.003, () => (world.isDependencyOut = false));
  if (world.file !== 'as it was') add(0.01, () => edit(world, 'as it was'));
  if (disk.isLow) add(0.05, () => (disk.isLow = false));
  // The pipeline pauses at this many dead letters until an operator acts.
  if (world.isCalm && plan.deadMax < 1e9) add(0.03, () => world.tendLetters('purge'));
  for (const server of servers) if (server.isOut) add(0.05, () => (server.isOut = false));
  // If nothing can succeed, an operator has to end the wait.
  if (world.isCalm && supervisor?.running?.service.state === 'paused') add(0.002, () => supervisor.stop());
  // If there is nothing else to do, time passes until there is.
  const isIdle = actions.every(({ weight }) => weight < 0.1);
  const clocks = supervisor ? [supervisor, ...world.live] : world.live;
  const next = Math.min(...clocks.map(({ clock }) => clock.nextAt));
  const untilNext = Math.max(next - time.now, 0);
  if (next < Infinity) {
    add(
      isIdle ? 1 : weights.time,
      () => (time.now += isIdle || random.chance(0.5) ? untilNext : random.whole(0, Math.min(untilNext, 300))),
    );
  }
  return actions;
}

function reload(world: World): void {
  const service = world.supervisor?.running?.service;
  if (!service) return;
  world.story.tell('the operator', `reloads: ${service.reload().status}`);
}

function edit(world: World, file: World['file']): void {
  world.story.tell('the pipeline file', file);
  world.file = file;
}

function makeSpace({ disk, story }: World): void {
  story.tell('the disk', 'has space again');
  disk.makeSpace();
}

const faults: Record<FaultKind, (world: World) => void> = {
  'kill producer': (world) => kill(world, 'producer'),
  'kill consumer': (world) => kill(world, 'consumer'),
  'kill consumer after': ({ live, random }) =>
    random.pick(live.filter(({ who }) => who.role === 'consumer'))?.dieAfter(random.whole(0, 5)),
  'kill supervisor': (world) => world.killSupervisor(),
  'kill supervisor after': ({ supervisor, random }) => supervisor?.dieAfter(random.whole(1, 8)),
  stop: ({ supervisor, story }) => {
    story.tell('the operator', 'stops the supervisor');
    supervisor?.stop();
  },
  hurry: ({ supervisor, story }) => {
    story.tell('the operator', 'stops the supervisor, twice');
    supervisor?.stop();
    supervisor?.stop();
  },
  'disk full': ({ disk, story }) => {
    story.tell('the disk', 'is full');
    disk.fill();
  },
  'disk breaks': ({ disk, random, story }) => {
    story.tell('the disk', 'breaks with the next write');
    disk.break(random.chance(0.5));
  },
  'sink out': (world) => {
    const server = oneOf(world);
    world.story.tell(server.name, 'is out');
    server.isOut = true;
  },
  'connection lost': (world) => {
    const { random } = world;
    const server = oneOf(world);
    const transaction = random.pick(server.connected);
    if (transaction) server.break(transaction);
  },
  'wall clock jumps': ({ time, random, story }) => {
    const ms = random.pick([-1, 1]) * Math.round(random.magnitude(1, 3_600_000));
    story.tell('wall clock', `is set by ${ms} ms`);
    time.wallOffset += ms;
  },
  'source fails': (world) => {
    world.sourceFails = true;
  },
  'second supervisor': (world) => world.trySecondSupervisor(),
  reload: (world) => reload(world),
  'give back': (world) => world.tendLetters('giveBack'),
  purge: (world) => world.tendLetters('purge'),
  'power loss': (world) => world.losePower(),
  'dependency out': (world) => {
    world.story.tell('the dependency', 'is out');
    world.isDependencyOut = true;
  },
  snapshot: (world) => world.takeSnapshot(),
  'put back': (world) => world.putSnapshotBack(),
  edit: (world) => edit(world, world.random.pick(['is broken', 'has another sink'])),
  'disk low': ({ disk, story }) => {
    story.tell('the disk', 'has little space');
    disk.isLow = true;
  },
};

/** One of the servers. A single one needs no choice. */
function oneOf({ servers, random }: World): Server {
  return servers.length === 1 ? servers[0]! : random.pick(servers);
}

function kill({ live, random }: World, role: 'producer' | 'consumer'): void {
  random.pick(live.filter(({ who }) => who.role === role))?.die(random.pick([0, 1, 2, Infinity]));
}
