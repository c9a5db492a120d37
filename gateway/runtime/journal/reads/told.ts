/** Reads of messages that were taken, by their numbers alone: nobody who stores pays for an index. */
import type { EventBody } from '../../../process/events.ts';
import type { ToldHead, ToldMessage, ToldMessages } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';

type Stepped<T> = {
  [K in keyof T]: T[K] extends (...input: infer I) => Promise<infer O>
    ? (...input: I) => Step<O>
    : never;
};

interface Row {
  readonly place: number;
  readonly messageId: string;
  readonly sender: string;
  readonly controlId: string;
  readonly kind: string;
  readonly receivedAt: string;
  readonly raw: Uint8Array;
  readonly mappingRevision: string;
  readonly stayId: string | null;
  readonly authority: string | null;
  readonly number: string | null;
  readonly first: number | null;
  readonly last: number | null;
}

export function prepareToldReads(sql: Sql): Stepped<ToldMessages> {
  const lastPlace = sql.prepare('SELECT coalesce(max(sequence), 0) AS place FROM messages');
  const heads = sql.prepare(
    `SELECT m.sequence AS place, m.message_id AS "messageId", m.sender, m.kind,
       m.received_at AS "receivedAt", coalesce(s.process_id, m.message_id) AS "caseId"
     FROM messages AS m LEFT JOIN stays AS s ON s.stay_id = m.stay_id
     WHERE m.sequence > ? AND m.sequence <= ? AND m.state IN ('accepted', 'parked')
     ORDER BY m.sequence`,
  );
  const whole = sql.prepare(
    `SELECT m.sequence AS place, m.message_id AS "messageId", m.sender,
       m.control_id AS "controlId", m.kind, m.received_at AS "receivedAt", m.raw,
       m.mapping_revision AS "mappingRevision", m.stay_id AS "stayId", s.authority, s.number,
       m.first_position AS "first", m.last_position AS "last"
     FROM messages AS m LEFT JOIN stays AS s ON s.stay_id = m.stay_id
     WHERE m.sequence IN ${sql.numbers('?1')} AND m.state IN ('accepted', 'parked')
     ORDER BY m.sequence`,
  );
  const codesOf = sql.prepare(
    `SELECT code_table AS "table", code, path FROM unmapped_codes
     WHERE message_sequence = ? ORDER BY ordinal`,
  );
  const bodiesOf = sql.prepare(
    'SELECT body FROM events WHERE position BETWEEN ? AND ? AND stream = ? ORDER BY position',
  );
  const visits = sql.prepare(
    'SELECT authority, number FROM stays WHERE process_id = ? ORDER BY stay_id',
  );
  const next = sql.prepare(
    `SELECT sequence AS place, received_at AS "receivedAt" FROM messages
     WHERE sequence > ? ORDER BY sequence LIMIT 1`,
  );

  function* recordedOf({ first, last, stayId }: Row): Step<readonly EventBody[]> {
    if (first === null || last === null || stayId === null) return [];
    const rows = yield* bodiesOf.all<{ body: string }>(first, last, stayId);
    return rows.map(({ body }): EventBody => JSON.parse(body));
  }

  return {
    *after(place, limit) {
      const end = (yield* lastPlace.get<{ place: number }>())?.place ?? 0;
      const upTo = Math.min(end, place + limit);
      const found = yield* heads.all<ToldHead>(place, upTo);
      return { heads: found.map((head) => ({ ...head })), upTo, isLast: upTo === end };
    },

    *at(places) {
      const messages: ToldMessage[] = [];
      for (const row of yield* whole.all<Row>(JSON.stringify(places))) {
        const { stayId, authority, number, first: _first, last: _last, ...message } = row;
        messages.push({
          ...message,
          ...(stayId !== null && { stayId }),
          ...(authority !== null && number !== null && { visit: { authority, number } }),
          recorded: yield* recordedOf(row),
          unmapped: (yield* codesOf.all<ToldMessage['unmapped'][number]>(row.place)).map(
            (code) => ({ ...code }),
          ),
        });
      }
      return messages;
    },

    *visitsOf(processId) {
      const rows = yield* visits.all<{ authority: string; number: string }>(processId);
      return rows.map((row) => ({ ...row }));
    },

    // Places rise with the time of receipt, but for what waited for the same commit.
    *before(instant) {
      let [low, high] = [0, (yield* lastPlace.get<{ place: number }>())?.place ?? 0];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const row = yield* next.get<{ place: number; receivedAt: string }>(middle);
        if (row === undefined || row.receivedAt >= instant) high = middle;
        else low = row.place;
      }
      return low;
    },
  };
}
