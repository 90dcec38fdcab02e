import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openForReading } from '../../../../src/queue/spool/reading.ts';
import { Spool } from '../../../../src/queue/spool/spool.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  file = join(directory, 'queue.db');
  Spool.open({ file, durability: 'full' }).close();
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('reading a spool that no supervisor has open', () => {
  it('leaves no other file next to it', () => {
    openForReading(file).close();
    expect(readdirSync(directory)).toEqual(['queue.db']);
  });

  it('does not delete the log of a supervisor that started and was killed just before the file was locked', () => {
    const { close } = openForReading(file);
    writeFileSync(`${file}-wal`, 'the last of what was stored');
    close();
    expect(readFileSync(`${file}-wal`, 'utf8')).toBe('the last of what was stored');
  });
});
