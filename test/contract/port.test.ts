/** Runs the cases that are published for other people's sinks on our own sinks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import { to } from '../../src/connectors/to.ts';
import { sinkContract, type SinkUnderTest } from '../../src/sinks/contract.ts';
import type { Delivery } from '../../src/sinks/port.ts';
import { ACalledSink } from '../support/a-called-sink.ts';
import { APartSink } from '../support/a-part-sink.ts';
import { HandClock } from '../support/hand-clock.ts';

interface Row {
  id: number;
}

const row = (id: number): Row => ({ id });

const subjects: Record<string, [Delivery, () => SinkUnderTest<Row>]> = {
  'to.sqlite()': [
    'transaction',
    () => {
      const directory = mkdtempSync(join(tmpdir(), 'millrace-port-'));
      const file = join(directory, 'results.db');
      return {
        sink: to.sqlite({ file, table: 'results', columns: { id: 'INTEGER' } }),
        row,
        badRow: () => ({ id: Number.NaN }),
        ids: () => {
          const db = new Sqlite(file, { readonly: true });
          const ids = db.prepare('SELECT id FROM results').pluck().all() as number[];
          db.close();
          return ids;
        },
        clock: new HandClock(),
        dispose: () => rmSync(directory, { recursive: true }),
      };
    },
  ],
  'to.stdout()': [
    'call',
    () => {
      let written = '';
      return {
        sink: to.stdout(),
        row,
        badRow: () => ({ id: Number.NaN }),
        ids: () => [...written.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id)),
        context: { writeOut: async (bytes) => void (written += bytes.toString()) },
        clock: new HandClock(),
      };
    },
  ],
  'a sink that is called': [
    'call',
    () => {
      const called = new ACalledSink();
      called.answer = (given) => ((given as Row).id < 0 ? 'refused' : 'accepted');
      return {
        sink: called.sink,
        row,
        badRow: () => row(-1),
        ids: () => (called.accepted as Row[]).map(({ id }) => id),
        clock: new HandClock(),
      };
    },
  ],
  'a sink of parts': [
    'part',
    () => {
      const parts = new APartSink();
      return {
        sink: parts.sink,
        row,
        ids: () => (parts.published as Row[]).map(({ id }) => id),
        clock: new HandClock(),
      };
    },
  ],
};

const withMemory: typeof subjects = {
  ...subjects,
  'to.memory()': [
    'transaction',
    () => {
      const sink = to.memory<Row>();
      return { sink, row, ids: () => sink.rows.map(({ id }) => id), clock: new HandClock() };
    },
  ],
};

describe.each(Object.entries(withMemory))('%s', (_, [delivery, create]) => {
  it.each(sinkContract(delivery).map(({ name, run }) => [name, run] as const))('%s', async (_name, run) => {
    await expect(run(create)).resolves.toBeUndefined();
  });
});
