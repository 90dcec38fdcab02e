import { connect } from '../child/connect.ts';
import { watchParent } from '../child/parent-watch.ts';
import type { Clock } from '../core/clock.ts';
import { handle } from '../ipc/handlers.ts';
import type { FromProducer, ToProducer } from '../ipc/messages.ts';
import { parse } from '../ipc/parse.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { producerLife } from './life.ts';

export interface ServeOptions {
  clock: Clock;
  random: () => number;
  /** What `import … from 'millrace'` gives in a pipeline file. */
  millrace: object;
}

/** Runs the producer on the channel that the supervisor has opened for this process. */
export function serveProducer({ clock, random, millrace }: ServeOptions): void {
  const parent = process.ppid;
  const connection = connect<ToProducer, FromProducer>({
    parse: parse.toProducer,
    onMessage: (message, payload) => handle(life.handlers, message, payload),
    onLeave: () => life.onLeave(),
  });
  const life = producerLife(connection, {
    clock,
    random,
    load: (file) => loadPipeline(file, { millrace }),
    onConfigured: ({ name }) => {
      process.title = `millrace ${name}: producer`;
    },
    onReady: ({ diesWithSupervisor }) => {
      if (!diesWithSupervisor) watchParent(parent);
    },
  });
}
