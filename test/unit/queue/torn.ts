/** The file that a power loss leaves when it was being written. */

const sectorBytes = 512;

/**
 * A file that was `before`, safely on the disk, and was about to become `after`. Each sector that changes is the old one, the
 * new one, or has other bytes where it changes; and the file may end anywhere between the two ends. Bytes that were not
 * written do not change (SQLite relies on that, as disks do: sqlite.org/psow.html).
 */
export function torn(before: Buffer, after: Buffer, random: () => number): Buffer {
  const longest = Math.max(before.length, after.length);
  const shortest = Math.min(before.length, after.length);
  const size = random() < 0.5 ? after.length : shortest + Math.floor(random() * (longest - shortest + 1));
  const found = Buffer.alloc(size);
  before.copy(found);
  // Disks write in any order, or nearly in order. In the latter case, everything up to some place is new.
  const upTo = random() < 0.5 ? size : Math.floor(random() * size);
  for (let at = 0; at < size; at += sectorBytes) {
    const end = Math.min(at + sectorBytes, size);
    if (before.subarray(at, end).equals(after.subarray(at, end))) continue;
    const isNew = at < upTo ? random() < 0.9 : random() < 0.1;
    if (isNew) after.copy(found, at, at, Math.min(end, after.length));
    if (random() < 0.02) tear(found, { before, after, at, end, random });
  }
  return found;
}

function tear(
  found: Buffer,
  { before, after, at, end, random }: { before: Buffer; after: Buffer; at: number; end: number; random: () => number },
): void {
  for (let i = at; i < end; i++) if (before[i] !== after[i]) found[i] = Math.floor(random() * 256);
}
