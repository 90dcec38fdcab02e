import { createCalls, type Calls } from '../calls/calls.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { Redaction } from '../core/redaction.ts';
import type { Handlers } from '../ipc/handlers.ts';
import type {
  Acquire,
  Beat,
  Bye,
  Describe,
  Described,
  Freeze,
  Granted,
  LimitDescription,
  Ready,
  Refused,
  Release,
  LogMessage,
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
  redaction: Redaction;
  load: (file: string) => Promise<LoadedPipeline>;
  /** It knows now what it is and what is expected of it. */
  onConfigured: (message: Configure) => void;
  /** It has told the supervisor that it is ready: the time for what is not needed to get there. */
  onReady: (message: Configure) => void;
}

type Pipeline = NonNullable<LoadedPipeline['pipeline']>;

/** What every child says, besides that it has failed. */
type Said = Described | Ready | Beat | LogMessage | Acquire | Release | Freeze;

/** The part of its life that a child of either kind has. */
export interface CommonLife<Configure> extends Life<Describe | Bye | Granted | Refused> {
  /** The pipeline that it has described. Throws if it has described none. */
  pipeline: () => Pipeline;
  log: Log;
  calls: Calls;
  /** Another process runs the same code and logs what needs to be logged only once for all. */
  leavesNotes: () => void;
  /** It is set up: says so, and from now on what `state` gives. */
  ready: (message: Configure, state: Parameters<typeof startBeat>[0]['state']) => void;
}

export function commonLife<Configure extends { beatMs: number }>(
  { send, fail, leave }: Pick<Connection<Said>, 'send' | 'fail' | 'leave'>,
  { clock, random, load, onReady }: Pick<LifeOptions<Configure>, 'clock' | 'random' | 'load' | 'onReady'>,
): CommonLife<Configure> {
  let limits: Readonly<Record<string, LimitDescription>> = {};
  const isConcurrent = (name: string): boolean => limits[name]?.concurrency !== undefined;
  const log = childLog(send);
  let makesNotes = true;
  const limitNames = (): string[] => (makesNotes ? Object.keys(limits) : []);
  const calls = createCalls({ send, clock, random, isConcurrent, limits: limitNames, log });
  let cancelBeat: Cancel | undefined;
  let pipeline: Pipeline | undefined;
  const describe = async (file: string): Promise<void> => {
    const { pipeline: loaded, description, problems } = await load(file);
    if (loaded) ({ pipeline, limits } = { pipeline: loaded, limits: description.limits });
    send({ type: 'described', pipeline: description, problems: [...problems] });
  };
  return {
    log,
    calls,
    leavesNotes: () => void (makesNotes = false),
    pipeline() {
      if (!pipeline) throw new Error('the supervisor configured a process that has described nothing');
      return pipeline;
    },
    ready(message, state) {
      cancelBeat = startBeat({ clock, beatMs: message.beatMs, send, state });
      send({ type: 'ready' });
      onReady(message);
    },
    handlers: {
      describe: ({ file }) => void describe(file).catch(fail),
      bye: leave,
      granted: (message) => calls.onGranted(message),
      refused: (message) => calls.onRefused(message),
    },
    onLeave: () => cancelBeat?.(),
  };
}
