/** What a message says of persons: every stay of theirs gets the facts, also one that becomes known later. */
import { idOf } from '../../../process/ids.ts';
import type { Database } from '../connection.ts';
import type { StayKey } from '../journal.ts';
import type { EventLog } from './events.ts';
import type { Patients, PreparedNumber, PreparedPatient } from './patients.ts';
import type { PreparedBody } from './messages.ts';
import type { Stay, StayWrites } from './stays.ts';

export interface PreparedPerson {
  readonly patient: PreparedPatient;
  readonly earlierNumbers: readonly PreparedNumber[];
  readonly events: readonly PreparedBody[];
}
export interface PreparedMove {
  readonly stay: StayKey;
  readonly patient: PreparedPatient;
  readonly events: readonly PreparedBody[];
}

export interface PersonMessages {
  tell(person: PreparedPerson, toldAt: string): void;
  move(move: PreparedMove, sender: string, toldAt: string): void;
  /** Adds what was told of the person after the message that a new stay begins with. */
  catchUp(stay: Stay, toldAt: string): void;
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
  const laterFacts = db.prepare(
    `SELECT type, body FROM person_facts WHERE patient_key = ? AND told_at > ?
     ORDER BY told_at, rowid LIMIT 100`,
  );

  /** One fact in several streams is several events: each has an id of its own. */
  function add({ stayId: streamId, processId: lane }: Stay, { type, body }: Told): void {
    const event: { id: string } = JSON.parse(body);
    const own = { ...event, id: idOf(`person|${event.id}|${streamId}`) };
    events.add({ streamId, type, body: JSON.stringify(own), lane, alsoStream: undefined });
  }

  function catchUp(stay: Stay, toldAt: string): void {
    const facts: Told[] = laterFacts.all(stay.patientKey, toldAt);
    for (const fact of facts) add(stay, fact);
  }

  return {
    catchUp,
    tell({ patient, earlierNumbers, events: told }, toldAt) {
      const isMerge = earlierNumbers.length > 0;
      const key = isMerge
        ? patients.merge(patient, earlierNumbers, toldAt)
        : patients.ownerOf(patient.numbers);
      if (key === undefined) return; // nobody we know: nothing to keep
      if (!isMerge) patients.keep(key, patient, toldAt);
      for (const { type, body } of told) insertFact.run(key, toldAt, type, body);
      for (const stay of stays.ofPatient(key)) for (const fact of told) add(stay, fact);
    },
    move({ stay: key, patient, events: told }, sender, toldAt) {
      const known = stays.find(key);
      if (known) stays.keepPatient(known, patient, toldAt);
      const stay = known ?? stays.add(key, sender, patient, toldAt);
      if (!known) catchUp(stay, toldAt);
      for (const fact of told) add(stay, fact);
    },
  };
}

type Told = Pick<PreparedBody, 'type' | 'body'>;
