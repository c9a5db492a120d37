/** Named functions of the Encounter's mapping: what its statuses, classes and places mean together. */
import type { Encounter } from 'fhir/r4.js';
import { whenTold } from '../../../../mappings/index.ts';
import type { ClassPeriod, EncounterScene } from './encounter-scene.ts';
import { decided } from './facts.ts';
import { personOf } from './patient.ts';
import type { Person } from './patient.ts';
import type { EventFunctions, Telling } from './facts.ts';
import { follow, listOf } from './references.ts';
import { patientIfReadable } from './shape.ts';
import { parseFhirTime } from './time.ts';
import { newWork, required, warnOnce } from './work.ts';
import type { Work } from './work.ts';

/** Code of the doubt that stands with the fact: not all of its signals can be true. */
const deathContradicted = 'DEATH_CONTRADICTED';

/**
 * Inpatient care begins where the Encounter begins, or with the change of its class. A class that was another one in the
 * version before and has no history changed when its sender told it.
 */
function admission(_work: Work, { classes, earlier }: EncounterScene): readonly Telling[] {
  const first = classes.findIndex(({ inpatient }) => inpatient);
  if (first < 0) return earlier?.inpatient === true ? [admitted] : [];
  const isUnexplained = classes.length === 1 && hasBegun(earlier) && earlier?.inpatient === false;
  if (isUnexplained) return [{ ...changed, at: whenTold }];
  const begin = first === 0 ? admitted : { ...changed, at: startOf(classes, first) };
  // Inpatient care that ended and began again within one Encounter.
  const gap = classes.findLastIndex(({ inpatient }) => !inpatient);
  const isAgain = gap > first && gap < classes.length - 1;
  return isAgain ? [begin, { ...changed, at: startOf(classes, gap + 1) }] : [begin];
}

const admitted: Telling = { type: 'patient.admitted' };
const changed: Telling = { type: 'patient.admitted', data: { classChange: true } };

function hasBegun(standing: EncounterScene['earlier']): boolean {
  return standing?.progress === 'begun' || standing?.progress === 'ended';
}

/** When the class at a place began: its own time, or the end of the one before. */
function startOf(classes: readonly ClassPeriod[], place: number): NonNullable<Telling['at']> {
  const own = classes[place];
  if (own?.period?.start !== undefined) {
    return { text: own.period.start, expression: `${own.expression}.period.start` };
  }
  return endOf(classes[place - 1]);
}

function endOf(period: ClassPeriod | undefined): NonNullable<Telling['at']> {
  const expression = `${period?.expression ?? 'Encounter.classHistory'}.period.end`;
  const text = period?.period?.end;
  if (text === undefined) throw required(expression, 'required: when the class changed');
  return { text, expression };
}

/** The patient is no inpatient any longer, and may leave the hospital later. */
function endOfClass(
  _work: Work,
  { classes, inpatient, earlier }: EncounterScene,
): readonly Telling[] {
  if (inpatient !== false) return [];
  const telling = { type: 'patient.discharged', data: { classChange: true } } as const;
  const last = classes.findLast((one) => one.inpatient);
  if (last !== undefined) return [{ ...telling, at: endOf(last) }];
  return earlier?.inpatient === true ? [{ ...telling, at: whenTold }] : [];
}

/** A place other than that of the admission, since it says so or since it was told. */
function transfer(
  { sender }: Work,
  { encounter, inpatient, progress, location, isEarlier }: EncounterScene,
  before: EncounterScene | undefined,
): readonly Telling[] {
  if (location === undefined || inpatient !== true || progress !== 'begun') return [];
  const { zone } = sender.mapping;
  const begin = location.period?.start;
  const telling: Telling = { type: 'patient.transferred' };
  if (isEarlier || before !== undefined) return [telling];
  // What is told for the first time says with the admission where that was.
  const { start } = encounter.period ?? {};
  if (begin === undefined || start === undefined) return [];
  const here = parseFhirTime(begin, zone, 'Encounter.location.period.start');
  const admittedAt = parseFhirTime(start, zone, 'Encounter.period.start');
  return here.instant > admittedAt.instant ? [telling] : [];
}

/** Leaves of the status history, and the one that the patient is on. */
function leave(_work: Work, { encounter, inpatient, earlier }: EncounterScene): readonly Telling[] {
  if (inpatient !== true) return [];
  const history = listOf(encounter.statusHistory);
  const tellings: Telling[] = [];
  for (const [index, { status, period }] of history.entries()) {
    if (status !== 'onleave') continue;
    const expression = `Encounter.statusHistory[${index}].period`;
    const { start, end } = period ?? {};
    if (start === undefined)
      throw required(`${expression}.start`, 'required: when the leave began');
    tellings.push({
      type: 'patient.on-leave',
      at: { text: start, expression: `${expression}.start` },
    });
    if (end !== undefined) {
      tellings.push({
        type: 'patient.returned',
        at: { text: end, expression: `${expression}.end` },
      });
    }
  }
  if (encounter.status === 'onleave') {
    // Some systems have the present status in the history too: as the one that has not ended.
    const hasPresent = history.some(
      ({ status, period }) => status === 'onleave' && period?.end === undefined,
    );
    if (hasPresent) return tellings;
    return [...tellings, { type: 'patient.on-leave', at: sinceStatus(encounter, ['in-progress']) }];
  }
  const wasAway = earlier?.encounter.status === 'onleave' && tellings.length === 0;
  return wasAway ? [{ type: 'patient.returned', at: whenTold }] : tellings;
}

/**
 * When the present status began: where the last of the history ended, if that is the status it came from; else when it was
 * told.
 */
export function sinceStatus(
  { statusHistory }: Encounter,
  cameFrom: readonly (string | undefined)[],
): NonNullable<Telling['at']> {
  const ended = listOf(statusHistory).flatMap(({ status, period }, index) =>
    typeof period?.end === 'string'
      ? [{ status, text: period.end, expression: `Encounter.statusHistory[${index}].period.end` }]
      : [],
  );
  const last = ended.sort((left, right) => Date.parse(left.text) - Date.parse(right.text)).at(-1);
  if (last === undefined || !cameFrom.includes(last.status)) return whenTold;
  return { text: last.text, expression: last.expression };
}

/** A discharge of the history that holds no longer: it was taken back, whoever told it. */
function reopening(
  work: Work,
  scene: EncounterScene,
  before: EncounterScene | undefined,
): readonly Telling[] {
  const { exchange } = work;
  const { encounter, inpatient, progress, earlier } = scene;
  if (before !== undefined && isDeathForDischarge(work, scene, before)) {
    return [{ type: 'discharge.cancelled', at: whenTold }];
  }
  if (inpatient !== true || progress !== 'begun') return [];
  const telling = { type: 'discharge.cancelled' } as const;
  const history = listOf(encounter.statusHistory);
  const index = history.findLastIndex(({ status }) => status === 'finished');
  const end = history[index]?.period?.end;
  if (end !== undefined) {
    const expression = `Encounter.statusHistory[${index}].period.end`;
    return [{ ...telling, at: { text: end, expression } }];
  }
  if (index >= 0 || earlier?.progress === 'ended') {
    return [{ ...telling, at: whenTold }];
  }
  // `unknown` hid what stood before it; an end that it had, and this one has not, was taken back.
  const { previous } = exchange;
  const hidden = previous?.resourceType === 'Encounter' ? previous.period?.end : undefined;
  const isHidden = earlier?.progress === 'silent' && hidden !== undefined;
  return isHidden && encounter.period?.end === undefined ? [{ ...telling, at: whenTold }] : [];
}

/** Whoever died in hospital had not gone home before that, as the version before has it: no day until then falls away. */
function isDeathForDischarge(work: Work, scene: EncounterScene, before: EncounterScene): boolean {
  const ends = [before, scene].map((one) => {
    if (one.progress !== 'ended' || one.encounter.period?.end === undefined) return undefined;
    return ending(newWork(work.exchange, work.sender), one)[0]?.type;
  });
  return ends[0] === 'patient.discharged' && ends[1] === 'patient.deceased';
}

/**
 * The end of the stay is a death where one signal says so: the disposition `exp`, or a time of death that is not after it.
 * A Patient is a snapshot too: `deceasedBoolean` may have come long after the stay, and says no death of it.
 */
function ending(work: Work, scene: EncounterScene): readonly Telling[] {
  const { encounter, inpatient, progress, person } = scene;
  if (inpatient !== true) return [];
  const { deceasedDateTime, deceasedBoolean } = person?.patient ?? {};
  if (deceasedBoolean === true) {
    warnOnce(
      work,
      'Patient.deceasedBoolean: does not say since when; deceasedDateTime or the disposition exp does',
    );
  }
  if (progress === 'begun') {
    return deceasedDateTime === undefined ? [] : [{ type: 'patient.deceased' }];
  }
  const left = encounter.period?.end;
  if (left === undefined) {
    throw required(
      'Encounter.period.end',
      'required of a finished Encounter: when the patient left',
    );
  }
  const reading = work.sender.types.get('Encounter')?.codes.get('disposition')?.(scene.roots);
  const disposition = reading && decided(work, reading);
  if (reading !== undefined && disposition === undefined) return []; // parked: it could mean death
  const isExpired = disposition === 'expired';
  const diedIn = deceasedDateTime !== undefined && isNotAfter(work, deceasedDateTime, left);
  if (!isExpired && !diedIn) {
    return [{ type: 'patient.discharged', at: { text: left, expression: 'Encounter.period.end' } }];
  }
  const isDenied = deceasedBoolean === false || (reading !== undefined && !isExpired);
  if (!isDenied) return [{ type: 'patient.deceased' }];
  warnOnce(
    work,
    'death: Patient.deceased and Encounter.hospitalization.dischargeDisposition contradict each other',
  );
  return [{ type: 'patient.deceased', warnings: [deathContradicted] }];
}

function isNotAfter({ sender }: Work, died: string, left: string): boolean {
  const { zone } = sender.mapping;
  const death = parseFhirTime(died, zone, 'Patient.deceasedDateTime');
  const end = parseFhirTime(left, zone, 'Encounter.period.end');
  const endMs = Date.parse(end.instant) + (end.precision === 'day' ? lastOfDayMs : 0);
  return Date.parse(death.instant) <= endMs;
}

const lastOfDayMs = 24 * 3_600_000 - 1;

/**
 * The patient is told otherwise than before: the Patient within the resource is another, or the Encounter is now another
 * person's. A stay that was registered on the wrong person was always the other one's, so who pays (5 kap. 2 §) is seen
 * from its beginning on.
 */
function personTold(
  work: Work,
  scene: EncounterScene,
  before: EncounterScene | undefined,
): readonly Telling[] {
  const now = scene.person;
  if (before === undefined || now === undefined) return [];
  const telling: Telling = { type: 'patient.identity-changed' };
  const was = before.person ?? subjectOf(work, before.encounter);
  if (was !== undefined && !isSharing(now, was)) {
    const text = scene.encounter.period?.start;
    return [text === undefined ? telling : { ...telling, at: { text, expression: begin } }];
  }
  const isWithin = scene.encounter.subject?.reference?.startsWith('#') === true;
  if (!isWithin || before.person === undefined) return [];
  const isSame = JSON.stringify(before.person.codes) === JSON.stringify(now.codes);
  return isSame ? [] : [telling];
}

const begin = 'Encounter.period.start';

/** Whom the version before was about, where what it referred to is known. */
function subjectOf({ exchange, sender }: Work, encounter: Encounter): Person | undefined {
  const { resource, identifier } = follow(encounter.subject, encounter, exchange.related);
  return personOf(newWork(exchange, sender), patientIfReadable(resource), identifier);
}

/** Whether two have a number in common; who has none is nobody else. */
function isSharing({ identity: left }: Person, { identity: right }: Person): boolean {
  if (left.numbers.length === 0 || right.numbers.length === 0) return true;
  return left.numbers.some((one) =>
    right.numbers.some(
      ({ authority, value }) => authority === one.authority && value === one.value,
    ),
  );
}

/** By the names that entries of the mapping give them (`mappings/fhir-functions.ts`). */
export const encounterFunctions: EventFunctions<EncounterScene> = {
  admission,
  endOfClass,
  transfer,
  leave,
  reopening,
  ending,
  person: personTold,
};
