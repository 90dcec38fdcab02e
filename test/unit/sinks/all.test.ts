import { describe, expect, it } from '@jest/globals';
import { to } from '../../../src/connectors/to.ts';

describe('to.all()', () => {
  it('combines its sinks, nested ones too, and gives each an id of its own', () => {
    const sink = to.all(to.discard(), to.all(to.discard(), to.sqlite({ file: 'a.db', table: 't' })));
    expect(sink).toMatchObject({ kind: 'all', delivery: 'transaction' });
    expect(sink.sinks?.map(({ id }) => id)).toEqual(['discard', 'discard 2', 'sqlite:t']);
  });

  it('tells tables of the same name in two files apart', () => {
    const sink = to.all(to.sqlite({ file: 'a.db', table: 't' }), to.sqlite({ file: 'b.db', table: 't' }));
    expect(sink.sinks?.map(({ id }) => id)).toEqual(['sqlite:t', 'sqlite:t 2']);
  });

  it('refuses two sinks that would wait for each other', () => {
    const both = () => to.all(to.sqlite({ file: 'a.db', table: 't' }), to.sqlite({ file: './x/../a.db', table: 'u' }));
    expect(both).toThrow('Write several tables of one database with the option tables');
  });

  it('refuses results for the program, which only a single sink can pass on', () => {
    expect(() => to.all(to.discard(), to.results())).toThrow('to.results() cannot be one of several sinks');
  });

  it('refuses a single sink and anything that is not a sink', () => {
    const all = to.all as (...sinks: unknown[]) => unknown;
    expect(() => all(to.discard())).toThrow('expected at least two sinks');
    expect(() => all(to.discard(), to.discard)).toThrow(
      'expected sinks such as to.sqlite({ … }), got a function as number 2',
    );
  });
});
