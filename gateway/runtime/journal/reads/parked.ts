/** Reads of what waits for a grown table: cases, messages, codes. */
import type { CodeOfCases, ParkedCase, ParkedMessage, WaitingCode } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';

type MessageRow = Omit<ParkedMessage, 'stayId' | 'recorded' | 'unmapped'> & {
  readonly sequence: number;
  readonly stayId: string | null;
};
type RecordedRow = ParkedMessage['recorded'][number] & { readonly sequence: number };
type CodeRow = ParkedMessage['unmapped'][number] & { readonly sequence: number };
type Clock = NonNullable<WaitingCode['nextDue']> & Omit<WaitingCode, 'nextDue'>;

export function prepareParkedReads(sql: Sql) {
  const { cases, casesOfCode, codes, clocks } = prepareCaseReads(sql);
  const messages = prepareMessagesOfCase(sql);

  return {
    *parkedCases(of?: CodeOfCases): Step<readonly ParkedCase[]> {
      type Row = { readonly caseId: string; readonly sequences: string };
      const rows = of
        ? yield* casesOfCode.all<Row>(of.sender, of.table, of.code, of.path, of.limit)
        : yield* cases.all<Row>();
      return rows.map(({ caseId, sequences }) => ({ caseId, sequences: JSON.parse(sequences) }));
    },

    parkedOf: messages,

    *waitingCodes(): Step<readonly WaitingCode[]> {
      const rows = yield* codes.all<Omit<WaitingCode, 'nextDue'>>();
      const due = rows.length === 0 ? [] : yield* clocks.all<Clock>();
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

function prepareCaseReads(sql: Sql) {
  // A message without a stay is a case of its own.
  const caseOf = 'coalesce(s.process_id, m.message_id)';
  const codesOfMessages = `unmapped_codes AS u JOIN messages AS m ON m.sequence = u.message_sequence`;
  const cases = sql.prepare(
    `SELECT ${caseOf} AS "caseId", ${sql.array('m.sequence')} AS sequences
     FROM messages AS m ${sql.indexedBy('messages_parked')} LEFT JOIN stays AS s ON s.stay_id = m.stay_id
     WHERE m.state = 'parked' GROUP BY 1 ORDER BY min(m.sequence)`,
  );
  const casesOfCode = sql.prepare(
    `SELECT ${caseOf} AS "caseId", ${sql.array('m.sequence')} AS sequences
     FROM ${codesOfMessages} LEFT JOIN stays AS s ON s.stay_id = m.stay_id
     WHERE m.sender = ? AND u.code_table = ? AND u.code = ? AND u.path = ?
     GROUP BY 1 ORDER BY min(m.sequence) LIMIT ?`,
  );
  const codes = sql.prepare(
    `SELECT m.sender, u.code_table AS "table", u.code, u.path, count(*) AS messages,
       count(DISTINCT ${caseOf}) AS cases, min(m.received_at) AS oldest, max(m.received_at) AS newest
     FROM ${codesOfMessages} LEFT JOIN stays AS s ON s.stay_id = m.stay_id
     GROUP BY 1, 2, 3, 4 ORDER BY oldest, 1, 2, 3, 4`,
  );
  // Few deadlines are open at a time.
  const clocks = sql.prepare(
    `WITH waiting AS (
       SELECT DISTINCT m.sender, u.code_table, u.code, u.path, s.process_id AS lane
       FROM ${codesOfMessages} JOIN stays AS s ON s.stay_id = m.stay_id),
     clocks AS (
       SELECT w.sender, w.code_table, w.code, w.path, d.data ->> 'deadline' AS deadline, d.due_at, d.lane,
         row_number() OVER (
           PARTITION BY w.sender, w.code_table, w.code, w.path ORDER BY d.due_at, d.key) AS place
       FROM deadlines AS d ${sql.indexedBy('deadlines_due')} JOIN waiting AS w ON w.lane = d.lane
       WHERE d.state = 'open' AND d.event = 'deadline.reached')
     SELECT sender, code_table AS "table", code, path, deadline, due_at AS "dueAt", lane AS "processId"
     FROM clocks WHERE place = 1`,
  );
  return { cases, casesOfCode, codes, clocks };
}

/** The messages of one case, with what was recorded of them and what was not understood. */
function prepareMessagesOfCase(sql: Sql) {
  const messages = sql.prepare(
    `SELECT sequence, message_id AS "messageId", sender, control_id AS "controlId", kind,
       received_at AS "receivedAt", raw, stay_id AS "stayId"
     FROM messages WHERE sequence IN ${sql.numbers('?1')} AND state = 'parked' ORDER BY sequence`,
  );
  const codes = sql.prepare(
    `SELECT message_sequence AS sequence, code_table AS "table", code, path FROM unmapped_codes
     WHERE message_sequence IN ${sql.numbers('?1')} ORDER BY message_sequence, ordinal`,
  );
  const recorded = sql.prepare(
    `SELECT m.sequence, e.body ->> 'id' AS id, e.type FROM messages AS m
     JOIN events AS e ON e.stream = m.stay_id
       AND e.position BETWEEN m.first_position AND m.last_position
     WHERE m.sequence IN ${sql.numbers('?1')} AND m.state = 'parked'
     ORDER BY m.sequence, e.position`,
  );

  return function* parkedOf({ sequences }: ParkedCase): Step<readonly ParkedMessage[]> {
    const list = JSON.stringify(sequences);
    const rows = yield* messages.all<MessageRow>(list);
    if (rows.length === 0) return [];
    const codesOf = bySequence(yield* codes.all<CodeRow>(list));
    const recordedOf = bySequence(yield* recorded.all<RecordedRow>(list));
    return rows.map(({ sequence, stayId, ...message }) => ({
      ...message,
      ...(stayId !== null && { stayId }),
      recorded: (recordedOf.get(sequence) ?? []).map(({ id, type }) => ({ id, type })),
      unmapped: (codesOf.get(sequence) ?? []).map(({ table, code, path }) => ({
        table,
        code,
        path,
      })),
    }));
  };
}

function bySequence<R extends { readonly sequence: number }>(rows: readonly R[]): Map<number, R[]> {
  const groups = new Map<number, R[]>();
  for (const row of rows) {
    const group = groups.get(row.sequence);
    if (group) group.push(row);
    else groups.set(row.sequence, [row]);
  }
  return groups;
}
