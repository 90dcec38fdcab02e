import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpoolReserve } from '../../../../src/queue/spool/reserve.ts';
import { ioError } from '../../../../src/queue/spool/failure.ts';
import { StoreFull } from '../../../../src/queue/store.ts';
import { HandClock } from '../../../support/hand-clock.ts';
import { thrownBy } from '../../../support/thrown.ts';

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

/** A device on which every write finds the disk full. */
const fullDevice = '/dev/full';
const clock = new HandClock();

function aReserve(makeSpace: () => void = nothing): SpoolReserve {
  return new SpoolReserve(directory, { makeSpace, clock, bytes });
}

function nothing(): void {
  // No space can be made.
}

/** The next time that the reserve is taken, the disk is full. */
function diskIsFull(): void {
  symlinkSync(fullDevice, file);
}

describe('the reserve', () => {
  it('is actually written, readable only by its owner, and removed when it is given up', () => {
    const reserve = aReserve();
    expect([reserve.take(), reserve.isHeld, reserve.take()]).toEqual([true, true, true]);
    const { size, blocks, mode } = statSync(file);
    expect([size, mode & 0o777]).toEqual([bytes, 0o600]);
    expect(blocks * 512).toBeGreaterThanOrEqual(bytes);
    reserve.release();
    reserve.release();
    expect([reserve.isHeld, existsSync(file)]).toEqual([false, false]);
  });

  it('is taken over from a predecessor, unless it is incomplete', () => {
    writeFileSync(file, Buffer.alloc(bytes));
    const before = statSync(file).ino;
    expect(aReserve().take()).toBe(true);
    expect(statSync(file).ino).toBe(before);
    writeFileSync(file, Buffer.alloc(bytes / 2));
    expect(aReserve().take()).toBe(true);
    expect(statSync(file).size).toBe(bytes);
  });

  it('is taken after space has been made for it', () => {
    diskIsFull();
    let hasMadeRoom = false;
    const reserve = aReserve(() => {
      hasMadeRoom = true;
    });
    expect([reserve.take(), hasMadeRoom, statSync(file).size]).toEqual([true, true, bytes]);
  });

  it('is not taken back before space has been made for the write that found none', () => {
    const done: string[] = [];
    const reserve = aReserve(() => done.push(existsSync(file) ? 'while it was held' : 'before'));
    reserve.take();
    expect(done).toEqual([]);
    reserve.release();
    expect([reserve.take(), done]).toEqual([true, ['before']]);
  });

  it.each([
    ['the disk is full', diskIsFull],
    [
      'making space itself needs space',
      () => {
        diskIsFull();
        throw new StoreFull('no space for that');
      },
    ],
  ])('is not taken, and leaves no file, if no space can be made because %s', (_, makeSpace) => {
    diskIsFull();
    const reserve = aReserve(makeSpace);
    expect([reserve.take(), reserve.isHeld, existsSync(file)]).toEqual([false, false, false]);
  });

  it('is attempted again on a full disk only occasionally', () => {
    diskIsFull();
    let attempts = 0;
    const reserve = aReserve(() => {
      attempts += 1;
      diskIsFull();
    });
    expect([reserve.take(), attempts]).toEqual([false, 1]);
    clock.turn(400);
    expect([reserve.take(), attempts]).toEqual([false, 1]);
    diskIsFull();
    clock.turn(100);
    expect([reserve.take(), attempts]).toEqual([false, 2]);
  });

  it.each<[string, () => void, () => void]>([
    ['the file cannot be written', () => mkdirSync(file), nothing],
    [
      'space cannot be made',
      diskIsFull,
      () => {
        throw ioError('the disk has failed', undefined);
      },
    ],
  ])('fails for good if, for a reason other than a full disk, %s', (_, before, makeSpace) => {
    before();
    expect(thrownBy(() => aReserve(makeSpace).take())).toMatchObject({ code: 'SPOOL', exitCode: 74 });
  });

  it('names the file that failed', () => {
    mkdirSync(file);
    const reserve = aReserve();
    for (const act of [() => reserve.take(), () => reserve.release()]) {
      expect(thrownBy(act)?.message).toContain(`the space kept back in ${file} failed: `);
    }
  });
});
