/** Reads of the rows behind the bus, and of what falls due. */
import type { DischargeEvent } from '../../../process/events.ts';
import type { Database } from '../embedded/connection.ts';
import { backlogLimit, type DeadLetter, type OutboxRow, type QueueName } from '../journal.ts';
import { toEvent } from './streams.ts';

const queues: readonly QueueName[] = ['advance', 'dispatch'];
const columns = `o.queue, o.position, o.lane, o.attempts, o.excused, e.body ->> '$.id' AS eventId, e.type,
  e.stream AS streamId`;
const due = 'o.stage = 0 AND (o.next_at_ms IS NULL OR o.next_at_ms <= ?)';

export function prepareOutboxReads(db: Database) {
  const readyRows = db.prepare(
    `SELECT ${columns} FROM outbox AS o JOIN events AS e USING (position)
     WHERE o.queue = ? AND ${due} AND o.lane NOT IN (SELECT value FROM json_each(?))
     ORDER BY o.position LIMIT ?`,
  );
  const postponed = db.prepare(
    `SELECT lane, max(next_at_ms) AS untilMs FROM outbox
     WHERE queue = ? AND next_at_ms > ? AND stage = 0 GROUP BY lane`,
  );
  const rowsOfLanes = db.prepare(
    `SELECT ${columns}, o.next_at_ms AS nextAtMs
     FROM outbox AS o INDEXED BY outbox_lane JOIN events AS e USING (position)
     WHERE o.lane IN (SELECT value FROM json_each(?)) AND o.stage < 2 AND o.queue = ?
     ORDER BY o.position LIMIT ?`,
  );
  const unpublishedRows = db.prepare(
    `SELECT ${columns}, e.body FROM outbox AS o JOIN events AS e USING (position)
     WHERE o.queue = ? AND ${due} ORDER BY o.position LIMIT ?`,
  );
  const dead = db.prepare(
    `SELECT ${columns}, coalesce(o.error, '') AS error
     FROM outbox AS o JOIN events AS e USING (position)
     WHERE o.queue IN ('advance', 'dispatch') AND o.stage = 2 ORDER BY o.position LIMIT ?`,
  );
  const workableRow = db.prepare(
    `SELECT EXISTS (SELECT 1 FROM outbox WHERE queue = ?1 AND stage IN (0, 1)
       AND lane NOT IN (SELECT lane FROM outbox WHERE queue = ?1 AND next_at_ms > ?2 AND stage = 0)
     ) AS found`,
  );
  const countedRows = db.prepare(
    `SELECT count(*) AS count
     FROM (SELECT 1 FROM outbox WHERE queue = ? AND stage IN (0, 1) LIMIT ${backlogLimit})`,
  );
  const countOf = (queue: QueueName): number => {
    const row: { count: number } = countedRows.get(queue);
    return row.count;
  };

  return {
    ready(
      queue: QueueName,
      nowMs: number,
      limit: number,
      excludeLanes: readonly string[],
    ): readonly OutboxRow[] {
      return readyRows.all(queue, nowMs, JSON.stringify(excludeLanes), limit);
    },

    postponedLanes(queue: QueueName, nowMs: number): ReadonlyMap<string, number> {
      const rows: { lane: string; untilMs: number }[] = postponed.all(queue, nowMs);
      return new Map(rows.map(({ lane, untilMs }) => [lane, untilMs]));
    },

    ofLanes(
      queue: QueueName,
      lanes: readonly string[],
      limit: number,
    ): readonly (OutboxRow & { readonly nextAtMs: number | undefined })[] {
      const rows: (OutboxRow & { nextAtMs: number | null })[] = rowsOfLanes.all(
        JSON.stringify(lanes),
        queue,
        limit,
      );
      return rows.map((row) => ({ ...row, nextAtMs: row.nextAtMs ?? undefined }));
    },

    unpublished(
      nowMs: number,
      limit: number,
    ): readonly (OutboxRow & { readonly event: DischargeEvent })[] {
      const rows: (OutboxRow & { body: string })[] = queues.flatMap((queue) =>
        unpublishedRows.all(queue, nowMs, limit),
      );
      return rows
        .sort((a, b) => a.position - b.position)
        .slice(0, limit)
        .map(({ body, ...row }) => ({ ...row, event: toEvent(row.streamId, body) }));
    },

    deadLetters(limit: number): readonly DeadLetter[] {
      return dead.all(limit);
    },

    hasWork(queue: QueueName, nowMs: number): boolean {
      const row: { found: number } = workableRow.get(queue, nowMs);
      return row.found === 1;
    },

    backlog: (): Readonly<Record<QueueName, number>> => ({
      advance: countOf('advance'),
      dispatch: countOf('dispatch'),
    }),
  };
}

/** What falls due: deadlines, deliveries to try again, postponed rows. */
export function prepareDueReads(db: Database) {
  const nextDeadline = db.prepare(`SELECT min(due_at) AS at FROM deadlines WHERE state = 'open'`);
  const nextDelivery = db.prepare(
    'SELECT min(next_at) AS at FROM deliveries WHERE next_at IS NOT NULL',
  );
  const nextRow = db.prepare(
    'SELECT min(next_at_ms) AS atMs FROM outbox WHERE queue = ? AND next_at_ms IS NOT NULL',
  );
  const anyDue = db.prepare(
    `SELECT (?2 AND EXISTS (SELECT 1 FROM deadlines WHERE state = 'open' AND due_at <= ?1))
       OR EXISTS (SELECT 1 FROM deliveries WHERE next_at <= ?1) AS due`,
  );

  return {
    nextDue(): string | undefined {
      const deadline: { at: string | null } = nextDeadline.get();
      const delivery: { at: string | null } = nextDelivery.get();
      const rows = queues.map((queue): { atMs: number | null } => nextRow.get(queue));
      const instants = [
        deadline.at,
        delivery.at,
        ...rows.map(({ atMs }) => (atMs === null ? null : new Date(atMs).toISOString())),
      ];
      return instants.filter((at) => at !== null).sort()[0];
    },

    anyDue(now: string, deadlines: boolean): boolean {
      const row: { due: number } = anyDue.get(now, deadlines ? 1 : 0);
      return row.due === 1;
    },
  };
}
