/**
 * Every write of the journal by name: what the main thread asks for and the writer does. Each runs inside the
 * transaction of its group, sees what came before it in the group, and either does all of it or throws.
 */
import type {
  AttemptOutcome,
  AuditEntry,
  Cursor,
  Ending,
  Found,
  Incident,
  NewDelivery,
  SeenDelivery,
  TakenIncident,
  OutboxKey,
  Pause,
  Postponement,
  QueueName,
  RecordOutcome,
  RecordTogetherOutcome,
  RejectedMessage,
  RetentionFound,
  RetentionStep,
} from './journal.ts';
import type { Sql, Step } from './sql.ts';
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
import { incidentWrites } from './writes/incidents.ts';
import { pauseWrites } from './writes/pauses.ts';
import { patientWrites } from './writes/patients.ts';
import { personMessages } from './writes/person-messages.ts';
import { resourceWrites } from './writes/resources.ts';
import { refusedBodies, type RefusedLimits } from './writes/refused-bodies.ts';
import { tidyPartitions } from './partitions.ts';
import { retentionWrites } from './writes/retention.ts';
import { sequenceNumbers } from './writes/sequences.ts';
import { stayWrites } from './writes/stays.ts';
import { streamWrites, type PreparedAppend } from './writes/streams.ts';

export interface Writes {
  record(message: PreparedMessage): Step<RecordOutcome>;
  recordTogether(messages: readonly PreparedMessage[]): Step<RecordTogetherOutcome>;
  addFindings(input: { readonly found: readonly Found[]; readonly cursor: Cursor }): Step<void>;
  setCursor(cursor: Cursor): Step<void>;
  reject(message: RejectedMessage): Step<void>;
  retranslate(changes: readonly PreparedRetranslation[]): Step<'retranslated' | 'stale'>;
  forgetSequence(input: { readonly sender: string }): Step<void>;
  append(change: PreparedAppend): Step<'appended' | 'stale'>;
  releaseDue(input: { readonly now: string; readonly deadlines: boolean }): Step<number>;
  published(input: Publication): Step<void>;
  unpublishAll(input: null): Step<number>;
  attempted(rows: readonly OutboxKey[]): Step<void>;
  done(rows: readonly OutboxKey[]): Step<void>;
  postpone(input: PostponedRows): Step<void>;
  bury(input: Burial): Step<void>;
  nudge(input: { readonly streamId: string; readonly lane: string }): Step<boolean>;
  redrive(row: OutboxKey): Step<boolean>;
  openDeliveries(rows: readonly NewDelivery[]): Step<void>;
  sendAgain(seen: SeenDelivery): Step<boolean>;
  recordAttempt(input: { readonly deliveryId: string; readonly startedAt: string }): Step<boolean>;
  recordOutcome(outcome: PreparedOutcome): Step<void>;
  conclude(ending: PreparedEnding): Step<boolean>;
  putIncidents(incidents: readonly Incident[]): Step<void>;
  takeIncident(taken: TakenIncident): Step<boolean>;
  pauseQueue(pause: Pause): Step<void>;
  resumeQueue(input: { readonly queue: QueueName }): Step<boolean>;
  purge(step: RetentionStep): Step<RetentionFound>;
  tidy(input: { readonly nowMs: number }): Step<void>;
  audit(entry: AuditEntry): Step<void>;
}
/** What a write comes to. */
export type ResultOf<N extends keyof Writes> =
  ReturnType<Writes[N]> extends Step<infer R> ? R : never;

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

export type PreparedEnding = Omit<Ending, 'events'> & { readonly events: readonly PreparedEvent[] };

/** The writes on one connection, and what a transaction has to do at its end. */
export interface Writer {
  readonly writes: Writes;
  /** Writes what was summed up over the group; called before its commit. */
  readonly finish: () => Step<void>;
  /**
   * Forgets what was summed up: the transaction was rolled back. Where others write too, called before each: what was
   * counted in the last may have changed.
   */
  readonly forget: () => void;
  /** Whether outbox rows were added since the last call. */
  readonly takeAddedOutbox: () => boolean;
}

/** Prepares every statement once. */
export function prepareWrites(sql: Sql, refused: RefusedLimits): Writer {
  const events = eventLog(sql);
  const patients = patientWrites(sql);
  const stays = stayWrites(sql, patients);
  const persons = personMessages(sql, events, stays, patients);
  const bodies = refusedBodies(sql, refused);
  const numbers = sequenceNumbers(sql);
  const resources = resourceWrites(sql);
  const cursors = cursorWrites(sql);
  const streams = streamWrites(sql, events, stays);
  const messages = messageWrites(sql, events, stays, persons, bodies, numbers, resources, streams);
  const writes: Writes = {
    ...messages.writes,
    forgetSequence: ({ sender }) => numbers.forget(sender),
    ...streams,
    ...deadlineWrites(sql, events),
    ...outboxWrites(sql, events),
    ...deliveryWrites(sql, events),
    ...findingWrites(sql, cursors),
    ...cursors,
    ...pauseWrites(sql),
    ...incidentWrites(sql),
    ...retentionWrites(sql),
    tidy: ({ nowMs }) => tidyPartitions(sql, nowMs),
    audit: auditWrite(sql),
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
function cursorWrites(sql: Sql): Pick<Writes, 'setCursor'> {
  const insertCursor = sql.prepare(
    `INSERT INTO cursors (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  );
  return {
    *setCursor({ name, value }) {
      yield* insertCursor.run(name, value);
    },
  };
}

function auditWrite(sql: Sql): Writes['audit'] {
  const insert = sql.prepare('INSERT INTO audit (at, who, what, about, reason) VALUES (?,?,?,?,?)');
  return function* (entry) {
    yield* insert.run(entry.at, entry.who, entry.what, entry.about, entry.reason ?? null);
  };
}
