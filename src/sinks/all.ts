import { configError } from '../core/errors.ts';
import { show } from '../core/show.ts';
import { text, type Text } from '../values/text.ts';
import { defineSink, isSink, sinkId, type AnySink, type Sink } from './port.ts';

type Both<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;
type RowsOf<S> = S extends Sink<infer Row, never, string> ? Row : never;
type TablesOf<S> = S extends Sink<never, infer Table, string> ? Table : never;
type LimitsOf<S> = S extends Sink<never, never, infer Limit> ? Limit : never;

/**
 * Several sinks: each gets every result, and an item is done when all of them have it. Each keeps its own record, so
 * that after a crash an item is written only where it is missing.
 *
 * A result that one of them refuses is in none of the transactional ones. Sinks that are only called (at least once)
 * come after all transactional ones, in their order. If such a sink refuses a result, the dead letter names the sinks
 * that have it, and `dead retry` skips those.
 *
 * Throws a MillraceError (`SINK_OPTIONS`) if there are fewer than two sinks, or two that would wait for each other.
 */
export function all<const Sinks extends readonly [AnySink, AnySink, ...AnySink[]]>(
  ...sinks: Sinks
): Sink<Both<RowsOf<Sinks[number]>>, TablesOf<Sinks[number]>, LimitsOf<Sinks[number]>> {
  const each = sinks.flatMap((sink: AnySink, i): readonly AnySink[] => {
    if (!isSink(sink)) throw wrong(`expected sinks such as to.sqlite({ … }), got ${show(sink)} as number ${i + 1}`);
    if (sink.kind === 'results') {
      throw wrong('to.results() cannot be one of several sinks; use it as the only sink');
    }
    return sink.sinks ?? [sink];
  });
  if (each.length < 2) throw wrong('expected at least two sinks; use a single one without to.all()');
  const named = each.map((sink, i) => ({ ...sink, id: uniqueId(each, i) }));
  requireOwnPlaces(named);
  const deliveries = ['transaction', 'part', 'call'] as const;
  return defineSink({
    kind: 'all',
    id: named.map(({ id }) => id).join(' + '),
    // The delivery that needs the most from the engine.
    delivery: deliveries.find((delivery) => named.some((sink) => sink.delivery === delivery))!,
    target: named.slice(1).reduce<Text>((whole, { target }) => text`${whole} + ${target}`, named[0]!.target),
    options: named.map(({ kind, target, options }) => ({ kind, target, options })),
    sinks: named,
    open: () => Promise.reject(configError('BUG', 'to.all() is not opened itself, but each of its sinks')),
  });
}

/**
 * Sinks with the same id, such as tables of the same name in two databases, are distinguished by their place in the
 * list.
 */
function uniqueId(sinks: readonly AnySink[], i: number): string {
  const id = sinkId(sinks[i]!);
  const before = sinks.slice(0, i).filter((other) => sinkId(other) === id);
  return before.length === 0 ? id : `${id} ${before.length + 1}`;
}

function requireOwnPlaces(sinks: readonly AnySink[]): void {
  for (const [i, sink] of sinks.entries()) {
    const other = sinks
      .slice(0, i)
      .find(({ lockedPlace }) => lockedPlace !== undefined && lockedPlace === sink.lockedPlace);
    if (other) {
      throw wrong(
        `expected sinks in different places, got two on ${sink.lockedPlace}: only one of them can write at a time, so ` +
          'each would wait for the other. Write several tables of one database with the option tables',
      );
    }
  }
}

function wrong(problem: string): Error {
  return configError('SINK_OPTIONS', `to.all(): ${problem}`);
}
