/** Reads `test/rules/*.yaml`: legal cases in a compact form, local Stockholm times. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { isEventType } from '../../gateway/process/events.ts';
import type { EventType } from '../../gateway/process/events.ts';
import type { Parameters, ParameterValue } from '../../profiles/index.ts';
import { localTime, shippedLaw } from './law.ts';
import type { GivenDelivery, GivenFact } from './law.ts';

const moment = z.string().regex(/^\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?$/);
const more = z.looseObject({
  _known: moment.optional(),
  _sent: moment.optional(),
  _id: z.string().optional(),
  _supersedes: z.array(z.string()).optional(),
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
  proof: z.enum(['receiver-answer', 'none']).optional(),
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
  /** How many events of a type. */
  events: z.record(z.string(), z.int()).optional(),
  /** `type municipality-or-role …` of notices: see rules.test.ts. */
  notices: z.array(z.string()).optional(),
  dueAt: z.record(z.string(), moment).optional(),
  /** Swedish sentences, each of which a finding has. */
  sentences: z.array(z.string()).optional(),
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
  readonly at: string;
  readonly expect: Expectation;
}

const social = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
const defaults: Partial<Record<EventType, object>> = {
  'patient.admitted': {
    county: '14',
    hospital: 'Testsjukhuset',
    patient: { municipality: '1480', numberKind: 'personnummer', protection: 'none' },
  },
  'need.assessed': social,
  'discharge-estimate.set': { expectedDischarge: '2022-03-20' },
  'outpatient-care.availability-set': { availability: 'available' },
  'planning.called': { calledBy: 'fixed-care-contact' },
};

/** @param path of one YAML file of cases */
export function readLegalCases(path: string): readonly LegalCase[] {
  const cases = z.array(legalCase).parse(parse(readFileSync(path, 'utf8')));
  return cases.map((stated) => ({
    name: stated.name,
    reference: stated.reference,
    facts: [...prepare(stated.prepared), ...stated.given].map(readFact),
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
    parameters: withReadings(stated.parameters),
    at: localTime(stated.at),
    expect: stated.expect,
  }));
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
  const { _known, _sent, _id, _supersedes, ...data } = stated;
  const occurredAt = localTime(when);
  return {
    type,
    id: _id ?? `fact-${index}`,
    occurredAt,
    knownAt: _known === undefined ? occurredAt : localTime(_known),
    ...(_sent !== undefined && { sentAt: localTime(_sent) }),
    dateOnly: !when.includes(' '),
    ...(_supersedes && { supersedes: _supersedes }),
    data: Object.fromEntries(
      // A default is left out by stating null.
      Object.entries({ ...defaults[type], ...data }).filter(([, value]) => value !== null),
    ),
  };
}

/** The shipped law with some readings or figures replaced. */
export function withReadings(readings: Readonly<Record<string, ParameterValue>>): Parameters {
  return {
    valueOn(name, date) {
      const value = readings[name];
      if (value === undefined) return shippedLaw.valueOn(name, date);
      return { known: true, value, origin: { parameter: name, from: date, reference: 'test' } };
    },
  };
}
