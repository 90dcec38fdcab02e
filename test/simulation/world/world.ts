import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checker, type SpoolSnapshot } from '../checks/checker.ts';
import { LetterBox } from '../../../src/queue/dead/letter-box.ts';
import { Violation } from '../checks/violation.ts';
import { Children, type Consumer, type PipelineFile, type Producer } from './children.ts';
import { WorldTime } from './clock.ts';
import type { Departure } from './departure.ts';
import type { Row } from './items.ts';
import { isOf, isRefused, sinksIn } from './others.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import type { Answer } from './server-sink.ts';
import { Server } from './server.ts';
import { sinksPlace } from './sinks.ts';
import { MemorySpool } from '../../../src/queue/memory-spool.ts';
import { Disk, LateSpool, SqliteSpool, type SpoolPlace } from './spools.ts';
import { Story } from './story.ts';
import { SimulatedSupervisor } from './supervisor.ts';

/** One machine, with everything that survives its processes: a disk, a spool, a sink. */
export class World {
  readonly plan: Plan;
  readonly random: Random;
  readonly time = new WorldTime();
  readonly story = new Story(this.time);
  readonly checker: Checker;
  readonly disk = new Disk();
  /** One for each sink. */
  readonly servers: readonly Server[];
  readonly children: Children;
  place: SpoolPlace;
  supervisor: SimulatedSupervisor | undefined;
  sourceFails = false;
  /** What the pipeline file says now, which may differ from when the supervisor started. */
  file: PipelineFile = 'as it was';
  /** The service that all items need is unreachable. */
  isDependencyOut = false;
  /** Faults have stopped: services that were out come back, and nothing breaks from now on. */
  isCalm = false;
  /** Work that waits for real files. */
  #aside = 0;
  readonly #departure: Departure;
  readonly #directory: string | undefined;
  readonly #processRandom: Random;
  #failure: unknown;
  #hasTriedSecond = false;
  /** An earlier copy of the spool. */
  #snapshot: Copy | undefined;
  /** The spool that the copy has replaced. */
  #newest: Copy | undefined;
  /** No existing spool matches the sink any longer. */
  #isAbandoned = false;

  constructor(plan: Plan, random: Random, departure: Departure) {
    this.plan = plan;
    this.random = random;
    this.#departure = departure;
    this.#processRandom = new Random(random.whole(0, 2 ** 32 - 1));
    this.checker = new Checker(
      plan,
      () => this.time.now,
      () => this.servers.map(({ database }) => database),
    );
    const { story, checker } = this;
    const kinds = sinksIn(plan);
    this.servers = kinds.map(
      (_, i) =>
        new Server((who, what) => story.tell(who, what), {
          isSynced: !departure.sinkIsNotSynced,
          name: i === 0 ? 'server' : `server ${i + 1}`,
        }),
    );
    const needsFiles = plan.spool === 'sqlite' || plan.sink === 'sqlite';
    this.#directory = needsFiles ? mkdtempSync(join(filesIn(), 'millrace-simulation-')) : undefined;
    const directory = this.#directory ?? '';
    this.place = this.#spoolIn(directory);
    this.children = new Children({
      plan,
      departure,
      time: this.time,
      random: () => this.#processRandom.next(),
      checker: this.checker,
      story,
      sinkFor: sinksPlace(
        kinds.map((kind, i) => ({
          kind,
          server: this.servers[i]!,
          directory,
          watcher: checker.watcherOf(i),
          rules: { fences: true, saysUnknown: true, keepsMark: true, waits: true, cutsOff: true, ...departure.sink },
          answerTo: (row) => (i === 0 ? 'takes it' : this.#answerTo(row)),
          aside: (work) => this.#doAside(work),
        })),
      ),
      sourceFails: () => {
        const fails = this.sourceFails;
        this.sourceFails = false;
        return fails;
      },
      isDependencyOut: () => this.isDependencyOut,
      file: () => this.file,
      endSupervisor: () => {
        if (this.supervisor) this.supervisor.isGone = true;
      },
      freezeMs: () => (random.chance(0.05) ? random.whole(1, 400) : undefined),
    });
  }

  /** Starts a supervisor. */
  startSupervisor(): void {
    const { children, story, checker } = this;
    story.tell('supervisor', 'is started');
    const supervisor = new SimulatedSupervisor({
      plan: this.plan,
      pauseAfter: this.isCalm ? 0 : this.plan.pauseAfter,
      departure: this.#departure,
      time: this.time,
      random: () => this.#processRandom.next(),
      place: this.place,
      disk: this.disk,
      startProducer: children.startProducer,
      startConsumer: children.startConsumer,
      identify: (pid) => {
        const child = children.all.find(({ who }) => who.pid === pid);
        const isSeen = child && !child.isDead && !(child.isOrphan && this.plan.orphans === 'cannot be killed');
        return isSeen ? { pid, started: '1', boot: 'b' } : undefined;
      },
      kill: (pid) => children.all.find(({ who }) => who.pid === pid)?.dieAfter(this.random.whole(0, 2)),
      onCommit: (group, isGone) => {
        story.tell('spool', `commits ${wordsOf(group)}`);
        checker.committedGroup(group, isGone);
      },
      onEnd: (outcome, limits) => {
        story.tell('supervisor', `ends with ${outcome.exitCode}${outcome.error ? `: ${outcome.error.message}` : ''}`);
        checker.ended(outcome, limits);
      },
      tell: (what) => story.tell('supervisor', `· ${what}`),
    });
    this.supervisor = supervisor;
    void supervisor.run().catch((error: unknown) => (this.#failure ??= error));
  }

  /** The supervisor is killed. The plan says what happens to its children. */
  killSupervisor(): void {
    const { supervisor, plan, children, story, checker } = this;
    if (!supervisor) return;
    story.tell('supervisor', 'is killed');
    supervisor.bury();
    this.supervisor = undefined;
    for (const child of children.all) {
      if (child.isOrphan) continue;
      child.orphan();
      if (plan.orphans === 'die') child.die(0);
    }
    checker.supervisorGone();
  }

  /** An operator does something with some of the dead letters. */
  tendLetters(what: 'giveBack' | 'purge'): void {
    const { running } = this.supervisor ?? {};
    if (!running) return;
    const letters = new LetterBox(running.store, (work) => running.service.change(work), { maxItemBytes: 100_000 });
    const dead = running.store.readDeadHeads({ after: 0, limit: 100 }).map(({ seq }) => seq);
    // This includes a seq that has no letter.
    const seqs = [...dead, 1_000_000_000].filter(() => this.random.chance(0.5));
    this.story.tell('the operator', `${what === 'purge' ? 'purges' : 'gives back'} ${seqs.join(', ') || 'nothing'}`);
    letters[what](seqs).then(
      (missing) =>
        this.story.tell('the operator', `learns that it is done; no letters: ${missing.join(', ') || 'none'}`),
      (error: unknown) => this.story.tell('the operator', `gets an error: ${(error as Error).message}`),
    );
  }

  /** Somebody starts another supervisor on the same spool. */
  /** Once in a world: SQLite itself waits for the lock, a real second. */
  trySecondSupervisor(): void {
    if (!(this.place instanceof SqliteSpool) || !this.supervisor?.running || this.#hasTriedSecond) return;
    this.#hasTriedSecond = true;
    this.story.tell('the operator', 'starts a second supervisor');
    try {
      this.place.open().abandon();
    } catch {
      return;
    }
    throw new Violation('S18', 'a second supervisor could open the spool');
  }

  /** The machine stops: all processes are gone, and so is everything that was not on its disks. */
  losePower(): void {
    this.story.tell('the machine', 'loses its power');
    this.killSupervisor();
    for (const child of this.children.all) child.die(0);
    for (const [sink, server] of this.servers.entries()) {
      server.loseThePower(this.random.next());
      if (this.#isServed) this.checker.sinkLost(sink, server.database);
    }
  }

  /** The disk of the spool is copied, whatever is in progress. */
  takeSnapshot(): void {
    if (!(this.place instanceof MemorySpool) || !this.plan.faults.includes('snapshot') || this.#newest) return;
    this.story.tell('the operator', 'takes a snapshot of the spool');
    this.#snapshot = { place: this.place.copy(), facts: this.checker.snapshot() };
  }

  /** All processes are killed, the snapshot replaces the spool, and some time later somebody starts it. */
  putSnapshotBack(): void {
    const snapshot = this.#snapshot;
    if (!snapshot || this.#newest) return;
    this.#stopAll();
    this.#newest = { place: this.place as MemorySpool, facts: this.checker.snapshot() };
    this.#put(snapshot, 'puts the snapshot back');
  }

  get live(): (Producer | Consumer)[] {
    return this.children.all.filter(({ isDead }) => !isDead);
  }

  /** Nothing is left to do, and the run has no end to check. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  get isFinished(): boolean {
    return (
      this.supervisor?.outcome?.error === undefined &&
      this.supervisor?.outcome !== undefined &&
      this.checker.facts.run?.state === 'finished'
    );
  }

  /** After a step: lets every process do what it can without a message or a timer, and checks everything. */
  async settle(): Promise<void> {
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#aside > 0);
    if (this.#failure !== undefined) throw this.#failure;
    const { supervisor } = this;
    if (supervisor?.isGone) this.killSupervisor();
    else if (supervisor?.outcome && !this.isFinished) {
      const { error } = supervisor.outcome;
      // An edited file is restored before the start.
      if (error?.exitCode === 78 && !error.code.startsWith('PIPELINE')) this.#takeRefusal();
      // The operator starts it again.
      for (const child of this.children.all) if (!child.isOrphan) child.orphan();
      this.checker.supervisorGone();
      this.supervisor = undefined;
    }
    this.children.all = this.children.all.filter(({ isOver }) => !isOver);
    this.checker.afterStep(this.supervisor?.running);
  }

  /** Removes its files from the machine that runs the simulation. */
  close(): void {
    this.supervisor?.bury();
    for (const child of this.children.all) child.die(0);
    if (this.#directory) rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The sink has refused the spool as an older copy. The newest spool is put back. */
  #takeRefusal(): void {
    const newest = this.#newest;
    if (!newest) throw new Violation('S17', 'the sink refuses the only spool that exists');
    this.#stopAll();
    // The copy had written something before it was refused: now the sink belongs to the copy.
    if (this.place === newest.place) this.#isAbandoned = true;
    else this.#put(newest, 'puts the newest spool back');
  }

  #put({ place, facts }: Copy, what: string): void {
    this.story.tell('the operator', what);
    this.place = place;
    this.checker.putBack(facts);
  }

  #stopAll(): void {
    this.killSupervisor();
    for (const child of this.children.all) child.die(0);
    for (const server of this.servers) server.forgetAbandoned();
  }

  #spoolIn(directory: string): SpoolPlace {
    if (this.#departure.commitsLate) return new LateSpool((kept) => this.checker.spoolLost(kept));
    return this.plan.spool === 'sqlite' ? new SqliteSpool(directory, this.plan.durability) : new MemorySpool();
  }

  /** The sink is on the server. */
  get #isServed(): boolean {
    return this.plan.sink === 'server' || this.plan.sink === 'plain';
  }

  /** What the other sinks do with a row. */
  #answerTo({ seq, id }: Row): Answer {
    const { plan, checker } = this;
    // They have been repaired by the time an operator gives back the items that they refused.
    if (isRefused(plan, { id }) && checker.facts.seq(seq)?.from === undefined) return 'refuses it';
    return isOf(id, plan.putOffEvery) && this.#processRandom.chance(0.5) ? 'puts it off' : 'takes it';
  }

  async #doAside<T>(work: (ready: () => void) => Promise<T>): Promise<T> {
    this.#aside += 1;
    let isReady = false;
    const ready = (): void => {
      if (!isReady) this.#aside -= 1;
      isReady = true;
    };
    try {
      return await work(ready);
    } finally {
      ready();
    }
  }
}

/** A spool, and what is known about it. */
interface Copy {
  readonly place: MemorySpool;
  readonly facts: SpoolSnapshot;
}

/** A disk in memory, if there is one. */
function filesIn(): string {
  return process.platform === 'linux' ? '/dev/shm' : tmpdir();
}

function wordsOf({
  run,
  frames,
  progress,
  retries,
  retriesGone,
  dead,
}: Parameters<Checker['committedGroup']>[0]): string {
  const parts = [
    `${run.state}, next seq ${run.nextSeq}, ${run.done} done`,
    ...frames.map(({ first, frame }) => `frame ${first}–${first + frame.count - 1}`),
    ...progress.map(({ first, settled }) => `frame ${first} settled ${settled.toFlat().join('–')}`),
    ...retries.map(({ seq, attempt }) => `retry ${seq} as ${attempt}`),
    ...retriesGone.map((seq) => `retry ${seq} gone`),
    ...dead.map(({ seq }) => `dead ${seq}`),
  ];
  return parts.join(' · ');
}
