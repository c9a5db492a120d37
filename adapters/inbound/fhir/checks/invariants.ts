/**
 * The invariants of our profiles (`hg-…` in profiles/fhir/fsh/invariants.fsh) and those of R4 that time limits hang on, as
 * functions: what stands on the answer path evaluates no FHIRPath. A test holds each against its expression.
 */

interface Invariant {
  readonly holds: (value: unknown) => boolean;
  /** Element below the one that has the invariant, where that one is missing. */
  readonly at?: readonly string[];
}

const timeWithZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const hsaSystems: ReadonlySet<unknown> = new Set([
  'urn:oid:1.2.752.29.4.19',
  'urn:oid:1.2.752.129.2.1.4.1',
]);
const municipalitySystem = 'urn:oid:1.2.752.129.2.2.1.17';
const notBegun: ReadonlySet<unknown> = new Set([
  'planned',
  'cancelled',
  'entered-in-error',
  'unknown',
]);

export const invariants: Readonly<Record<string, Invariant>> = {
  'per-1': {
    holds: (period) => !isAfter(of(period, 'start'), of(period, 'end')),
  },
  'hg-time': { holds: (value) => typeof value !== 'string' || timeWithZone.test(value) },
  'hg-reference': {
    holds: (value) =>
      of(value, 'reference') !== undefined || of(of(value, 'identifier'), 'value') !== undefined,
  },
  'hg-hsa': {
    holds: (value) => {
      const identifier = of(value, 'identifier');
      return identifier === undefined || hsaSystems.has(of(identifier, 'system'));
    },
    at: ['identifier', 'system'],
  },
  'hg-begun': {
    holds: (stay) =>
      notBegun.has(of(stay, 'status')) || of(of(stay, 'period'), 'start') !== undefined,
    at: ['period', 'start'],
  },
  'hg-ended': {
    holds: (stay) =>
      of(stay, 'status') !== 'finished' || of(of(stay, 'period'), 'end') !== undefined,
    at: ['period', 'end'],
  },
  'hg-municipality': {
    holds: (extension) => {
      const coding = of(extension, 'valueCoding');
      const code = coding === undefined ? of(extension, 'valueCode') : of(coding, 'code');
      const isOurs = coding === undefined || of(coding, 'system') === municipalitySystem;
      return isOurs && typeof code === 'string' && /^\d{4}$/.test(code);
    },
    at: ['value'],
  },
  'hg-twelve-digits': {
    holds: (identifier) => {
      const value = of(identifier, 'value');
      return typeof value !== 'string' || /^\d{12}$/.test(value);
    },
    at: ['value'],
  },
  'hg-about-a-stay': {
    holds: (task) => of(task, 'encounter') !== undefined || of(task, 'focus') !== undefined,
    at: ['encounter'],
  },
  'hg-sent': {
    holds: (notice) => of(notice, 'status') !== 'completed' || of(notice, 'sent') !== undefined,
    at: ['sent'],
  },
  'hg-header-first': {
    holds: (bundle) => typesIn(bundle)[0] === 'MessageHeader',
    at: ['entry', '0', 'resource'],
  },
  'hg-provenance': { holds: (bundle) => typesIn(bundle).includes('Provenance'), at: ['entry'] },
  'hg-encounter': { holds: (bundle) => typesIn(bundle).includes('Encounter'), at: ['entry'] },
  'hg-patient': { holds: (bundle) => typesIn(bundle).includes('Patient'), at: ['entry'] },
  'hg-cancels': {
    holds: (provenance) =>
      !list(of(of(provenance, 'activity'), 'coding')).some((coding) =>
        String(of(coding, 'code')).startsWith('cancel-'),
      ) || list(of(provenance, 'entity')).some((entity) => of(entity, 'role') === 'removal'),
    at: ['entity'],
  },
  'hg-notice-earlier': {
    holds: (bundle) =>
      (!hasEvent(bundle, 'notice-corrected') || hasEntity(bundle, 'revision')) &&
      (!hasEvent(bundle, 'notice-withdrawn') || hasEntity(bundle, 'removal')) &&
      (!hasEvent(bundle, 'notice-reminded') || hasEntity(bundle, 'source')),
    at: ['entry'],
  },
  'hg-notice-change': {
    holds: (bundle) =>
      !hasEvent(bundle, 'notice-issued') ||
      !ofType(bundle, 'Provenance').some((provenance) =>
        codesOf(of(provenance, 'activity'), taskSystem).includes('discharge-estimate'),
      ) ||
      hasEntity(bundle, 'derivation'),
    at: ['entry'],
  },
  'hg-notice-withdrawn': {
    holds: (bundle) =>
      !(hasEvent(bundle, 'notice-withdrawn') || hasEvent(bundle, 'notice-reminded')) ||
      !ofType(bundle, 'Patient').some(isNamed),
    at: ['entry'],
  },
  'hg-availability': {
    holds: (observation) =>
      !codesOf(of(observation, 'code'), taskSystem).includes('outpatient-availability') ||
      codesOf(of(observation, 'valueCodeableConcept'), availabilitySystem).length > 0,
    at: ['value'],
  },
  'hg-stated-when': {
    holds: (observation) =>
      !isStatement(observation) ||
      ['DateTime', 'Period', 'Timing', 'Instant'].some(
        (type) => of(observation, `effective${type}`) !== undefined,
      ),
    at: ['effective'],
  },
  'hg-stated-of-a-stay': {
    holds: (observation) =>
      !isStatement(observation) ||
      of(observation, 'encounter') !== undefined ||
      list(of(observation, 'focus')).length > 0,
    at: ['encounter'],
  },
};

const taskSystem = 'http://hemgang.se/fhir/CodeSystem/discharge-process-task';
const caseSystem = 'http://hemgang.se/fhir/sid/case-reference';
const availabilitySystem = 'http://hemgang.se/fhir/CodeSystem/outpatient-availability';

/** The codes of a system that a CodeableConcept has. */
function codesOf(concept: unknown, system: string): readonly unknown[] {
  return list(of(concept, 'coding'))
    .filter((coding) => of(coding, 'system') === system)
    .map((coding) => of(coding, 'code'));
}

/** Whether an Observation states something of a discharge. */
function isStatement(observation: unknown): boolean {
  return codesOf(of(observation, 'code'), taskSystem).length > 0;
}

/** Keys of all that are functions here. */
export const compiledRules: ReadonlySet<string> = new Set(Object.keys(invariants));

/** Whether a message is of an event of ours. */
function hasEvent(bundle: unknown, code: string): boolean {
  return ofType(bundle, 'MessageHeader').some(
    (header) => of(of(header, 'eventCoding'), 'code') === code,
  );
}

function hasEntity(bundle: unknown, role: string): boolean {
  return ofType(bundle, 'Provenance').some((provenance) =>
    list(of(provenance, 'entity')).some((entity) => of(entity, 'role') === role),
  );
}

/** Whether a Patient says anything but our case reference. */
function isNamed(patient: unknown): boolean {
  return (
    ['name', 'address', 'deceasedBoolean', 'deceasedDateTime'].some(
      (element) => of(patient, element) !== undefined,
    ) || list(of(patient, 'identifier')).some((one) => of(one, 'system') !== caseSystem)
  );
}

function ofType(bundle: unknown, type: string): readonly unknown[] {
  return list(of(bundle, 'entry'))
    .map((entry) => of(entry, 'resource'))
    .filter((resource) => of(resource, 'resourceType') === type);
}

function typesIn(bundle: unknown): readonly unknown[] {
  return list(of(bundle, 'entry')).map((entry) => of(of(entry, 'resource'), 'resourceType'));
}

function of(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const descriptor = Object.getOwnPropertyDescriptor(value, key);
  return descriptor?.value;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether one time is after another, as far as both are told as exactly. */
function isAfter(start: unknown, end: unknown): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return false;
  if (timeWithZone.test(start) && timeWithZone.test(end))
    return Date.parse(start) > Date.parse(end);
  const shared = Math.min(start.length, end.length, 'yyyy-mm-dd'.length);
  return start.slice(0, shared) > end.slice(0, shared);
}
