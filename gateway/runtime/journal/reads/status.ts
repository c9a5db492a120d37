/**
 * The journal in numbers. What only grows is tallied as it is written; counted here is what waits: outbox rows, parked
 * messages, open deadlines.
 */
import type { Database } from '../embedded/connection.ts';
import type { DeliveryState, JournalStatus, QueueName } from '../journal.ts';
import { prepareFindingCounts } from './findings.ts';

export function prepareStatus(db: Database): () => JournalStatus {
  const senders = db.prepare(
    'SELECT sender, accepted, last_at AS lastAt, processes FROM senders ORDER BY sender',
  );
  const parked = db.prepare(
    `SELECT count(*) AS count FROM messages INDEXED BY messages_parked WHERE state = 'parked'`,
  );
  const refused = db.prepare('SELECT state, count FROM refused_counts');
  const unmapped = db.prepare(
    `SELECT m.sender, u.code_table AS "table", u.code, count(*) AS count,
       min(m.received_at) AS oldest
     FROM unmapped_codes AS u JOIN messages AS m ON m.sequence = u.message_sequence
     GROUP BY 1, 2, 3 ORDER BY count DESC, 1, 2, 3`,
  );
  const waiting = db.prepare(
    `SELECT count(*) AS waiting, min(position) AS oldest FROM outbox
     WHERE queue = ? AND stage IN (0, 1)`,
  );
  const dead = db.prepare('SELECT count(*) AS count FROM outbox WHERE queue = ? AND stage = 2');
  const deliveries = db.prepare('SELECT state, count FROM delivery_counts WHERE count > 0');
  // Nothing deletes events, so the last position is their number.
  const events = db.prepare('SELECT coalesce(max(position), 0) AS count FROM events');
  const deadlines = db.prepare(
    `SELECT count(*) AS open, min(due_at) AS next FROM deadlines
     WHERE state = 'open' AND event = 'deadline.reached'`,
  );
  // Few are open at a time, and fewer have warned: both are found by key.
  const near = db.prepare(
    `SELECT d.data ->> '$.deadline' AS deadline, d.due_at AS dueAt, d.lane AS processId
     FROM deadlines AS d INDEXED BY deadlines_due
     WHERE d.state = 'open' AND EXISTS (SELECT 1 FROM deadlines AS w
       WHERE w.key = d.key || '|nearing' AND w.state = 'reached' AND w.event = 'deadline.nearing')
     ORDER BY d.due_at LIMIT 1000`,
  );

  const findings = prepareFindingCounts(db);

  const ofQueue = (queue: QueueName): JournalStatus['outbox'][QueueName] => {
    const row: { waiting: number; oldest: number | null } = waiting.get(queue);
    return {
      waiting: row.waiting,
      dead: countOf(dead.get(queue)),
      oldestPosition: row.oldest ?? undefined,
    };
  };

  return () => {
    const bySender: SenderRow[] = senders.all();
    const parkedCount = countOf(parked.get());
    const acceptedCount = bySender.reduce((sum, { accepted }) => sum + accepted, 0);
    const open: { open: number; next: string | null } = deadlines.get();
    const states: { state: DeliveryState; count: number }[] = deliveries.all();
    const refusals: { state: string; count: number }[] = refused.all();
    const refusedCount = (state: string) => refusals.find((row) => row.state === state)?.count ?? 0;
    return {
      messages: {
        accepted: acceptedCount - parkedCount,
        parked: parkedCount,
        rejected: refusedCount('rejected'),
        quarantined: refusedCount('quarantined'),
      },
      unmapped: unmapped.all(),
      outbox: { advance: ofQueue('advance'), dispatch: ofQueue('dispatch') },
      deliveries: Object.fromEntries(states.map(({ state, count }) => [state, count])),
      events: countOf(events.get()),
      processes: bySender.reduce((sum, { processes }) => sum + processes, 0),
      deadlines: { open: open.open, next: open.next ?? undefined, near: near.all() },
      findings: findings(),
      senders: bySender.map(({ sender, accepted, lastAt }) => ({ sender, accepted, lastAt })),
    };
  };
}

interface SenderRow {
  readonly sender: string;
  readonly accepted: number;
  readonly lastAt: string;
  readonly processes: number;
}

function countOf(row: { readonly count: number }): number {
  return row.count;
}
