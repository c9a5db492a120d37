/** What is over its time, and what of that must stay: the same for those who only look and for those who purge. */
import type { RetentionKind, RetentionStep, StayReason } from './contract/retention.ts';
import { idFloor } from './partitions.ts';
import type { Sql, Step } from './sql.ts';

/** A page of one kind. */
export interface Page {
  readonly go: readonly Item[];
  readonly stay: readonly StayReason[];
  readonly next: string | undefined;
}
export interface Item {
  /** Number of a message, a resource or an audit entry; id of a case, a person, a settlement, an incident. */
  readonly id: string | number;
  /** ISO 8601. */
  readonly at: string;
}

export type Pages = Readonly<Record<RetentionKind, (step: RetentionStep) => Step<Page>>>;

/** Items looked at in one step. */
const numberedAtOnce = 500;
const casesAtOnce = 50;

const endTypes = `('patient.discharged', 'patient.deceased', 'admission.cancelled', 'discharge.cancelled')`;
const notSent = `('pending', 'awaited', 'held', 'unresolved', 'unroutable')`;

export function retentionPages(sql: Sql): Pages {
  const list = sql.list('?1');
  const messages = sql.prepare(
    `SELECT m.sequence AS id, m.received_at AS at, m.state, s.process_id AS "processId"
     FROM messages AS m LEFT JOIN stays AS s ON s.stay_id = m.stay_id
     WHERE m.sequence > ? ORDER BY m.sequence LIMIT ${numberedAtOnce}`,
  );
  const cases = sql.prepare(
    `SELECT DISTINCT process_id AS id FROM stays
     WHERE process_id > ? AND process_id < ? ORDER BY process_id LIMIT ${casesAtOnce}`,
  );
  const lastEntries = sql.prepare(
    `SELECT s.process_id AS id, max((SELECT e.body ->> 'recordedAt' FROM events AS e
       WHERE e.stream = s.stay_id ORDER BY e.position DESC LIMIT 1)) AS at
     FROM stays AS s WHERE s.process_id IN ${list} GROUP BY s.process_id`,
  );
  const persons = sql.prepare(
    `SELECT DISTINCT patient_key AS id FROM identifiers
     WHERE patient_key > ? ORDER BY patient_key LIMIT ${numberedAtOnce}`,
  );
  const stayless = sql.prepare(
    `SELECT p.id, coalesce(max(p.at), '') AS at FROM (
       SELECT patient_key AS id, told_at AS at FROM identities WHERE patient_key IN ${list}
       UNION ALL SELECT patient_key, told_at FROM person_facts WHERE patient_key IN ${list}
       UNION ALL SELECT patient_key, '' FROM identifiers WHERE patient_key IN ${list}) AS p
     WHERE NOT EXISTS (SELECT 1 FROM stays AS s WHERE s.patient_key = p.id) GROUP BY p.id`,
  );
  const resources = sql.prepare(
    `SELECT number AS id, last_updated AS at FROM resources
     WHERE number > ? ORDER BY number LIMIT ${numberedAtOnce}`,
  );
  const settlements = sql.prepare(
    `SELECT DISTINCT stream AS id FROM events
     WHERE stream > ? AND stream < 'settlement;' ORDER BY stream LIMIT ${casesAtOnce}`,
  );
  const lastOfStream = sql.prepare(
    `SELECT body ->> 'recordedAt' AS at FROM events
     WHERE stream = ? ORDER BY position DESC LIMIT 1`,
  );
  const entries = sql.prepare(
    `SELECT sequence AS id, at FROM audit WHERE sequence > ? ORDER BY sequence
     LIMIT ${numberedAtOnce}`,
  );
  const ended = sql.prepare(
    `SELECT id, ended_at AS at FROM incidents WHERE ended_at < ? AND id > ? ORDER BY id
     LIMIT ${numberedAtOnce}`,
  );
  const holdsOfCases = caseHolds(sql);
  const holdsOfSettlements = settlementHolds(sql);

  /** Rows with numbers in the order in which they came: the first that is not over its time ends it. */
  function untilNewer<R extends Item>(
    rows: readonly R[],
    before: string,
  ): { readonly old: readonly R[]; readonly next: string | undefined } {
    const newer = rows.findIndex(({ at }) => at >= before);
    const isLast = newer >= 0 || rows.length < numberedAtOnce;
    const old = newer < 0 ? rows : rows.slice(0, newer);
    return { old, next: isLast ? undefined : String(rows.at(-1)?.id) };
  }

  const messagesIn = (isKind: (state: string) => boolean) =>
    function* ({ before, after }: RetentionStep): Step<Page> {
      const rows = yield* messages.all<Item & MessageRow>(numberOf(after));
      const { old, next } = untilNewer(rows, before);
      const ofKind = old.filter(({ state }) => isKind(state));
      const ids = ofKind.flatMap(({ processId }) => processId ?? []);
      const holds = yield* holdsOfCases([...new Set(ids)]);
      const reasonOf = ({ state, processId }: MessageRow): StayReason | undefined =>
        state === 'parked' ? 'parked' : processId === null ? undefined : holds.get(processId);
      return pageOf(ofKind, reasonOf, next);
    };

  return {
    messages: messagesIn((state) => state === 'accepted' || state === 'parked'),
    rejected: messagesIn((state) => state === 'rejected' || state === 'quarantined'),

    *cases({ before, after }) {
      const rows = yield* cases.all<{ id: string }>(after, idFloor(Date.parse(before)));
      const ids = rows.map(({ id }) => id);
      const next = ids.length < casesAtOnce ? undefined : ids.at(-1);
      const last = yield* lastEntries.all<{ id: string; at: string | null }>(JSON.stringify(ids));
      const old = last.map(({ id, at }) => ({ id, at: at ?? '' })).filter(({ at }) => at < before);
      const holds = yield* holdsOfCases(old.map(({ id }) => id));
      return pageOf(old, ({ id }) => holds.get(id), next);
    },

    *persons({ before, after }) {
      const rows = yield* persons.all<{ id: string }>(after);
      const next = rows.length < numberedAtOnce ? undefined : rows.at(-1)?.id;
      const without = yield* stayless.all<Item>(JSON.stringify(rows.map(({ id }) => id)));
      return pageOf(
        without.filter(({ at }) => at < before),
        () => undefined,
        next,
      );
    },

    *resources({ before, after }) {
      const rows = yield* resources.all<Item>(numberOf(after));
      const next = rows.length < numberedAtOnce ? undefined : String(rows.at(-1)?.id);
      return pageOf(
        rows.filter(({ at }) => at < before),
        () => undefined,
        next,
      );
    },

    *settlements({ before, after }) {
      const rows = yield* settlements.all<{ id: string }>(after === '' ? 'settlement:' : after);
      const next = rows.length < casesAtOnce ? undefined : rows.at(-1)?.id;
      const old: { id: string; at: string }[] = [];
      for (const { id } of rows) {
        const at = (yield* lastOfStream.get<{ at: string }>(id))?.at ?? '';
        if (at < before) old.push({ id, at });
      }
      const holds = yield* holdsOfSettlements(old.map(({ id }) => id));
      return pageOf(old, ({ id }) => holds.get(id), next);
    },

    *audit({ before, after }) {
      const rows = yield* entries.all<Item>(numberOf(after));
      const { old, next } = untilNewer(rows, before);
      return pageOf(old, () => undefined, next);
    },

    *incidents({ before, after }) {
      const rows = yield* ended.all<Item>(before, after);
      const next = rows.length < numberedAtOnce ? undefined : String(rows.at(-1)?.id);
      return pageOf(rows, () => undefined, next);
    },
  };
}

interface MessageRow {
  readonly state: string;
  readonly processId: string | null;
}
interface Held {
  readonly id: string;
}

/** Why cases must stay, by their ids, whatever their age. */
function caseHolds(sql: Sql) {
  const list = sql.list('?1');
  const stays = `SELECT s.stay_id FROM stays AS s WHERE s.process_id IN ${list}`;
  const ofStays = (table: string, column: string, where: string) =>
    sql.prepare(
      `SELECT DISTINCT s.process_id AS id FROM ${table} AS t JOIN stays AS s ON s.stay_id = t.${column}
       WHERE t.${column} IN (${stays}) AND ${where}`,
    );
  const asked: readonly (readonly [StayReason, ReturnType<Sql['prepare']>])[] = [
    ['parked', ofStays('messages', 'stay_id', `t.state = 'parked'`)],
    ['dead-letter', ofStays('outbox', 'stream', 't.stage = 2')],
    ['waiting', ofStays('outbox', 'stream', 't.stage < 2')],
    ['undelivered', ofStays('deliveries', 'stream', `t.state IN ${notSent}`)],
    [
      'open-deadline',
      sql.prepare(
        `SELECT DISTINCT lane AS id FROM deadlines WHERE state = 'open' AND lane IN ${list}`,
      ),
    ],
    [
      'open-case',
      sql.prepare(
        `SELECT DISTINCT s.process_id AS id FROM stays AS s
         WHERE s.process_id IN ${list} AND coalesce((
           SELECT h.type FROM events AS h
           WHERE h.stream = s.stay_id AND h.type IN ${endTypes}
           ORDER BY h.position DESC LIMIT 1), 'discharge.cancelled') = 'discharge.cancelled'`,
      ),
    ],
    [
      'unsettled',
      sql.prepare(
        `SELECT DISTINCT s.process_id AS id FROM stays AS s JOIN events AS e ON e.stream = s.stay_id
         WHERE s.process_id IN ${list} AND e.also_stream IS NOT NULL
           AND ${lastSettling('e.also_stream')} <> 'settlement.closed'`,
      ),
    ],
  ];
  return (ids: readonly string[]) => reasonsOf(sql, asked, ids);
}

/** Why settlements must stay, by their streams. */
function settlementHolds(sql: Sql) {
  const list = sql.list('?1');
  const inRows = (table: string, column: string, where: string) =>
    sql.prepare(
      `SELECT DISTINCT ${column} AS id FROM ${table} WHERE ${column} IN ${list} AND ${where}`,
    );
  const asked: readonly (readonly [StayReason, ReturnType<Sql['prepare']>])[] = [
    ['dead-letter', inRows('outbox', 'stream', 'stage = 2')],
    ['waiting', inRows('outbox', 'stream', 'stage < 2')],
    ['open-deadline', inRows('deadlines', 'lane', `state = 'open'`)],
    [
      'unsettled',
      sql.prepare(
        `SELECT DISTINCT e.stream AS id FROM events AS e
         WHERE e.stream IN ${list} AND ${lastSettling('e.stream')} <> 'settlement.closed'`,
      ),
    ],
    // Invoices go with the month they are of.
    ['undelivered', inRows('deliveries', 'lane', `state IN ${notSent}`)],
    ['cases-left', inRows('events', 'also_stream', `stream NOT LIKE 'invoices:%'`)],
  ];
  return (ids: readonly string[]) => reasonsOf(sql, asked, ids);
}

/** How a month stands. One that was never opened is nobody's bill. */
function lastSettling(stream: string): string {
  return `coalesce((SELECT l.type FROM events AS l WHERE l.stream = ${stream}
    AND l.type IN ('settlement.opened', 'settlement.reopened', 'settlement.closed')
    ORDER BY l.position DESC LIMIT 1), 'settlement.closed')`;
}

/** The first reason of each, where there is one. */
function* reasonsOf(
  sql: Sql,
  asked: readonly (readonly [StayReason, ReturnType<Sql['prepare']>])[],
  ids: readonly string[],
): Step<ReadonlyMap<string, StayReason>> {
  const reasons = new Map<string, StayReason>();
  if (ids.length === 0) return reasons;
  const given = JSON.stringify(ids);
  const found = yield* sql.together(asked.map(([, statement]) => statement.all<Held>(given)));
  for (const [index, [reason]] of asked.entries()) {
    for (const { id } of found[index] ?? []) if (!reasons.has(id)) reasons.set(id, reason);
  }
  return reasons;
}

function pageOf<R extends Item>(
  rows: readonly R[],
  reasonOf: (row: R) => StayReason | undefined,
  next: string | undefined,
): Page {
  const go: Item[] = [];
  const stay: StayReason[] = [];
  for (const row of rows) {
    const reason = reasonOf(row);
    if (reason === undefined) go.push({ id: row.id, at: row.at });
    else stay.push(reason);
  }
  return { go, stay, next };
}

function numberOf(after: string): number {
  return after === '' ? 0 : Number(after);
}
