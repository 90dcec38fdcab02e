import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mountSmallDisk } from '../../../src/torture/small-disk.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-disk-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a small disk', () => {
  it('can be filled and freed, is invisible to other processes, and is removed at the end', async () => {
    const disk = await mountSmallDisk(directory);
    // If the machine does not allow it, torture says that this was not tested.
    if (!disk) return;
    try {
      const inside = join(disk.directory, 'a file');
      disk.fill();
      expect(() => writeFileSync(inside, 'x'.repeat(5000))).toThrow('ENOSPC');
      expect(() => writeFileSync(join(directory, 'outside'), 'x')).not.toThrow();
      disk.free();
      expect(() => writeFileSync(inside, 'x'.repeat(5000))).not.toThrow();
    } finally {
      await disk.close();
    }
    expect(() => writeFileSync(join(disk.directory, 'a file'), '')).toThrow('ENOENT');
  });
});
