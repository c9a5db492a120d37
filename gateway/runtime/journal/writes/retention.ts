/** Takes away what is over its time, a bounded page at a time, with everything that only it needed. */
import type { RetentionFound, RetentionKind, RetentionStep } from '../contract/retention.ts';
import { dedupeKeysOf } from '../dedupe-keys.ts';
import { foundOf } from '../reads/retention.ts';
import { retentionPages } from '../retention.ts';
import type { Sql, Statement, Step } from '../sql.ts';

interface Bound {
  readonly sender: string | null;
  readonly controlId: string | null;
  readonly digest: Uint8Array;
  readonly messageId: string;
}
interface Counted {
  readonly state: string;
  readonly count: number;
}

export function retentionWrites(sql: Sql) {
  const pages = retentionPages(sql);
  const remove: Readonly<Record<RetentionKind, (ids: string) => Step<void>>> = {
    ...messageRemoval(sql),
    ...streamRemoval(sql),
    persons: personRemoval(sql),
    resources: inTurn(sql, [
      `DELETE FROM resource_identifiers WHERE resource IN ${sql.numbers('?1')}`,
      `DELETE FROM resources WHERE number IN ${sql.numbers('?1')}`,
    ]),
    audit: inTurn(sql, [`DELETE FROM audit WHERE sequence IN ${sql.numbers('?1')}`]),
    incidents: inTurn(sql, [`DELETE FROM incidents WHERE id IN ${sql.list('?1')}`]),
  };

  return {
    *purge(step: RetentionStep): Step<RetentionFound> {
      const page = yield* pages[step.kind](step);
      if (page.go.length > 0) yield* remove[step.kind](JSON.stringify(page.go.map(({ id }) => id)));
      return foundOf(page);
    },
  };
}

/** Runs statements one after the other, each with the list of ids. */
function inTurn(sql: Sql, texts: readonly string[]): (ids: string) => Step<void> {
  const statements = texts.map((text) => sql.prepare(text));
  return function* (ids) {
    for (const statement of statements) yield* statement.run(ids);
  };
}

function messageRemoval(sql: Sql) {
  const numbers = sql.numbers('?1');
  const bound = sql.prepare(
    `SELECT sender, control_id AS "controlId", digest, message_id AS "messageId" FROM messages
     WHERE sequence IN ${numbers} AND state = 'accepted'`,
  );
  const unbind = sql.prepare(
    `DELETE FROM control_ids WHERE dedupe_key IN ${sql.list('?1')} AND message_id IN ${sql.list('?2')}`,
  );
  const refused = sql.prepare(
    `SELECT state, count(*) AS count FROM messages
     WHERE sequence IN ${numbers} AND state IN ('rejected', 'quarantined') GROUP BY state`,
  );
  const uncount = sql.prepare('UPDATE refused_counts SET count = count - ? WHERE state = ?');
  const removeRows = inTurn(sql, [
    `DELETE FROM refused_bodies
       WHERE state IN ('rejected', 'quarantined') AND sequence IN ${numbers}`,
    `DELETE FROM findings WHERE message_sequence IN ${numbers}`,
    `DELETE FROM messages WHERE sequence IN ${numbers}`,
  ]);

  function* messages(ids: string): Step<void> {
    const rows = yield* bound.all<Bound>(ids);
    const keys = rows.flatMap(({ sender, controlId, digest }) =>
      sender === null || controlId === null ? [] : dedupeKeysOf(sender, controlId, digest),
    );
    const messageIds = rows.map(({ messageId }) => messageId);
    yield* unbind.run(JSON.stringify(keys), JSON.stringify(messageIds));
    yield* removeCounted(refused, uncount, ids);
    yield* removeRows(ids);
  }
  return { messages, rejected: messages };
}

/** Cases and settlements: streams with all that hangs on them. */
function streamRemoval(sql: Sql) {
  const list = sql.list('?1');
  const staysOf = sql.prepare(
    `SELECT stay_id AS "stayId", patient_key AS "patientKey" FROM stays WHERE process_id IN ${list}`,
  );
  const counted = sql.prepare(
    `SELECT state, count(*) AS count FROM deliveries WHERE stream IN ${list} GROUP BY state`,
  );
  const uncount = sql.prepare('UPDATE delivery_counts SET count = count - ? WHERE state = ?');
  const removeStreams = inTurn(sql, [
    `DELETE FROM attempts WHERE delivery_id IN (
       SELECT delivery_id FROM deliveries WHERE stream IN ${list})`,
    `DELETE FROM deliveries WHERE stream IN ${list}`,
    `DELETE FROM events WHERE stream IN ${list}`,
  ]);
  const countedInvoices = sql.prepare(
    `SELECT state, count(*) AS count FROM deliveries
     WHERE lane IN ${list} AND stream LIKE 'invoices:%' GROUP BY state`,
  );
  // Of a series its last invoice stays: the next number follows from it.
  const removeInvoices = inTurn(sql, [
    `DELETE FROM attempts WHERE delivery_id IN (
       SELECT delivery_id FROM deliveries WHERE lane IN ${list} AND stream LIKE 'invoices:%')`,
    `DELETE FROM deliveries WHERE lane IN ${list} AND stream LIKE 'invoices:%'`,
    `DELETE FROM events WHERE also_stream IN ${list} AND stream LIKE 'invoices:%' AND position <>
       (SELECT max(l.position) FROM events AS l WHERE l.stream = events.stream)`,
  ]);
  const removeDeadlines = inTurn(sql, [`DELETE FROM deadlines WHERE lane IN ${list}`]);
  const removeStays = inTurn(sql, [
    `DELETE FROM former_processes WHERE stay_id IN ${list}`,
    `DELETE FROM stays WHERE stay_id IN ${list}`,
  ]);
  const withoutStay = sql.prepare(
    `SELECT p.value AS id FROM (SELECT DISTINCT patient_key AS value FROM identifiers
       WHERE patient_key IN ${list}
       UNION SELECT patient_key FROM identities WHERE patient_key IN ${list}
       UNION SELECT patient_key FROM person_facts WHERE patient_key IN ${list}) AS p
     WHERE NOT EXISTS (SELECT 1 FROM stays AS s WHERE s.patient_key = p.value)`,
  );
  const removePersons = personRemoval(sql);

  function* streams(ids: string): Step<void> {
    yield* removeCounted(counted, uncount, ids);
    yield* removeStreams(ids);
  }
  return {
    *cases(ids: string): Step<void> {
      const rows = yield* staysOf.all<{ stayId: string; patientKey: string }>(ids);
      const stayIds = JSON.stringify(rows.map(({ stayId }) => stayId));
      yield* streams(stayIds);
      yield* removeDeadlines(ids);
      yield* removeStays(stayIds);
      const patients = JSON.stringify([...new Set(rows.map(({ patientKey }) => patientKey))]);
      const gone = yield* withoutStay.all<{ id: string }>(patients);
      yield* removePersons(JSON.stringify(gone.map(({ id }) => id)));
    },
    *settlements(ids: string): Step<void> {
      yield* removeCounted(countedInvoices, uncount, ids);
      yield* removeInvoices(ids);
      yield* streams(ids);
      yield* removeDeadlines(ids);
    },
  };
}

function personRemoval(sql: Sql): (ids: string) => Step<void> {
  const list = sql.list('?1');
  return inTurn(
    sql,
    ['identities', 'identifiers', 'person_facts'].map(
      (table) => `DELETE FROM ${table} WHERE patient_key IN ${list}`,
    ),
  );
}

/** Counts that stand beside their rows follow them. */
function* removeCounted(counted: Statement, uncount: Statement, ids: string): Step<void> {
  for (const { state, count } of yield* counted.all<Counted>(ids)) {
    yield* uncount.run(count, state);
  }
}
