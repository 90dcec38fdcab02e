import type { Flag } from '../command.ts';

/** Which dead letters are meant. */
export const selectionFlags: readonly Flag[] = [
  { name: 'reason', value: 'text', help: 'Those with this in their reason or error', group: 'Which ones' },
  { name: 'older', value: 'duration', help: 'Those that died longer ago than this, such as 7d', group: 'Which ones' },
  { name: 'newer', value: 'duration', help: 'Those that died since then', group: 'Which ones' },
];

export const allFlag: Flag = { name: 'all', help: 'All of them', group: 'Which ones' };
