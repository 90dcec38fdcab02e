import type { Clock } from '../core/clock.ts';
import { Redaction } from '../core/redaction.ts';
import { handle } from '../ipc/handlers.ts';
import type { Configure } from '../ipc/messages.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { secretValue } from '../values/secret.ts';
import { connect, type Connection } from './connect.ts';
import type { Life, LifeOptions } from './life.ts';
import { watchParent } from './parent-watch.ts';

export interface ServeOptions {
  clock: Clock;
  random: () => number;
  /** The exports of `import … from 'millrace'` in a pipeline file. */
  millrace: object;
}

/** The difference between a producer and a consumer. */
export interface Role<In extends { type: string }, Out, Message> {
  parse: (header: unknown) => In;
  life: (connection: Connection<Out>, options: LifeOptions<Message>) => Life<In>;
  /** Its title in a list of processes, after the pipeline's name. */
  title: (message: Message) => string;
}

/** Runs a child on the channel that the supervisor has opened for this process. */
export function serveChild<In extends { type: string }, Out extends object, Message extends Configure>(
  { parse, life: begin, title }: Role<In, Out, Message>,
  { clock, random, millrace }: ServeOptions,
): void {
  const parent = process.ppid;
  // All of Node's ten default stack lines may belong to a library; the user's own line would be missing.
  Error.stackTraceLimit = 30;
  const redaction = new Redaction();
  const hide = (value: string | undefined): void => redaction.hideValues(value === undefined ? [] : [value]);
  const connection = connect<In, Out>({
    redaction,
    parse,
    onMessage: (message, payload) => handle(life.handlers, message, payload),
    onLeave: () => life.onLeave(),
  });
  const life = begin(connection, {
    clock,
    random,
    rss: () => process.memoryUsage.rss(),
    redaction,
    load: (file) => loadPipeline(file, { millrace, onSecret: (name) => hide(secretValue(name)) }),
    onConfigured: (message) => {
      redaction.hideNames(message.redact);
      process.title = `millrace ${message.name}: ${title(message)}`;
    },
    onReady: ({ diesWithSupervisor }) => {
      if (!diesWithSupervisor) watchParent(parent);
    },
  });
}
