import type { Claims, Declaration, QueueOwner } from '../claims.ts';
import type { RunRecord } from '../store.ts';
import type { Connection } from './connection.ts';

/** `Claims` in the spool's file. */
export class SpoolClaims implements Claims {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  owner(): QueueOwner | null {
    const select =
      'SELECT pipeline, file, sink_kind AS sinkKind, sink_target AS sinkTarget FROM spool WHERE pipeline IS NOT NULL';
    return this.#connection.read((db) => (db.prepare(select).get() as QueueOwner | undefined) ?? null);
  }

  claim(owner: QueueOwner, declarations: readonly Declaration[] = [], run?: RunRecord): void {
    this.#connection.durably((db) => {
      const putOwner = db.prepare(changedOwner);
      const declare = db.prepare(
        'INSERT INTO declared (at, run, what, was, is_now) VALUES (@at, @run, @what, @was, @isNow)',
      );
      const putRun = db.prepare(
        'UPDATE run SET fingerprint = @fingerprint, done_elsewhere = @doneElsewhere WHERE run = @run',
      );
      db.transaction(() => {
        putOwner.run(owner);
        for (const declaration of declarations) declare.run(declaration);
        if (run && declarations.length > 0) {
          const { fingerprint, doneElsewhere } = run;
          putRun.run({ run: run.run, fingerprint, doneElsewhere });
        }
      })();
    });
  }

  declarations(): Declaration[] {
    const select = 'SELECT at, run, what, was, is_now AS isNow FROM declared ORDER BY rowid';
    return this.#connection.read((db) => db.prepare(select).all() as Declaration[]);
  }

  noteRedacted(names: readonly string[]): void {
    const json = JSON.stringify(names);
    this.#connection.durably((db) => db.prepare('UPDATE spool SET redact = ? WHERE redact <> ?').run(json, json));
  }
}

// If nothing has changed, nothing is written and there is no fsync.
const changedOwner = `
  UPDATE spool SET pipeline = @pipeline, file = @file, sink_kind = @sinkKind, sink_target = @sinkTarget
  WHERE (pipeline, file, sink_kind, sink_target) IS NOT (@pipeline, @file, @sinkKind, @sinkTarget)`;
