import type { Flag } from '../command.ts';

/** Flags that select dead letters. */
export const selectionFlags: readonly Flag[] = [
  {
    name: 'reason',
    value: 'text',
    help: 'Select letters whose reason or error contains this text',
    group: 'Selection',
  },
  { name: 'older', value: 'duration', help: 'Select letters older than this, such as 7d', group: 'Selection' },
  { name: 'newer', value: 'duration', help: 'Select letters newer than this', group: 'Selection' },
];

export const allFlag: Flag = { name: 'all', help: 'Select all letters', group: 'Selection' };
