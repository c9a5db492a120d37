/** Reads of incidents, and of what becomes one. */
import { backlogLimit } from '../journal.ts';
import type { Incident, Unacknowledged, Unanswered, Wrong } from '../contract/incidents.ts';
import type { Sql, Step } from '../sql.ts';

type Nullable<T> = { [K in keyof T]: undefined extends T[K] ? string | null : T[K] };

export function prepareIncidentReads(sql: Sql) {
  const since = sql.prepare(
    `SELECT id, cause, about, started_at AS "startedAt", count, peak, told, ended_at AS "endedAt",
       taken_by AS "by", taken_at AS "takenAt", note
     FROM incidents WHERE ended_at IS NULL OR ended_at >= ? ORDER BY started_at, id LIMIT ?`,
  );
  const limited = (what: string): string =>
    `SELECT * FROM (SELECT receiver FROM deliveries WHERE ${what} LIMIT ${backlogLimit}) AS rows`;
  const counted = (cause: string, what: string): string =>
    `SELECT '${cause}' AS cause, coalesce(receiver, '') AS about, count(*) AS count
     FROM (${limited(what)}) AS ${cause} GROUP BY receiver`;
  const wrong = sql.prepare(
    [
      counted('failing', `state = 'pending' AND attempts > open_attempt`),
      counted('unresolved', `state = 'unresolved'`),
      counted('unroutable', `state = 'unroutable'`),
      counted(
        'refused',
        `state = 'refused' AND EXISTS (SELECT 1 FROM attempts AS a
          WHERE a.delivery_id = deliveries.delivery_id AND a.ended_at >= ?1)`,
      ),
    ].join(' UNION ALL '),
  );
  const unacknowledged = sql.prepare(
    `SELECT v.delivery_id AS "deliveryId", coalesce(v.receiver, '') AS receiver,
       d.lane AS "caseId", d.due_at AS "dueAt", (SELECT e.body -> 'data' ->> 'obligation'
         FROM events AS e WHERE e.stream = v.stream AND e.position = v.position) AS obligation
     FROM deadlines AS d JOIN deliveries AS v ON v.delivery_id = d.data ->> 'occasion'
     WHERE d.state = 'reached' AND d.data ->> 'deadline' = 'acknowledgement'
     ORDER BY d.due_at LIMIT ?`,
  );
  const unanswered = sql.prepare(
    `SELECT stream AS "streamId", due_at AS "dueAt" FROM deadlines
     WHERE state = 'reached' AND data ->> 'deadline' = 'dispute-answer' ORDER BY due_at LIMIT ?`,
  );

  return {
    *since(endedAt: string, limit: number): Step<readonly Incident[]> {
      const rows = yield* since.all<Nullable<Incident>>(endedAt, limit);
      return rows.map((row) => ({
        ...row,
        endedAt: row.endedAt ?? undefined,
        by: row.by ?? undefined,
        takenAt: row.takenAt ?? undefined,
        note: row.note ?? undefined,
      }));
    },
    *wrong(refusedSince: string): Step<readonly Wrong[]> {
      return yield* wrong.all<Wrong>(refusedSince);
    },
    *unacknowledged(limit: number): Step<readonly Unacknowledged[]> {
      return yield* unacknowledged.all<Unacknowledged>(limit);
    },
    *unanswered(limit: number): Step<readonly Unanswered[]> {
      return yield* unanswered.all<Unanswered>(limit);
    },
  };
}
