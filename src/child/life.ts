import { createCalls, type Calls } from '../calls/calls.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { Handlers } from '../ipc/handlers.ts';
import type {
  Acquire,
  Beat,
  Bye,
  Freeze,
  Granted,
  LimitDescription,
  Ready,
  Refused,
  Release,
  Log as LogMessage,
} from '../ipc/messages.ts';
import type { Log } from '../pipeline/context.ts';
import type { LoadedPipeline } from '../pipeline/load.ts';
import { startBeat } from './beat.ts';
import type { Connection } from './connect.ts';
import { childLog } from './log.ts';

/** What a child does about each message, and at its end, when timers that would keep it are taken back. */
export interface Life<In extends { type: string }> {
  handlers: Handlers<In>;
  onLeave: () => void;
}

/** What a child is given to live; `Configure` is the message that tells it what is expected of it. */
export interface LifeOptions<Configure> {
  clock: Clock;
  random: () => number;
  load: (file: string) => Promise<LoadedPipeline>;
  /** It knows now what it is and what is expected of it. */
  onConfigured: (message: Configure) => void;
  /** It has told the supervisor that it is ready: the time for what is not needed to get there. */
  onReady: (message: Configure) => void;
}

/** What every child says, besides that it has failed. */
type Said = Ready | Beat | LogMessage | Acquire | Release | Freeze;

/** The part of its life that a child of either kind has. */
export interface CommonLife<Configure> extends Life<Bye | Granted | Refused> {
  log: Log;
  calls: Calls;
  load: LifeOptions<Configure>['load'];
  /** It is set up: says so, and from now on what `state` gives. */
  ready: (message: Configure, state: Parameters<typeof startBeat>[0]['state']) => void;
}

export function commonLife<Configure extends { beatMs: number }>(
  { send, leave }: Pick<Connection<Said>, 'send' | 'leave'>,
  { clock, random, load, onReady }: Pick<LifeOptions<Configure>, 'clock' | 'random' | 'load' | 'onReady'>,
): CommonLife<Configure> {
  let limits: Readonly<Record<string, LimitDescription>> = {};
  const isConcurrent = (name: string): boolean => limits[name]?.concurrency !== undefined;
  const log = childLog(send);
  const calls = createCalls({ send, clock, random, isConcurrent, log });
  let cancelBeat: Cancel | undefined;
  return {
    log,
    calls,
    async load(file) {
      const loaded = await load(file);
      if (loaded.description) ({ limits } = loaded.description);
      return loaded;
    },
    ready(message, state) {
      cancelBeat = startBeat({ clock, beatMs: message.beatMs, send, state });
      send({ type: 'ready' });
      onReady(message);
    },
    handlers: {
      bye: leave,
      granted: (message) => calls.onGranted(message),
      refused: (message) => calls.onRefused(message),
    },
    onLeave: () => cancelBeat?.(),
  };
}
