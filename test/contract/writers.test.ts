import { describe } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryWriters } from '../../src/queue/memory-writers.ts';
import { Spool } from '../../src/queue/spool/spool.ts';
import { describeWriters } from './writers.ts';

describe('in memory', () => {
  describeWriters(() => ({ writers: new MemoryWriters(), close: () => undefined }));
});

describe.each(['full', 'normal'] as const)('in a spool, with durability %s', (durability) => {
  describeWriters(() => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-'));
    const spool = Spool.open({ file: join(directory, 'queue.db'), durability });
    const close = (): void => {
      spool.close();
      rmSync(directory, { recursive: true });
    };
    return { writers: spool.writers, close };
  });
});
