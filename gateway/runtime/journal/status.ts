/** The journal in numbers: small counts and ends of indexes, never a read of all messages. */
import type { Database } from './connection.ts';
import type { DeliveryState, JournalStatus, QueueName } from './journal.ts';

export function prepareStatus(db: Database): () => JournalStatus {
  const senders = db.prepare(
    'SELECT sender, accepted, last_at AS lastAt FROM senders ORDER BY sender',
  );
  const parked = db.prepare(
    `SELECT count(*) AS count FROM messages INDEXED BY messages_parked WHERE state = 'parked'`,
  );
  const refused = db.prepare(
    `SELECT count(*) AS count FROM messages INDEXED BY messages_refused
     WHERE state IN ('rejected', 'quarantined') AND state = ?`,
  );
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
  const deliveries = db.prepare('SELECT state, count(*) AS count FROM deliveries GROUP BY state');
  // Nothing deletes events, so the last position is their number.
  const events = db.prepare('SELECT coalesce(max(position), 0) AS count FROM events');
  const processes = db.prepare('SELECT count(DISTINCT process_id) AS count FROM stays');
  const deadlines = db.prepare(
    `SELECT count(*) AS open, min(due_at) AS next FROM deadlines WHERE state = 'open'`,
  );

  const ofQueue = (queue: QueueName): JournalStatus['outbox'][QueueName] => {
    const row: { waiting: number; oldest: number | null } = waiting.get(queue);
    return {
      waiting: row.waiting,
      dead: countOf(dead.get(queue)),
      oldestPosition: row.oldest ?? undefined,
    };
  };

  return () => {
    const bySender: { sender: string; accepted: number; lastAt: string }[] = senders.all();
    const parkedCount = countOf(parked.get());
    const acceptedCount = bySender.reduce((sum, { accepted }) => sum + accepted, 0);
    const open: { open: number; next: string | null } = deadlines.get();
    const states: { state: DeliveryState; count: number }[] = deliveries.all();
    return {
      messages: {
        accepted: acceptedCount - parkedCount,
        parked: parkedCount,
        rejected: countOf(refused.get('rejected')),
        quarantined: countOf(refused.get('quarantined')),
      },
      unmapped: unmapped.all(),
      outbox: { advance: ofQueue('advance'), dispatch: ofQueue('dispatch') },
      deliveries: Object.fromEntries(states.map(({ state, count }) => [state, count])),
      events: countOf(events.get()),
      processes: countOf(processes.get()),
      deadlines: { open: open.open, next: open.next ?? undefined },
      senders: bySender,
    };
  };
}

function countOf(row: { readonly count: number }): number {
  return row.count;
}
