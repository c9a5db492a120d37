/** Adds events and their outbox rows: the one place where a position is given. */
import { assert } from '../../../errors.ts';
import type { EventType } from '../../../process/events.ts';
import { queueOf, type QueueName } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';

/** An event whose body is JSON already: made on the thread that has the time for it. */
export interface PreparedEvent {
  readonly streamId: string;
  readonly id: string;
  readonly type: EventType;
  readonly body: string;
  readonly lane: string;
  readonly alsoStream: string | undefined;
}
/** Where an event stands. */
export interface EventPlace {
  readonly streamId: string;
  readonly position: number;
}

/**
 * What a stream is called where writes must not run between each other (`Sql.alone`): a write says so once of each stream
 * it adds to, unless it runs alone or made the stream itself.
 */
export function streamName(streamId: string): string {
  return `stream|${streamId}`;
}

export interface EventLog {
  /**
   * @param enqueue false where a later event of the same message nudges the same lane: one nudge is enough
   * @returns the event's position
   */
  add(event: PreparedEvent, enqueue?: boolean): Step<number>;
  /** Puts an event in a queue again, where it is not there already. */
  enqueueAgain(queue: QueueName, event: EventPlace, lane: string): Step<void>;
  markAddedOutbox(): void;
  readonly takeAddedOutbox: () => boolean;
  /** Whether outbox rows were added by now. @returns a function that goes back to it */
  hold(): () => void;
}

export function eventLog(sql: Sql): EventLog {
  const insertEvent = sql.prepare(
    `INSERT INTO events (stream, also_stream, type, body) VALUES (?, ?, ?, ?)
     RETURNING position`,
  );
  const insertRow = sql.prepare(
    `INSERT INTO outbox (queue, stage, position, lane, stream, type, event_id)
     VALUES (?, 0, ?, ?, ?, ?, ?)`,
  );
  const insertAgain = sql.prepare(
    `INSERT INTO outbox (queue, stage, position, lane, stream, type, event_id)
     SELECT CAST(?1 AS TEXT), 0, e.position, CAST(?2 AS TEXT), e.stream, e.type, e.body ->> 'id'
     FROM events AS e WHERE e.stream = ?3 AND e.position = ?4 AND NOT EXISTS (
       SELECT 1 FROM outbox AS o
       WHERE o.queue = ?1 AND o.stage IN (0, 1, 2) AND o.position = ?4)`,
  );
  let addedOutbox = false;
  return {
    *add({ streamId, id, type, body, lane, alsoStream }, enqueue = true) {
      const row = yield* insertEvent.get<{ position: number }>(
        streamId,
        alsoStream ?? null,
        type,
        body,
      );
      assert(row, 'an event that was added has a position');
      const queue = enqueue ? queueOf(type) : undefined;
      if (queue !== undefined) {
        yield* insertRow.run(queue, row.position, lane, streamId, type, id);
        addedOutbox = true;
      }
      return row.position;
    },
    *enqueueAgain(queue, { streamId, position }, lane) {
      if ((yield* insertAgain.run(queue, lane, streamId, position)) > 0) addedOutbox = true;
    },
    markAddedOutbox() {
      addedOutbox = true;
    },
    takeAddedOutbox: () => {
      const added = addedOutbox;
      addedOutbox = false;
      return added;
    },
    hold() {
      const held = addedOutbox;
      return () => {
        addedOutbox = held;
      };
    },
  };
}
