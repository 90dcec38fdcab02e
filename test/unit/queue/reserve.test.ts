import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Reserve } from '../../../src/queue/reserve.ts';

const bytes = 1_500_000;
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  file = join(directory, 'reserve');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function nothing(): void {
  // There is no room to make.
}

describe('the reserve', () => {
  it('is written, not only promised, for the owner only, and gone when it is given up', () => {
    const reserve = new Reserve(directory, nothing, bytes);
    expect([reserve.take(), reserve.isHeld, reserve.take()]).toEqual([true, true, true]);
    const { size, blocks, mode } = statSync(file);
    expect([size, mode & 0o777]).toEqual([bytes, 0o600]);
    expect(blocks * 512).toBeGreaterThanOrEqual(bytes);
    reserve.release();
    reserve.release();
    expect([reserve.isHeld, existsSync(file)]).toEqual([false, false]);
  });

  it('is a predecessor’s when that has left one, but not half of one', () => {
    writeFileSync(file, Buffer.alloc(bytes));
    const before = statSync(file).ino;
    expect(new Reserve(directory, nothing, bytes).take()).toBe(true);
    expect(statSync(file).ino).toBe(before);
    writeFileSync(file, Buffer.alloc(bytes / 2));
    expect(new Reserve(directory, nothing, bytes).take()).toBe(true);
    expect(statSync(file).size).toBe(bytes);
  });

  it('is taken after room has been made for it', () => {
    const missing = join(directory, 'state');
    const reserve = new Reserve(missing, () => mkdirSync(missing), bytes);
    expect(reserve.take()).toBe(true);
    expect(statSync(join(missing, 'reserve')).size).toBe(bytes);
  });

  it('is not taken, and leaves nothing behind, when no room can be made', () => {
    const missing = join(directory, 'state');
    const reserve = new Reserve(missing, () => {
      throw new Error('no room for that');
    });
    expect([reserve.take(), reserve.isHeld, existsSync(missing)]).toEqual([false, false, false]);
  });
});
