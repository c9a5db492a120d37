/** Reads of what was found of messages after their answers had left. */
import type { Database } from '../embedded/connection.ts';
import type { FoundMessage, JournalStatus } from '../journal.ts';

export function prepareFindingReads(db: Database) {
  const latest = db.prepare(
    `SELECT m.message_id AS messageId, m.sender, m.kind, m.received_at AS receivedAt, f.findings
     FROM findings AS f JOIN messages AS m ON m.sequence = f.message_sequence
     ORDER BY f.message_sequence DESC LIMIT ?`,
  );
  return {
    latestFindings(limit: number): readonly FoundMessage[] {
      const rows: (Omit<FoundMessage, 'findings'> & { findings: string })[] = latest.all(limit);
      return rows.map((row) => ({ ...row, findings: textsOf(row.findings) }));
    },
  };
}

/** How many messages of each sender have findings, and which most of them have. */
export function prepareFindingCounts(db: Database): () => JournalStatus['findings'] {
  // With a lone max(), SQLite takes the other columns from the row that has it.
  const counts = db.prepare(
    `SELECT s.sender, s.found, c.finding, max(c.messages) AS messages
     FROM senders AS s JOIN finding_counts AS c ON c.sender = s.sender
     WHERE s.found > 0 GROUP BY s.sender ORDER BY s.sender`,
  );
  return () => {
    const rows: { sender: string; found: number; finding: string; messages: number }[] =
      counts.all();
    return rows.map(({ sender, found, finding, messages }) => ({
      sender,
      messages: found,
      most: { finding, messages },
    }));
  };
}

function textsOf(json: string): readonly string[] {
  const texts: readonly string[] = JSON.parse(json);
  return texts;
}
