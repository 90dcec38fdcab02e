/** What the types allow; the compiler checks it. (test/types covers how a pipeline infers the types of sinks.) */
import { expect, it } from '@jest/globals';
import { to } from '../../../src/connectors/to.ts';
import type { Sink } from '../../../src/sinks/port.ts';
import type { SqlValue } from '../../../src/connectors/sqlite/sink.ts';

interface Pokemon {
  id: number;
  name: string | null;
  seen?: Date;
}

const target = { file: 'a.db', table: 't' } as const;

it('a sink accepts results with all the properties that it demands', () => {
  const sinks: Sink<Pokemon>[] = [
    to.sqlite(target),
    to.sqlite({ ...target, key: 'id' }),
    to.sqlite({ ...target, key: ['id'] }),
    to.memory(),
    to.memory<Pokemon>(),
    to.memory<{ id: number }>(),
    to.stdout(),
    to.discard(),
  ];
  const demanding: Sink<{ readonly id: SqlValue }> = to.sqlite({ ...target, key: ['id'] });
  expect([...sinks, demanding]).toHaveLength(9);
});

it('a sink accepts keys that may be null, as every field of a CSV file may be', () => {
  const nullable: Sink<Pokemon> = to.sqlite({ ...target, key: 'name' });
  expect(nullable.kind).toBe('sqlite');
});

it('a sink does not accept results without the properties that it demands', () => {
  // @ts-expect-error -- the region is missing
  const noSuchColumn: Sink<Pokemon> = to.sqlite({ ...target, key: ['id', 'region'] });
  // @ts-expect-error -- a property that may be missing
  const optional: Sink<Pokemon> = to.sqlite({ ...target, key: 'seen' });
  // @ts-expect-error -- these rows have more properties
  const wider: Sink<{ id: number }> = to.memory<Pokemon>();
  expect([noSuchColumn, optional, wider]).toHaveLength(3);
});

it('wrong options do not compile', () => {
  // @ts-expect-error -- no file
  expect(() => to.sqlite({ table: 't' })).toThrow('file');
  // @ts-expect-error -- no such option
  expect(() => to.sqlite({ ...target, keys: 'id' })).toThrow('keys');
  // @ts-expect-error -- a type is text
  expect(() => to.sqlite({ ...target, columns: { id: 5 } })).toThrow('columns');
});
