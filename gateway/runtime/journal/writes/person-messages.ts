/** What a message says of persons: every stay of theirs gets the facts, also one that becomes known later. */
import { idOf } from '../../../process/ids.ts';
import type { Database } from '../embedded/connection.ts';
import type { StayKey } from '../journal.ts';
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
  tell(person: PreparedPerson, toldAt: string): void;
  move(move: PreparedMove, sender: string, toldAt: string): void;
  /** Adds what was told of the person, to a stay that is theirs from now on. What the stay itself says later holds over it. */
  catchUp(stay: Stay): void;
}

export function personMessages(
  db: Database,
  events: EventLog,
  stays: StayWrites,
  patients: Patients,
): PersonMessages {
  const insertFact = db.prepare(
    'INSERT INTO person_facts (patient_key, told_at, type, body) VALUES (?, ?, ?, ?)',
  );
  const newestFacts = db.prepare(
    `SELECT type, body FROM person_facts WHERE patient_key = ?
     ORDER BY told_at DESC, rowid DESC LIMIT 100`,
  );
  const hasEvent = db.prepare(`SELECT 1 FROM events WHERE stream = ? AND body ->> '$.id' = ?`);

  /**
   * One fact in several streams is several events: each has an id of its own, and stands there once.
   * @param of whose the fact is; what is told of a person is caused by that fact, in each of their stays
   */
  function add(
    { stayId: streamId, processId: lane }: Stay,
    { type, body }: Told,
    of: 'person' | 'stay',
  ): void {
    const event: { id: string } = JSON.parse(body);
    const id = idOf(`person|${event.id}|${streamId}`);
    if (hasEvent.get(streamId, id) !== undefined) return;
    const own = { ...event, id, ...(of === 'person' && { causationId: event.id }) };
    events.add({ streamId, type, body: JSON.stringify(own), lane, alsoStream: undefined });
  }

  function catchUp(stay: Stay): void {
    const facts: Told[] = newestFacts.all(stay.patientKey);
    for (const fact of facts.toReversed()) add(stay, fact, 'person');
  }

  return {
    catchUp,
    tell({ patient, earlierNumbers, events: told, isProtected }, toldAt) {
      const isMerge = earlierNumbers.length > 0;
      const known = patients.ownerOf(patient.numbers);
      // Of somebody without a stay nothing is kept, but that they are protected: their first stay may not say so.
      if (!isMerge && known === undefined && !isProtected) return;
      const key = isMerge
        ? patients.merge(patient, earlierNumbers, toldAt)
        : (known ?? patients.begin(patient.numbers));
      if (known !== undefined && !isMerge) patients.keep(known, patient, toldAt);
      for (const { type, body } of told) insertFact.run(key, toldAt, type, body);
      for (const stay of stays.ofPatient(key)) {
        // What is known of the one is known of the other, from now on.
        if (isMerge) catchUp(stay);
        else for (const fact of told) add(stay, fact, 'person');
      }
    },
    move({ stay: key, patient, events: told }, sender, toldAt) {
      const known = stays.find(key);
      const stay = known
        ? stays.keepPatient(known, patient, toldAt)
        : stays.add(key, sender, patient, toldAt);
      if (stay !== known) catchUp(stay);
      for (const fact of told) add(stay, fact, 'stay');
    },
  };
}

type Told = Pick<PreparedBody, 'type' | 'body'>;
