import { describe, expect, it } from '@jest/globals';
import { to } from '../../../src/connectors/to.ts';
import type { Sink } from '../../../src/sinks/port.ts';
import { markerOf } from '../../../src/torture/mark.ts';

const traceOf = (row: number): string => `1.1.${row}`;

describe('marks', () => {
  const tables = to.sqlite({ file: 'x.db', tables: { a: {}, b: {} } }) as Sink<unknown>;
  const one = to.sqlite({ file: 'x.db', table: 'a' }) as Sink<unknown>;

  it('number the rows of a result through all tables of the sink, and leave other fields alone', () => {
    const { cells, mark } = markerOf(tables, 0);
    const result = { b: [{ Id: 1 }, { id: null }], other: { id: 2 }, a: { id: 3 } };
    expect(mark(result, traceOf)).toEqual({
      b: [
        { Id: 1, millrace_torture: '1.1.0' },
        { id: null, millrace_torture: '1.1.1' },
      ],
      other: { id: 2 },
      a: [{ id: 3, millrace_torture: '1.1.2' }],
    });
    expect(cells(result)).toEqual([{ TABLE: 'b', id: '1' }, { TABLE: 'b' }, { TABLE: 'a', id: '3' }]);
  });

  it('in a line say which of several sinks wrote it', () => {
    const { cells, mark } = markerOf(to.stdout(), 2);
    expect(mark(null, traceOf)).toEqual({ millrace_torture: '1.1.0', sink: 2, row: null });
    expect(cells(null)).toEqual([{ row: 'null' }]);
  });

  it.each([
    [null, one],
    [[1], one],
    [{}, one],
    [5, tables],
    [{ a: [null, 'x'] }, tables],
  ])('leave %j, which the sink refuses, unchanged', (result, sink) => {
    expect(markerOf(sink, 0).mark(result, traceOf)).toEqual(result);
  });
});
