/** The reads of the journal on a read-only connection: short, prepared once. */
import type { DischargeEvent } from '../../../process/events.ts';
import type { Database } from '../embedded/connection.ts';
import type {
  LoadedProcess,
  LoadedStream,
  RelatedStay,
  StoredEvent,
  StoredIdentity,
  UnjudgedCase,
} from '../journal.ts';

export type Reads = ReturnType<typeof prepareReads>;

interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly body: string;
}
interface StayRow {
  readonly stayId: string;
  readonly patientKey: string;
  readonly sender: string;
  readonly position: number | null;
  readonly body: string | null;
}

/** An event as it was recorded, with the stream it stands in. */
export function toEvent(stream: string, body: string): DischargeEvent {
  // Added to what was just parsed: a copy would cost as much as the parsing.
  return Object.assign(JSON.parse(body), { stayId: stream });
}

function toStored({ position, stream, body }: EventRow): StoredEvent {
  return { position, event: toEvent(stream, body) };
}

function loaded(streamId: string, rows: readonly EventRow[]): LoadedStream {
  const own = rows.findLast(({ stream }) => stream === streamId);
  return { streamId, version: own?.position ?? 0, events: rows.map(toStored) };
}

export function prepareReads(db: Database) {
  const processOf = db.prepare('SELECT process_id AS processId FROM stays WHERE stay_id = ?');
  // One statement, so that versions and events are of the same moment.
  const staysAndEvents = db.prepare(
    `SELECT s.stay_id AS stayId, s.patient_key AS patientKey, s.sender, e.position, e.body
     FROM stays AS s LEFT JOIN events AS e ON e.stream = s.stay_id
     WHERE s.process_id = ? ORDER BY e.position IS NULL, e.position, s.stay_id`,
  );
  const processNow = db.prepare(
    `SELECT s.process_id AS processId FROM former_processes AS f JOIN stays AS s USING (stay_id)
     WHERE f.process_id = ?`,
  );
  // A stay that is another person's since it was told to overlap is to be told that it does not.
  const related = db.prepare(
    `SELECT o.stay_id AS stayId, o.process_id AS processId, o.patient_key AS patientKey,
       (SELECT coalesce(max(position), 0) FROM events WHERE stream = o.stay_id) AS version
     FROM stays AS o WHERE o.process_id <> ?1
       AND (o.patient_key IN (SELECT patient_key FROM stays WHERE process_id = ?1)
         OR o.stay_id IN (SELECT e.body ->> '$.data.otherStayId'
           FROM stays AS s JOIN events AS e ON e.stream = s.stay_id
           WHERE s.process_id = ?1 AND e.type = 'stay.overlapped'))
     ORDER BY o.stay_id DESC LIMIT 20`,
  );
  const spanEvents = db.prepare(
    `SELECT position, stream, body FROM events WHERE stream = ? AND type IN
       ('patient.admitted', 'admission.cancelled', 'patient.discharged', 'patient.deceased',
        'discharge.cancelled', 'stay.overlapped', 'stay.overlap-cleared')
     ORDER BY position`,
  );
  const streamEvents = db.prepare(
    `SELECT position, stream, body FROM events WHERE stream = ?1
     UNION ALL
     SELECT position, stream, body FROM events WHERE also_stream = ?1 AND stream <> ?1
     ORDER BY position`,
  );
  const settlementEvents = db.prepare(
    `SELECT position, stream, body FROM events WHERE stream = ?1
       AND (type NOT IN ('billing.recorded', 'billing.adjusted') OR position = (
         SELECT max(position) FROM events
         WHERE stream = ?1 AND type IN ('billing.recorded', 'billing.adjusted')))
     UNION ALL
     SELECT position, stream, body FROM events WHERE also_stream = ?1 AND stream <> ?1
     ORDER BY position`,
  );
  const laterEvents = db.prepare(
    'SELECT position, stream, body FROM events WHERE position > ? ORDER BY position LIMIT ?',
  );
  const laterProcesses = db.prepare(
    'SELECT DISTINCT process_id AS id FROM stays WHERE process_id > ? ORDER BY process_id LIMIT ?',
  );
  const identityOf = db.prepare(
    `SELECT i.identity FROM stays AS s JOIN identities AS i USING (patient_key)
     WHERE s.process_id = ? ORDER BY s.stay_id DESC LIMIT 1`,
  );
  const openDeadline = db.prepare(`SELECT 1 FROM deadlines WHERE key = ? AND state = 'open'`);
  const openReady = db.prepare(
    `SELECT DISTINCT s.process_id AS processId
     FROM events AS r INDEXED BY events_ready JOIN stays AS s ON s.stay_id = r.stream
     WHERE r.type = 'patient.discharge-ready' AND s.process_id > ?
       AND coalesce((
         SELECT h.type FROM events AS h INDEXED BY events_end
         WHERE h.stream = r.stream AND h.type IN
           ('patient.discharged', 'patient.deceased', 'admission.cancelled', 'discharge.cancelled')
         ORDER BY h.position DESC LIMIT 1), 'discharge.cancelled') = 'discharge.cancelled'
     ORDER BY s.process_id LIMIT ?`,
  );
  // With max() the other columns are those of the row that has it. What closes is no longer withheld.
  const lastBilling = db.prepare(
    `SELECT stream, type, max(position) FROM events
     WHERE stream >= 'settlement:' AND stream < 'settlement;'
       AND type IN ('billing.recorded', 'billing.adjusted', 'billing.withheld', 'settlement.closed')
     GROUP BY stream`,
  );
  const withheldFor = db.prepare(
    `SELECT DISTINCT stream FROM events
     WHERE stream >= 'settlement:' AND stream < 'settlement;' AND type = 'billing.withheld'
       AND body ->> '$.data.missing' = ?`,
  );
  const openCutOffs = db.prepare(
    `SELECT stream FROM deadlines
     WHERE key >= 'settlement:' AND key < 'settlement;' AND state = 'open' ORDER BY key`,
  );
  const unjudged = db.prepare(
    `SELECT DISTINCT s.stay_id AS stayId, s.process_id AS processId
     FROM events AS e INDEXED BY events_unjudged JOIN stays AS s ON s.stay_id = e.stream
     WHERE e.type = 'care-days.counted' AND e.body ->> '$.data.reason' = 'PARAMETER_MISSING'
       AND NOT EXISTS (SELECT 1 FROM events AS l WHERE l.stream = e.stream
         AND l.type = 'care-days.counted' AND l.position > e.position)`,
  );

  const sequenceOf = db.prepare('SELECT last FROM sequences WHERE sender = ?');

  /** The process a former one is in now. */
  function nowOf(former: string): string {
    const row: { processId: string } | undefined = processNow.get(former);
    return row?.processId ?? former;
  }

  return {
    lastSequence(sender: string): number | undefined {
      const row: { last: number } | undefined = sequenceOf.get(sender);
      return row?.last;
    },

    load(id: string): LoadedProcess | undefined {
      const stay: { processId: string } | undefined = processOf.get(id);
      let processId = stay?.processId ?? id;
      let rows: StayRow[] = staysAndEvents.all(processId);
      if (rows.length === 0) {
        processId = nowOf(id);
        rows = staysAndEvents.all(processId);
      }
      if (rows.length === 0) return undefined;
      const stays = new Map<string, LoadedProcess['stays'][number]>();
      const events: StoredEvent[] = [];
      for (const { stayId, patientKey, sender, position, body } of rows) {
        stays.set(stayId, { stayId, patientKey, sender, version: position ?? 0 });
        if (position === null || body === null) continue;
        events.push(toStored({ position, stream: stayId, body }));
      }
      return { processId, stays: [...stays.values()], events };
    },

    relatedStays(processId: string): readonly RelatedStay[] {
      const rows: Omit<RelatedStay, 'events'>[] = related.all(processId);
      return rows.map((row) => {
        const events: EventRow[] = spanEvents.all(row.stayId);
        return { ...row, events: events.map(toStored) };
      });
    },

    loadStream: (streamId: string): LoadedStream => loaded(streamId, streamEvents.all(streamId)),

    loadSettlement: (streamId: string): LoadedStream =>
      loaded(streamId, settlementEvents.all(streamId)),

    eventsAfter(position: number, limit: number): readonly StoredEvent[] {
      const rows: EventRow[] = laterEvents.all(position, limit);
      return rows.map(toStored);
    },

    processIds(after: string, limit: number): readonly string[] {
      const rows: { id: string }[] = laterProcesses.all(after, limit);
      return rows.map(({ id }) => id);
    },

    isAhead: (deadlineKey: string): boolean => openDeadline.get(deadlineKey) !== undefined,

    openReadyProcessIds(after: string, limit: number): readonly string[] {
      const rows: { processId: string }[] = openReady.all(after, limit);
      return rows.map(({ processId }) => processId);
    },

    identity(processId: string): StoredIdentity | undefined {
      const row: { identity: string } | undefined =
        identityOf.get(processId) ?? identityOf.get(nowOf(processId));
      return row && JSON.parse(row.identity);
    },

    withheldSettlements(missing?: string): readonly string[] {
      const rows: { stream: string; type: string }[] = lastBilling.all();
      const all = rows
        .filter(({ type }) => type === 'billing.withheld')
        .map(({ stream }) => stream);
      if (missing === undefined || all.length === 0) return all;
      const named: { stream: string }[] = withheldFor.all(missing);
      const streams = new Set(named.map(({ stream }) => stream));
      return all.filter((stream) => streams.has(stream));
    },

    openSettlements(): readonly string[] {
      const rows: { stream: string }[] = openCutOffs.all();
      return rows.map(({ stream }) => stream);
    },

    unjudgedCases: (): readonly UnjudgedCase[] => unjudged.all(),
  };
}
