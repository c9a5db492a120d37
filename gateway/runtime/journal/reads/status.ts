/**
 * The journal in numbers. What only grows is tallied as it is written; counted here is what waits: outbox rows, parked
 * messages, open deadlines.
 */
import { assert } from '../../../errors.ts';
import type { DeliveryState, JournalStatus, QueueName } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import { prepareFindingCounts } from './findings.ts';

export function prepareStatus(sql: Sql): () => Step<JournalStatus> {
  const senders = sql.prepare(
    'SELECT sender, accepted, last_at AS "lastAt", processes FROM senders ORDER BY sender',
  );
  const refused = sql.prepare('SELECT state, count FROM refused_counts');
  const unmapped = sql.prepare(
    `SELECT m.sender, u.code_table AS "table", u.code, count(*) AS count,
       min(m.received_at) AS oldest
     FROM unmapped_codes AS u LEFT JOIN messages AS m ON m.sequence = u.message_sequence
     GROUP BY 1, 2, 3 ORDER BY count DESC, 1, 2, 3`,
  );
  const deliveries = sql.prepare('SELECT state, count FROM delivery_counts WHERE count > 0');
  // Few are open at a time, and fewer have warned: both are found by key.
  const near = sql.prepare(
    `SELECT d.data ->> 'deadline' AS deadline, d.due_at AS "dueAt", d.lane AS "processId"
     FROM deadlines AS d ${sql.indexedBy('deadlines_due')}
     WHERE d.state = 'open' AND EXISTS (SELECT 1 FROM deadlines AS w
       WHERE w.key = d.key || '|nearing' AND w.state = 'reached' AND w.event = 'deadline.nearing')
     ORDER BY d.due_at LIMIT 1000`,
  );
  const numbers = prepareNumbers(sql);
  const findings = prepareFindingCounts(sql);

  return function* status() {
    const [bySender, refusals, codes, states, soon, found, counts] = yield* together(sql, [
      senders.all<SenderRow>(),
      refused.all<{ state: string; count: number }>(),
      unmapped.all<JournalStatus['unmapped'][number]>(),
      deliveries.all<{ state: DeliveryState; count: number }>(),
      near.all<JournalStatus['deadlines']['near'][number]>(),
      findings(),
      numbers(),
    ]);
    const acceptedCount = bySender.reduce((sum, { accepted }) => sum + accepted, 0);
    const refusedCount = (state: string) => refusals.find((row) => row.state === state)?.count ?? 0;
    return {
      messages: {
        accepted: acceptedCount - counts.parked,
        parked: counts.parked,
        rejected: refusedCount('rejected'),
        quarantined: refusedCount('quarantined'),
      },
      unmapped: codes,
      outbox: {
        advance: {
          waiting: counts.advanceWaiting,
          dead: counts.advanceDead,
          oldestPosition: counts.advanceOldest ?? undefined,
        },
        dispatch: {
          waiting: counts.dispatchWaiting,
          dead: counts.dispatchDead,
          oldestPosition: counts.dispatchOldest ?? undefined,
        },
      },
      deliveries: Object.fromEntries(states.map(({ state, count }) => [state, count])),
      events: counts.events,
      processes: bySender.reduce((sum, { processes }) => sum + processes, 0),
      deadlines: { open: counts.open, next: counts.next ?? undefined, near: soon },
      findings: found,
      senders: bySender.map(({ sender, accepted, lastAt }) => ({ sender, accepted, lastAt })),
    };
  };
}

type OfQueue<Q extends QueueName> = {
  readonly [K in `${Q}Waiting` | `${Q}Dead`]: number;
} & { readonly [K in `${Q}Oldest`]: number | null };

type Numbers = OfQueue<'advance'> &
  OfQueue<'dispatch'> & {
    readonly parked: number;
    readonly events: number;
    readonly open: number;
    readonly next: string | null;
  };

/** What is a number alone, in one statement. */
function prepareNumbers(sql: Sql): () => Step<Numbers> {
  const ofQueue = (queue: QueueName): string => {
    const waiting = `FROM outbox WHERE queue = '${queue}' AND stage IN (0, 1)`;
    return `(SELECT count(*) ${waiting}) AS "${queue}Waiting",
      (SELECT min(position) ${waiting}) AS "${queue}Oldest",
      (SELECT count(*) FROM outbox WHERE queue = '${queue}' AND stage = 2) AS "${queue}Dead"`;
  };
  const open = `FROM deadlines WHERE state = 'open' AND event = 'deadline.reached'`;
  // Nothing deletes events, so the last position is their number.
  const numbers = sql.prepare(
    `SELECT ${ofQueue('advance')}, ${ofQueue('dispatch')},
       (SELECT count(*) FROM messages ${sql.indexedBy('messages_parked')}
        WHERE state = 'parked') AS parked,
       (SELECT coalesce(max(position), 0) FROM events) AS events,
       (SELECT count(*) ${open}) AS open,
       (SELECT min(due_at) ${open}) AS next`,
  );
  return function* readNumbers() {
    const row = yield* numbers.get<Numbers>();
    assert(row, 'a row of subqueries is always there');
    return row;
  };
}

/** Steps of different results that need not see each other's work. */
function* together<const T extends readonly unknown[]>(
  sql: Sql,
  steps: { readonly [K in keyof T]: Step<T[K]> },
): Step<T> {
  const results = yield* sql.together<unknown>(steps);
  // Each result stands where its step stood.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return results as unknown as T;
}

interface SenderRow {
  readonly sender: string;
  readonly accepted: number;
  readonly lastAt: string;
  readonly processes: number;
}
