/** Reads `test/rules/*.yaml`: legal cases in a compact form, local Stockholm times. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { isEventType } from '../../gateway/process/events.ts';
import type { EventType } from '../../gateway/process/events.ts';
import type { WarnMs } from '../../gateway/rules/decide.ts';
import type { Parameters, ParameterValue } from '../../profiles/index.ts';
import { localTime, shippedProfiles } from './law.ts';
import type { GivenDelivery, GivenFact } from './law.ts';

const moment = z.string().regex(/^\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?$/);
const more = z.looseObject({
  _known: moment.optional(),
  _sent: moment.optional(),
  _id: z.string().optional(),
  _supersedes: z.array(z.string()).optional(),
  /** Which of several linked stays. */
  _stay: z.string().optional(),
});
/** `2022-03-07 10:00 patient.discharge-ready`, alone or with data; no time: the source knew the date only. */
const fact = z.union([z.string(), z.record(z.string(), more)]);
const delivery = z.strictObject({
  obligation: z.string(),
  role: z.string().optional(),
  revision: z.int().optional(),
  occasion: z.string().optional(),
  outcome: z.enum(['delivered', 'refused', 'unresolved', 'never']).default('delivered'),
  attempt: moment.optional(),
  delivered: moment.optional(),
  receiverFault: z.boolean().optional(),
  /** First attempt that failed because of the receiver. */
  fault: moment.optional(),
  proof: z.enum(['receiver-answer', 'person', 'none']).optional(),
});
const expectation = z.strictObject({
  /** Start dates of the liability that stands. */
  liabilityFrom: z.array(z.string()).optional(),
  /** Reasons of the periods for which it is withheld or revoked. */
  withheld: z.array(z.string()).optional(),
  careDays: z.int().optional(),
  /** Billed in all; `none` while no record has been made. */
  amountKr: z.union([z.number(), z.literal('none')]).optional(),
  /** `rule[/role] status REASON`, each of which is found. */
  findings: z.array(z.string()).optional(),
  /** How many events of a type, or of a type about one deadline: `deadline.set/T1`. */
  events: z.record(z.string(), z.int()).optional(),
  /** `type municipality-or-role …` of notices: see rules.test.ts. */
  notices: z.array(z.string()).optional(),
  dueAt: z.record(z.string(), moment).optional(),
  /** Swedish sentences, each of which a finding has. */
  sentences: z.array(z.string()).optional(),
  /** What a person should look at in the counted case. */
  flags: z.array(z.string()).optional(),
  /** Reasons of cases that are billed nothing. */
  excluded: z.array(z.string()).optional(),
  /** Municipalities that stand as payers. */
  payers: z.array(z.string()).optional(),
});
const legalCase = z.strictObject({
  name: z.string().min(1),
  reference: z.string().min(1),
  /** Shorthand: admitted, need, estimate and outpatient care available, all at this time. */
  prepared: moment.optional(),
  given: z.array(fact).default([]),
  deliveries: z.array(delivery).default([]),
  /** Other values for readings of the law. */
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** Hours before a deadline at which a warning of it is given; without them none is. */
  warnHours: z.record(z.string(), z.number()).default({}),
  at: moment,
  expect: expectation,
});
export type Expectation = z.infer<typeof expectation>;

export interface LegalCase {
  readonly name: string;
  readonly reference: string;
  readonly facts: readonly GivenFact[];
  readonly deliveries: readonly GivenDelivery[];
  readonly parameters: Parameters;
  readonly warnMs: WarnMs;
  readonly at: string;
  readonly expect: Expectation;
}

const social = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
const defaults: Partial<Record<EventType, object>> = {
  'patient.admitted': {
    // Östergötland and Linköping: no agreement of theirs is entered, so the statute holds.
    county: '05',
    hospital: 'Testsjukhuset',
    patient: { municipality: '0580', numberKind: 'personnummer', protection: 'none' },
  },
  'need.assessed': social,
  'discharge-estimate.set': { expectedDischarge: '2022-03-20' },
  'outpatient-care.availability-set': { availability: 'available' },
  'planning.called': { calledBy: 'fixed-care-contact' },
};

/** @param path of one YAML file of cases */
export function readLegalCases(path: string): readonly LegalCase[] {
  const cases = z.array(legalCase).parse(parse(readFileSync(path, 'utf8')));
  return cases.map((stated) => {
    const facts = [...prepare(stated.prepared), ...stated.given].map(readFact);
    return { ...stated, facts, ...surroundingsOf(stated, facts) };
  });
}

/** The place's law with the readings of the case, how its notices fare, and until when it is played. */
function surroundingsOf(
  stated: z.infer<typeof legalCase>,
  facts: readonly GivenFact[],
): Pick<LegalCase, 'deliveries' | 'parameters' | 'warnMs' | 'at'> {
  return {
    deliveries: stated.deliveries.map(
      ({ attempt, delivered, fault, role, revision, occasion, ...rest }) => ({
        obligation: rest.obligation,
        outcome: rest.outcome,
        ...(role !== undefined && { role }),
        ...(revision !== undefined && { revision }),
        ...(occasion !== undefined && { occasion }),
        ...(attempt !== undefined && { attemptAt: localTime(attempt) }),
        ...(fault !== undefined && { receiverFaultAt: localTime(fault) }),
        ...(delivered !== undefined && { deliveredAt: localTime(delivered) }),
        ...(rest.receiverFault !== undefined && { receiverFault: rest.receiverFault }),
        ...(rest.proof !== undefined && { proof: rest.proof }),
      }),
    ),
    parameters: withReadings(stated.parameters, lawOf(facts)),
    warnMs: Object.fromEntries(
      Object.entries(stated.warnHours).map(([deadline, hours]) => [deadline, hours * 3_600_000]),
    ),
    at: localTime(stated.at),
  };
}

/** What holds where the patient was treated. */
function lawOf(facts: readonly GivenFact[]): Parameters {
  const admitted = facts.find(({ type }) => type === 'patient.admitted')?.data;
  const { county } = z.looseObject({ county: z.string().optional() }).parse(admitted ?? {});
  return shippedProfiles.parametersOf(county === undefined ? {} : { county });
}

function prepare(at: string | undefined): string[] {
  if (at === undefined) return [];
  const types = [
    'patient.admitted',
    'need.assessed',
    'discharge-estimate.set',
    'outpatient-care.availability-set',
  ];
  return types.map((type) => `${at} ${type}`);
}

function readFact(given: z.infer<typeof fact>, index: number): GivenFact {
  const [line = '', stated = {}] =
    typeof given === 'string' ? [given] : (Object.entries(given)[0] ?? []);
  const [, when = '', type = ''] = /^(\S+(?: \d\S+)?) (\S+)$/.exec(line) ?? [];
  if (!isEventType(type)) throw new Error(`${line}: no event is called ${type}`);
  const { _known, _sent, _id, _supersedes, _stay, ...data } = stated;
  const occurredAt = localTime(when);
  return {
    type,
    id: _id ?? `fact-${index}`,
    occurredAt,
    knownAt: _known === undefined ? occurredAt : localTime(_known),
    ...(_sent !== undefined && { sentAt: localTime(_sent) }),
    dateOnly: !when.includes(' '),
    ...(_supersedes && { supersedes: _supersedes }),
    ...(_stay !== undefined && { stayId: _stay }),
    data: Object.fromEntries(
      // A default is left out by stating null.
      Object.entries({ ...defaults[type], ...data }).filter(([, value]) => value !== null),
    ),
  };
}

/** A place's law with some readings or figures replaced, whoever pays. */
export function withReadings(
  readings: Readonly<Record<string, ParameterValue>>,
  parameters: Parameters,
): Parameters {
  return {
    ...parameters,
    under: (municipality) => withReadings(readings, parameters.under(municipality)),
    valueOn(name, date) {
      const value = readings[name];
      if (value === undefined) return parameters.valueOn(name, date);
      return { known: true, value, origin: { parameter: name, from: date, reference: 'test' } };
    },
  };
}
