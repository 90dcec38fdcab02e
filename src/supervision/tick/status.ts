import { plural } from '../../core/figures.ts';
import { formatBytes, formatDuration } from '../../core/units.ts';
import { nameOf } from '../../observability/events.ts';
import type { Status } from '../../observability/status.ts';
import { retriesText, stopText } from '../../observability/reasons.ts';
import type { Holding } from '../../queue/lending/holding.ts';
import type { Hub } from '../hub.ts';
import type { Roster } from '../roles/roster.ts';
import type { Throttling } from './throttling.ts';

export interface StatusSources {
  hub: Pick<Hub, 'queue' | 'clock' | 'pipeline' | 'settings' | 'limits' | 'results'>;
  throttle: Pick<Throttling, 'isOn' | 'marks'>;
  roster: Roster;
  /** What the consumer that is set aside for isolated items holds. */
  setAside: Holding | undefined;
  reload: Status['reload'];
  stop: { reason: string; abortAt: number | null; killAt: number } | undefined;
  /** Why no new process can work with the pipeline file; undefined if no reason is known. */
  fileProblem: string | undefined;
  /** When the file is checked again for that (monotonic). */
  nextLookAt: number | undefined;
  isFull: boolean;
  /** The free disk space, and how much must stay free; undefined if there is enough. */
  low: { free: number; floor: number } | undefined;
  state: Status['state'];
  pausedBy: string | null;
  startedAt: number;
  perSecond: number;
  doneBefore: number;
  stateDirectory: string;
}

/** A snapshot of the service, for people and programs. */
export function describeService(sources: StatusSources): Status {
  const { hub, throttle, startedAt, stateDirectory } = sources;
  const { queue, clock, pipeline, settings, limits } = hub;
  const now = clock.now();
  const { run, params, stored, done, dead } = queue.run;
  const all = limits.snapshot(now);
  return {
    name: pipeline.name,
    run,
    params,
    state: sources.state,
    pausedBy: sources.pausedBy,
    stateDirectory,
    durability: settings.durability,
    pid: process.pid,
    uptimeMs: Math.round(now - startedAt),
    queue: {
      ...queue.stats,
      nextRetryInMs: nextRetryInMs(sources, now),
      highItems: throttle.marks.highItems,
      highBytes: throttle.marks.highBytes,
      throttled: throttle.isOn || sources.isFull || sources.low !== undefined,
    },
    traffic: { ...queue.traffic },
    items: {
      stored,
      done,
      dead,
      retries: queue.stats.retrying,
      perSecond: sources.perSecond,
      doneBefore: sources.doneBefore,
    },
    waitingErrors: waitingErrors(sources, now),
    processes: processes(sources, now),
    limits: all.filter(({ name }) => !limits.isReserved(name)),
    turns: all
      .filter(({ name }) => limits.isReserved(name))
      .map(({ name, held, waiting, granted }) => ({ sink: name.slice(name.indexOf(':') + 1), held, waiting, granted })),
    stop: stopStatus(sources, now),
    reload: sources.reload,
    redact: settings.redact,
    reasons: reasons(sources, now),
  };
}

/** How many kinds of errors are shown; the others are only counted. */
const mostErrors = 10;

function nextRetryInMs({ hub: { queue, clock } }: StatusSources, now: number): number | null {
  const due = queue.nextDue(clock.moment());
  return due === undefined ? null : inMs(due, now);
}

function waitingErrors({ hub: { queue, clock } }: StatusSources, now: number): Status['waitingErrors'] {
  if (queue.stats.retrying === 0) return [];
  const groups = queue.waitingErrors(clock.moment());
  return groups.slice(0, mostErrors).map(({ items, code, message, at, due }) => {
    return { items, code, message, at, nextInMs: due === null ? null : inMs(due, now) };
  });
}

function inMs(at: number, now: number): number {
  return Math.max(Math.round(at - now), 0);
}

function stopStatus({ hub, stop }: Pick<StatusSources, 'hub' | 'stop'>, now: number): Status['stop'] {
  if (!stop) return null;
  const { reason, abortAt, killAt } = stop;
  return {
    reason,
    running: hub.queue.stats.lent,
    abortInMs: abortAt === null ? null : inMs(abortAt, now),
    killInMs: inMs(killAt, now),
  };
}

function processes({ roster }: StatusSources, now: number): Status['processes'] {
  return roster.sides.map((side) => {
    const { post } = side;
    const beat = post.beat?.beat;
    const lent = 'holding' in side ? side.lent : (beat?.lent ?? 0);
    return {
      who: post.who,
      state: post.state,
      since: Math.round(now - post.since),
      restarts: post.restarts,
      lent,
      // A beat is up to a second old: items that it counts as started may have been settled since.
      started: Math.min(beat?.started ?? 0, lent),
      oldestMs: lent === 0 ? 0 : Math.round(beat?.oldestMs ?? 0),
      rss: beat?.rss ?? 0,
      utilisation: beat?.utilisation ?? 0,
      waiting: beat?.waiting ?? null,
      beatAgeMs: post.beat ? Math.round(now - post.beat.at) : null,
      lastExit: post.lastExit,
    };
  });
}

/** Why the pipeline stands still or is slower than it could be; empty when all is well. */
function reasons(sources: StatusSources, now: number): string[] {
  const found: string[] = [];
  const { hub, throttle, roster, setAside, reload, fileProblem, nextLookAt } = sources;
  const { producing } = roster;
  const consumers = roster.consumers.all;
  const { isFull, low, pausedBy } = sources;
  const stop = stopStatus(sources, now);
  const { queue, limits } = hub;
  const { queued, lent, retrying, unread } = queue.stats;
  if (stop) found.push(`stopping: ${stopText(stop)}`);
  if (pausedBy !== null) found.push(`paused: ${pausedBy}`);
  if (isFull) found.push('the disk of the state directory is full: new items wait, running items still settle');
  if (low) {
    const free = `only ${formatBytes(low.free)} are free on the disk of the state directory`;
    found.push(`${free}: the producer is paused until more than ${formatBytes(low.floor)} are free (minFree)`);
  }
  if (reload?.state === 'refused') found.push(`not reloaded: ${reload.reason}`);
  if (fileProblem !== undefined && fileProblem !== reload?.reason)
    found.push(`no new process can be started from the pipeline file: ${fileProblem}`);
  const nextLook =
    nextLookAt === undefined ? '' : ` (checked again in ${formatDuration(Math.max(Math.ceil(nextLookAt - now), 1))})`;
  for (const post of roster.posts) {
    const who = post.role === 'producer' ? 'the producer' : nameOf(post);
    if (post.isHeldBack)
      found.push(`${who} crashed (${post.lastExit}) and will be replaced once the pipeline file is usable${nextLook}`);
    else if (post.state === 'backoff') found.push(`${who} waits to be restarted (last: ${post.lastExit})`);
    if (post.state === 'parked') found.push(`${who} is parked (last: ${post.lastExit})`);
    if (post.state === 'starting') found.push(`${who} is starting`);
  }
  const aside = consumers.find(({ holding }) => holding !== undefined && holding === setAside);
  if (aside) {
    const { accused } = queue.stats;
    const items = accused < 2 ? 'an item' : `${accused} items, one at a time,`;
    found.push(`consumer ${aside.post.ordinal} is set aside: it runs ${items} to find what crashed a consumer`);
  }
  for (const { post, sinkProblem } of consumers) {
    if (sinkProblem) found.push(`${nameOf(post)} cannot write to the sink: ${sinkProblem}`);
  }
  for (const { name, frozenMs, waiting } of limits.snapshot(now)) {
    if (frozenMs > 0) found.push(`limit "${name}" is frozen for ${formatDuration(Math.ceil(frozenMs))}`);
    // At a sink with one writer, consumers take turns: that is normal.
    else if (waiting > 0 && !limits.isReserved(name))
      found.push(`${plural(waiting, 'call waits', 'calls wait')} for limit "${name}"`);
  }
  if (throttle.isOn) found.push('the queue is at its high-water mark; the producer is paused');
  const { waiting } = producing.post.beat?.beat ?? {};
  const isWaiting = producing.post.state === 'ready' && !throttle.isOn && typeof waiting === 'string';
  if (isWaiting) found.push(`the source waits: ${waiting}`);
  if (retrying > 0) {
    const [error] = waitingErrors(sources, now);
    const isAll = queued === 0 && lent === 0;
    found.push(retriesText({ retrying, isAll, error, nextInMs: nextRetryInMs(sources, now) }));
  }
  if (unread > 0) {
    const wait = `the results of ${plural(unread, 'item')} wait`;
    found.push(`${wait} ${hub.results?.isHeldUp ? 'for an item before them' : 'for the program to read them'}`);
  }
  if (queued + lent + retrying + unread === 0 && !isWaiting && producing.post.state === 'ready')
    found.push('the queue is empty; waiting for the source');
  return found;
}
