/** Stays, the processes they are linked to, and whose they are. */
import { newId } from '../../ids.ts';
import type { CaseKey, StayKey } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import type { Patients, PreparedPatient } from './patients.ts';

export interface Stay {
  readonly stayId: string;
  readonly processId: string;
  readonly patientKey: string;
}

export interface StayWrites {
  find(key: StayKey | CaseKey): Step<Stay | undefined>;
  byId(stayId: string): Step<Stay | undefined>;
  /** Whether the receiver was sent a notice of the stay's case. */
  hasBeenSent(stay: Stay, receiver: string): Step<boolean>;
  /** A new stay in a process of its own; the patient is known if one of the numbers is. */
  add(
    key: StayKey,
    sender: string,
    patient: PreparedPatient | undefined,
    toldAt: string,
  ): Step<Stay>;
  /**
   * The patient as a message about the stay states it. A message is a snapshot, so the one told last holds, and where its
   * numbers are another known person's the stay is that person's.
   * @returns the stay given where it is the same person's as before
   */
  keepPatient(stay: Stay, patient: PreparedPatient, toldAt: string): Step<Stay>;
  /** The newest stays of a person, no more than a hundred. */
  ofPatient(patientKey: string): Step<readonly Stay[]>;
  link(stayId: string, linkedStayId: string): Step<void>;
  /** Back to the process it had of its own before it was linked. */
  unlink(linkedStayId: string): Step<void>;
}

const patientName = (patientKey: string): string => `patient|${patientKey}`;

const columns = 'stay_id AS "stayId", process_id AS "processId", patient_key AS "patientKey"';

export function stayWrites(sql: Sql, patients: Patients): StayWrites {
  const byVisit = sql.prepare(`SELECT ${columns} FROM stays WHERE authority = ? AND number = ?`);
  const byCase = sql.prepare(
    `SELECT ${columns} FROM stays WHERE process_id = ? ORDER BY stay_id DESC LIMIT 1`,
  );
  const byId = sql.prepare(`SELECT ${columns} FROM stays WHERE stay_id = ?`);
  const newestOf = sql.prepare(
    `SELECT ${columns} FROM stays WHERE patient_key = ? ORDER BY stay_id DESC LIMIT 100`,
  );
  const sentTo = sql.prepare(
    `SELECT 1 FROM stays AS s JOIN deliveries AS d ON d.stream = s.stay_id
     WHERE s.process_id = ? AND d.receiver = ? AND d.first_attempt_at IS NOT NULL LIMIT 1`,
  );
  const insertStay = sql.prepare(
    `INSERT INTO stays (stay_id, authority, number, process_id, patient_key, sender)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const setProcess = sql.prepare('UPDATE stays SET process_id = ? WHERE stay_id = ?');
  const setPatient = sql.prepare('UPDATE stays SET patient_key = ? WHERE stay_id = ?');
  const keepName = sql.prepare(
    'INSERT INTO former_processes (process_id, stay_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const byFormerCase = sql.prepare(
    `SELECT s.stay_id AS "stayId", s.process_id AS "processId", s.patient_key AS "patientKey"
     FROM former_processes AS f JOIN stays AS s USING (stay_id) WHERE f.process_id = ?`,
  );
  const ownProcess = sql.prepare(
    'SELECT process_id AS "processId" FROM former_processes WHERE stay_id = ?',
  );
  // What is told of a person is caused by that fact, not by the message: it does not say whose the stay is.
  const lastTold = sql.prepare(
    `SELECT max(body ->> 'sentAt') AS at FROM events
     WHERE stream = ? AND body ->> 'causationId' = body -> 'source' ->> 'messageId'`,
  );

  /** Whether nothing that was told later is known of the stay. Read only where a message differs from what is known. */
  function* isNews(stayId: string, toldAt: string): Step<boolean> {
    const last = yield* lastTold.get<{ at: string | null }>(stayId);
    const at = last?.at ?? null;
    return at === null || toldAt >= at;
  }

  return {
    *find(key) {
      if (key.by === 'visit') return yield* byVisit.get<Stay>(key.authority, key.number);
      const stay = yield* byCase.get<Stay>(key.caseReference);
      return stay ?? (yield* byFormerCase.get<Stay>(key.caseReference));
    },
    byId: (stayId) => byId.get<Stay>(stayId),
    *hasBeenSent({ processId }, receiver) {
      return (yield* sentTo.get(processId, receiver)) !== undefined;
    },
    *add(key, sender, patient, toldAt) {
      const stayId = newId();
      const processId = newId();
      const owner = patient && (yield* patients.ownerOf(patient.numbers));
      if (owner !== undefined) yield* sql.alone(patientName(owner));
      const patientKey = owner ?? newId();
      yield* insertStay.run(stayId, key.authority, key.number, processId, patientKey, sender);
      if (patient) yield* patients.keep(patientKey, patient, toldAt);
      return { stayId, processId, patientKey };
    },
    *keepPatient(stay, patient, toldAt) {
      const { stayId, patientKey } = stay;
      yield* sql.alone(patientName(patientKey));
      if (yield* patients.isAsKnown(patientKey, patient)) return stay;
      if (!(yield* isNews(stayId, toldAt))) return stay;
      const isOther = yield* patients.isSomebodyElse(patientKey, patient);
      const known = yield* patients.ownerOf(patient.numbers);
      const owner = known ?? (isOther ? newId() : patientKey);
      if (owner !== patientKey) {
        yield* sql.alone(patientName(owner));
        yield* setPatient.run(owner, stayId);
      }
      yield* patients.keep(owner, patient, toldAt);
      return owner === patientKey ? stay : { ...stay, patientKey: owner };
    },
    ofPatient: (patientKey) => newestOf.all<Stay>(patientKey),
    *link(stayId, linkedStayId) {
      const [stay, linked] = yield* sql.together([
        byId.get<Stay>(stayId),
        byId.get<Stay>(linkedStayId),
      ]);
      if (!stay || !linked || stay.processId === linked.processId) return;
      yield* keepName.run(linked.processId, linkedStayId);
      yield* setProcess.run(stay.processId, linkedStayId);
    },
    *unlink(linkedStayId) {
      const own = yield* ownProcess.get<{ processId: string }>(linkedStayId);
      yield* setProcess.run(own?.processId ?? newId(), linkedStayId);
    },
  };
}
