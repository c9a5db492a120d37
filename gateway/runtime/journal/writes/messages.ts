/** Messages in: recorded once, whatever arrives twice; rejected; translated again. */
import { assert } from '../../../errors.ts';
import type { EventType } from '../../../process/events.ts';
import { supersession, superseding } from '../../../process/supersession.ts';
import type {
  CaseKey,
  NewResource,
  RecordOutcome,
  RecordTogetherOutcome,
  RejectedMessage,
  StayKey,
} from '../journal.ts';
import { both, type Sql, type Step } from '../sql.ts';
import { streamName, type EventLog } from './events.ts';
import type { RefusedBodies, RefusedState } from './refused-bodies.ts';
import type { PreparedPatient } from './patients.ts';
import type { PersonMessages, PreparedMove, PreparedPerson } from './person-messages.ts';
import type { ResourceWrites } from './resources.ts';
import type { SequenceNumbers } from './sequences.ts';
import type { Stay, StayWrites } from './stays.ts';
import type { PreparedAppend, StreamWrites } from './streams.ts';

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
  readonly decided: PreparedAppend | undefined;
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
  sql: Sql,
  events: EventLog,
  stays: StayWrites,
  persons: PersonMessages,
  refused: RefusedBodies,
  numbers: SequenceNumbers,
  resources: ResourceWrites,
  streams: StreamWrites,
) {
  const boundTo = sql.prepare(
    `SELECT m.digest, m.answer FROM control_ids AS c
     JOIN messages AS m ON m.sequence = c.sequence AND m.message_id = c.message_id
     WHERE c.dedupe_key = ?`,
  );
  const bind = sql.prepare(
    'INSERT INTO control_ids (dedupe_key, message_id, sequence) VALUES (?, ?, ?)',
  );
  const insertMessage = sql.prepare(
    `INSERT INTO messages (message_id, sender, control_id, kind, state, digest, received_at,
       mapping_revision, stay_id, first_position, last_position, warnings, answer, raw)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING sequence`,
  );
  const insertRejected = sql.prepare(
    `INSERT INTO messages (message_id, sender, control_id, kind, state, digest, received_at, error_code, error, answer, raw)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING sequence`,
  );
  const insertUnmapped = sql.prepare(
    'INSERT INTO unmapped_codes (message_sequence, ordinal, code_table, code, path) VALUES (?, ?, ?, ?, ?)',
  );
  const deleteUnmapped = sql.prepare('DELETE FROM unmapped_codes WHERE message_sequence = ?');
  const toldColumns = `SELECT sequence, stay_id AS "stayId", first_position AS "firstPosition",
    last_position AS "lastPosition" FROM messages`;
  const parkedRow = sql.prepare(`${toldColumns} WHERE message_id = ? AND state = 'parked'`);
  const placedRow = sql.prepare(
    `${toldColumns} WHERE sequence = ? AND message_id = ? AND state IN ('accepted', 'parked')`,
  );
  const factsBetween = sql.prepare(
    `SELECT body ->> 'id' AS id, type FROM events WHERE position BETWEEN ? AND ? AND stream = ?
     ORDER BY position`,
  );
  const updateTranslation = sql.prepare(
    `UPDATE messages SET state = ?, mapping_revision = ?, first_position = ?, last_position = ?
     WHERE message_id = ? AND sequence = ?`,
  );
  const accepted = senderTally(sql);

  function* addEvents(stay: Stay, bodies: readonly PreparedBody[]): Step<Span> {
    const { stayId: streamId, processId: lane } = stay;
    const add = ({ id, type, body }: PreparedBody, index: number): Step<number> =>
      events.add(
        { streamId, id, type, body, lane, alsoStream: undefined },
        index === bodies.length - 1,
      );
    const [only] = bodies;
    if (only === undefined) return nowhere;
    if (bodies.length === 1) {
      const position = yield* add(only, 0);
      return [position, position];
    }
    const positions = yield* sql.together(bodies.map(add));
    return [positions[0] ?? null, positions.at(-1) ?? null];
  }

  function* addUnmapped(sequence: number, codes: readonly Unmapped[]): Step<void> {
    yield* sql.together(
      codes.map(({ table, code, path }, ordinal) =>
        insertUnmapped.run(sequence, ordinal, table, code, path),
      ),
    );
  }

  /** A case that is not the sender's to speak of is answered as one that is not there. */
  function* mayBeSpokenOf(
    stay: StayKey | CaseKey,
    onlyIfSentTo: readonly string[] | undefined,
    known: Stay | undefined,
  ): Step<boolean> {
    if (onlyIfSentTo === undefined) return stay.by === 'visit' || known !== undefined;
    if (known === undefined) return false;
    for (const one of onlyIfSentTo) if (yield* stays.hasBeenSent(known, one)) return true;
    return false;
  }

  function* record(message: PreparedMessage): Step<RecordOutcome> {
    const { sender, sequence, stay: key, patient, toldAt } = message;
    const [bound, known] = yield* both(
      sql,
      boundTo.get<Bound>(message.dedupeKey),
      key ? stays.find(key) : nothing(),
    );
    if (bound) {
      return Buffer.compare(bound.digest, message.digest) === 0
        ? { outcome: 'duplicate', answer: bound.answer }
        : { outcome: 'reused' };
    }
    const expected = sequence === undefined ? undefined : yield* numbers.check(sender, sequence);
    if (expected !== undefined) return { outcome: 'out-of-sequence', expected };
    if (key && !(yield* mayBeSpokenOf(key, message.onlyIfSentTo, known)))
      return { outcome: 'unknown-case' };
    if (message.resources.length > 0 && !(yield* resources.areAsRead(sender, message.resources)))
      return { outcome: 'stale-resource' };
    if (message.decided && (yield* streams.append(message.decided)) === 'stale')
      return { outcome: 'stale-stream' };
    if (known) yield* sql.alone(streamName(known.stayId));
    const speaks = message.events.length > 0 || message.unmapped.length > 0;
    const begun =
      !known && speaks && key?.by === 'visit'
        ? yield* stays.add(key, sender, patient, toldAt)
        : undefined;
    const stay = known ?? begun;
    assert(stay ?? message.events.length === 0, 'a message with events names its stay');
    const kept = known && patient ? yield* stays.keepPatient(known, patient, toldAt) : known;
    const [first, last] = stay ? yield* addEvents(stay, message.events) : nowhere;
    const taken = kept === known ? begun : kept;
    if (taken) yield* persons.catchUp(taken);
    for (const person of message.persons) yield* persons.tell(person, toldAt);
    for (const move of message.moved) yield* persons.move(move, sender, toldAt);
    const parked = message.unmapped.length > 0;
    const place = sequenceOf(
      yield* insertMessage.get<Numbered>(
        message.messageId,
        sender,
        message.controlId,
        message.kind,
        parked ? 'parked' : 'accepted',
        message.digest,
        message.receivedAt,
        message.mappingRevision,
        stay?.stayId ?? null,
        first,
        last,
        message.warnings,
        message.answer,
        message.raw,
      ),
    );
    yield* bind.run(message.dedupeKey, message.messageId, place);
    if (parked) yield* addUnmapped(place, message.unmapped);
    for (const resource of message.resources) {
      yield* resources.put(sender, resource, message.receivedAt, message.mappingRevision);
    }
    if (sequence !== undefined) yield* numbers.accept(sender, sequence);
    accepted.add(sender, message.receivedAt, begun !== undefined);
    return { outcome: 'recorded', parked, place };
  }

  /** All of them or none: a savepoint inside the transaction of the group. */
  function* recordTogether(together: readonly PreparedMessage[]): Step<RecordTogetherOutcome> {
    const back = [accepted.hold(), events.hold()];
    const result = yield* sql.savepoint(recordEach(together), isRecorded);
    if (!isRecorded(result)) for (const goBack of back) goBack();
    return result;
  }

  function* recordEach(together: readonly PreparedMessage[]): Step<RecordTogetherOutcome> {
    const each: Extract<RecordTogetherOutcome, { outcome: 'recorded' }>['each'][number][] = [];
    for (const [index, message] of together.entries()) {
      const outcome = yield* record(message);
      if (outcome.outcome !== 'recorded' && outcome.outcome !== 'duplicate')
        return { outcome: 'refused', index, because: outcome };
      each.push(outcome);
    }
    return { outcome: 'recorded', each };
  }

  function* reject(message: RejectedMessage): Step<void> {
    const state = refusedState(message);
    const sequence = sequenceOf(
      yield* insertRejected.get<Numbered>(
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
      ),
    );
    yield* refused.keep(state, sequence, message.raw.length);
  }

  interface Earlier {
    readonly row: ToldRow;
    readonly facts: readonly { readonly id: string; readonly type: string }[];
  }

  /** A message as it stands; undefined where it is not, or is not as the change takes it to be. */
  function* earlierOf({ messageId, planned }: PreparedRetranslation): Step<Earlier | undefined> {
    const row = planned
      ? yield* placedRow.get<ToldRow>(planned.place, messageId)
      : yield* parkedRow.get<ToldRow>(messageId);
    if (!row) return undefined;
    const { firstPosition, lastPosition, stayId } = row;
    const facts =
      stayId !== null && firstPosition !== null
        ? yield* factsBetween.all<Earlier['facts'][number]>(firstPosition, lastPosition, stayId)
        : [];
    const isAsPlanned = !planned || planned.facts.join() === facts.map(({ id }) => id).join();
    return isAsPlanned ? { row, facts } : undefined;
  }

  /** Each new event names what it replaces. One that comes out as it was (same id) stays as it is. */
  function* retranslate(change: PreparedRetranslation, { row, facts }: Earlier): Step<void> {
    const stay = row.stayId === null ? undefined : yield* stays.byId(row.stayId);
    const { fresh } = supersession(facts, change.events);
    assert(stay ?? fresh.length === 0, 'a message with events names its stay');
    const bodies = fresh.map(({ fact, replaces }) => replacing(fact, replaces));
    const [first, last] = stay ? yield* addEvents(stay, bodies) : nowhere;
    yield* updateTranslation.run(
      change.unmapped.length > 0 ? 'parked' : 'accepted',
      change.mappingRevision,
      first ?? row.firstPosition,
      last ?? row.lastPosition,
      change.messageId,
      row.sequence,
    );
    yield* deleteUnmapped.run(row.sequence);
    yield* addUnmapped(row.sequence, change.unmapped);
  }

  function* retranslateAll(
    changes: readonly PreparedRetranslation[],
  ): Step<'retranslated' | 'stale'> {
    const earlier = yield* sql.together(changes.map(earlierOf));
    if (changes.some(({ planned }, index) => planned && !earlier[index])) return 'stale';
    for (const [index, change] of changes.entries()) {
      const stands = earlier[index];
      if (stands) yield* retranslate(change, stands);
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
    finish: () => accepted.finish(),
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

/** First and last position. */
type Span = readonly [number | null, number | null];
const nowhere: Span = [null, null];

interface Numbered {
  readonly sequence: number;
}
function sequenceOf(row: Numbered | undefined): number {
  assert(row, 'a message that was written has a number');
  return row.sequence;
}

function isRecorded({ outcome }: RecordTogetherOutcome): boolean {
  return outcome === 'recorded';
}

/** A stranger's message is kept apart. */
export function refusedState({ errorCode }: Pick<RejectedMessage, 'errorCode'>): RefusedState {
  return errorCode === 'unknown-sender' ? 'quarantined' : 'rejected';
}

function* nothing(): Step<undefined> {}

/** Counts what each sender had accepted, and the processes that began with it, once a group. */
function senderTally(sql: Sql) {
  const add = sql.prepare(
    `INSERT INTO senders (sender, accepted, last_at, processes) VALUES (?, ?, ?, ?)
     ON CONFLICT (sender) DO UPDATE SET accepted = senders.accepted + excluded.accepted,
       last_at = CASE WHEN excluded.last_at > senders.last_at
         THEN excluded.last_at ELSE senders.last_at END,
       processes = senders.processes + excluded.processes`,
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
    *finish(): Step<void> {
      for (const [sender, { accepted, lastAt, processes }] of tally) {
        yield* add.run(sender, accepted, lastAt, processes);
      }
      tally.clear();
    },
    forget: () => tally.clear(),
  };
}
