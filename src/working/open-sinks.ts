import { configError } from '../core/errors.ts';
import { sinkId, type Delivery, type AnySink } from '../sinks/port.ts';
import type { SinkConnection } from './sink-connection.ts';
import type { SessionOptions } from './sink-session.ts';

/** One of the pipeline's sinks, as a consumer uses it. */
export interface OpenSink {
  readonly id: string;
  readonly delivery: Delivery;
  readonly target: string;
  readonly connection: Pick<SinkConnection, 'capture' | 'commit' | 'prepare' | 'fence' | 'ask' | 'prune' | 'close'>;
}

const order: readonly Delivery[] = ['transaction', 'call', 'part'];

/** The sinks that a pipeline's sink stands for, in the order in which they are written. */
export function sinksOf(sink: AnySink): readonly AnySink[] {
  const all = sink.sinks ?? [sink];
  return all.toSorted((a, b) => order.indexOf(a.delivery) - order.indexOf(b.delivery));
}

/** What a sink must know about the others: from which properties of a result they take rows. */
export function otherTables(sink: AnySink, all: readonly AnySink[]): readonly string[] | 'any' {
  const others = all.filter((other) => other !== sink);
  return others.every(({ tables }) => tables) ? others.flatMap(({ tables = [] }) => tables) : 'any';
}

/** `sink`, opened through `connection`. `target`: its name for people. */
export function openSink(sink: AnySink, target: string, connection: OpenSink['connection']): OpenSink {
  return { id: sinkId(sink), delivery: sink.delivery, target, connection };
}

/**
 * Makes `exclusive` for each sink. It rejects (exit 78) if two transactional sinks take turns under the same name: the
 * second would wait forever for the first, which waits for the second before it commits. `to.all` refuses that if the
 * place is known.
 */
export function turnsOf(exclusive: SessionOptions['exclusive']): (sink: AnySink) => SessionOptions['exclusive'] {
  const owners = new Map<string, AnySink>();
  return (sink) => async (name, task, signal) => {
    const owner = sink.delivery === 'transaction' ? (owners.get(name) ?? sink) : sink;
    if (owner !== sink) throw samePlace(owner, sink);
    if (sink.delivery === 'transaction') owners.set(name, sink);
    return await exclusive(name, task, signal);
  };
}

function samePlace(owner: AnySink, sink: AnySink): Error {
  return configError(
    'SINK_OPTIONS',
    `to.all(): expected sinks in different places, but ${sinkId(owner)} and ${sinkId(sink)} write to the same one: only one of ` +
      'them can write at a time, so each would wait for the other. Write several tables of one database with the option tables',
  );
}
