import { count } from '../../core/figures.ts';
import type { RecordFacts } from '../../core/dead-letters.ts';

/** Where a raw record was read, for people. */
export function placeText({ kind, file, line, byte, length }: RecordFacts): string {
  const place = file === undefined ? kind : `${file}, line ${line}, byte ${byte}`;
  return length === undefined ? place : `${place}; ${count(length)} bytes, only the first of them are kept`;
}
