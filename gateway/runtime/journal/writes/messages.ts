/** Messages in: recorded once, whatever arrives twice; rejected; translated again. */
import { assert } from '../../../errors.ts';
import type { EventType } from '../../../process/events.ts';
import { supersession, superseding } from '../../../process/supersession.ts';
import type { Database } from '../embedded/connection.ts';
import type {
  CaseKey,
  NewResource,
  RecordOutcome,
  RecordTogetherOutcome,
  RejectedMessage,
  StayKey,
} from '../journal.ts';
import type { EventLog } from './events.ts';
import type { RefusedBodies } from './refused-bodies.ts';
import type { PreparedPatient } from './patients.ts';
import type { PersonMessages, PreparedMove, PreparedPerson } from './person-messages.ts';
import type { ResourceWrites } from './resources.ts';
import type { SequenceNumbers } from './sequences.ts';
import type { Stay, StayWrites } from './stays.ts';

export interface PreparedBody {
  readonly id: string;
  readonly type: EventType;
  /** JSON of the EventBody. */
  readonly body: string;
}
export interface Unmapped {
  readonly table: string;
  readonly code: string;
  readonly path: string;
}

/** An IncomingMessage as the writer gets it: texts and numbers ready to be bound. */
export interface PreparedMessage {
  readonly messageId: string;
  readonly sender: string;
  readonly controlId: string;
  readonly dedupeKey: string;
  readonly kind: string;
  readonly digest: Uint8Array;
  readonly raw: Uint8Array;
  readonly answer: Uint8Array;
  readonly sequence: number | undefined;
  readonly receivedAt: string;
  readonly toldAt: string;
  readonly mappingRevision: string;
  readonly stay: StayKey | CaseKey | undefined;
  readonly onlyIfSentTo: readonly string[] | undefined;
  readonly patient: PreparedPatient | undefined;
  readonly events: readonly PreparedBody[];
  readonly persons: readonly PreparedPerson[];
  readonly moved: readonly PreparedMove[];
  readonly resources: readonly NewResource[];
  readonly unmapped: readonly Unmapped[];
  readonly warnings: string | null;
}

export interface PreparedRetranslation {
  readonly messageId: string;
  readonly mappingRevision: string;
  readonly events: readonly PreparedBody[];
  readonly planned?: { readonly place: number; readonly facts: readonly string[] };
  readonly unmapped: readonly Unmapped[];
}

interface Bound {
  readonly digest: Uint8Array;
  readonly answer: Uint8Array;
}
interface ToldRow {
  readonly sequence: number;
  readonly stayId: string | null;
  readonly firstPosition: number | null;
  readonly lastPosition: number | null;
}

export function messageWrites(
  db: Database,
  events: EventLog,
  stays: StayWrites,
  persons: PersonMessages,
  refused: RefusedBodies,
  numbers: SequenceNumbers,
  resources: ResourceWrites,
) {
  const boundTo = db.prepare('SELECT digest, answer FROM messages WHERE dedupe_key = ?');
  const insertMessage = db.prepare(
    `INSERT INTO messages (message_id, sender, control_id, kind, state, dedupe_key, digest, received_at,
       mapping_revision, stay_id, first_position, last_position, warnings, answer, raw)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertRejected = db.prepare(
    `INSERT INTO messages (message_id, sender, control_id, kind, state, digest, received_at, error_code, error, answer, raw)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertUnmapped = db.prepare(
    'INSERT INTO unmapped_codes (message_sequence, ordinal, code_table, code, path) VALUES (?, ?, ?, ?, ?)',
  );
  const deleteUnmapped = db.prepare('DELETE FROM unmapped_codes WHERE message_sequence = ?');
  const toldColumns = `SELECT sequence, stay_id AS stayId, first_position AS firstPosition,
    last_position AS lastPosition FROM messages`;
  const parkedRow = db.prepare(`${toldColumns} WHERE message_id = ? AND state = 'parked'`);
  const placedRow = db.prepare(
    `${toldColumns} WHERE sequence = ? AND message_id = ? AND state IN ('accepted', 'parked')`,
  );
  const factsBetween = db.prepare(
    `SELECT body ->> '$.id' AS id, type FROM events WHERE position BETWEEN ? AND ? AND stream = ?
     ORDER BY position`,
  );
  const updateTranslation = db.prepare(
    `UPDATE messages SET state = ?, mapping_revision = ?, first_position = ?, last_position = ?
     WHERE sequence = ?`,
  );
  const accepted = senderTally(db);

  function addEvents(stay: Stay, bodies: readonly PreparedBody[]): [number | null, number | null] {
    const { stayId: streamId, processId: lane } = stay;
    let first: number | null = null;
    let last: number | null = null;
    for (const [index, { type, body }] of bodies.entries()) {
      const isLast = index === bodies.length - 1;
      last = events.add({ streamId, type, body, lane, alsoStream: undefined }, isLast);
      first ??= last;
    }
    return [first, last];
  }

  function addUnmapped(sequence: number, codes: readonly Unmapped[]): void {
    for (const [ordinal, { table, code, path }] of codes.entries()) {
      insertUnmapped.run(sequence, ordinal, table, code, path);
    }
  }

  /** A case that is not the sender's to speak of is answered as one that is not there. */
  function mayBeSpokenOf(
    { stay, onlyIfSentTo }: PreparedMessage,
    known: Stay | undefined,
  ): boolean {
    if (stay === undefined) return true;
    if (onlyIfSentTo === undefined) return stay.by === 'visit' || known !== undefined;
    return known !== undefined && onlyIfSentTo.some((one) => stays.hasBeenSent(known, one));
  }

  function record(message: PreparedMessage): RecordOutcome {
    const bound: Bound | undefined = boundTo.get(message.dedupeKey);
    if (bound) {
      return Buffer.compare(bound.digest, message.digest) === 0
        ? { outcome: 'duplicate', answer: bound.answer }
        : { outcome: 'reused' };
    }
    const { sequence } = message;
    const expected = sequence === undefined ? undefined : numbers.check(message.sender, sequence);
    if (expected !== undefined) return { outcome: 'out-of-sequence', expected };
    const known = message.stay && stays.find(message.stay);
    if (!mayBeSpokenOf(message, known)) return { outcome: 'unknown-case' };
    if (!resources.areAsRead(message.sender, message.resources))
      return { outcome: 'stale-resource' };
    const speaks = message.events.length > 0 || message.unmapped.length > 0;
    const begun =
      !known && speaks && message.stay?.by === 'visit'
        ? stays.add(message.stay, message.sender, message.patient, message.toldAt)
        : undefined;
    const stay = known ?? begun;
    assert(stay ?? message.events.length === 0, 'a message with events names its stay');
    const kept =
      known && message.patient ? stays.keepPatient(known, message.patient, message.toldAt) : known;
    const [first, last] = stay ? addEvents(stay, message.events) : [null, null];
    const taken = kept === known ? begun : kept;
    if (taken) persons.catchUp(taken);
    for (const person of message.persons) persons.tell(person, message.toldAt);
    for (const move of message.moved) persons.move(move, message.sender, message.toldAt);
    const parked = message.unmapped.length > 0;
    const { lastInsertRowid } = insertMessage.run(
      message.messageId,
      message.sender,
      message.controlId,
      message.kind,
      parked ? 'parked' : 'accepted',
      message.dedupeKey,
      message.digest,
      message.receivedAt,
      message.mappingRevision,
      stay?.stayId ?? null,
      first,
      last,
      message.warnings,
      message.answer,
      message.raw,
    );
    const place = Number(lastInsertRowid);
    if (parked) addUnmapped(place, message.unmapped);
    for (const resource of message.resources) {
      resources.put(message.sender, resource, message.receivedAt, message.mappingRevision);
    }
    if (sequence !== undefined) numbers.accept(message.sender, sequence);
    accepted.add(message.sender, message.receivedAt, begun !== undefined);
    return { outcome: 'recorded', parked, place };
  }

  /** All of them or none: a savepoint inside the transaction of the group. */
  function recordTogether(together: readonly PreparedMessage[]): RecordTogetherOutcome {
    const back = [accepted.hold(), events.hold()];
    db.exec('SAVEPOINT together');
    const each: Extract<RecordTogetherOutcome, { outcome: 'recorded' }>['each'][number][] = [];
    for (const [index, message] of together.entries()) {
      const outcome = record(message);
      if (outcome.outcome === 'recorded' || outcome.outcome === 'duplicate') {
        each.push(outcome);
        continue;
      }
      db.exec('ROLLBACK TO together');
      db.exec('RELEASE together');
      for (const goBack of back) goBack();
      return { outcome: 'refused', index, because: outcome };
    }
    db.exec('RELEASE together');
    return { outcome: 'recorded', each };
  }

  function reject(message: RejectedMessage): void {
    const state = message.errorCode === 'unknown-sender' ? 'quarantined' : 'rejected';
    const { lastInsertRowid } = insertRejected.run(
      message.messageId,
      message.sender ?? null,
      message.controlId ?? null,
      message.kind ?? null,
      state,
      message.digest,
      message.receivedAt,
      message.errorCode,
      message.error,
      message.answer ?? null,
      message.raw,
    );
    refused.keep(state, Number(lastInsertRowid), message.raw.length);
  }

  interface Earlier {
    readonly row: ToldRow;
    readonly facts: readonly { readonly id: string; readonly type: string }[];
  }

  /** A message as it stands; undefined where it is not, or is not as the change takes it to be. */
  function earlierOf({ messageId, planned }: PreparedRetranslation): Earlier | undefined {
    const row: ToldRow | undefined = planned
      ? placedRow.get(planned.place, messageId)
      : parkedRow.get(messageId);
    if (!row) return undefined;
    const facts: Earlier['facts'] =
      row.stayId !== null && row.firstPosition !== null
        ? factsBetween.all(row.firstPosition, row.lastPosition, row.stayId)
        : [];
    const isAsPlanned = !planned || planned.facts.join() === facts.map(({ id }) => id).join();
    return isAsPlanned ? { row, facts } : undefined;
  }

  /** Each new event names what it replaces. One that comes out as it was (same id) stays as it is. */
  function retranslate(change: PreparedRetranslation, { row, facts }: Earlier): void {
    const stay = row.stayId === null ? undefined : stays.byId(row.stayId);
    const { fresh } = supersession(facts, change.events);
    assert(stay ?? fresh.length === 0, 'a message with events names its stay');
    const bodies = fresh.map(({ fact, replaces }) => replacing(fact, replaces));
    const [first, last] = stay ? addEvents(stay, bodies) : [null, null];
    updateTranslation.run(
      change.unmapped.length > 0 ? 'parked' : 'accepted',
      change.mappingRevision,
      first ?? row.firstPosition,
      last ?? row.lastPosition,
      row.sequence,
    );
    deleteUnmapped.run(row.sequence);
    addUnmapped(row.sequence, change.unmapped);
  }

  function retranslateAll(changes: readonly PreparedRetranslation[]): 'retranslated' | 'stale' {
    const earlier = changes.map(earlierOf);
    if (changes.some(({ planned }, index) => planned && !earlier[index])) return 'stale';
    for (const [index, change] of changes.entries()) {
      const stands = earlier[index];
      if (stands) retranslate(change, stands);
    }
    return 'retranslated';
  }

  return {
    writes: {
      record,
      recordTogether,
      reject,
      retranslate: retranslateAll,
    },
    finish: accepted.finish,
    forget: () => {
      accepted.forget();
      refused.forget();
    },
  };
}

function replacing(event: PreparedBody, ids: readonly string[]): PreparedBody {
  if (ids.length === 0) return event;
  const body: { supersedes?: readonly string[] } = JSON.parse(event.body);
  return { ...event, body: JSON.stringify(superseding(body, ids)) };
}

/** Counts what each sender had accepted, and the processes that began with it, once a group. */
function senderTally(db: Database) {
  const add = db.prepare(
    `INSERT INTO senders (sender, accepted, last_at, processes) VALUES (?, ?, ?, ?)
     ON CONFLICT (sender) DO UPDATE SET accepted = accepted + excluded.accepted,
       last_at = max(last_at, excluded.last_at), processes = processes + excluded.processes`,
  );
  let tally = new Map<string, { accepted: number; lastAt: string; processes: number }>();
  return {
    /** What is counted by now. @returns a function that goes back to it */
    hold(): () => void {
      const held = new Map([...tally].map(([sender, entry]) => [sender, { ...entry }]));
      return () => {
        tally = held;
      };
    },
    add(sender: string, receivedAt: string, beginsProcess: boolean): void {
      const processes = beginsProcess ? 1 : 0;
      const entry = tally.get(sender);
      if (!entry) {
        tally.set(sender, { accepted: 1, lastAt: receivedAt, processes });
        return;
      }
      entry.accepted += 1;
      entry.processes += processes;
      if (receivedAt > entry.lastAt) entry.lastAt = receivedAt;
    },
    finish: (): void => {
      for (const [sender, { accepted, lastAt, processes }] of tally) {
        add.run(sender, accepted, lastAt, processes);
      }
      tally.clear();
    },
    forget: () => tally.clear(),
  };
}
