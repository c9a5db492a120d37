/**
 * One story of a stay, told by HL7 v2, by FHIR, or by both, comes to one state and to the same findings of the law.
 *
 * HL7 v2 tells events, and any order of arrival is as good as another. FHIR tells snapshots: one that was overtaken says
 * nothing, so in the wrong order it may say less, and what stands in the end is the same.
 */
import * as fc from 'fast-check';
import type { Encounter, EncounterStatusHistory } from 'fhir/r4.js';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import { currentNeed, currentReadiness, endOf, fold } from '../gateway/process/state.ts';
import type { DischargeProcess, Moment, StoredLike } from '../gateway/process/state.ts';
import { assess } from '../gateway/rules/index.ts';
import { eventsOf, hl7Time } from './support/adt-message.ts';
import type { Fields, Step } from './support/adt-message.ts';
import { encounter, need, planned, readiness, toldInOrder } from './support/fhir-stay.ts';
import type { Version } from './support/fhir-stay.ts';
import { factOf, localTime, shippedLaw } from './support/law.ts';

const seed = 20265;
const numRuns = process.env['HEMGANG_LONG'] === '1' ? 3000 : 60;

// ---------------------------------------------------------------- a story

type Needed = readonly [boolean, boolean, boolean];
type Act =
  | { readonly what: 'ready' | 'not-ready' | 'leave' | 'return' | 'no-estimate' }
  | { readonly what: 'discharge' | 'cancel-discharge' | 'death' | 'cancel-admission' }
  | { readonly what: 'need'; readonly needed: Needed }
  | { readonly what: 'estimate'; readonly day: number };

/** How the stay stands after a step: what a snapshot of it says. */
interface Standing {
  /** When the step was, local time. */
  readonly at: string;
  readonly act: Act | { readonly what: 'admit' };
  readonly status: Encounter['status'];
  /** Since when it has that status. */
  readonly since: string;
  readonly history: readonly EncounterStatusHistory[];
  readonly assessed?: { readonly status: 'ready' | 'withdrawn'; readonly at: string };
  readonly needed?: { readonly needed: Needed; readonly at: string };
  /** Null where it has been removed. */
  readonly estimate?: string | null;
  readonly died?: true;
}

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constantFrom('ready' as const, 'not-ready' as const) }),
  },
  fc.record({ what: fc.constantFrom('leave' as const, 'return' as const, 'no-estimate' as const) }),
  fc.record({
    what: fc.constantFrom('discharge' as const, 'cancel-discharge' as const, 'death' as const),
  }),
  fc.record({
    what: fc.constant('need' as const),
    needed: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  }),
  fc.record({ what: fc.constant('estimate' as const), day: fc.integer({ min: 15, max: 26 }) }),
  { weight: 1, arbitrary: fc.record({ what: fc.constant('cancel-admission' as const) }) },
);
/** Half of the stories begin as most that cost a municipality something do. */
const soonReady: readonly (readonly [Act, number])[] = [
  [{ what: 'need', needed: [true, false, false] }, 50],
  [{ what: 'ready' }, 60],
];
const story = fc
  .array(fc.tuple(act, fc.integer({ min: 5, max: 2600 })), { minLength: 2, maxLength: 10 })
  .chain((acts) => fc.constantFrom(acts, [...soonReady, ...acts]))
  .map(standingsOf);

const begin = '2022-03-07 10:00';
const later = (at: string, minutes: number): string =>
  Temporal.PlainDateTime.from(at.replace(' ', 'T'))
    .add({ minutes })
    .toString()
    .slice(0, 16)
    .replace('T', ' ');
const fhirTime = (at: string): string => `${at.replace(' ', 'T')}:00+01:00`;

/** Acts that cannot be where the stay stands are left out. */
function standingsOf(acts: readonly (readonly [Act, number])[]): readonly Standing[] {
  let last: Standing = {
    at: begin,
    act: { what: 'admit' },
    status: 'in-progress',
    since: begin,
    history: [],
  };
  const standings = [last];
  for (const [one, minutes] of acts) {
    const next = after(last, one, later(last.at, minutes));
    if (next === undefined) continue;
    last = next;
    standings.push(next);
    if (next.status === 'entered-in-error') break;
  }
  return standings;
}

function after(last: Standing, one: Act, at: string): Standing | undefined {
  const next = { ...last, at, act: one };
  const moved = (status: Encounter['status']): Standing => {
    const period = { start: fhirTime(last.since), end: fhirTime(at) };
    return {
      ...next,
      status,
      since: at,
      history: [...last.history, { status: last.status, period }],
    };
  };
  const isThere = last.status === 'in-progress';
  switch (one.what) {
    case 'leave':
      return isThere ? moved('onleave') : undefined;
    case 'return':
      return last.status === 'onleave' ? moved('in-progress') : undefined;
    case 'discharge':
      return isThere ? moved('finished') : undefined;
    case 'death':
      return isThere ? { ...moved('finished'), died: true } : undefined;
    case 'cancel-discharge': {
      if (last.status !== 'finished') return undefined;
      const { died: _, ...alive } = moved('in-progress');
      return alive;
    }
    case 'cancel-admission':
      return isThere ? moved('entered-in-error') : undefined;
    case 'ready':
      return isThere && last.assessed?.status !== 'ready'
        ? { ...next, assessed: { status: 'ready', at } }
        : undefined;
    case 'not-ready':
      return isThere && last.assessed?.status === 'ready'
        ? { ...next, assessed: { status: 'withdrawn', at } }
        : undefined;
    case 'need':
      return isThere ? { ...next, needed: { needed: one.needed, at } } : undefined;
    case 'estimate':
      return isThere ? { ...next, estimate: `2022-03-${one.day} 12:00` } : undefined;
    case 'no-estimate':
      return isThere && typeof last.estimate === 'string' ? { ...next, estimate: null } : undefined;
    default:
      return undefined;
  }
}

// ---------------------------------------------------------------- told by each

const triggers = {
  admit: 'A01',
  leave: 'A21',
  return: 'A22',
  discharge: 'A03',
  death: 'A03',
  'cancel-discharge': 'A13',
  'cancel-admission': 'A11',
} as const;

function byHl7(standing: Standing): Step {
  const { at, act: one, assessed, needed, estimate } = standing;
  const time = (text: string): string => hl7Time('ekliden', text);
  const trigger = one.what in triggers ? triggers[one.what as keyof typeof triggers] : 'A08';
  const pid: Fields = one.what === 'death' ? { 29: time(at), 30: 'J' } : {};
  const pv1: Fields = {
    ...(one.what === 'admit' && { 44: time(at) }),
    ...(one.what === 'discharge' && { 36: '01', 45: time(at) }),
    ...(one.what === 'death' && { 45: time(at) }),
  };
  const yes = (is: boolean): string => (is ? 'J' : 'N');
  const zut: Fields = {
    1: assessed === undefined ? 'N' : assessed.status === 'ready' ? 'K' : 'A',
    ...(assessed && { 2: time(assessed.at) }),
    ...(needed && {
      3: yes(needed.needed[0]),
      4: yes(needed.needed[1]),
      5: yes(needed.needed[2]),
      6: time(needed.at),
    }),
    7: '1480',
  };
  const pv2: Fields =
    estimate === undefined ? {} : { 9: estimate === null ? '""' : time(estimate) };
  const isUpdate = trigger === 'A08';
  return [
    trigger,
    at,
    [
      ['PID', pid],
      ['PV1', pv1],
      ...(isUpdate
        ? ([
            ['PV2', pv2],
            ['ZUT', zut],
          ] as const)
        : []),
    ],
  ];
}

function byFhir(standing: Standing): Version {
  const { at, status, since, history, assessed, needed, estimate, died } = standing;
  const isOver = status === 'finished';
  return [
    localTime(at),
    encounter({
      status,
      statusHistory: [...history],
      period: { start: fhirTime(begin), ...(isOver && { end: fhirTime(since) }) },
      ...(isOver && {
        hospitalization: { dischargeDisposition: { coding: [{ code: died ? 'exp' : 'home' }] } },
      }),
      extension: [
        ...(assessed === undefined ? [] : readiness(assessed.status, fhirTime(assessed.at))),
        ...(needed === undefined ? [] : need(needed.needed, fhirTime(needed.at))),
        ...(typeof estimate === 'string' ? planned(fhirTime(estimate)) : []),
      ],
    }),
  ];
}

/** What other systems tell beside, the same in each way: notices in time, a contact, a call, outpatient care there is. */
function besides(standings: readonly Standing[]): StoredLike[] {
  const sent = (obligation: string, at: string, role: string): Parameters<typeof factOf>[0] => ({
    id: `${obligation} ${at} ${role}`,
    type: 'notice.observed',
    occurredAt: localTime(at),
    knownAt: localTime(at),
    data: { obligation, role, ...(role !== 'region-outpatient' && { municipality: '1480' }) },
  });
  const roles = [
    'payer-municipality',
    'social-services',
    'municipal-health-care',
    'region-outpatient',
  ];
  const other = (type: Parameters<typeof factOf>[0]['type'], at: string, data: object = {}) => ({
    id: `${type} ${at}`,
    type,
    occurredAt: localTime(at),
    knownAt: localTime(at),
    data,
  });
  const ready = standings.filter((one) => one.act.what === 'ready').map(({ at }) => later(at, 1));
  const facts = [
    ...roles.map((role) => sent('admission-notice', later(begin, 60), role)),
    ...ready.flatMap((at) => roles.map((role) => sent('discharge-ready-notice', at, role))),
    ...ready.map((at) =>
      other('planning.called', later(at, 1), { calledBy: 'fixed-care-contact' }),
    ),
    other('care-contact.appointed', later(begin, 90)),
    other('outpatient-care.availability-set', later(begin, 95), { availability: 'available' }),
  ];
  return facts.map((fact) => ({ position: 0, event: factOf(fact) }));
}

// ---------------------------------------------------------------- what it comes to

const shown = (moment: Moment | undefined): string | undefined =>
  moment && new Date(moment.atMs).toISOString();

/** The state without the names of its facts, which each way has its own of. */
function stateOf(process: DischargeProcess): object {
  const { admission, admissionCancelled, discharge, deceased, estimate, leaves } = process;
  return {
    admission: shown(admission),
    admissionCancelled: shown(admissionCancelled),
    discharge: shown(discharge),
    deceased: shown(deceased),
    readiness: process.readiness.map((one) => [shown(one), shown(one.withdrawn)]),
    needs: process.needs.map((one) => [shown(one), one.services]),
    estimate: estimate && [shown(estimate), estimate.expectedDischarge],
    leaves: leaves.map((one) => [shown(one), shown(one.returned)]),
    patient: process.patient.map((one) => [shown(one), one.codes]),
    county: process.county,
    hospital: process.hospital,
    contradictions: process.contradictions,
  };
}

/** What stands in the end, whatever was said before. */
function standingOf(process: DischargeProcess): object {
  const { admission, admissionCancelled, estimate, contradictions } = process;
  // Of a stay that never was nothing else stands.
  if (admissionCancelled !== undefined) return { cancelled: true, admission };
  return {
    admission: shown(admission),
    end: shown(endOf(process)),
    deceased: shown(process.deceased),
    ready: shown(currentReadiness(process)),
    need: currentNeed(process)?.socialServices,
    estimate: estimate?.expectedDischarge,
    contradictions,
  };
}

/** The findings without the names of facts; sentences are made of what is compared. */
function lawOf(process: DischargeProcess): object[] {
  return assess(process, shippedLaw, Date.parse('2022-04-20T10:00:00.000Z')).map((found) => {
    const { rule, status, reason, role, municipality, sinceMs, dueAtMs, wants } = found;
    const charged = wants.flatMap((want) => (want.want === 'liability' ? [want.outcome] : []));
    return { rule, status, reason, role, municipality, sinceMs, dueAtMs, charged };
  });
}

const toldByHl7 = (standings: readonly Standing[]): StoredLike[][] =>
  standings.map((one) => eventsOf('ekliden', byHl7(one)).map((event) => ({ position: 0, event })));

/** An order of a list by random keys. */
const shuffled = <T>(list: readonly T[], keys: readonly number[]): T[] =>
  list
    .map((one, index) => ({ one, key: keys[index % keys.length] ?? 0, index }))
    .sort((left, right) => left.key - right.key || left.index - right.index)
    .map(({ one }) => one);

const foldOf = (standings: readonly Standing[], told: readonly StoredLike[][]): DischargeProcess =>
  fold([...besides(standings), ...told.flat()].map(({ event }, position) => ({ position, event })));

const keys = fc.array(fc.nat(1_000_000), { minLength: 11, maxLength: 23 });
const choices = fc.array(fc.boolean(), { minLength: 11, maxLength: 11 });

describe('a stay told by HL7 v2, by FHIR or by both', () => {
  test('comes to the same state and the same findings, in any order of the one and any interleaving', () => {
    let charged = 0;
    fc.assert(
      fc.property(story, keys, keys, choices, (standings, order, other, isByFhirToo) => {
        const hl7 = toldByHl7(standings);
        const fhir = toldInOrder(standings.map(byFhir));
        const reference = foldOf(standings, hl7);
        const [state, law] = [stateOf(reference), lawOf(reference)];
        if (JSON.stringify(law).includes('"state":"arisen"')) charged += 1;
        const some = standings.filter((_, index) => isByFhirToo[index] === true);
        const overtaken = toldInOrder(shuffled(standings, other).map(byFhir));
        const ways = {
          'HL7 v2 in another order': shuffled(hl7, order),
          FHIR: fhir,
          'both, interleaved': shuffled([...hl7, ...fhir], order),
          // Each version is over the one before, and tells what HL7 v2 told in between.
          'HL7 v2, and FHIR of some of it': shuffled(
            [...hl7, ...toldInOrder(some.map(byFhir))],
            order,
          ),
          'both, with versions that were overtaken': shuffled([...hl7, ...overtaken], order),
        };
        for (const [way, told] of Object.entries(ways)) {
          const folded = foldOf(standings, told);
          expect(stateOf(folded), way).toEqual(state);
          expect(lawOf(folded), way).toEqual(law);
        }
        expect(standingOf(foldOf(standings, overtaken))).toEqual(standingOf(reference));
      }),
      { seed, numRuns },
    );
    // Of stories that charge nobody little could be learned.
    expect(charged).toBeGreaterThan(numRuns / 20);
  });
});
