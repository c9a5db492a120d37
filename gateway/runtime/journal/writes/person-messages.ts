/** What a message says of persons: every stay of theirs gets the facts, also one that becomes known later. */
import { idOf } from '../../../process/ids.ts';
import type { StayKey } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import type { EventLog } from './events.ts';
import type { Patients, PreparedNumber, PreparedPatient } from './patients.ts';
import type { PreparedBody } from './messages.ts';
import type { Stay, StayWrites } from './stays.ts';

export interface PreparedPerson {
  readonly patient: PreparedPatient;
  readonly earlierNumbers: readonly PreparedNumber[];
  readonly events: readonly PreparedBody[];
  /** The person is told to have protected identity. */
  readonly isProtected: boolean;
}
export interface PreparedMove {
  readonly stay: StayKey;
  readonly patient: PreparedPatient;
  readonly events: readonly PreparedBody[];
}

export interface PersonMessages {
  tell(person: PreparedPerson, toldAt: string): Step<void>;
  move(move: PreparedMove, sender: string, toldAt: string): Step<void>;
  /** Adds what was told of the person, to a stay that is theirs from now on. What the stay itself says later holds over it. */
  catchUp(stay: Stay): Step<void>;
}

export function personMessages(
  sql: Sql,
  events: EventLog,
  stays: StayWrites,
  patients: Patients,
): PersonMessages {
  const insertFact = sql.prepare(
    'INSERT INTO person_facts (patient_key, told_at, type, body) VALUES (?, ?, ?, ?)',
  );
  const newestFacts = sql.prepare(
    `SELECT type, body FROM person_facts WHERE patient_key = ?
     ORDER BY told_at DESC, number DESC LIMIT 100`,
  );
  const hasEvent = sql.prepare(`SELECT 1 FROM events WHERE stream = ? AND body ->> 'id' = ?`);

  /**
   * One fact in several streams is several events: each has an id of its own, and stands there once.
   * @param of whose the fact is; what is told of a person is caused by that fact, in each of their stays
   */
  function* add(
    { stayId: streamId, processId: lane }: Stay,
    { type, body }: Told,
    of: 'person' | 'stay',
  ): Step<void> {
    const event: { id: string } = JSON.parse(body);
    const id = idOf(`person|${event.id}|${streamId}`);
    if ((yield* hasEvent.get(streamId, id)) !== undefined) return;
    const own = { ...event, id, ...(of === 'person' && { causationId: event.id }) };
    yield* events.add({
      streamId,
      id,
      type,
      body: JSON.stringify(own),
      lane,
      alsoStream: undefined,
    });
  }

  function* catchUp(stay: Stay): Step<void> {
    const facts = yield* newestFacts.all<Told>(stay.patientKey);
    for (const fact of facts.toReversed()) yield* add(stay, fact, 'person');
  }

  return {
    catchUp,
    *tell({ patient, earlierNumbers, events: told, isProtected }, toldAt) {
      const isMerge = earlierNumbers.length > 0;
      const known = yield* patients.ownerOf(patient.numbers);
      // Of somebody without a stay nothing is kept, but that they are protected: their first stay may not say so.
      if (!isMerge && known === undefined && !isProtected) return;
      const key = isMerge
        ? yield* patients.merge(patient, earlierNumbers, toldAt)
        : (known ?? (yield* patients.begin(patient.numbers)));
      if (known !== undefined && !isMerge) yield* patients.keep(known, patient, toldAt);
      for (const { type, body } of told) yield* insertFact.run(key, toldAt, type, body);
      for (const stay of yield* stays.ofPatient(key)) {
        // What is known of the one is known of the other, from now on.
        if (isMerge) yield* catchUp(stay);
        else for (const fact of told) yield* add(stay, fact, 'person');
      }
    },
    *move({ stay: key, patient, events: told }, sender, toldAt) {
      const known = yield* stays.find(key);
      const stay = known
        ? yield* stays.keepPatient(known, patient, toldAt)
        : yield* stays.add(key, sender, patient, toldAt);
      if (stay !== known) yield* catchUp(stay);
      for (const fact of told) yield* add(stay, fact, 'stay');
    },
  };
}

type Told = Pick<PreparedBody, 'type' | 'body'>;
