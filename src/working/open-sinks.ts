import { sinkId, type Delivery, type AnySink } from '../sinks/port.ts';
import type { SinkConnection } from './sink-connection.ts';

/** One of the pipeline's sinks, as a consumer has it. */
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

/** What a sink must know of the other ones: which properties of a result they take rows from. */
export function otherTables(sink: AnySink, all: readonly AnySink[]): readonly string[] | 'any' {
  const others = all.filter((other) => other !== sink);
  return others.every(({ tables }) => tables) ? others.flatMap(({ tables = [] }) => tables) : 'any';
}

/** `sink`, opened by way of `connection`. `target`: how people know it. */
export function openSink(sink: AnySink, target: string, connection: OpenSink['connection']): OpenSink {
  return { id: sinkId(sink), delivery: sink.delivery, target, connection };
}
