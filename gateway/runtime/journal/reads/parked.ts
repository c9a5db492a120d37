/** Reads of what waits for a grown table: cases, messages, codes. */
import type { Database } from '../embedded/connection.ts';
import type { CodeOfCases, ParkedCase, ParkedMessage, WaitingCode } from '../journal.ts';

type Row = Omit<ParkedMessage, 'stayId' | 'recorded' | 'unmapped'> & {
  readonly sequence: number;
  readonly stayId: string | null;
  readonly first: number | null;
  readonly last: number | null;
};

export function prepareParkedReads(db: Database) {
  // A message without a stay is a case of its own.
  const caseOf = 'coalesce(s.process_id, m.message_id)';
  const cases = db.prepare(
    `SELECT ${caseOf} AS caseId, json_group_array(m.sequence) AS sequences
     FROM messages AS m INDEXED BY messages_parked LEFT JOIN stays AS s USING (stay_id)
     WHERE m.state = 'parked' GROUP BY 1 ORDER BY min(m.sequence)`,
  );
  const casesOfCode = db.prepare(
    `SELECT ${caseOf} AS caseId, json_group_array(m.sequence) AS sequences
     FROM unmapped_codes AS u JOIN messages AS m ON m.sequence = u.message_sequence
     LEFT JOIN stays AS s USING (stay_id)
     WHERE m.sender = ? AND u.code_table = ? AND u.code = ? AND u.path = ?
     GROUP BY 1 ORDER BY min(m.sequence) LIMIT ?`,
  );
  const messages = db.prepare(
    `SELECT sequence, message_id AS messageId, sender, control_id AS controlId, kind,
       received_at AS receivedAt, raw, stay_id AS stayId, first_position AS first,
       last_position AS last
     FROM messages WHERE sequence IN (SELECT value FROM json_each(?)) AND state = 'parked'
     ORDER BY sequence`,
  );
  const codesOf = db.prepare(
    `SELECT code_table AS "table", code, path FROM unmapped_codes
     WHERE message_sequence = ? ORDER BY ordinal`,
  );
  const recordedOf = db.prepare(
    `SELECT body ->> '$.id' AS id, type FROM events WHERE position BETWEEN ? AND ? AND stream = ?
     ORDER BY position`,
  );
  const codes = db.prepare(
    `SELECT m.sender, u.code_table AS "table", u.code, u.path, count(*) AS messages,
       count(DISTINCT ${caseOf}) AS cases, min(m.received_at) AS oldest, max(m.received_at) AS newest
     FROM unmapped_codes AS u JOIN messages AS m ON m.sequence = u.message_sequence
     LEFT JOIN stays AS s USING (stay_id)
     GROUP BY 1, 2, 3, 4 ORDER BY oldest, 1, 2, 3, 4`,
  );
  // Few deadlines are open at a time.
  const clocks = db.prepare(
    `WITH waiting AS (
       SELECT DISTINCT m.sender, u.code_table AS name, u.code, u.path, s.process_id AS lane
       FROM unmapped_codes AS u JOIN messages AS m ON m.sequence = u.message_sequence
       JOIN stays AS s USING (stay_id))
     SELECT w.sender, w.name AS "table", w.code, w.path, d.data ->> '$.deadline' AS deadline,
       min(d.due_at) AS dueAt, d.lane AS processId
     FROM deadlines AS d INDEXED BY deadlines_due JOIN waiting AS w USING (lane)
     WHERE d.state = 'open' AND d.event = 'deadline.reached' GROUP BY 1, 2, 3, 4`,
  );

  return {
    parkedCases(of?: CodeOfCases): readonly ParkedCase[] {
      const rows: { caseId: string; sequences: string }[] = of
        ? casesOfCode.all(of.sender, of.table, of.code, of.path, of.limit)
        : cases.all();
      return rows.map(({ caseId, sequences }) => ({ caseId, sequences: JSON.parse(sequences) }));
    },

    parkedOf({ sequences }: ParkedCase): readonly ParkedMessage[] {
      const rows: Row[] = messages.all(JSON.stringify(sequences));
      return rows.map(({ sequence, stayId, first, last, ...message }) => ({
        ...message,
        ...(stayId !== null && { stayId }),
        recorded:
          first === null ? [] : recordedOf.all(first, last, stayId).map((row) => ({ ...row })),
        unmapped: codesOf.all(sequence).map((code) => ({ ...code })),
      }));
    },

    waitingCodes(): readonly WaitingCode[] {
      const rows: Omit<WaitingCode, 'nextDue'>[] = codes.all();
      type Clock = NonNullable<WaitingCode['nextDue']> & WaitingCode;
      const due: Clock[] = clocks.all();
      const nameOf = ({ sender, table, code, path }: Omit<WaitingCode, 'nextDue'>): string =>
        JSON.stringify([sender, table, code, path]);
      const next = new Map(due.map((clock) => [nameOf(clock), clock]));
      return rows.map((row) => {
        const clock = next.get(nameOf(row));
        if (clock === undefined) return { ...row };
        const { deadline, dueAt, processId } = clock;
        return { ...row, nextDue: { deadline, dueAt, processId } };
      });
    },
  };
}
