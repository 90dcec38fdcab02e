import type { Connection } from './connection.ts';

/** Seqs reserved at a time when a power loss may roll the spool back (`durability: normal`). */
const seqBlock = 1_000_000;

/**
 * After a power loss the file may have forgotten seqs that the sink has seen. So blocks of seqs are reserved durably
 * before they are assigned, and a start after a kill continues after all reserved seqs.
 */
export class ReservedSeqs {
  readonly #connection: Connection;
  /** This start must not assign seqs below this one, because its predecessor may have; 0 after a clean end. */
  readonly resumeAt: number;
  #below: number;

  constructor(connection: Connection, { below, wasClean }: { below: number; wasClean: boolean }) {
    this.#connection = connection;
    this.#below = below;
    this.resumeAt = wasClean ? 0 : below;
  }

  /** Reserves seqs if a run whose next seq is `nextSeq` needs more. */
  cover(nextSeq: number): void {
    if (this.#connection.durability === 'full' || nextSeq < this.#below) return;
    const reserved = nextSeq + seqBlock;
    this.#connection.durably((db) => db.prepare('UPDATE spool SET reserved_seq = ?').run(reserved));
    this.#below = reserved;
  }

  /** The next start finds the file clean; it must not continue below the seqs that this start resumed at. */
  keep(): void {
    this.#connection.db
      .prepare('UPDATE run SET next_seq = max(next_seq, ?) WHERE number = (SELECT max(number) FROM run)')
      .run(this.resumeAt);
  }
}
