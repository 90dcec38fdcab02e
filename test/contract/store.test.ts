import { describe } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '../../src/queue/memory-store.ts';
import { Spool } from '../../src/queue/spool/spool.ts';
import { describeStore } from './store.ts';

describe('in memory', () => {
  describeStore(() => ({ store: new MemoryStore(), close: () => undefined }));
});

describe.each(['full', 'normal'] as const)('in a spool, with durability %s', (durability) => {
  describeStore(() => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-'));
    const spool = Spool.open({ file: join(directory, 'queue.db'), durability });
    const close = (): void => {
      spool.close();
      rmSync(directory, { recursive: true });
    };
    return { store: spool.store, close };
  });
});
