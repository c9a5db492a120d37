/** One version of an Encounter as the functions read it: how far it has come, its class now and before, where the patient is. */
import type { Encounter, EncounterLocation, Period } from 'fhir/r4.js';
import { GatewayError } from '../../../../gateway/errors.ts';
import type { Scene } from './facts.ts';
import { decided } from './facts.ts';
import { personOf } from './patient.ts';
import type { Person } from './patient.ts';
import { follow, listOf } from './references.ts';
import { asEncounter, patientIfReadable } from './shape.ts';
import { malformed, newWork, required } from './work.ts';
import type { Work } from './work.ts';

/** What the table encounter-progress may say. */
export type Progress = 'planned' | 'begun' | 'ended' | 'cancelled' | 'silent';
const progresses: readonly Progress[] = ['planned', 'begun', 'ended', 'cancelled', 'silent'];

/** How far a version has come, and whether its class is inpatient care (undefined: a code that no table has). */
export interface Standing {
  readonly encounter: Encounter;
  readonly progress: Progress;
  readonly inpatient: boolean | undefined;
}

export interface EncounterScene extends Scene, Standing {
  /** The classes it had, oldest first, and last the one it has. */
  readonly classes: readonly ClassPeriod[];
  /** Where the patient is. */
  readonly location?: EncounterLocation;
  /** The version before, whatever it said; undefined for none, and while that version itself is read. */
  readonly earlier?: Standing;
  /** It is the version before. */
  readonly isEarlier: boolean;
}

export interface ClassPeriod {
  readonly inpatient: boolean;
  /** Undefined for the present one. */
  readonly period?: Period | undefined;
  readonly expression: string;
}

/**
 * @throws GatewayError malformed-message for a status that FHIR R4 does not have, or where there is no status or class
 */
export function standingOf(work: Work, encounter: Encounter): Standing {
  const codes = work.sender.types.get('Encounter')?.codes;
  const roots = { Encounter: encounter };
  const status = codes?.get('progress')?.(roots);
  if (status === undefined) throw required('Encounter.status');
  const progress = progresses.find((one) => one === status.target);
  if (progress === undefined) {
    const known = [...(work.sender.tables.get(status.table ?? '')?.keys() ?? [])].join(', ');
    throw malformed(
      'code-invalid',
      `not a status of FHIR R4, which has ${known}`,
      'Encounter.status',
    );
  }
  const inpatient = codes?.get('inpatient')?.(roots);
  if (inpatient === undefined) {
    throw required('Encounter.class', 'required element missing: say IMP, AMB, EMER …');
  }
  const target = inpatient.target === undefined ? decided(work, inpatient) : inpatient.target;
  return { encounter, progress, inpatient: typeof target === 'boolean' ? target : undefined };
}

/** The version before as it stood, or undefined where it cannot be read. */
export function quietStanding({
  exchange,
  sender,
}: Work): (Standing & Pick<Work, 'unmapped'>) | undefined {
  const { previous } = exchange;
  if (previous?.resourceType !== 'Encounter') return undefined;
  try {
    const quiet = newWork(exchange, sender);
    return { ...standingOf(quiet, asEncounter(previous)), unmapped: quiet.unmapped };
  } catch (thrown) {
    if (thrown instanceof GatewayError) return undefined;
    throw thrown;
  }
}

/** Whether it is, was or had been inpatient care. */
export function isStay({ inpatient }: Standing, classes: readonly ClassPeriod[]): boolean {
  return inpatient !== false || classes.some((one) => one.inpatient);
}

/** Classes of the history and the present one, oldest first; a code that no table has is parked. */
export function classesOf(work: Work, { encounter, inpatient }: Standing): readonly ClassPeriod[] {
  const read = work.sender.types.get('Encounter')?.codes.get('inpatient');
  const history = listOf(encounter.classHistory).map((one, index) => ({
    period: one.period,
    expression: `Encounter.classHistory[${index}]`,
    reading: read?.({ Encounter: { class: one.class } }),
  }));
  const periods = history.flatMap(({ reading, period, expression }): ClassPeriod[] => {
    const target = reading && decided(work, reading);
    return typeof target === 'boolean' ? [{ inpatient: target, period, expression }] : [];
  });
  return [
    ...periods.sort((left, right) => byStart(left, right)),
    { inpatient: inpatient === true, expression: 'Encounter.class' },
  ];
}

function byStart(left: ClassPeriod, right: ClassPeriod): number {
  return instantText(left.period?.start) < instantText(right.period?.start) ? -1 : 1;
}

/** Times in several zones, in an order of texts. */
function instantText(text: string | undefined): string {
  const ms = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}

export function sceneOf(
  work: Work,
  standing: Standing,
  classes: readonly ClassPeriod[],
  person: Person,
  earlier: Standing | undefined,
): EncounterScene {
  const { encounter } = standing;
  return {
    ...standing,
    classes,
    person,
    ...placesOf(work, encounter, person),
    ...(earlier && { earlier }),
    isEarlier: false,
  };
}

/**
 * The version before as a scene. Its Patient is known only where it was contained: another one may have changed since, and
 * is told by itself.
 */
export function earlierScene(work: Work, standing: Standing): EncounterScene {
  const quiet = newWork(work.exchange, work.sender);
  const { encounter } = standing;
  const { reference } = encounter.subject ?? {};
  const within = reference?.startsWith('#')
    ? follow(encounter.subject, encounter, {}).resource
    : undefined;
  const patient = patientIfReadable(within);
  const person = patient && personOf(quiet, patient);
  return {
    ...standing,
    classes: classesOf(quiet, standing),
    ...(person && { person }),
    ...placesOf(quiet, encounter, person),
    isEarlier: true,
  };
}

function placesOf(
  { exchange }: Work,
  encounter: Encounter,
  person: Person | undefined,
): Pick<EncounterScene, 'roots' | 'location'> {
  const location = currentLocation(listOf(encounter.location));
  const { related } = exchange;
  return {
    roots: {
      Encounter: { ...encounter, location: location === undefined ? [] : [location] },
      Patient: person?.patient,
      Location: follow(location?.location, encounter, related).resource,
      Organization: follow(encounter.serviceProvider, encounter, related).resource,
    },
    ...(location && { location }),
  };
}

/** The active one; where none says that it is, the one that began last of those that neither ended nor are to come. */
function currentLocation(locations: readonly EncounterLocation[]): EncounterLocation | undefined {
  const active = locations.filter(({ status }) => status === 'active');
  const open = locations.filter(({ status, period }) => status === undefined && !period?.end);
  const candidates = active.length > 0 ? active : open;
  return candidates.reduce<EncounterLocation | undefined>(
    (last, one) =>
      last === undefined || instantText(one.period?.start) > instantText(last.period?.start)
        ? one
        : last,
    undefined,
  );
}
