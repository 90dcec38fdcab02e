import { connect } from '../child/connect.ts';
import { watchParent } from '../child/parent-watch.ts';
import type { Clock } from '../core/clock.ts';
import { handle } from '../ipc/handlers.ts';
import type { FromConsumer, ToConsumer } from '../ipc/messages.ts';
import { parse } from '../ipc/parse.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { consumerLife } from './life.ts';

export interface ServeOptions {
  clock: Clock;
  random: () => number;
  /** What `import … from 'millrace'` gives in a pipeline file. */
  millrace: object;
}

/** Runs a consumer on the channel that the supervisor has opened for this process. */
export function serveConsumer({ clock, random, millrace }: ServeOptions): void {
  const parent = process.ppid;
  const connection = connect<ToConsumer, FromConsumer>({
    parse: parse.toConsumer,
    onMessage: (message, payload) => handle(life.handlers, message, payload),
    onLeave: () => life.onLeave(),
  });
  const life = consumerLife(connection, {
    clock,
    random,
    load: (file) => loadPipeline(file, { millrace }),
    onConfigured: ({ name, ordinal }) => {
      process.title = `millrace ${name}: consumer ${ordinal}`;
    },
    onReady: ({ diesWithSupervisor }) => {
      if (!diesWithSupervisor) watchParent(parent);
    },
  });
}
