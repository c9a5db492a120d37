/** What was found of messages after their answers had left, and its counts by sender. */
import { assert } from '../../../errors.ts';
import type { Found } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import type { Writes } from '../writes.ts';

export function findingWrites(
  sql: Sql,
  cursors: Pick<Writes, 'setCursor'>,
): Pick<Writes, 'addFindings'> {
  const insert = sql.prepare(
    'INSERT INTO findings (message_sequence, findings) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const senderOf = sql.prepare('SELECT sender FROM messages WHERE sequence = ?');
  const countMessage = sql.prepare('UPDATE senders SET found = found + 1 WHERE sender = ?');
  const countFinding = sql.prepare(
    `INSERT INTO finding_counts (sender, finding, messages) VALUES (?, ?, 1)
     ON CONFLICT (sender, finding) DO UPDATE SET messages = finding_counts.messages + 1`,
  );
  function* add({ place, findings }: Found): Step<void> {
    if (findings.length === 0) return;
    if ((yield* insert.run(place, JSON.stringify(findings))) === 0) return;
    const message = yield* senderOf.get<{ sender: string }>(place);
    assert(message, 'something was found of a message that is there');
    const { sender } = message;
    yield* countMessage.run(sender);
    for (const finding of new Set(findings)) yield* countFinding.run(sender, finding);
  }

  return {
    *addFindings({ found, cursor }) {
      yield* sql.together(found.map(add));
      yield* cursors.setCursor(cursor);
    },
  };
}
