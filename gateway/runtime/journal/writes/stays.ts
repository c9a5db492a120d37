/** Stays, the processes they are linked to, and whose they are. */
import { newId } from '../../ids.ts';
import type { Database } from '../connection.ts';
import type { CaseKey, StayKey } from '../journal.ts';

export interface Stay {
  readonly stayId: string;
  readonly processId: string;
  readonly patientKey: string;
}

/** Who the patient is: the identity as JSON, and the numbers in it that are not empty. */
export interface PreparedPatient {
  readonly identity: string;
  readonly numbers: readonly { readonly authority: string; readonly value: string }[];
}

export interface StayWrites {
  find(key: StayKey | CaseKey): Stay | undefined;
  byId(stayId: string): Stay | undefined;
  /** A new stay in a process of its own; the patient is known if one of the numbers is. */
  add(key: StayKey, sender: string, patient: PreparedPatient | undefined): Stay;
  /** The patient as the latest message states it: a message is a snapshot, so it replaces the one before. */
  keepIdentity(patientKey: string, patient: PreparedPatient): void;
  link(stayId: string, linkedStayId: string): void;
  unlink(linkedStayId: string): void;
}

const columns = 'stay_id AS stayId, process_id AS processId, patient_key AS patientKey';

export function stayWrites(db: Database): StayWrites {
  const byVisit = db.prepare(`SELECT ${columns} FROM stays WHERE authority = ? AND number = ?`);
  const byCase = db.prepare(
    `SELECT ${columns} FROM stays WHERE process_id = ? ORDER BY stay_id DESC LIMIT 1`,
  );
  const byId = db.prepare(`SELECT ${columns} FROM stays WHERE stay_id = ?`);
  const insertStay = db.prepare(
    `INSERT INTO stays (stay_id, authority, number, process_id, patient_key, sender)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const ownerOf = db.prepare(
    'SELECT patient_key AS patientKey FROM identifiers WHERE authority = ? AND value = ?',
  );
  const insertNumber = db.prepare(
    'INSERT INTO identifiers (authority, value, patient_key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const identityOf = db.prepare('SELECT identity FROM identities WHERE patient_key = ?');
  const writeIdentity = db.prepare(
    `INSERT INTO identities (patient_key, identity) VALUES (?, ?)
     ON CONFLICT (patient_key) DO UPDATE SET identity = excluded.identity`,
  );
  const setProcess = db.prepare('UPDATE stays SET process_id = ? WHERE stay_id = ?');

  function knownPatient(patient: PreparedPatient | undefined): string | undefined {
    for (const { authority, value } of patient?.numbers ?? []) {
      const owner: { patientKey: string } | undefined = ownerOf.get(authority, value);
      if (owner) return owner.patientKey;
    }
    return undefined;
  }

  return {
    find(key) {
      return key.by === 'visit'
        ? byVisit.get(key.authority, key.number)
        : byCase.get(key.caseReference);
    },
    byId: (stayId) => byId.get(stayId),
    add(key, sender, patient) {
      const stayId = newId();
      const processId = newId();
      const patientKey = knownPatient(patient) ?? newId();
      insertStay.run(stayId, key.authority, key.number, processId, patientKey, sender);
      return { stayId, processId, patientKey };
    },
    keepIdentity(patientKey, patient) {
      const stored: { identity: string } | undefined = identityOf.get(patientKey);
      if (stored?.identity === patient.identity) return;
      writeIdentity.run(patientKey, patient.identity);
      for (const { authority, value } of patient.numbers) {
        insertNumber.run(authority, value, patientKey);
      }
    },
    link(stayId, linkedStayId) {
      const stay: Stay | undefined = byId.get(stayId);
      if (stay) setProcess.run(stay.processId, linkedStayId);
    },
    unlink(linkedStayId) {
      setProcess.run(newId(), linkedStayId);
    },
  };
}
