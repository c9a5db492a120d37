/** What must hold between the tables of a journal, in words that both databases understand: see `sql.ts`. */

export interface Check {
  /** What is wrong with the rows that it finds. */
  readonly what: string;
  /** A statement whose column `id` names them. */
  readonly ids: string;
}

const isSettlement = (column: string): string =>
  `(${column} >= 'settlement:' AND ${column} < 'settlement;')`;
const noStay = (column: string): string =>
  `NOT EXISTS (SELECT 1 FROM stays AS s WHERE s.stay_id = ${column})`;
const noMessage = (column: string): string =>
  `NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.sequence = ${column})`;
const noEvent = (row: string): string =>
  `NOT EXISTS (SELECT 1 FROM events AS e WHERE e.stream = ${row}.stream AND e.position = ${row}.position)`;

export const references: readonly Check[] = [
  {
    what: 'an event stands in a stream that is neither a stay nor a settlement',
    ids: `SELECT e.position AS id FROM events AS e WHERE NOT ${isSettlement('e.stream')} AND ${noStay('e.stream')}`,
  },
  {
    what: 'a position has several events',
    ids: 'SELECT position AS id FROM events GROUP BY position HAVING count(*) > 1',
  },
  {
    what: 'several messages have one place',
    ids: 'SELECT sequence AS id FROM messages GROUP BY sequence HAVING count(*) > 1',
  },
  // A case that was purged leaves its messages behind for their own time.
  {
    what: 'a message names events of its stay that are not there',
    ids: `SELECT m.message_id AS id FROM messages AS m JOIN stays AS s ON s.stay_id = m.stay_id
      WHERE m.first_position IS NOT NULL AND (
      m.last_position IS NULL OR m.last_position < m.first_position
      OR (SELECT count(*) FROM events AS e WHERE e.position IN (m.first_position, m.last_position))
        <> CASE WHEN m.first_position = m.last_position THEN 1 ELSE 2 END)`,
  },
  {
    what: 'a parked message belongs to a stay that is not there',
    ids: `SELECT m.message_id AS id FROM messages AS m
      WHERE m.state = 'parked' AND m.stay_id IS NOT NULL AND ${noStay('m.stay_id')}`,
  },
  {
    what: 'a control id is bound to a message that is not there',
    ids: `SELECT c.message_id AS id FROM control_ids AS c WHERE NOT EXISTS (
      SELECT 1 FROM messages AS m WHERE m.message_id = c.message_id AND m.sequence = c.sequence)`,
  },
  {
    what: 'a code waits for a message that is not there',
    ids: `SELECT u.message_sequence AS id FROM unmapped_codes AS u WHERE ${noMessage('u.message_sequence')}`,
  },
  {
    what: 'a message is parked and waits for no code, or waits for one and is not parked',
    ids: `SELECT m.message_id AS id FROM messages AS m WHERE (m.state = 'parked')
      <> (EXISTS (SELECT 1 FROM unmapped_codes AS u WHERE u.message_sequence = m.sequence))`,
  },
  {
    what: 'something was found of a message that is not there',
    ids: `SELECT f.message_sequence AS id FROM findings AS f WHERE ${noMessage('f.message_sequence')}`,
  },
  {
    what: 'a former case reference belongs to a stay that is not there',
    ids: `SELECT f.process_id AS id FROM former_processes AS f WHERE ${noStay('f.stay_id')}`,
  },
  {
    what: 'a row for the bus has no event, or another one than it says',
    ids: `SELECT o.position AS id FROM outbox AS o WHERE NOT EXISTS (
      SELECT 1 FROM events AS e WHERE e.stream = o.stream AND e.position = o.position
        AND e.type = o.type AND e.body ->> 'id' = o.event_id)`,
  },
  {
    what: 'a dead letter says no error',
    ids: 'SELECT position AS id FROM outbox WHERE stage = 2 AND error IS NULL',
  },
  {
    what: 'a deadline belongs to a stream that is neither a stay nor a settlement',
    ids: `SELECT d.key AS id FROM deadlines AS d WHERE NOT ${isSettlement('d.stream')} AND ${noStay('d.stream')}`,
  },
  {
    what: 'a delivery has no event',
    ids: `SELECT d.delivery_id AS id FROM deliveries AS d WHERE ${noEvent('d')}`,
  },
  {
    what: 'attempts of a delivery are not as many as were counted',
    ids: `SELECT d.delivery_id AS id FROM deliveries AS d WHERE d.attempts <> (
      SELECT count(*) FROM attempts AS a WHERE a.delivery_id = d.delivery_id)`,
  },
  {
    what: 'an attempt belongs to a delivery that is not there',
    ids: `SELECT a.delivery_id AS id FROM attempts AS a WHERE NOT EXISTS (
      SELECT 1 FROM deliveries AS d WHERE d.delivery_id = a.delivery_id)`,
  },
  {
    what: 'an identifier belongs to a resource that is not there',
    ids: `SELECT i.resource AS id FROM resource_identifiers AS i WHERE NOT EXISTS (
      SELECT 1 FROM resources AS r WHERE r.number = i.resource)`,
  },
  {
    what: 'deliveries in a state are not as many as were counted',
    ids: `SELECT state AS id FROM (
        SELECT state, count AS kept FROM delivery_counts WHERE count <> 0) AS k
      FULL JOIN (SELECT state, count(*) AS counted FROM deliveries GROUP BY state) AS c USING (state)
      WHERE coalesce(kept, 0) <> coalesce(counted, 0)`,
  },
  // Of what only grows less is there where something was purged.
  {
    what: 'messages of a sender are more than were counted',
    ids: `SELECT m.sender AS id FROM messages AS m LEFT JOIN senders AS s ON s.sender = m.sender
      WHERE m.state IN ('accepted', 'parked') GROUP BY m.sender
      HAVING count(*) > coalesce(max(s.accepted), 0)`,
  },
  {
    what: 'cases are more than were counted',
    ids: `SELECT kept AS id FROM (SELECT coalesce(sum(processes), 0) AS kept FROM senders) AS k,
      (SELECT count(DISTINCT process_id) AS counted FROM stays) AS c WHERE counted > kept`,
  },
  {
    what: 'messages of a sender with findings are more than were counted',
    ids: `SELECT m.sender AS id FROM findings AS f JOIN messages AS m ON m.sequence = f.message_sequence
      LEFT JOIN senders AS s ON s.sender = m.sender
      GROUP BY m.sender HAVING count(*) > coalesce(max(s.found), 0)`,
  },
  {
    what: 'refused messages in a state are more than were counted',
    ids: `SELECT m.state AS id FROM messages AS m LEFT JOIN refused_counts AS r ON r.state = m.state
      WHERE m.state IN ('rejected', 'quarantined') GROUP BY m.state
      HAVING count(*) > coalesce(max(r.count), 0)`,
  },
  {
    what: 'the size of a refused body is not what was counted',
    ids: `SELECT b.sequence AS id FROM refused_bodies AS b WHERE NOT EXISTS (
      SELECT 1 FROM messages AS m WHERE m.sequence = b.sequence AND m.state = b.state
        AND length(m.raw) = b.size)`,
  },
];
