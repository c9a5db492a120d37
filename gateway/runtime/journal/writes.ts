/**
 * Every write of the journal by name: what the main thread asks for and the writer does. Each runs inside the
 * transaction of its group, sees what came before it in the group, and either does all of it or throws.
 */
import type { Database } from './embedded/connection.ts';
import type {
  AttemptOutcome,
  AuditEntry,
  Cursor,
  Found,
  NewDelivery,
  OutboxKey,
  Pause,
  Postponement,
  QueueName,
  RecordOutcome,
  RecordTogetherOutcome,
  RejectedMessage,
} from './journal.ts';
import { deadlineWrites } from './writes/deadlines.ts';
import { deliveryWrites } from './writes/deliveries.ts';
import { eventLog, type PreparedEvent } from './writes/events.ts';
import { findingWrites } from './writes/findings.ts';
import {
  messageWrites,
  type PreparedMessage,
  type PreparedRetranslation,
} from './writes/messages.ts';
import { outboxWrites } from './writes/outbox.ts';
import { runNow, sqliteSql } from './embedded/sql.ts';
import { pauseWrites } from './writes/pauses.ts';
import { patientWrites } from './writes/patients.ts';
import { personMessages } from './writes/person-messages.ts';
import { resourceWrites } from './writes/resources.ts';
import { refusedBodies, type RefusedLimits } from './writes/refused-bodies.ts';
import { sequenceNumbers } from './writes/sequences.ts';
import { stayWrites } from './writes/stays.ts';
import { streamWrites, type PreparedAppend } from './writes/streams.ts';

export interface Writes {
  record(message: PreparedMessage): RecordOutcome;
  recordTogether(messages: readonly PreparedMessage[]): RecordTogetherOutcome;
  addFindings(input: { readonly found: readonly Found[]; readonly cursor: Cursor }): void;
  setCursor(cursor: Cursor): void;
  reject(message: RejectedMessage): void;
  retranslate(changes: readonly PreparedRetranslation[]): 'retranslated' | 'stale';
  forgetSequence(input: { readonly sender: string }): void;
  append(change: PreparedAppend): 'appended' | 'stale';
  releaseDue(input: { readonly now: string; readonly deadlines: boolean }): number;
  published(input: Publication): void;
  unpublishAll(input: null): number;
  attempted(rows: readonly OutboxKey[]): void;
  done(rows: readonly OutboxKey[]): void;
  postpone(input: PostponedRows): void;
  bury(input: Burial): void;
  nudge(input: { readonly streamId: string; readonly lane: string }): boolean;
  redrive(row: OutboxKey): boolean;
  openDeliveries(rows: readonly NewDelivery[]): void;
  recordAttempt(input: { readonly deliveryId: string; readonly startedAt: string }): void;
  recordOutcome(outcome: PreparedOutcome): void;
  pauseQueue(pause: Pause): void;
  resumeQueue(input: { readonly queue: QueueName }): boolean;
  audit(entry: AuditEntry): void;
}

export interface Publication {
  readonly rows: readonly OutboxKey[];
  readonly nowMs: number;
}
export interface PostponedRows {
  readonly rows: readonly OutboxKey[];
  readonly until: Postponement;
}
export interface Burial {
  readonly rows: readonly OutboxKey[];
  readonly error: string;
}
export type PreparedOutcome = Omit<AttemptOutcome, 'events'> & {
  readonly events: readonly PreparedEvent[];
};

/** The writes on one connection, and what a transaction has to do at its end. */
export interface Writer {
  readonly writes: Writes;
  /** Writes what was summed up over the group; called before its commit. */
  readonly finish: () => void;
  /** Forgets what was summed up: the transaction was rolled back. */
  readonly forget: () => void;
  /** Whether outbox rows were added since the last call. */
  readonly takeAddedOutbox: () => boolean;
}

/** Prepares every statement once. */
export function prepareWrites(db: Database, refused: RefusedLimits): Writer {
  const events = eventLog(db);
  const patients = patientWrites(db);
  const stays = stayWrites(db, patients);
  const persons = personMessages(db, events, stays, patients);
  const bodies = refusedBodies(db, refused);
  const numbers = sequenceNumbers(db);
  const resources = resourceWrites(db);
  const cursors = cursorWrites(db);
  const pauses = pauseWrites(sqliteSql(db));
  const messages = messageWrites(db, events, stays, persons, bodies, numbers, resources);
  const writes: Writes = {
    ...messages.writes,
    forgetSequence: ({ sender }) => numbers.forget(sender),
    ...streamWrites(db, events, stays),
    ...deadlineWrites(db, events),
    ...outboxWrites(db, events),
    ...deliveryWrites(db, events),
    ...findingWrites(db, cursors),
    ...cursors,
    pauseQueue: (pause) => runNow(pauses.pauseQueue(pause)),
    resumeQueue: (input) => runNow(pauses.resumeQueue(input)),
    audit: auditWrite(db),
  };
  return {
    writes,
    finish: messages.finish,
    forget: () => {
      messages.forget();
      events.takeAddedOutbox();
    },
    takeAddedOutbox: events.takeAddedOutbox,
  };
}

/** How far a source has been read. */
function cursorWrites(db: Database): Pick<Writes, 'setCursor'> {
  const insertCursor = db.prepare(
    `INSERT INTO cursors (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  );
  return {
    setCursor({ name, value }) {
      insertCursor.run(name, value);
    },
  };
}

function auditWrite(db: Database): Writes['audit'] {
  const insert = db.prepare('INSERT INTO audit (at, who, what, about, reason) VALUES (?,?,?,?,?)');
  return (entry) => {
    insert.run(entry.at, entry.who, entry.what, entry.about, entry.reason ?? null);
  };
}
