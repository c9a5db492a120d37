/** Persons: the numbers they are known by, who they are, and what was told of them before a stay of theirs was known. */
import { newId } from '../../ids.ts';
import type { Database } from '../embedded/connection.ts';

export interface PreparedNumber {
  readonly authority: string;
  readonly value: string;
}
/** Who the patient is: the identity as JSON, and the numbers in it that are not empty, the surest first. */
export interface PreparedPatient {
  readonly identity: string;
  readonly numbers: readonly PreparedNumber[];
}

export interface Patients {
  /** Who has one of the numbers: of several persons, whose the surest is. */
  ownerOf(numbers: readonly PreparedNumber[]): string | undefined;
  isAsKnown(patientKey: string, patient: PreparedPatient): boolean;
  /**
   * Whether the numbers must be somebody else's: none of them is the person's, and one is of an authority that has given the
   * person another. A number of a new authority is one more number of the same person.
   */
  isSomebodyElse(patientKey: string, patient: PreparedPatient): boolean;
  /** A person of whom only the numbers are kept. @returns the person's key */
  begin(numbers: readonly PreparedNumber[]): string;
  /** Name, address and numbers as told, unless they were told otherwise later. */
  keep(patientKey: string, patient: PreparedPatient, toldAt: string): void;
  /**
   * Everybody who has one of the earlier numbers is one person from now on, with whoever has the numbers of `patient`;
   * stays and numbers follow. A person that nobody has told of is kept, for a stay of theirs may be told later.
   * @returns the person's key
   */
  merge(
    patient: PreparedPatient,
    earlierNumbers: readonly PreparedNumber[],
    toldAt: string,
  ): string;
}

export function patientWrites(db: Database): Patients {
  const ownerOfNumber = db.prepare(
    'SELECT patient_key AS patientKey FROM identifiers WHERE authority = ? AND value = ?',
  );
  const numbersOf = db.prepare('SELECT authority, value FROM identifiers WHERE patient_key = ?');
  const insertNumber = db.prepare(
    'INSERT INTO identifiers (authority, value, patient_key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const identityOf = db.prepare(
    'SELECT identity, told_at AS toldAt FROM identities WHERE patient_key = ?',
  );
  const writeIdentity = db.prepare(
    `INSERT INTO identities (patient_key, identity, told_at) VALUES (?, ?, ?)
     ON CONFLICT (patient_key) DO UPDATE SET identity = excluded.identity, told_at = excluded.told_at`,
  );
  const moveNumbers = db.prepare('UPDATE identifiers SET patient_key = ?1 WHERE patient_key = ?2');
  const moveStays = db.prepare('UPDATE stays SET patient_key = ?1 WHERE patient_key = ?2');
  const moveFacts = db.prepare('UPDATE person_facts SET patient_key = ?1 WHERE patient_key = ?2');
  const dropIdentity = db.prepare('DELETE FROM identities WHERE patient_key = ?');

  function ownerOf(numbers: readonly PreparedNumber[]): string | undefined {
    for (const { authority, value } of numbers) {
      const owner: { patientKey: string } | undefined = ownerOfNumber.get(authority, value);
      if (owner) return owner.patientKey;
    }
    return undefined;
  }

  function addNumbers(patientKey: string, numbers: readonly PreparedNumber[]): void {
    for (const { authority, value } of numbers) insertNumber.run(authority, value, patientKey);
  }

  function keep(patientKey: string, patient: PreparedPatient, toldAt: string): void {
    const known: { identity: string; toldAt: string } | undefined = identityOf.get(patientKey);
    if (known?.identity === patient.identity) return;
    if (known === undefined || toldAt >= known.toldAt) {
      writeIdentity.run(patientKey, patient.identity, toldAt);
    }
    addNumbers(patientKey, patient.numbers);
  }

  return {
    ownerOf,
    isAsKnown(patientKey, patient) {
      const known: { identity: string } | undefined = identityOf.get(patientKey);
      return known?.identity === patient.identity;
    },
    isSomebodyElse(patientKey, { numbers }) {
      const known: PreparedNumber[] = numbersOf.all(patientKey);
      const isKnown = (one: PreparedNumber): boolean =>
        known.some(({ authority, value }) => authority === one.authority && value === one.value);
      const authorities = new Set(known.map(({ authority }) => authority));
      return !numbers.some(isKnown) && numbers.some(({ authority }) => authorities.has(authority));
    },
    begin(numbers) {
      const key = newId();
      addNumbers(key, numbers);
      return key;
    },
    keep,
    merge(patient, earlierNumbers, toldAt) {
      const earlier = new Set<string>();
      for (const number of earlierNumbers) {
        const owner = ownerOf([number]);
        if (owner !== undefined) earlier.add(owner);
      }
      const key = ownerOf(patient.numbers) ?? [...earlier][0] ?? newId();
      for (const other of earlier) {
        if (other === key) continue;
        moveStays.run(key, other);
        moveNumbers.run(key, other);
        moveFacts.run(key, other);
        dropIdentity.run(other);
      }
      keep(key, patient, toldAt);
      addNumbers(key, earlierNumbers);
      return key;
    },
  };
}
