/** Incidents as they stand. */
import type { Incident, TakenIncident } from '../contract/incidents.ts';
import type { Sql, Step } from '../sql.ts';

export function incidentWrites(sql: Sql) {
  const put = sql.prepare(
    `INSERT INTO incidents (id, cause, about, started_at, count, peak, told, ended_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET count = excluded.count, peak = excluded.peak,
       told = excluded.told, ended_at = excluded.ended_at`,
  );
  const take = sql.prepare(
    `UPDATE incidents SET taken_by = ?, taken_at = ?, note = ? WHERE id = ? AND ended_at IS NULL`,
  );
  return {
    *putIncidents(incidents: readonly Incident[]): Step<void> {
      yield* sql.together(
        incidents.map(({ id, cause, about, startedAt, count, peak, told, endedAt }) =>
          put.run(id, cause, about, startedAt, count, peak, told, endedAt ?? null),
        ),
      );
    },
    *takeIncident({ id, by, at, note }: TakenIncident): Step<boolean> {
      return (yield* take.run(by, at, note, id)) > 0;
    },
  };
}
