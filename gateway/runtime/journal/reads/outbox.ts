/** Reads of the rows behind the bus, and of what falls due. */
import type { DischargeEvent } from '../../../process/events.ts';
import {
  backlogLimit,
  type DeadLetter,
  type OutboxRow,
  type QueueName,
  type UnpublishedRow,
} from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import { toEvent } from './streams.ts';

const queues: readonly QueueName[] = ['advance', 'dispatch'];
const columns = `o.queue, o.position, o.lane, o.attempts, o.excused, o.event_id AS "eventId", o.type,
  o.stream AS "streamId"`;

export function prepareOutboxReads(sql: Sql) {
  const due = 'o.stage = 0 AND (o.next_at_ms IS NULL OR o.next_at_ms <= ?2)';
  const readyRows = sql.prepare(
    `SELECT ${columns} FROM outbox AS o
     WHERE o.queue = ?1 AND ${due} AND o.lane NOT IN ${sql.list('?3')}
     ORDER BY o.position LIMIT ?4`,
  );
  const postponed = sql.prepare(
    `SELECT lane, max(next_at_ms) AS "untilMs" FROM outbox
     WHERE queue = ? AND next_at_ms > ? AND stage = 0 GROUP BY lane`,
  );
  const rowsOfLanes = sql.prepare(
    `SELECT ${columns}, o.next_at_ms AS "nextAtMs"
     FROM outbox AS o ${sql.indexedBy('outbox_lane')}
     WHERE o.lane IN ${sql.list('?1')} AND o.stage < 2 AND o.queue = ?2
     ORDER BY o.position LIMIT ?3`,
  );
  const unpublishedRows = sql.prepare(
    `SELECT ${columns}, e.body
     FROM outbox AS o JOIN events AS e ON e.stream = o.stream AND e.position = o.position
     WHERE o.queue = ?1 AND ${due} AND o.position > ?4 ORDER BY o.position LIMIT ?3`,
  );
  const published = sql.prepare(
    `SELECT ${columns} FROM outbox AS o
     WHERE o.queue IN ('advance', 'dispatch') AND o.stage = 1 ORDER BY o.position LIMIT ?`,
  );
  const dead = sql.prepare(
    `SELECT ${columns}, coalesce(o.error, '') AS error FROM outbox AS o
     WHERE o.queue IN ('advance', 'dispatch') AND o.stage = 2 ORDER BY o.position LIMIT ?`,
  );
  const workableRow = sql.prepare(
    `SELECT CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE queue = ?1 AND stage IN (0, 1)
       AND lane NOT IN (SELECT lane FROM outbox WHERE queue = ?1 AND next_at_ms > ?2 AND stage = 0)
     ) THEN 1 ELSE 0 END AS found`,
  );
  const countOf = (queue: QueueName): string =>
    `(SELECT count(*) FROM (SELECT 1 FROM outbox
      WHERE queue = '${queue}' AND stage IN (0, 1) LIMIT ${backlogLimit}) AS ${queue}_rows)`;
  const counted = sql.prepare(
    `SELECT ${countOf('advance')} AS advance, ${countOf('dispatch')} AS dispatch`,
  );

  return {
    *ready(
      queue: QueueName,
      nowMs: number,
      limit: number,
      excludeLanes: readonly string[],
    ): Step<readonly OutboxRow[]> {
      return yield* readyRows.all<OutboxRow>(queue, nowMs, JSON.stringify(excludeLanes), limit);
    },

    *postponedLanes(queue: QueueName, nowMs: number): Step<ReadonlyMap<string, number>> {
      const rows = yield* postponed.all<{ lane: string; untilMs: number }>(queue, nowMs);
      return new Map(rows.map(({ lane, untilMs }) => [lane, untilMs]));
    },

    *ofLanes(
      queue: QueueName,
      lanes: readonly string[],
      limit: number,
    ): Step<readonly (OutboxRow & { readonly nextAtMs: number | undefined })[]> {
      const rows = yield* rowsOfLanes.all<OutboxRow & { nextAtMs: number | null }>(
        JSON.stringify(lanes),
        queue,
        limit,
      );
      return rows.map((row) => ({ ...row, nextAtMs: row.nextAtMs ?? undefined }));
    },

    *unpublished(nowMs: number, limit: number, after = 0): Step<readonly UnpublishedRow[]> {
      const found = yield* sql.together(
        queues.map((queue) =>
          unpublishedRows.all<OutboxRow & { body: string }>(queue, nowMs, limit, after),
        ),
      );
      return found
        .flat()
        .sort((a, b) => a.position - b.position)
        .slice(0, limit)
        .map(({ body, ...row }) => ({ ...row, event: eventIn(row.streamId, body) }));
    },

    *withBroker(limit: number): Step<readonly OutboxRow[]> {
      return yield* published.all<OutboxRow>(limit);
    },

    *deadLetters(limit: number): Step<readonly DeadLetter[]> {
      return yield* dead.all<DeadLetter>(limit);
    },

    *hasWork(queue: QueueName, nowMs: number): Step<boolean> {
      const row = yield* workableRow.get<{ found: number }>(queue, nowMs);
      return row?.found === 1;
    },

    *backlog(): Step<Readonly<Record<QueueName, number>>> {
      const row = yield* counted.get<Record<QueueName, number>>();
      return { advance: row?.advance ?? 0, dispatch: row?.dispatch ?? 0 };
    },
  };
}

function eventIn(stream: string, body: string): DischargeEvent | undefined {
  try {
    return toEvent(stream, body);
  } catch {
    return undefined;
  }
}

/** What falls due: deadlines, deliveries to try again, postponed rows. */
export function prepareDueReads(sql: Sql) {
  const nextOf = (queue: QueueName): string =>
    `(SELECT min(next_at_ms) FROM outbox WHERE queue = '${queue}' AND next_at_ms IS NOT NULL)`;
  const next = sql.prepare(
    `SELECT (SELECT min(due_at) FROM deadlines WHERE state = 'open') AS deadline,
       (SELECT min(next_at) FROM deliveries WHERE next_at IS NOT NULL) AS delivery,
       ${nextOf('advance')} AS "advanceMs", ${nextOf('dispatch')} AS "dispatchMs"`,
  );
  const due = sql.prepare(
    `SELECT CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE next_at <= ?1)
       OR (CAST(?2 AS INTEGER) = 1
         AND EXISTS (SELECT 1 FROM deadlines WHERE state = 'open' AND due_at <= ?1))
       THEN 1 ELSE 0 END AS due`,
  );
  interface NextRow {
    readonly deadline: string | null;
    readonly delivery: string | null;
    readonly advanceMs: number | null;
    readonly dispatchMs: number | null;
  }

  return {
    *nextDue(): Step<string | undefined> {
      const row = yield* next.get<NextRow>();
      if (row === undefined) return undefined;
      const { deadline, delivery, advanceMs, dispatchMs } = row;
      return [deadline, delivery, instantOf(advanceMs), instantOf(dispatchMs)]
        .filter((at) => at !== null)
        .sort()[0];
    },

    *anyDue(now: string, deadlines: boolean): Step<boolean> {
      const row = yield* due.get<{ due: number }>(now, deadlines ? 1 : 0);
      return row?.due === 1;
    },
  };
}

function instantOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
