/** Stays, the processes they are linked to, and whose they are. */
import { newId } from '../../ids.ts';
import type { Database } from '../embedded/connection.ts';
import type { CaseKey, StayKey } from '../journal.ts';
import type { Patients, PreparedPatient } from './patients.ts';

export interface Stay {
  readonly stayId: string;
  readonly processId: string;
  readonly patientKey: string;
}

export interface StayWrites {
  find(key: StayKey | CaseKey): Stay | undefined;
  byId(stayId: string): Stay | undefined;
  /** Whether the receiver was sent a notice of the stay's case. */
  hasBeenSent(stay: Stay, receiver: string): boolean;
  /** A new stay in a process of its own; the patient is known if one of the numbers is. */
  add(key: StayKey, sender: string, patient: PreparedPatient | undefined, toldAt: string): Stay;
  /**
   * The patient as a message about the stay states it. A message is a snapshot, so the one told last holds, and where its
   * numbers are another known person's the stay is that person's.
   * @returns the stay given where it is the same person's as before
   */
  keepPatient(stay: Stay, patient: PreparedPatient, toldAt: string): Stay;
  /** The newest stays of a person, no more than a hundred. */
  ofPatient(patientKey: string): readonly Stay[];
  link(stayId: string, linkedStayId: string): void;
  /** Back to the process it had of its own before it was linked. */
  unlink(linkedStayId: string): void;
}

const columns = 'stay_id AS stayId, process_id AS processId, patient_key AS patientKey';

export function stayWrites(db: Database, patients: Patients): StayWrites {
  const byVisit = db.prepare(`SELECT ${columns} FROM stays WHERE authority = ? AND number = ?`);
  const byCase = db.prepare(
    `SELECT ${columns} FROM stays WHERE process_id = ? ORDER BY stay_id DESC LIMIT 1`,
  );
  const byId = db.prepare(`SELECT ${columns} FROM stays WHERE stay_id = ?`);
  const newestOf = db.prepare(
    `SELECT ${columns} FROM stays WHERE patient_key = ? ORDER BY stay_id DESC LIMIT 100`,
  );
  const sentTo = db.prepare(
    `SELECT 1 FROM stays AS s JOIN deliveries AS d ON d.stream = s.stay_id
     WHERE s.process_id = ? AND d.receiver = ? AND d.first_attempt_at IS NOT NULL LIMIT 1`,
  );
  const insertStay = db.prepare(
    `INSERT INTO stays (stay_id, authority, number, process_id, patient_key, sender)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const setProcess = db.prepare('UPDATE stays SET process_id = ? WHERE stay_id = ?');
  const setPatient = db.prepare('UPDATE stays SET patient_key = ? WHERE stay_id = ?');
  const keepName = db.prepare(
    'INSERT INTO former_processes (process_id, stay_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const byFormerCase = db.prepare(
    `SELECT s.stay_id AS stayId, s.process_id AS processId, s.patient_key AS patientKey
     FROM former_processes AS f JOIN stays AS s USING (stay_id) WHERE f.process_id = ?`,
  );
  const ownProcess = db.prepare(
    'SELECT process_id AS processId FROM former_processes WHERE stay_id = ?',
  );
  // What is told of a person is caused by that fact, not by the message: it does not say whose the stay is.
  const lastTold = db.prepare(
    `SELECT max(body ->> '$.sentAt') AS at FROM events
     WHERE stream = ? AND body ->> '$.causationId' = body ->> '$.source.messageId'`,
  );

  /** Whether nothing that was told later is known of the stay. Read only where a message differs from what is known. */
  function isNews(stayId: string, toldAt: string): boolean {
    const last: { at: string | null } = lastTold.get(stayId);
    return last.at === null || toldAt >= last.at;
  }

  return {
    find(key) {
      return key.by === 'visit'
        ? byVisit.get(key.authority, key.number)
        : (byCase.get(key.caseReference) ?? byFormerCase.get(key.caseReference));
    },
    byId: (stayId) => byId.get(stayId),
    hasBeenSent: ({ processId }, receiver) => sentTo.get(processId, receiver) !== undefined,
    add(key, sender, patient, toldAt) {
      const stayId = newId();
      const processId = newId();
      const patientKey = (patient && patients.ownerOf(patient.numbers)) ?? newId();
      insertStay.run(stayId, key.authority, key.number, processId, patientKey, sender);
      if (patient) patients.keep(patientKey, patient, toldAt);
      return { stayId, processId, patientKey };
    },
    keepPatient(stay, patient, toldAt) {
      const { stayId, patientKey } = stay;
      if (patients.isAsKnown(patientKey, patient) || !isNews(stayId, toldAt)) return stay;
      const isOther = patients.isSomebodyElse(patientKey, patient);
      const owner = patients.ownerOf(patient.numbers) ?? (isOther ? newId() : patientKey);
      if (owner !== patientKey) setPatient.run(owner, stayId);
      patients.keep(owner, patient, toldAt);
      return owner === patientKey ? stay : { ...stay, patientKey: owner };
    },
    ofPatient: (patientKey) => newestOf.all(patientKey),
    link(stayId, linkedStayId) {
      const [stay, linked]: (Stay | undefined)[] = [byId.get(stayId), byId.get(linkedStayId)];
      if (!stay || !linked || stay.processId === linked.processId) return;
      keepName.run(linked.processId, linkedStayId);
      setProcess.run(stay.processId, linkedStayId);
    },
    unlink(linkedStayId) {
      const own: { processId: string } | undefined = ownProcess.get(linkedStayId);
      setProcess.run(own?.processId ?? newId(), linkedStayId);
    },
  };
}
