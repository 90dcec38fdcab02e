export { queueApplicationId as applicationId } from '../../core/queue-file.ts';

/**
 * The spool's tables. A change adds a step: `migrations[n]` turns version n into version n + 1. All missing steps run in one
 * transaction.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('running', 'sealed', 'finishing', 'finished')),
    fingerprint TEXT NOT NULL,
    cursor TEXT,
    cursor_count INTEGER NOT NULL,
    digest TEXT,
    next_seq INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    done INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    exit_code INTEGER
  ) STRICT;

  CREATE TABLE frames (
    first INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    shapes BLOB NOT NULL,
    ends BLOB NOT NULL,
    body BLOB NOT NULL
  ) STRICT;

  -- The settled items of partly settled frames. Not in frames, because changing a row rewrites all of it, body included.
  CREATE TABLE progress (
    first INTEGER PRIMARY KEY,
    settled TEXT NOT NULL,
    settled_count INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE retries (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    origin INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    delay_ms INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    kills INTEGER NOT NULL,
    error TEXT NOT NULL,
    shapes BLOB NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX retries_due ON retries (due_at, seq);

  CREATE TABLE dead (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    origin INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    error TEXT NOT NULL,
    died_at INTEGER NOT NULL,
    shapes BLOB NOT NULL,
    body BLOB NOT NULL
  ) STRICT;

  CREATE TABLE writers (
    writer INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    role TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    pid INTEGER,
    started TEXT,
    boot TEXT,
    ended INTEGER NOT NULL DEFAULT 0,
    fenced INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX writers_open ON writers (writer) WHERE ended = 0 OR fenced = 0;

  CREATE TABLE limits (
    name TEXT PRIMARY KEY,
    data TEXT NOT NULL
  ) STRICT;

  CREATE TABLE spool (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    generation INTEGER NOT NULL,
    is_clean INTEGER NOT NULL,
    reserved_seq INTEGER NOT NULL
  ) STRICT;
  INSERT INTO spool VALUES (1, 0, 1, 0);
  `,
  `
  -- Each start of a supervisor has its own id: the number alone would not tell it from a start on a copy.
  CREATE TABLE starts (
    generation INTEGER PRIMARY KEY,
    id TEXT NOT NULL
  ) STRICT;
  ALTER TABLE spool ADD COLUMN id TEXT NOT NULL DEFAULT '';
  UPDATE spool SET id = lower(hex(randomblob(12)));
  `,
  `
  -- The latest errors of an item, oldest first, as JSON.
  ALTER TABLE retries ADD COLUMN history TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE dead ADD COLUMN history TEXT NOT NULL DEFAULT '[]';
  `,
  `
  ALTER TABLE dead ADD COLUMN kills INTEGER NOT NULL DEFAULT 0;
  -- How many supervisors in a row were killed since an item was settled, and the item that is on trial.
  ALTER TABLE spool ADD COLUMN unclean_starts INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE spool ADD COLUMN trial INTEGER;
  `,
  `
  -- The option \`redact\` of the last start, as JSON: commands that show dead letters later do not load the pipeline.
  ALTER TABLE spool ADD COLUMN redact TEXT NOT NULL DEFAULT '[]';
  `,
  `
  -- The owner of this queue. NULL in a spool of an older version, until the next start fills it in.
  ALTER TABLE spool ADD COLUMN pipeline TEXT;
  ALTER TABLE spool ADD COLUMN file TEXT;
  ALTER TABLE spool ADD COLUMN sink_kind TEXT;
  ALTER TABLE spool ADD COLUMN sink_target TEXT;
  -- What an operator declared about an open run, with a flag such as --moved or --same-source.
  CREATE TABLE declared (
    at INTEGER NOT NULL,
    run TEXT NOT NULL,
    what TEXT NOT NULL,
    was TEXT NOT NULL,
    is_now TEXT NOT NULL
  ) STRICT;
  -- How a supervisor ended. started_at is NULL for a start that ran no pipeline, such as a change of dead letters.
  ALTER TABLE starts ADD COLUMN started_at INTEGER;
  ALTER TABLE starts ADD COLUMN ended_at INTEGER;
  ALTER TABLE starts ADD COLUMN outcome TEXT;
  ALTER TABLE starts ADD COLUMN exit_code INTEGER;
  `,
  `
  -- How far the queue had come when it was started: a sink that knows more has seen a later state of it. For starts before
  -- this version, all we know is that it had not come further than now.
  ALTER TABLE starts ADD COLUMN given_below INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE starts ADD COLUMN next_seq INTEGER NOT NULL DEFAULT 1;
  UPDATE starts SET
    given_below = coalesce((SELECT max(next_seq) FROM run), 1),
    next_seq = max(coalesce((SELECT max(next_seq) FROM run), 1), (SELECT reserved_seq FROM spool));
  `,
  `
  -- How far an item is suspected of failing by its own fault, where its failures look like an outage.
  ALTER TABLE retries ADD COLUMN suspicion INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- How many items were done when --moved gave the run another sink, which has none of their results.
  ALTER TABLE run ADD COLUMN done_elsewhere INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- How many of an item's failures, where they look like an outage's, may be its own fault: a plainer name.
  ALTER TABLE retries RENAME COLUMN suspicion TO own_fault;
  `,
  `
  -- The shapes of a frame, a retry or a dead letter may now be what raw records are decoded with: an object in JSON, not a
  -- list. Older versions would take such a queue for damaged, so they must not open it.
  SELECT 1;
  `,
  `
  -- The params that a run was started with, as JSON: it is resumed with the same.
  ALTER TABLE run ADD COLUMN params TEXT NOT NULL DEFAULT '{}';
  `,
  `
  -- Cursors that a source has reported, each with the last item that it covers. A cursor is kept until the source has
  -- confirmed that everything up to it, or to a later one, is settled.
  CREATE TABLE cursors (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    cursor TEXT NOT NULL
  ) STRICT;
  CREATE INDEX cursors_seq ON cursors (seq, id);
  `,
  `
  -- Of a pipeline with several sinks, the ids of those that have an item that is not in all of them, as JSON.
  ALTER TABLE retries ADD COLUMN in_sinks TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE dead ADD COLUMN in_sinks TEXT NOT NULL DEFAULT '[]';
  -- Where each writer's part of a sink ends, as JSON: what lies after that does not count.
  CREATE TABLE parts (
    run TEXT NOT NULL, sink TEXT NOT NULL, writer INTEGER NOT NULL, part TEXT NOT NULL,
    PRIMARY KEY (run, sink, writer)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- The final cursor of the last finished run, as JSON, for each source and set of params. The newest has the highest number.
  CREATE TABLE previous (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    cursor TEXT NOT NULL
  ) STRICT;
  -- Which run reads from which source, as JSON: [run, source].
  ALTER TABLE spool ADD COLUMN source TEXT;
  `,
];

export const schemaVersion = migrations.length;
