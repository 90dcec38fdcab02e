import type { DeadLetter, DeadSummary } from '../../core/dead-letters.ts';
import type { DeadPage } from '../../control/dead-page.ts';
import type { Clock } from '../../core/clock.ts';
import { itemFromJson, itemToJson } from '../../frame/item-json.ts';
import { ask, askOrNothing } from '../ask.ts';
import type { OpenLetters } from './letters.ts';

/** The dead letters of the pipeline that listens on a socket. */
export function remoteLetters(socketPath: string, clock: Clock): OpenLetters {
  const change = async (path: string, body: unknown): Promise<number[]> =>
    ((await ask(socketPath, path, clock, body)) as { missing: number[] }).missing;
  return {
    next: null,
    page: async ({ after, limit }) =>
      (await ask(socketPath, `/api/dead?limit=${limit}&after=${after}`, clock)) as DeadPage,
    list: async ({ after, limit }) =>
      (await ask(socketPath, `/api/dead/list?limit=${limit}&after=${after}`, clock)) as DeadSummary[],
    read: async (seq) => {
      const letter = (await askOrNothing(socketPath, `/api/dead/letter?seq=${seq}`, clock)) as DeadLetter | undefined;
      return letter && { ...letter, item: itemFromJson(letter.item) };
    },
    giveBack: (seqs) => change('/api/dead/retry', { seqs }),
    giveBackAs: (seq, item) => change('/api/dead/edit', { seq, item: itemToJson(item) }),
    purge: (seqs) => change('/api/dead/purge', { seqs }),
    close: () => undefined,
  };
}
