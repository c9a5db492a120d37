/** What waits, and for how long: each figure by an index, and counted no further than is worth knowing. */
import { backlogLimit, type QueueName } from '../journal.ts';
import type { Arrival, Observation, ObservedQueue } from '../contract/observation.ts';
import type { Sql, Step } from '../sql.ts';

const watchedStates = [
  'pending',
  'awaited',
  'unresolved',
  'refused',
  'unroutable',
  'held',
] as const;

export function prepareObservation(sql: Sql) {
  const countOf = (from: string): string =>
    `SELECT count(*) AS count FROM (SELECT 1 FROM ${from} LIMIT ${backlogLimit}) AS counted`;
  const waiting = sql.prepare(countOf('outbox WHERE queue = ? AND stage IN (0, 1)'));
  const postponed = sql.prepare(countOf('outbox WHERE queue = ? AND next_at_ms > ?'));
  const dead = sql.prepare(countOf('outbox WHERE queue = ? AND stage = 2'));
  const oldest = sql.prepare(
    `SELECT o.position, e.body ->> 'recordedAt' AS "recordedAt"
     FROM outbox AS o JOIN events AS e ON e.stream = o.stream AND e.position = o.position
     WHERE o.queue = ? AND o.stage = ? ORDER BY o.position LIMIT 1`,
  );
  const parked = sql.prepare(
    `SELECT coalesce(m.sender, '') AS sender, count(*) AS messages, min(m.received_at) AS oldest
     FROM messages AS m ${sql.indexedBy('messages_parked')} WHERE m.state = 'parked' GROUP BY 1`,
  );
  const inState = (state: string): string =>
    `SELECT * FROM (SELECT d.state, d.receiver FROM deliveries AS d
       WHERE d.state = '${state}' LIMIT ${backlogLimit}) AS in_${state}`;
  const deliveries = sql.prepare(
    `SELECT state, receiver, count(*) AS count
     FROM (${watchedStates.map(inState).join(' UNION ALL ')}) AS watched GROUP BY state, receiver`,
  );
  const overdue = sql.prepare(
    `SELECT count(*) AS count, min(next_at) AS since FROM (SELECT next_at FROM deliveries
       WHERE next_at <= ? AND state = 'pending' LIMIT ${backlogLimit}) AS late`,
  );
  const oldestPending = sql.prepare(
    `SELECT e.body ->> 'recordedAt' AS "recordedAt"
     FROM deliveries AS d JOIN events AS e ON e.stream = d.stream AND e.position = d.position
     WHERE d.state = 'pending' ORDER BY d.sequence LIMIT 1`,
  );
  // Few deadlines are open at a time, and fewer have warned: that is found by key.
  const deadlines = sql.prepare(
    `SELECT d.data ->> 'deadline' AS deadline, count(*) AS open, min(d.due_at) AS next,
       count(CASE WHEN d.due_at <= ?1 THEN 1 END) AS overdue,
       count(CASE WHEN EXISTS (SELECT 1 FROM deadlines AS w WHERE w.key = d.key || '|nearing'
         AND w.state = 'reached' AND w.event = 'deadline.nearing') THEN 1 END) AS near
     FROM deadlines AS d WHERE d.state = 'open' AND d.event = 'deadline.reached'
       AND d.data ->> 'deadline' IS NOT NULL
     GROUP BY 1 ORDER BY 1`,
  );
  const senders = sql.prepare('SELECT sender, accepted, last_at AS "lastAt" FROM senders');
  const last = sql.prepare('SELECT coalesce(max(position), 0) AS count FROM events');
  const arrivals = sql.prepare(
    `SELECT sender, received_at AS "receivedAt" FROM messages
     WHERE state IN ('accepted', 'parked') ORDER BY sequence DESC LIMIT ?`,
  );

  interface Counted {
    readonly count: number;
  }

  function* queueAt(queue: QueueName, nowMs: number): Step<ObservedQueue> {
    const counts = yield* sql.together([
      waiting.get<Counted>(queue),
      postponed.get<Counted>(queue, nowMs),
      dead.get<Counted>(queue),
    ]);
    const first = yield* sql.together([
      oldest.get<NonNullable<ObservedQueue['oldest']>>(queue, 0),
      oldest.get<NonNullable<ObservedQueue['oldest']>>(queue, 1),
    ]);
    const [oldestOf] = first
      .flatMap((row) => row ?? [])
      .toSorted((a, b) => a.position - b.position);
    return {
      waiting: counts[0]?.count ?? 0,
      postponed: counts[1]?.count ?? 0,
      dead: counts[2]?.count ?? 0,
      oldest: oldestOf,
    };
  }

  return {
    /** @param now legal time, ISO 8601 UTC */
    *observe(now: string): Step<Observation> {
      const nowMs = Date.parse(now);
      const lastRow = yield* last.get<Counted>();
      const late = yield* overdue.get<{ count: number; since: string | null }>(now);
      const pending = yield* oldestPending.get<{ recordedAt: string }>();
      return {
        lastPosition: lastRow?.count ?? 0,
        queues: {
          advance: yield* queueAt('advance', nowMs),
          dispatch: yield* queueAt('dispatch', nowMs),
        },
        parked: yield* parked.all<Observation['parked'][number]>(),
        deliveries: yield* deliveries.all<Observation['deliveries'][number]>(),
        overdue: { count: late?.count ?? 0, since: late?.since ?? undefined },
        oldestPending: pending?.recordedAt,
        deadlines: yield* deadlines.all<Observation['deadlines'][number]>(now),
        senders: yield* senders.all<Observation['senders'][number]>(),
      };
    },

    /** The newest messages, the newest first. */
    *arrivals(limit: number): Step<readonly Arrival[]> {
      return yield* arrivals.all<Arrival>(limit);
    },
  };
}
