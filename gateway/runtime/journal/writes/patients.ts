/** Persons: the numbers they are known by, who they are, and what was told of them before a stay of theirs was known. */
import { newId } from '../../ids.ts';
import type { Sql, Step } from '../sql.ts';

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
  ownerOf(numbers: readonly PreparedNumber[]): Step<string | undefined>;
  isAsKnown(patientKey: string, patient: PreparedPatient): Step<boolean>;
  /**
   * Whether the numbers must be somebody else's: none of them is the person's, and one is of an authority that has given the
   * person another. A number of a new authority is one more number of the same person.
   */
  isSomebodyElse(patientKey: string, patient: PreparedPatient): Step<boolean>;
  /** A person of whom only the numbers are kept. @returns the person's key */
  begin(numbers: readonly PreparedNumber[]): Step<string>;
  /** Name, address and numbers as told, unless they were told otherwise later. */
  keep(patientKey: string, patient: PreparedPatient, toldAt: string): Step<void>;
  /**
   * Everybody who has one of the earlier numbers is one person from now on, with whoever has the numbers of `patient`;
   * stays and numbers follow. A person that nobody has told of is kept, for a stay of theirs may be told later.
   * @returns the person's key
   */
  merge(
    patient: PreparedPatient,
    earlierNumbers: readonly PreparedNumber[],
    toldAt: string,
  ): Step<string>;
}

export function patientWrites(sql: Sql): Patients {
  const ownerOfNumber = sql.prepare(
    'SELECT patient_key AS "patientKey" FROM identifiers WHERE authority = ? AND value = ?',
  );
  const numbersOf = sql.prepare('SELECT authority, value FROM identifiers WHERE patient_key = ?');
  const insertNumber = sql.prepare(
    'INSERT INTO identifiers (authority, value, patient_key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const identityOf = sql.prepare(
    'SELECT identity, told_at AS "toldAt" FROM identities WHERE patient_key = ?',
  );
  const writeIdentity = sql.prepare(
    `INSERT INTO identities (patient_key, identity, told_at) VALUES (?, ?, ?)
     ON CONFLICT (patient_key) DO UPDATE SET identity = excluded.identity, told_at = excluded.told_at`,
  );
  const moveNumbers = sql.prepare('UPDATE identifiers SET patient_key = ?1 WHERE patient_key = ?2');
  const moveStays = sql.prepare('UPDATE stays SET patient_key = ?1 WHERE patient_key = ?2');
  const moveFacts = sql.prepare('UPDATE person_facts SET patient_key = ?1 WHERE patient_key = ?2');
  const dropIdentity = sql.prepare('DELETE FROM identities WHERE patient_key = ?');

  function* ownerOfOne({ authority, value }: PreparedNumber): Step<string | undefined> {
    const owner = yield* ownerOfNumber.get<{ patientKey: string }>(authority, value);
    return owner?.patientKey;
  }

  function* ownerOf(numbers: readonly PreparedNumber[]): Step<string | undefined> {
    for (const number of numbers) {
      const owner = yield* ownerOfOne(number);
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  function* addNumbers(patientKey: string, numbers: readonly PreparedNumber[]): Step<void> {
    yield* sql.together(
      numbers.map(({ authority, value }) => insertNumber.run(authority, value, patientKey)),
    );
  }

  function* keep(patientKey: string, patient: PreparedPatient, toldAt: string): Step<void> {
    const known = yield* identityOf.get<{ identity: string; toldAt: string }>(patientKey);
    if (known?.identity === patient.identity) return;
    if (known === undefined || toldAt >= known.toldAt) {
      yield* writeIdentity.run(patientKey, patient.identity, toldAt);
    }
    yield* addNumbers(patientKey, patient.numbers);
  }

  function* absorb(key: string, other: string): Step<void> {
    yield* sql.together([
      moveStays.run(key, other),
      moveNumbers.run(key, other),
      moveFacts.run(key, other),
      dropIdentity.run(other),
    ]);
  }

  return {
    ownerOf,
    *isAsKnown(patientKey, patient) {
      const known = yield* identityOf.get<{ identity: string }>(patientKey);
      return known?.identity === patient.identity;
    },
    *isSomebodyElse(patientKey, { numbers }) {
      const known = yield* numbersOf.all<PreparedNumber>(patientKey);
      const isKnown = (one: PreparedNumber): boolean =>
        known.some(({ authority, value }) => authority === one.authority && value === one.value);
      const authorities = new Set(known.map(({ authority }) => authority));
      return !numbers.some(isKnown) && numbers.some(({ authority }) => authorities.has(authority));
    },
    *begin(numbers) {
      const key = newId();
      yield* addNumbers(key, numbers);
      return key;
    },
    keep,
    *merge(patient, earlierNumbers, toldAt) {
      const owners = yield* sql.together(earlierNumbers.map(ownerOfOne));
      const earlier = new Set(owners.filter((owner) => owner !== undefined));
      const key = (yield* ownerOf(patient.numbers)) ?? [...earlier][0] ?? newId();
      for (const other of earlier) if (other !== key) yield* absorb(key, other);
      yield* keep(key, patient, toldAt);
      yield* addNumbers(key, earlierNumbers);
      return key;
    },
  };
}
