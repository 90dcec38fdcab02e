/** What the types let pass; the assertions are the compiler's. (How sinks infer inside a pipeline: test/types.) */
import { expect, it } from '@jest/globals';
import { discard } from '../../../src/sinks/discard.ts';
import { memory } from '../../../src/sinks/memory.ts';
import { ndjson } from '../../../src/sinks/ndjson.ts';
import type { Sink } from '../../../src/sinks/port.ts';
import { sqlite, type SqlValue } from '../../../src/sinks/sqlite.ts';

interface Pokemon {
  id: number;
  name: string | null;
  seen?: Date;
}

const target = { file: 'a.db', table: 't' } as const;

it('a sink takes whatever has what it demands', () => {
  const sinks: Sink<Pokemon>[] = [
    sqlite(target),
    sqlite({ ...target, key: 'id' }),
    sqlite({ ...target, key: ['id'] }),
    memory(),
    memory<Pokemon>(),
    memory<{ id: number }>(),
    ndjson(),
    discard(),
  ];
  const demanding: Sink<{ readonly id: SqlValue }> = sqlite({ ...target, key: ['id'] });
  expect([...sinks, demanding]).toHaveLength(9);
});

it('a sink does not take what lacks what it demands', () => {
  // @ts-expect-error -- there is no region
  const noSuchColumn: Sink<Pokemon> = sqlite({ ...target, key: ['id', 'region'] });
  // @ts-expect-error -- a key is never null
  const nullable: Sink<Pokemon> = sqlite({ ...target, key: 'name' });
  // @ts-expect-error -- nor is it left out
  const optional: Sink<Pokemon> = sqlite({ ...target, key: 'seen' });
  // @ts-expect-error -- these rows have more
  const wider: Sink<{ id: number }> = memory<Pokemon>();
  expect([noSuchColumn, nullable, optional, wider]).toHaveLength(4);
});

it('options that are wrong do not compile', () => {
  // @ts-expect-error -- no file
  expect(() => sqlite({ table: 't' })).toThrow('file');
  // @ts-expect-error -- no such option
  expect(() => sqlite({ ...target, keys: 'id' })).toThrow('keys');
  // @ts-expect-error -- a type is text
  expect(() => sqlite({ ...target, columns: { id: 5 } })).toThrow('columns');
});
