/**
 * The tables of the embedded journal, as numbered steps. A step that has been released is never edited: what must
 * change comes as a new step.
 *
 * Every leaf of an index that a commit touches is a whole page in the write-ahead log, so a table on the way to the ACK
 * has few indexes, and keys that rise with time. There is no unique index on event ids: a repeat is caught on the
 * message, and a second decision by the version of its stream.
 */
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { GatewayError } from '../../../errors.ts';

const migrations: readonly string[] = [
  `
  CREATE TABLE messages (
    sequence INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    sender TEXT,
    control_id TEXT,
    kind TEXT,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'parked', 'rejected', 'quarantined')),
    -- Sender and control id (and digest, where the sender may use an id again); only an accepting answer binds it.
    dedupe_key TEXT,
    digest BLOB NOT NULL,
    received_at TEXT NOT NULL,
    mapping_revision TEXT,
    stay_id TEXT,
    -- The events of the message's latest translation.
    first_position INTEGER,
    last_position INTEGER,
    warnings TEXT,
    error_code TEXT,
    error TEXT,
    answer BLOB,
    raw BLOB NOT NULL
  );
  CREATE UNIQUE INDEX messages_dedupe ON messages (dedupe_key) WHERE dedupe_key IS NOT NULL;
  CREATE INDEX messages_parked ON messages (message_id) WHERE state = 'parked';
  CREATE INDEX messages_refused ON messages (state) WHERE state IN ('rejected', 'quarantined');

  CREATE TABLE unmapped_codes (
    message_sequence INTEGER NOT NULL REFERENCES messages (sequence),
    ordinal INTEGER NOT NULL,
    code_table TEXT NOT NULL,
    code TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (message_sequence, ordinal)
  ) WITHOUT ROWID;

  -- One row a sender, added to once a group: counting the messages themselves would read them all.
  CREATE TABLE senders (
    sender TEXT PRIMARY KEY,
    accepted INTEGER NOT NULL,
    last_at TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE stays (
    stay_id TEXT PRIMARY KEY,
    authority TEXT NOT NULL,
    number TEXT NOT NULL,
    process_id TEXT NOT NULL,
    patient_key TEXT NOT NULL,
    sender TEXT NOT NULL,
    UNIQUE (authority, number)
  ) WITHOUT ROWID;
  CREATE INDEX stays_process ON stays (process_id);

  CREATE TABLE identities (
    patient_key TEXT PRIMARY KEY,
    identity TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE identifiers (
    authority TEXT NOT NULL,
    value TEXT NOT NULL,
    patient_key TEXT NOT NULL,
    PRIMARY KEY (authority, value)
  ) WITHOUT ROWID;

  -- Events are never deleted and there is one writer, so positions rise in commit order.
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    also_stream TEXT,
    type TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE INDEX events_stream ON events (stream);
  CREATE INDEX events_also_stream ON events (also_stream) WHERE also_stream IS NOT NULL;

  -- stage: 0 waiting, 1 handed to the broker, 2 dead letter. It stands in the key so that a reader of one stage never
  -- passes the rows of another.
  CREATE TABLE outbox (
    queue TEXT NOT NULL,
    stage INTEGER NOT NULL,
    position INTEGER NOT NULL REFERENCES events (position),
    lane TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER,
    error TEXT,
    PRIMARY KEY (queue, stage, position)
  ) WITHOUT ROWID;
  CREATE INDEX outbox_lane ON outbox (lane) WHERE stage < 2;
  CREATE INDEX outbox_postponed ON outbox (queue, next_at_ms) WHERE next_at_ms IS NOT NULL;

  CREATE TABLE deadlines (
    key TEXT PRIMARY KEY,
    stream TEXT NOT NULL,
    lane TEXT NOT NULL,
    due_at TEXT NOT NULL,
    data TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'reached', 'closed')),
    times_reached INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE INDEX deadlines_due ON deadlines (due_at) WHERE state = 'open';

  CREATE TABLE deliveries (
    sequence INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    position INTEGER NOT NULL REFERENCES events (position),
    event_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    receiver TEXT,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt_at TEXT,
    next_at TEXT,
    receiver_fault INTEGER NOT NULL DEFAULT 0,
    open_attempt INTEGER NOT NULL DEFAULT 0,
    rendered TEXT,
    detail TEXT
  );
  CREATE INDEX deliveries_lane ON deliveries (lane);
  CREATE INDEX deliveries_state ON deliveries (state);
  CREATE INDEX deliveries_stream ON deliveries (stream);
  CREATE INDEX deliveries_next ON deliveries (next_at) WHERE next_at IS NOT NULL;
  CREATE INDEX deliveries_open ON deliveries (lane) WHERE open_attempt = 1;

  CREATE TABLE attempts (
    delivery_id TEXT NOT NULL REFERENCES deliveries (delivery_id),
    number INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    state TEXT,
    detail TEXT,
    PRIMARY KEY (delivery_id, number)
  ) WITHOUT ROWID;

  CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL,
    reason TEXT
  );
  `,
  `
  -- Attempts that ended in a transient failure: they do not count against the event.
  ALTER TABLE outbox ADD COLUMN excused INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Counts that status needs of tables that only grow. Processes stand with their sender, in a row that every group of
  -- messages writes anyway: begun by a stay of its own, ended when its last stay is linked to another.
  ALTER TABLE senders ADD COLUMN processes INTEGER NOT NULL DEFAULT 0;
  UPDATE senders SET processes = (
    SELECT count(*) FROM stays AS s WHERE s.sender = senders.sender AND NOT EXISTS (
      SELECT 1 FROM stays AS e WHERE e.process_id = s.process_id AND e.stay_id < s.stay_id));
  CREATE TRIGGER stays_linked AFTER UPDATE OF process_id ON stays
  WHEN old.process_id <> new.process_id BEGIN
    UPDATE senders SET processes = processes
      - (NOT EXISTS (SELECT 1 FROM stays WHERE process_id = old.process_id))
      + (NOT EXISTS (
          SELECT 1 FROM stays WHERE process_id = new.process_id AND stay_id <> new.stay_id))
    WHERE sender = new.sender;
  END;

  CREATE TABLE delivery_counts (state TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO delivery_counts SELECT state, count(*) FROM deliveries GROUP BY state;
  CREATE TRIGGER deliveries_opened AFTER INSERT ON deliveries BEGIN
    INSERT INTO delivery_counts VALUES (new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
  END;
  CREATE TRIGGER deliveries_moved AFTER UPDATE OF state ON deliveries
  WHEN old.state <> new.state BEGIN
    UPDATE delivery_counts SET count = count - 1 WHERE state = old.state;
    INSERT INTO delivery_counts VALUES (new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
  END;

  CREATE TABLE refused_counts (state TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO refused_counts SELECT state, count(*) FROM messages INDEXED BY messages_refused
    WHERE state IN ('rejected', 'quarantined') GROUP BY state;
  CREATE TRIGGER messages_refused AFTER INSERT ON messages
  WHEN new.state IN ('rejected', 'quarantined') BEGIN
    INSERT INTO refused_counts VALUES (new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
  END;
  `,
  `
  -- Which refused messages still have their body: the oldest are emptied when there are too many.
  CREATE TABLE refused_bodies (
    state TEXT NOT NULL,
    sequence INTEGER NOT NULL REFERENCES messages (sequence),
    size INTEGER NOT NULL,
    PRIMARY KEY (state, sequence)
  ) WITHOUT ROWID;
  INSERT INTO refused_bodies SELECT state, sequence, length(raw)
    FROM messages INDEXED BY messages_refused WHERE state IN ('rejected', 'quarantined');
  `,
  `
  -- Nobody reads it: an open attempt is met when its lane is.
  DROP INDEX deliveries_open;
  `,
  // Reading A10 needs the instant of the receiver's first fault, not only that there was one.
  `
  ALTER TABLE deliveries ADD COLUMN receiver_fault_at TEXT;
  UPDATE deliveries SET receiver_fault_at = first_attempt_at WHERE receiver_fault = 1;
  ALTER TABLE deliveries DROP COLUMN receiver_fault;
  `,
  // A row may warn of a deadline before it is reached.
  `
  ALTER TABLE deadlines ADD COLUMN event TEXT NOT NULL DEFAULT 'deadline.reached';
  `,
  `
  -- Who is ready and has not gone home: a question asked daily. One entry for each readiness and each end.
  CREATE INDEX events_ready ON events (stream) WHERE type = 'patient.discharge-ready';
  CREATE INDEX events_end ON events (stream, position) WHERE type IN
    ('patient.discharged', 'patient.deceased', 'admission.cancelled', 'discharge.cancelled');
  `,
  `
  -- Cases that could not be judged for want of a figure: at every start it may be there. Few, if any.
  CREATE INDEX events_unjudged ON events (stream, position)
    WHERE type = 'care-days.counted' AND body ->> '$.data.reason' = 'PARAMETER_MISSING';
  `,
  `
  -- A person's name and numbers hold from when they were told; a merge moves numbers and stays to the person that stays.
  ALTER TABLE identities ADD COLUMN told_at TEXT NOT NULL DEFAULT '';
  CREATE INDEX identifiers_patient ON identifiers (patient_key);
  CREATE INDEX stays_patient ON stays (patient_key);
  -- What was told of a person and not of a stay: a stay that becomes known later must hear of it too.
  CREATE TABLE person_facts (
    patient_key TEXT NOT NULL,
    told_at TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE INDEX person_facts_patient ON person_facts (patient_key, told_at);
  -- The case references a stay has gone by before it was linked to another case: they stand in notices.
  CREATE TABLE former_processes (
    process_id TEXT PRIMARY KEY,
    stay_id TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX former_processes_stay ON former_processes (stay_id);
  `,
  // The sequence number protocol: the number of the last message accepted from a sender that numbers them.
  `
  CREATE TABLE sequences (sender TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
  `,
  `
  -- What a sender told as a resource, as it stands; earlier versions are in their messages.
  CREATE TABLE resources (
    number INTEGER PRIMARY KEY,
    sender TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    last_updated TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (sender, type, id)
  );
  CREATE TABLE resource_identifiers (
    resource INTEGER NOT NULL REFERENCES resources (number),
    sender TEXT NOT NULL,
    type TEXT NOT NULL,
    value TEXT NOT NULL,
    system TEXT NOT NULL
  );
  CREATE INDEX resource_identifiers_value ON resource_identifiers (sender, type, value);
  CREATE INDEX resource_identifiers_resource ON resource_identifiers (resource);
  -- What was found of a message after its answer had left.
  CREATE TABLE findings (
    message_sequence INTEGER PRIMARY KEY REFERENCES messages (sequence),
    findings TEXT NOT NULL
  );
  CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `,
  `
  -- Findings only grow, so status has them counted: messages of a sender with any, and with each.
  ALTER TABLE senders ADD COLUMN found INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE finding_counts (
    sender TEXT NOT NULL,
    finding TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (sender, finding)
  ) WITHOUT ROWID;
  `,
  `
  -- By which mappings a resource was read: what it says is told anew where others read its next version.
  ALTER TABLE resources ADD COLUMN mapping_revision TEXT NOT NULL DEFAULT '';
  `,
  // Queues that rest, by an operator's word.
  `
  CREATE TABLE pauses (
    queue TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    paused_by TEXT NOT NULL,
    paused_at TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  -- Which message has a control id, in a table of its own: where messages are divided by month nothing else can be
  -- unique over all of them. Only an accepting answer binds it.
  CREATE TABLE control_ids (
    dedupe_key TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    sequence INTEGER NOT NULL
  ) WITHOUT ROWID;
  INSERT INTO control_ids SELECT dedupe_key, message_id, sequence FROM messages
    WHERE dedupe_key IS NOT NULL ORDER BY dedupe_key;
  DROP INDEX messages_dedupe;
  ALTER TABLE messages DROP COLUMN dedupe_key;

  -- A row says of its event what its queue asks for, so that nobody looks the event up.
  ALTER TABLE outbox RENAME TO outbox_before;
  DROP INDEX outbox_lane;
  DROP INDEX outbox_postponed;
  CREATE TABLE outbox (
    queue TEXT NOT NULL,
    stage INTEGER NOT NULL,
    position INTEGER NOT NULL REFERENCES events (position),
    lane TEXT NOT NULL,
    stream TEXT NOT NULL,
    type TEXT NOT NULL,
    event_id TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    excused INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER,
    error TEXT,
    PRIMARY KEY (queue, stage, position)
  ) WITHOUT ROWID;
  CREATE INDEX outbox_lane ON outbox (lane) WHERE stage < 2;
  CREATE INDEX outbox_postponed ON outbox (queue, next_at_ms) WHERE next_at_ms IS NOT NULL;
  INSERT INTO outbox
    SELECT o.queue, o.stage, o.position, o.lane, e.stream, e.type, e.body ->> 'id', o.attempts,
      o.excused, o.next_at_ms, o.error
    FROM outbox_before AS o JOIN events AS e USING (position) ORDER BY 1, 2, 3;
  DROP TABLE outbox_before;

  -- Rows that are read in the order in which they came say it with a number.
  ALTER TABLE person_facts RENAME TO person_facts_before;
  DROP INDEX person_facts_patient;
  CREATE TABLE person_facts (
    number INTEGER PRIMARY KEY,
    patient_key TEXT NOT NULL,
    told_at TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE INDEX person_facts_patient ON person_facts (patient_key, told_at);
  INSERT INTO person_facts SELECT rowid, patient_key, told_at, type, body
    FROM person_facts_before ORDER BY rowid;
  DROP TABLE person_facts_before;

  ALTER TABLE resource_identifiers RENAME TO resource_identifiers_before;
  DROP INDEX resource_identifiers_value;
  DROP INDEX resource_identifiers_resource;
  CREATE TABLE resource_identifiers (
    number INTEGER PRIMARY KEY,
    resource INTEGER NOT NULL REFERENCES resources (number),
    sender TEXT NOT NULL,
    type TEXT NOT NULL,
    value TEXT NOT NULL,
    system TEXT NOT NULL
  );
  CREATE INDEX resource_identifiers_value ON resource_identifiers (sender, type, value);
  CREATE INDEX resource_identifiers_resource ON resource_identifiers (resource);
  INSERT INTO resource_identifiers SELECT rowid, resource, sender, type, value, system
    FROM resource_identifiers_before ORDER BY rowid;
  DROP TABLE resource_identifiers_before;

  -- The words of the statement, or the index does not fit it.
  DROP INDEX events_unjudged;
  CREATE INDEX events_unjudged ON events (stream, position)
    WHERE type = 'care-days.counted' AND body -> 'data' ->> 'reason' = 'PARAMETER_MISSING';
  `,
  `
  -- A case that is purged takes its deadlines along.
  CREATE INDEX deadlines_lane ON deadlines (lane);
  `,
  `
  -- The receipt of a delivery that somebody else carried on.
  ALTER TABLE deliveries ADD COLUMN receipt TEXT;
  `,
  `
  -- Cases with a notice that went to the wrong municipality: a tray that is looked at daily. Few.
  CREATE INDEX events_misdirected ON events (stream) WHERE type = 'notice.misdirected';
  `,
  `
  -- One row for what is wrong for one reason, from its start to its end.
  CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    about TEXT NOT NULL,
    started_at TEXT NOT NULL,
    count INTEGER NOT NULL,
    peak INTEGER NOT NULL,
    told INTEGER NOT NULL,
    ended_at TEXT,
    taken_by TEXT,
    taken_at TEXT,
    note TEXT
  ) WITHOUT ROWID;
  CREATE INDEX incidents_ended ON incidents (ended_at);
  -- What was handed over and nobody has acknowledged in time.
  CREATE INDEX deadlines_unacknowledged ON deadlines (due_at)
    WHERE state = 'reached' AND data ->> 'deadline' = 'acknowledgement';
  `,
  `
  -- Clocks that were missed, the newest first: what went late is looked at daily. Few.
  CREATE INDEX events_missed ON events (position) WHERE type = 'deadline.missed';
  `,
  `
  -- Disputes of invoices that were not answered in the time agreed.
  CREATE INDEX deadlines_unanswered ON deadlines (due_at)
    WHERE state = 'reached' AND data ->> 'deadline' = 'dispute-answer';
  `,
];

/** Number of the newest step this program knows. */
export const schemaVersion = migrations.length;

/**
 * The number of the last step taken in a database; 0 when it is new.
 * @throws GatewayError `configuration-invalid` when a newer program made it
 */
export function checkSchema(db: DatabaseSyncInstance): number {
  const known = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'migrations'`).get();
  if (known === undefined) return 0;
  const row: { version: number } = db
    .prepare('SELECT coalesce(max(number), 0) AS version FROM migrations')
    .get();
  if (row.version > schemaVersion) {
    throw new GatewayError(
      'configuration-invalid',
      `the journal has schema ${row.version} and this program knows ${schemaVersion}: ` +
        'start the newer program, or restore the copy made before the upgrade',
    );
  }
  return row.version;
}

/** Takes the steps a database lacks, each in a transaction of its own. */
export function migrate(db: DatabaseSyncInstance): void {
  const taken = checkSchema(db);
  db.exec('CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, taken_at TEXT)');
  for (const [index, sql] of migrations.entries()) {
    if (index < taken) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(sql);
      db.prepare(`INSERT INTO migrations VALUES (?, strftime('%Y-%m-%dT%H:%M:%fZ'))`).run(
        index + 1,
      );
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}
