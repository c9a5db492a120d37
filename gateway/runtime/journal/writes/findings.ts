/** What was found of messages after their answers had left, and its counts by sender. */
import type { Database } from '../embedded/connection.ts';
import type { Found } from '../journal.ts';
import type { Writes } from '../writes.ts';

export function findingWrites(
  db: Database,
  cursors: Pick<Writes, 'setCursor'>,
): Pick<Writes, 'addFindings'> {
  const insert = db.prepare(
    'INSERT INTO findings (message_sequence, findings) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const senderOf = db.prepare('SELECT sender FROM messages WHERE sequence = ?');
  const countMessage = db.prepare('UPDATE senders SET found = found + 1 WHERE sender = ?');
  const countFinding = db.prepare(
    `INSERT INTO finding_counts VALUES (?, ?, 1)
     ON CONFLICT (sender, finding) DO UPDATE SET messages = messages + 1`,
  );
  function add({ place, findings }: Found): void {
    if (findings.length === 0) return;
    if (insert.run(place, JSON.stringify(findings)).changes === 0) return;
    const { sender }: { sender: string } = senderOf.get(place);
    countMessage.run(sender);
    for (const finding of new Set(findings)) countFinding.run(sender, finding);
  }

  return {
    addFindings({ found, cursor }) {
      for (const one of found) add(one);
      cursors.setCursor(cursor);
    },
  };
}
