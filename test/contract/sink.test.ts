import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { sinkContract, type Row } from './sink.ts';
import { to } from '../../src/connectors/to.ts';

sinkContract('sqlite, a table without a key', {
  delivery: 'transaction',
  create: () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-sink-'));
    const file = join(directory, 'results.db');
    return {
      sink: to.sqlite({ file, table: 'results', columns: { id: 'INTEGER', text: 'TEXT' } }),
      rows() {
        const db = new Sqlite(file, { readonly: true });
        const rows = db.prepare('SELECT id, text FROM results').all() as Row[];
        db.close();
        return rows;
      },
      dispose: () => rmSync(directory, { recursive: true }),
    };
  },
});

sinkContract('memory', {
  delivery: 'transaction',
  isLasting: false,
  create: () => {
    const sink = to.memory<Row>();
    return { sink, rows: () => [...sink.rows], dispose() {} };
  },
});

sinkContract('stdout', {
  delivery: 'call',
  create: () => {
    let written = '';
    const writeOut = async (bytes: Buffer): Promise<void> => void (written += bytes.toString());
    const rows = (): Row[] =>
      written
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Row);
    return { sink: to.stdout(), rows, context: { writeOut }, dispose() {} };
  },
});

sinkContract('discard', {
  delivery: 'call',
  keepsRows: false,
  create: () => ({ sink: to.discard(), rows: () => [], dispose() {} }),
});
