/** Reads of what was found of messages after their answers had left. */
import type { FoundMessage, JournalStatus } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';

export function prepareFindingReads(sql: Sql) {
  const latest = sql.prepare(
    `SELECT m.message_id AS "messageId", m.sender, m.kind, m.received_at AS "receivedAt", f.findings
     FROM findings AS f JOIN messages AS m ON m.sequence = f.message_sequence
     ORDER BY f.message_sequence DESC LIMIT ?`,
  );
  return {
    *latestFindings(limit: number): Step<readonly FoundMessage[]> {
      type Row = Omit<FoundMessage, 'findings'> & { readonly findings: string };
      const rows = yield* latest.all<Row>(limit);
      return rows.map((row) => ({ ...row, findings: textsOf(row.findings) }));
    },
  };
}

/** How many messages of each sender have findings, and which most of them have. */
export function prepareFindingCounts(sql: Sql): () => Step<JournalStatus['findings']> {
  const counts = sql.prepare(
    `SELECT sender, found, finding, messages FROM (
       SELECT s.sender, s.found, c.finding, c.messages,
         row_number() OVER (PARTITION BY s.sender ORDER BY c.messages DESC, c.finding) AS place
       FROM senders AS s JOIN finding_counts AS c ON c.sender = s.sender WHERE s.found > 0) AS ranked
     WHERE place = 1 ORDER BY sender`,
  );
  interface Row {
    readonly sender: string;
    readonly found: number;
    readonly finding: string;
    readonly messages: number;
  }
  return function* findingCounts() {
    const rows = yield* counts.all<Row>();
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
