import type { QueuePlace } from '../place.ts';
import { archiveUnreadableFile } from './archive.ts';
import { doubtsAbout, spoolFile } from './directory.ts';
import { freeSpace } from './free-space.ts';
import { openSpool } from './open.ts';
import { findPassedOn, forgetPassedOn, keepPassedOn } from './passed-on.ts';
import { SpoolReserve } from './reserve.ts';

/** A state directory, with the queue in one SQLite file. */
export function spoolPlace(directory: string, { durability }: { durability: 'full' | 'normal' }): QueuePlace {
  const file = spoolFile(directory);
  return {
    open: ({ clock, stopped, ...options }) => openSpool({ file, durability, ...options }, { clock, stopped }),
    archiveUnreadable: (suffix) => archiveUnreadableFile(file, suffix),
    keepPassedOn: (passedOn) => keepPassedOn(file, passedOn),
    findPassedOn: () => findPassedOn(file),
    forgetPassedOn: () => forgetPassedOn(file),
    doubts: () => doubtsAbout(directory),
    freeSpace: () => freeSpace(directory),
    reserve: (options) => new SpoolReserve(directory, options),
  };
}
