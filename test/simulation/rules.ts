import { Queue } from '../../src/queue/queue.ts';
import type { QueueStats } from '../../src/queue/queue-stats.ts';
import type { Store } from '../../src/queue/store.ts';
import type { Departure } from './world/departure.ts';
import type { Way } from './world/items.ts';
import { withSinks } from './world/others.ts';
import type { Plan, SinkKind } from './world/plan.ts';

/** A queue that does not count items that wait for a retry, except in `truth`. */
class ForgetfulQueue extends Queue {
  override get stats(): QueueStats {
    const { open, retrying } = super.stats;
    return { ...super.stats, open: open - retrying, retrying: 0 };
  }

  get truth(): QueueStats {
    return super.stats;
  }
}

/** A queue that treats a kill from outside as a death from within. */
class HastyQueue extends Queue {
  override lose(...[holding, moment, death]: Parameters<Queue['lose']>): ReturnType<Queue['lose']> {
    return super.lose(holding, moment, death && { ...death, isFromOutside: false });
  }
}

/** A queue that accuses no item of a consumer's death. */
class ForgivingQueue extends Queue {
  override lose(...[holding, moment]: Parameters<Queue['lose']>): ReturnType<Queue['lose']> {
    return super.lose(holding, moment);
  }
}

/** A queue that treats every cursor as settled. */
class RashQueue extends Queue {
  readonly #store: Store;

  constructor(...[store, run, options]: ConstructorParameters<typeof Queue>) {
    super(store, run, options);
    this.#store = store;
  }

  override dueCursor(): ReturnType<Queue['dueCursor']> {
    return this.cursors.areConfirmed ? undefined : this.#store.cursorBelow(Infinity);
  }
}

/** A queue that keeps no cursor. */
class CarelessQueue extends Queue {
  override keepCursor(): void {}
}

/** A queue that claims to be empty, even if it holds items. */
class EmptyQueue extends Queue {
  override get isEmpty(): boolean {
    return true;
  }
}

/** A world in which all items behave the same way. */
function onlySuch(plan: Plan, way: Way): Plan {
  return { ...plan, items: plan.items.map((item) => ({ ...item, way })) };
}

/** A world with another sink that refuses every second item. */
function refusing(plan: Plan, other: SinkKind): Plan {
  return withSinks(plan, { others: [other], refuseEvery: 2, putOffEvery: 0 });
}

/** A world with a sink of parts. */
function withParts(plan: Plan): Plan {
  return withSinks({ ...plan, sink: 'server' }, { others: ['part'], refuseEvery: 0, putOffEvery: 0 });
}

/**
 * PROTOCOL's rules, the rules about several sinks (A), and the rule about replacements under *Reload* (R). Each is left
 * out at an entry point of the product.
 */
export const leftOut: Record<string, Departure> = {
  '1: after a start, every unsettled item is redelivered': {
    toConsumer: (message) =>
      message.type === 'deliver' && message.history === 'inherited' ? { ...message, history: 'first' } : message,
  },
  '2: orphans are killed and seen gone': {
    focus: (plan) => ({ ...plan, orphans: 'live', faults: ['kill supervisor'] }),
    leavesOrphans: true,
  },
  '3: writers that may have had the items are barred': { sink: { fences: false } },
  '4: after a lost connection, the outcome is unknown': {
    focus: (plan) => ({ ...plan, sink: 'server', faults: ['connection lost'], faultsPerThousand: 30 }),
    sink: { saysUnknown: false },
  },
  '5: the sink is asked for a killer before it is condemned': {
    focus: (plan) => ({ ...onlySuch(plan, 'kills late'), sink: 'server' }),
    condemnsUnasked: true,
  },
  '6: items are the old consumer’s until it has given them back': { releasesForIt: true },
  '7: the ledger keeps items that wait for a retry': {
    toConsumer: (message) => (message.type === 'prune' ? { ...message, open: [] } : message),
  },
  '8: no process hears of anything that is not committed': {
    // There are no items that kill, because a forgotten death would show first.
    focus: (plan) => onlySuch(plan, 'at once'),
    commitsLate: true,
  },
  '9: the sink is as durable as the spool': { sinkIsNotSynced: true },
  '12: a frame’s position is that of its last item': {
    // A source without a specification whose producer has read ahead and is killed often.
    focus: (plan) => ({
      ...plan,
      settles: false,
      deterministic: true,
      pauseEvery: 1,
      faults: ['kill producer'],
      faultsPerThousand: 30,
    }),
    fromProducer: (message, { cursor, count }) =>
      message.type === 'frame'
        ? {
            ...message,
            position: { cursor: cursor === undefined ? null : JSON.stringify(cursor), count, digest: null },
          }
        : message,
  },
  '13: items that wait for a retry count towards the queue’s bound': {
    focus: (plan) => ({ ...onlySuch(plan, 'fails first'), attempts: 4, highItems: 2 }),
    queue: ForgetfulQueue,
    statsOf: (queue) => (queue as ForgetfulQueue).truth,
  },
  '15a: an item is announced before it starts': {
    fromConsumer: (message) => (message.type === 'start' ? { ...message, items: [] } : message),
  },
  '15b: a kill from outside isolates nothing the first time': { queue: HastyQueue },
  '15c: a killer is found': {
    focus: (plan) => ({ ...onlySuch(plan, 'kills'), crashes: 1e9 }),
    queue: ForgivingQueue,
  },
  '17a: a source hears that items are settled only when they are': {
    focus: (plan) => ({ ...plan, settles: true }),
    queue: RashQueue,
  },
  '17b: a run ends only when its source has dealt with all settled items': {
    focus: (plan) => ({ ...plan, settles: true, checkpointEvery: 2 }),
    queue: CarelessQueue,
  },
  '7b: the ledger keeps the mark below which it may have forgotten': {
    focus: (plan) => ({
      ...plan,
      sink: 'server',
      spool: 'memory',
      faults: ['snapshot', 'put back'],
      faultsPerThousand: 30,
    }),
    sink: { keepsMark: false },
  },
  'A1: an item is done when all sinks have it': {
    focus: (plan) => withSinks({ ...plan, sink: 'server' }, { others: ['plain'], refuseEvery: 0, putOffEvery: 0 }),
    opensFirstSinkOnly: true,
  },
  'A2: transactional sinks are all written before one is committed': {
    focus: (plan) => refusing({ ...onlySuch(plan, 'at once'), sink: 'server' }, 'server'),
    sink: { waits: false },
  },
  'A3: a dead letter names the sinks that have the item': {
    focus: (plan) => refusing({ ...onlySuch(plan, 'at once'), sink: 'server' }, 'plain'),
    fromConsumer: (message) =>
      message.type === 'settle'
        ? { ...message, failed: message.failed.map(({ inSinks: _, ...failed }) => failed) }
        : message,
  },
  'A4: a dead letter that is given back skips the sinks that have the item': {
    focus: (plan) =>
      refusing({ ...onlySuch(plan, 'at once'), sink: 'server', faults: ['give back'], faultsPerThousand: 60 }, 'plain'),
    toConsumer: (message) => {
      if (message.type !== 'deliver') return message;
      const { inSinks: _, ...deliver } = message;
      return deliver;
    },
  },
  '11a: the end of a part is committed with the items': {
    focus: withParts,
    fromConsumer: (message) => {
      if (message.type !== 'settle') return message;
      const { parts: _, ...settle } = message;
      return settle;
    },
  },
  '11b: a part that is opened again is cut off where its last confirmed commit ended': {
    focus: (plan) => withParts({ ...plan, faults: ['connection lost'], faultsPerThousand: 60 }),
    sink: { cutsOff: false },
  },
  '11c: the parts are published up to their settled ends': {
    focus: withParts,
    toConsumer: (message) =>
      message.type === 'configure' && message.finish ? { ...message, finish: message.finish.slice(1) } : message,
  },
  '11d: a run is finished when everything is settled': { focus: withParts, queue: EmptyQueue },
  'R: a replacement works with the pipeline that its supervisor started with': {
    focus: (plan) => ({ ...plan, faults: ['edit', 'kill consumer'], faultsPerThousand: 60 }),
    fromConsumer: (message) => {
      if (message.type !== 'described' || !message.pipeline) return message;
      const { pipeline } = message;
      return { ...message, pipeline: { ...pipeline, sink: { ...pipeline.sink, options: 'as it was' } } };
    },
  },
};
