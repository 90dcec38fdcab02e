import { type Values, valuesOf } from '../values/values.ts';
import type { LimitRules } from '../core/limit-rules.ts';
import { createCalls, type Calls } from '../calls/calls.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { Redaction } from '../core/redaction.ts';
import type { Handlers } from '../ipc/handlers.ts';
import type { Configure, FromChild, Stop, ToChild } from '../ipc/messages.ts';
import type { Log } from '../pipeline/context.ts';
import type { LoadedPipeline } from '../pipeline/load.ts';
import { startBeat } from './beat.ts';
import type { Connection } from './connect.ts';
import { childLog } from './log.ts';

/** A child's message handlers, and what it does at its end, when timers that would keep it alive are cancelled. */
export interface Life<In extends { type: string }> {
  handlers: Handlers<In>;
  onLeave: () => void;
}

/** What a child needs; `Message` is the message that configures it. */
export interface LifeOptions<Message> {
  clock: Clock;
  random: () => number;
  /** The process's resident memory, in bytes. */
  rss: () => number;
  redaction: Redaction;
  load: (file: string) => Promise<LoadedPipeline>;
  /** It has been configured. */
  onConfigured: (message: Message) => void;
  /** It has reported that it is ready. Work that was not needed for that can be done now. */
  onReady: (message: Message) => void;
}

type Pipeline = NonNullable<LoadedPipeline['pipeline']>;

/** The part of life that both kinds of children have in common. */
export interface CommonLife<Message> extends Life<Exclude<ToChild, Stop>> {
  /** The pipeline that it has described. Throws if it has not described one. */
  pipeline: () => Pipeline;
  /** Its `configure` has come. */
  configured: (message: Message) => void;
  /**
   * The params of the run, and the function that fills params and secrets into fields. Throws before the child is
   * configured.
   */
  values: () => Values;
  log: Log;
  calls: Calls;
  /** Another process runs the same code and logs what needs to be logged only once for all. */
  leavesNotes: () => void;
  /** It is set up: reports that and, from now on, its `state`. */
  ready: (message: Message, state: Parameters<typeof startBeat>[0]['state']) => void;
}

export function commonLife<Message extends Configure>(
  { send, fail, leave }: Pick<Connection<FromChild>, 'send' | 'fail' | 'leave'>,
  { clock, random, rss, load, onReady }: Pick<LifeOptions<Message>, 'clock' | 'random' | 'rss' | 'load' | 'onReady'>,
): CommonLife<Message> {
  let limits: Readonly<Record<string, LimitRules>> = {};
  const isConcurrent = (name: string): boolean => limits[name]?.concurrency !== undefined;
  const log = childLog(send);
  let makesNotes = true;
  const limitNames = (): string[] => (makesNotes ? Object.keys(limits) : []);
  let cancelBeat: Cancel | undefined;
  let pipeline: Pipeline | undefined;
  let values: Values | undefined;
  const valuesNow = (): Values => {
    if (!values) throw new Error('the supervisor has not sent this process the params of the run');
    return values;
  };
  const resolve: Values['resolve'] = (text) => valuesNow().resolve(text);
  const calls = createCalls({ send, clock, random, isConcurrent, limits: limitNames, log, resolve });
  const describe = async (file: string): Promise<void> => {
    const { pipeline: loaded, description, problems } = await load(file);
    if (loaded) ({ pipeline, limits } = { pipeline: loaded, limits: description.limits });
    send({ type: 'described', pipeline: description, problems: [...problems] });
  };
  return {
    configured: ({ params }) => void (values = valuesOf(pipeline?.params, params)),
    values: valuesNow,
    log,
    calls,
    leavesNotes: () => void (makesNotes = false),
    pipeline() {
      if (!pipeline) throw new Error('the supervisor configured a process before it had described its pipeline');
      return pipeline;
    },
    ready(message, state) {
      cancelBeat = startBeat({ clock, beatMs: message.beatMs, rss, send, state });
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
