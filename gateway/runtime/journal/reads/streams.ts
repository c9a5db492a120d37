/** Reads of streams and of the processes they make up. */
import type { DischargeEvent } from '../../../process/events.ts';
import type {
  LoadedProcess,
  LoadedStream,
  RelatedStay,
  StoredEvent,
  StoredIdentity,
  MissedDeadline,
  UnjudgedCase,
} from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import { processNamed } from './process-name.ts';

interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly body: string;
}

/** An event as it was recorded, with the stream it stands in. */
export function toEvent(stream: string, body: string): DischargeEvent {
  // Added to what was just parsed: a copy would cost as much as the parsing.
  return Object.assign(JSON.parse(body), { stayId: stream });
}

function toStored({ position, stream, body }: EventRow): StoredEvent {
  return { position, event: toEvent(stream, body) };
}

export function prepareStreamReads(sql: Sql) {
  return {
    ...prepareProcessReads(sql),
    ...prepareEventReads(sql),
    ...prepareCasePages(sql),
    ...prepareSettlementReads(sql),
  };
}

/** A process whole, and what lies about it. */
function prepareProcessReads(sql: Sql) {
  // One statement, so that versions and events are of the same moment.
  const staysAndEvents = sql.prepare(
    `SELECT s.process_id AS "processId", s.stay_id AS "stayId", s.patient_key AS "patientKey",
       s.sender, e.position, e.body
     FROM stays AS s LEFT JOIN events AS e ON e.stream = s.stay_id AND e.position > ?2
     WHERE s.process_id = coalesce(
       (SELECT process_id FROM stays WHERE stay_id = ?1), ${processNamed('?1')})
     ORDER BY e.position IS NULL, e.position, s.stay_id`,
  );
  // A stay that is another person's since it was told to overlap is to be told that it does not.
  const related = sql.prepare(
    `WITH near AS (
       SELECT o.stay_id FROM stays AS s JOIN stays AS o ON o.patient_key = s.patient_key
         WHERE s.process_id = ?1
       UNION SELECT e.body -> 'data' ->> 'otherStayId'
         FROM stays AS s JOIN events AS e ON e.stream = s.stay_id
         WHERE s.process_id = ?1 AND e.type = 'stay.overlapped'),
     related AS (
       SELECT o.stay_id, o.process_id, o.patient_key
       FROM near JOIN stays AS o ON o.stay_id = near.stay_id WHERE o.process_id <> ?1
       ORDER BY o.stay_id DESC LIMIT 20)
     SELECT r.stay_id AS "stayId", r.process_id AS "processId", r.patient_key AS "patientKey",
       (SELECT coalesce(max(position), 0) FROM events WHERE stream = r.stay_id) AS version,
       e.position, e.body
     FROM related AS r LEFT JOIN events AS e ON e.stream = r.stay_id AND e.type IN
       ('patient.admitted', 'admission.cancelled', 'patient.discharged', 'patient.deceased',
        'discharge.cancelled', 'stay.overlapped', 'stay.overlap-cleared')
     ORDER BY r.stay_id DESC, e.position`,
  );
  const identityOf = sql.prepare(
    `SELECT i.identity FROM stays AS s JOIN identities AS i ON i.patient_key = s.patient_key
     WHERE s.process_id = ${processNamed('?1')} ORDER BY s.stay_id DESC LIMIT 1`,
  );
  const openDeadline = sql.prepare(
    `SELECT 1 AS ahead FROM deadlines WHERE key = ? AND state = 'open'`,
  );
  const sequenceOf = sql.prepare('SELECT last FROM sequences WHERE sender = ?');

  type RelatedRow = Omit<RelatedStay, 'events'> & Pick<StayRow, 'position' | 'body'>;

  return {
    *load(id: string, known?: LoadedProcess): Step<LoadedProcess | undefined> {
      if (known !== undefined) {
        const since = Math.min(...known.stays.map(({ version }) => version));
        const later = withLater(known, yield* staysAndEvents.all<StayRow>(id, since));
        if (later !== undefined) return later;
      }
      const rows = yield* staysAndEvents.all<StayRow>(id, 0);
      const [first] = rows;
      if (first === undefined) return undefined;
      const stays = new Map<string, LoadedProcess['stays'][number]>();
      const events: StoredEvent[] = [];
      for (const { stayId, patientKey, sender, position, body } of rows) {
        stays.set(stayId, { stayId, patientKey, sender, version: position ?? 0 });
        if (position === null || body === null) continue;
        events.push(toStored({ position, stream: stayId, body }));
      }
      return { processId: first.processId, stays: [...stays.values()], events };
    },

    *relatedStays(processId: string): Step<readonly RelatedStay[]> {
      const rows = yield* related.all<RelatedRow>(processId);
      const stays = new Map<string, RelatedStay & { readonly events: StoredEvent[] }>();
      for (const { position, body, ...stay } of rows) {
        const known: StoredEvent[] = stays.get(stay.stayId)?.events ?? [];
        if (known.length === 0) stays.set(stay.stayId, { ...stay, events: known });
        if (position === null || body === null) continue;
        known.push(toStored({ position, stream: stay.stayId, body }));
      }
      return [...stays.values()];
    },

    *identity(processId: string): Step<StoredIdentity | undefined> {
      const row = yield* identityOf.get<{ identity: string }>(processId);
      return row && JSON.parse(row.identity);
    },

    *isAhead(deadlineKey: string): Step<boolean> {
      return (yield* openDeadline.get(deadlineKey)) !== undefined;
    },

    *lastSequence(sender: string): Step<number | undefined> {
      return (yield* sequenceOf.get<{ last: number }>(sender))?.last;
    },
  };
}

/** A stay with one of its events; with none where it has none. */
interface StayRow {
  readonly processId: string;
  readonly stayId: string;
  readonly patientKey: string;
  readonly sender: string;
  readonly position: number | null;
  readonly body: string | null;
}

/**
 * A process with what came since. Of one stream positions rise as it is written, so what is later than its version is new.
 * @param rows its stays, with all events later than the version of one of them
 * @returns the process itself where nothing came; undefined where it has other stays by now, or they are another person's
 */
function withLater(known: LoadedProcess, rows: readonly StayRow[]): LoadedProcess | undefined {
  const stays = new Map(known.stays.map((stay) => [stay.stayId, stay]));
  const seen = new Set<string>();
  const later: StoredEvent[] = [];
  for (const { processId, stayId, patientKey, position, body } of rows) {
    const stay = stays.get(stayId);
    if (processId !== known.processId || stay?.patientKey !== patientKey) return undefined;
    seen.add(stayId);
    if (position === null || body === null || position <= stay.version) continue;
    stays.set(stayId, { ...stay, version: position });
    later.push(toStored({ position, stream: stayId, body }));
  }
  if (seen.size !== stays.size) return undefined;
  if (later.length === 0) return known;
  const events = [...known.events, ...later];
  // Of two streams the later row may have been committed first.
  if (known.stays.length > 1) events.sort((one, other) => one.position - other.position);
  return { processId: known.processId, stays: [...stays.values()], events };
}

/** Events of one stream, or of all after a position. */
function prepareEventReads(sql: Sql) {
  const fromElsewhere =
    'SELECT position, stream, body FROM events WHERE also_stream = ?1 AND stream <> ?1';
  const streamEvents = sql.prepare(
    `SELECT position, stream, body FROM events WHERE stream = ?1
     UNION ALL ${fromElsewhere} ORDER BY position`,
  );
  const settlementEvents = sql.prepare(
    `SELECT position, stream, body FROM events WHERE stream = ?1
       AND (type NOT IN ('billing.recorded', 'billing.adjusted') OR position = (
         SELECT max(position) FROM events
         WHERE stream = ?1 AND type IN ('billing.recorded', 'billing.adjusted')))
     UNION ALL ${fromElsewhere} ORDER BY position`,
  );
  const laterEvents = sql.prepare(
    'SELECT position, stream, body FROM events WHERE position > ? ORDER BY position LIMIT ?',
  );

  const lastEvent = sql.prepare(
    'SELECT position, stream, body FROM events WHERE stream = ? ORDER BY position DESC LIMIT 1',
  );

  function loaded(streamId: string, rows: readonly EventRow[]): LoadedStream {
    const own = rows.findLast(({ stream }) => stream === streamId);
    return { streamId, version: own?.position ?? 0, events: rows.map(toStored) };
  }

  return {
    *loadStream(streamId: string): Step<LoadedStream> {
      return loaded(streamId, yield* streamEvents.all<EventRow>(streamId));
    },
    *loadSettlement(streamId: string): Step<LoadedStream> {
      return loaded(streamId, yield* settlementEvents.all<EventRow>(streamId));
    },
    *lastEvent(streamId: string): Step<StoredEvent | undefined> {
      const row = yield* lastEvent.get<EventRow>(streamId);
      return row && toStored(row);
    },
    *eventsAfter(position: number, limit: number): Step<readonly StoredEvent[]> {
      const rows = yield* laterEvents.all<EventRow>(position, limit);
      return rows.map(toStored);
    },
  };
}

/** Cases by what holds of them, page by page where there may be many. */
function prepareCasePages(sql: Sql) {
  const laterProcesses = sql.prepare(
    'SELECT DISTINCT process_id AS id FROM stays WHERE process_id > ? ORDER BY process_id LIMIT ?',
  );
  const openReady = sql.prepare(
    `SELECT DISTINCT s.process_id AS id
     FROM events AS r ${sql.indexedBy('events_ready')} JOIN stays AS s ON s.stay_id = r.stream
     WHERE r.type = 'patient.discharge-ready' AND s.process_id > ?
       AND coalesce((
         SELECT h.type FROM events AS h ${sql.indexedBy('events_end')}
         WHERE h.stream = r.stream AND h.type IN
           ('patient.discharged', 'patient.deceased', 'admission.cancelled', 'discharge.cancelled')
         ORDER BY h.position DESC LIMIT 1), 'discharge.cancelled') = 'discharge.cancelled'
     ORDER BY s.process_id LIMIT ?`,
  );
  const misdirected = sql.prepare(
    `SELECT DISTINCT s.process_id AS id
     FROM events AS e ${sql.indexedBy('events_misdirected')} JOIN stays AS s ON s.stay_id = e.stream
     WHERE e.type = 'notice.misdirected' AND s.process_id > ? ORDER BY s.process_id LIMIT ?`,
  );
  const missed = sql.prepare(
    `SELECT e.position, s.process_id AS "processId", e.body ->> 'recordedAt' AS at,
       e.body -> 'data' ->> 'deadline' AS deadline
     FROM events AS e ${sql.indexedBy('events_missed')} JOIN stays AS s ON s.stay_id = e.stream
     WHERE e.type = 'deadline.missed' AND e.position < ? ORDER BY e.position DESC LIMIT ?`,
  );
  const unjudged = sql.prepare(
    `SELECT DISTINCT s.stay_id AS "stayId", s.process_id AS "processId"
     FROM events AS e ${sql.indexedBy('events_unjudged')} JOIN stays AS s ON s.stay_id = e.stream
     WHERE e.type = 'care-days.counted' AND e.body -> 'data' ->> 'reason' = 'PARAMETER_MISSING'
       AND NOT EXISTS (SELECT 1 FROM events AS l WHERE l.stream = e.stream
         AND l.type = 'care-days.counted' AND l.position > e.position)`,
  );

  return {
    *processIds(after: string, limit: number): Step<readonly string[]> {
      const rows = yield* laterProcesses.all<{ id: string }>(after, limit);
      return rows.map(({ id }) => id);
    },
    *openReadyProcessIds(after: string, limit: number): Step<readonly string[]> {
      const rows = yield* openReady.all<{ id: string }>(after, limit);
      return rows.map(({ id }) => id);
    },
    *misdirectedProcessIds(after: string, limit: number): Step<readonly string[]> {
      const rows = yield* misdirected.all<{ id: string }>(after, limit);
      return rows.map(({ id }) => id);
    },
    *missedDeadlines(before: number, limit: number): Step<readonly MissedDeadline[]> {
      return yield* missed.all<MissedDeadline>(before, limit);
    },
    *unjudgedCases(): Step<readonly UnjudgedCase[]> {
      return yield* unjudged.all<UnjudgedCase>();
    },
  };
}

function prepareSettlementReads(sql: Sql) {
  // What closes is no longer withheld.
  const withheld = sql.prepare(
    `SELECT e.stream FROM (
       SELECT stream, max(position) AS position FROM events
       WHERE stream >= 'settlement:' AND stream < 'settlement;'
         AND type IN ('billing.recorded', 'billing.adjusted', 'billing.withheld', 'settlement.closed')
       GROUP BY stream) AS latest
     JOIN events AS e ON e.stream = latest.stream AND e.position = latest.position
     WHERE e.type = 'billing.withheld' AND (CAST(?1 AS TEXT) IS NULL OR EXISTS (
       SELECT 1 FROM events AS w WHERE w.stream = e.stream AND w.type = 'billing.withheld'
         AND w.body -> 'data' ->> 'missing' = ?1))
     ORDER BY e.stream`,
  );
  const openCutOffs = sql.prepare(
    `SELECT stream FROM deadlines
     WHERE key >= 'settlement:' AND key < 'settlement;' AND state = 'open' ORDER BY key`,
  );
  return {
    *withheldSettlements(missing?: string): Step<readonly string[]> {
      const rows = yield* withheld.all<{ stream: string }>(missing ?? null);
      return rows.map(({ stream }) => stream);
    },
    *openSettlements(): Step<readonly string[]> {
      const rows = yield* openCutOffs.all<{ stream: string }>();
      return rows.map(({ stream }) => stream);
    },
  };
}
