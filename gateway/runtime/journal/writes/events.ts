/** Adds events and their outbox rows: the one place where a position is given. */
import type { EventType } from '../../../process/events.ts';
import type { Database } from '../embedded/connection.ts';
import { queueOf, type QueueName } from '../journal.ts';

/** An event whose body is JSON already: made on the thread that has the time for it. */
export interface PreparedEvent {
  readonly streamId: string;
  readonly type: EventType;
  readonly body: string;
  readonly lane: string;
  readonly alsoStream: string | undefined;
}

export interface EventLog {
  /**
   * @param enqueue false where a later event of the same message nudges the same lane: one nudge is enough
   * @returns the event's position
   */
  add(event: PreparedEvent, enqueue?: boolean): number;
  /** Puts an event in a queue again, where it is not there already. */
  enqueueAgain(queue: QueueName, position: number, lane: string): void;
  markAddedOutbox(): void;
  readonly takeAddedOutbox: () => boolean;
  /** Whether outbox rows were added by now. @returns a function that goes back to it */
  hold(): () => void;
}

export function eventLog(db: Database): EventLog {
  const insertEvent = db.prepare(
    'INSERT INTO events (stream, also_stream, type, body) VALUES (?, ?, ?, ?)',
  );
  const insertRow = db.prepare(
    'INSERT INTO outbox (queue, stage, position, lane) VALUES (?, 0, ?, ?)',
  );
  const insertAgain = db.prepare(
    `INSERT INTO outbox (queue, stage, position, lane) SELECT ?1, 0, ?2, ?3
     WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE queue = ?1 AND stage IN (0, 1, 2) AND position = ?2)`,
  );
  let addedOutbox = false;
  return {
    add(event, enqueue = true) {
      const { streamId, alsoStream, type, body, lane } = event;
      const position = Number(
        insertEvent.run(streamId, alsoStream ?? null, type, body).lastInsertRowid,
      );
      const queue = enqueue ? queueOf(type) : undefined;
      if (queue !== undefined) {
        insertRow.run(queue, position, lane);
        addedOutbox = true;
      }
      return position;
    },
    enqueueAgain(queue, position, lane) {
      if (insertAgain.run(queue, position, lane).changes > 0) addedOutbox = true;
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
