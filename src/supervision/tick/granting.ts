import type { Grant } from '../../limits/limits.ts';
import type { Hub } from '../hub.ts';
import type { Roster, Side } from '../roles/roster.ts';

type GrantingHub = Pick<Hub, 'clock' | 'limits' | 'queue'>;

/** Grants permits and sends them to their holders: under a rate after the commit, otherwise at once. */
export class Granting {
  readonly #hub: GrantingHub;
  readonly #roster: Pick<Roster, 'sides'>;

  constructor(hub: GrantingHub, roster: Pick<Roster, 'sides'>) {
    this.#hub = hub;
    this.#roster = roster;
  }

  /** Grants the permits that can be granted now. The limits' records become part of the next commit. */
  advance(): void {
    const { limits, queue, clock } = this.#hub;
    const now = clock.now();
    const grants = limits.advance(now);
    if (grants.length > 0) {
      const holders = new Map(this.#roster.sides.map((side) => [side.holder, side.post]));
      for (const grant of grants) this.#send(grant, holders.get(grant.holder));
    }
    for (const record of limits.durable({ now, wall: clock.wall() })) queue.setLimit(record);
  }

  /** All outboxes have been emptied: grants that waited for the commit have reached their holders. */
  announced(): void {
    this.#hub.limits.announced(this.#hub.clock.now());
  }

  #send(grant: Grant, post: Side['post'] | undefined): void {
    const { limits } = this.#hub;
    const message = { type: 'granted', id: grant.id } as const;
    // Only a rate rests on the spool; a turn under a concurrency limit need not wait for the disk.
    if (!grant.awaitsCommit) return post?.child?.send(message);
    // The holder may release the permit while the commit is held up.
    post?.outbox?.put('settlements', () => (limits.isWanted(grant) ? message : undefined));
  }
}
