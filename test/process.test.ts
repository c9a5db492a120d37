import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { currentNeed, endOf, fold, patientAt } from '../gateway/process/state.ts';
import type { DischargeProcess, StoredLike } from '../gateway/process/state.ts';
import { PlayedStay, factOf, localTime } from './support/law.ts';
import type { GivenFact } from './support/law.ts';

const codes = { municipality: '1480', numberKind: 'personnummer', protection: 'none' };
const social = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

/** A fact; `told` is when the source sent it, `occurred` otherwise. */
function given(
  type: GivenFact['type'],
  occurred: string,
  { data = {}, id, told, ...rest }: Partial<GivenFact> & { told?: string } = {},
): GivenFact {
  const knownAt = localTime(told ?? occurred);
  return {
    type,
    id: id ?? `${type} ${occurred} ${told ?? ''}`,
    occurredAt: localTime(occurred),
    knownAt,
    sentAt: knownAt,
    data,
    ...rest,
  };
}
const admitted = (occurred: string, more: Parameters<typeof given>[2] = {}): GivenFact =>
  given('patient.admitted', occurred, { data: { county: '14', patient: codes }, ...more });

function stored(facts: readonly GivenFact[]): StoredLike[] {
  return facts.map((fact, position) => ({ position, event: factOf(fact) }));
}
const foldFacts = (...facts: GivenFact[]): DischargeProcess => fold(stored(facts), 'process-1');

/** A state as plain values, so that two can be compared whole. */
function plain(value: unknown): unknown {
  if (value instanceof Set) return [...value].map(String).sort();
  if (value instanceof Map) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

describe('one stay', () => {
  test('readiness opens a period and a withdrawal closes it', () => {
    const process = foldFacts(
      admitted('2022-03-01 10:00'),
      given('patient.discharge-ready', '2022-03-07 10:00'),
      given('discharge-readiness.withdrawn', '2022-03-08 10:00'),
      given('patient.discharge-ready', '2022-03-09 10:00'),
    );
    expect(process.readiness.map(({ withdrawn }) => withdrawn !== undefined)).toEqual([
      true,
      false,
    ]);
  });

  test('a readiness stated again is one readiness, timed by what was told last', () => {
    const process = foldFacts(
      admitted('2022-03-01 10:00'),
      given('patient.discharge-ready', '2022-03-07 10:00', {
        id: 'first',
        told: '2022-03-07 10:01',
      }),
      given('patient.discharge-ready', '2022-03-07 09:30', {
        id: 'next',
        told: '2022-03-07 11:00',
      }),
    );
    expect(process.readiness).toHaveLength(1);
    expect(process.readiness[0]?.occasion).toBe('first');
    expect(process.readiness[0]?.atMs).toBe(Date.parse('2022-03-07T08:30:00Z'));
    expect([...(process.readiness[0]?.aliases ?? [])].sort()).toEqual(['first', 'next']);
  });

  test('a fact that its sender takes back is left out, and stands when it is told again', () => {
    const called = (told: string) =>
      given('planning.called', '2022-03-08 10:00', { told, data: { calledBy: 'other' } });
    const takenBack = given('statement.withdrawn', '2022-03-09 10:00', {
      data: { statement: 'planning.called', at: localTime('2022-03-08 10:00') },
    });
    const first = called('2022-03-08 10:05');
    expect(foldFacts(first).calls).toHaveLength(1);
    expect(foldFacts(first, takenBack).calls).toEqual([]);
    expect(foldFacts(first, takenBack, called('2022-03-10 10:00')).calls).toHaveLength(1);
  });

  test('a fact is taken back by its time, by the data that is named, and by who told it', () => {
    const observed = (municipality: string, more: Parameters<typeof given>[2] = {}) =>
      given('notice.observed', '2022-03-07 10:00', {
        id: `observed ${municipality}`,
        data: { obligation: 'admission-notice', role: 'social-services', municipality },
        ...more,
      });
    const takenBack = (at: string, municipality: string) =>
      given('statement.withdrawn', '2022-03-08 10:00', {
        data: { statement: 'notice.observed', at: localTime(at), of: { municipality } },
      });
    const left = (...facts: GivenFact[]) =>
      foldFacts(...facts).observed.map(({ municipality }) => municipality);
    const both = [observed('1480'), observed('1481')];
    expect(left(...both, takenBack('2022-03-07 10:00', '1481'))).toEqual(['1480']);
    expect(left(...both, takenBack('2022-03-07 10:01', '1481'))).toEqual(['1480', '1481']);
    const [, event] = stored([observed('1480'), takenBack('2022-03-07 10:00', '1480')]);
    const other = event && {
      ...event,
      event: { ...event.event, source: { sender: 'another', messageId: 'm' } },
    };
    const [first] = stored([observed('1480')]);
    expect(fold([first, other].filter((one) => one !== undefined)).observed).toHaveLength(1);
  });

  test('a fact without a time of its own is taken back by its data; what the same message says stands', () => {
    const declined = given('planning.declined', '2022-03-08 10:00');
    const takenBack = given('statement.withdrawn', '2022-03-09 10:00', {
      data: { statement: 'planning.declined', at: localTime('2022-03-08 23:00') },
    });
    const [first, withdrawal] = stored([declined, takenBack]);
    if (first === undefined || withdrawal === undefined) throw new Error('two facts');
    const doubtful = { ...first, event: { ...first.event, warnings: ['TIME_OF_TELLING'] } };
    expect(fold([first, withdrawal]).consents).toHaveLength(1);
    expect(fold([doubtful, withdrawal]).consents).toEqual([]);
    const { source, sentAt: told } = withdrawal.event;
    const again = {
      ...doubtful.event,
      id: 'again',
      source,
      ...(told !== undefined && { sentAt: told }),
    };
    expect(fold([doubtful, withdrawal, { position: 9, event: again }]).consents).toHaveLength(1);
  });

  test('a fact is taken back in whichever stay of the case it was told', () => {
    const called = given('planning.called', '2022-03-08 10:00', { data: { calledBy: 'other' } });
    const takenBack = given('statement.withdrawn', '2022-03-09 10:00', {
      data: { statement: 'planning.called', at: localTime('2022-03-08 10:00') },
    });
    const [first, withdrawal] = stored([called, takenBack]);
    if (first === undefined || withdrawal === undefined) throw new Error('two facts');
    const elsewhere = { ...withdrawal, event: { ...withdrawal.event, stayId: 'stay-2' } };
    expect(fold([first, elsewhere]).calls).toEqual([]);
  });

  test('a superseded fact is left out, and what replaces it keeps its name', () => {
    const process = foldFacts(
      admitted('2022-03-01 10:00'),
      given('patient.discharge-ready', '2022-03-07 10:00', { id: 'one' }),
      given('patient.discharge-ready', '2022-03-07 11:00', { id: 'two', supersedes: ['one'] }),
      given('patient.discharge-ready', '2022-03-07 12:00', { id: 'three', supersedes: ['two'] }),
    );
    expect(process.readiness).toHaveLength(1);
    expect(process.readiness[0]?.occasion).toBe('one');
    expect(process.readiness[0]?.atMs).toBe(Date.parse('2022-03-07T11:00:00Z'));
  });

  test('the same need stated again is one need, a withdrawn need is none', () => {
    const process = foldFacts(
      given('need.assessed', '2022-03-01 10:00', { data: social }),
      given('need.assessed', '2022-03-02 10:00', { data: social }),
    );
    expect(process.needs).toHaveLength(1);
    const withdrawn = foldFacts(
      given('need.assessed', '2022-03-01 10:00', { data: social }),
      given('need.withdrawn', '2022-03-02 10:00'),
    );
    expect(currentNeed(withdrawn)).toBeUndefined();
  });

  test('the same estimate stated again is one, from its first statement; another one is another', () => {
    const estimate = (occurred: string, expectedDischarge: string): GivenFact =>
      given('discharge-estimate.set', occurred, { data: { expectedDischarge } });
    const facts = [
      estimate('2022-03-01 10:00', '2022-03-20'),
      estimate('2022-03-03 10:00', '2022-03-25'),
      estimate('2022-03-05 10:00', '2022-03-25'),
    ];
    const { estimate: changed } = foldFacts(...facts);
    expect(changed).toMatchObject({
      expectedDischarge: '2022-03-25',
      atMs: Date.parse('2022-03-03T09:00:00Z'),
    });
    expect(changed?.aliases.size).toBe(2);
    const back = foldFacts(...facts, estimate('2022-03-06 10:00', '2022-03-20')).estimate;
    expect(back?.atMs).toBe(Date.parse('2022-03-06T09:00:00Z'));
  });

  test('a court that decided before the decision on open care decided something else', () => {
    const court = (occurred: string): GivenFact => given('court-decision.recorded', occurred);
    const decided = given('compulsory-care.decided', '2022-03-04 10:00', {
      data: { care: 'open-compulsory-care' },
    });
    const later = foldFacts(court('2022-03-02 10:00'), decided, court('2022-03-09 10:00'));
    expect(later.courtDecision?.atMs).toBe(Date.parse('2022-03-09T09:00:00Z'));
    // Known by its date only it may have come after it.
    const sameDay = given('court-decision.recorded', '2022-03-04', { dateOnly: true });
    expect(foldFacts(sameDay, decided, court('2022-03-09 10:00')).courtDecision?.dateOnly).toBe(
      true,
    );
  });

  test('a discharge that was cancelled is none, and the one told after it holds', () => {
    const facts = [
      admitted('2022-03-01 10:00'),
      given('patient.discharged', '2022-03-11 10:00'),
      given('discharge.cancelled', '2022-03-11 11:00'),
    ];
    expect(foldFacts(...facts).discharge).toBeUndefined();
    const again = foldFacts(...facts, given('patient.discharged', '2022-03-13 10:00'));
    expect(again.discharge?.atMs).toBe(Date.parse('2022-03-13T09:00:00Z'));
  });

  test('of what is told of its end the last holds: a death replaces a discharge, a discharge a death', () => {
    const home = given('patient.discharged', '2022-03-11 10:00');
    const died = given('patient.deceased', '2022-03-11 09:00', { told: '2022-03-11 12:00' });
    const late = given('patient.discharged', '2022-03-11 10:30', { told: '2022-03-11 13:00' });
    const cancelled = given('discharge.cancelled', '2022-03-11 14:00');
    const ends = (...facts: GivenFact[]): (string | undefined)[] => {
      const { discharge, deceased } = foldFacts(admitted('2022-03-01 10:00'), ...facts);
      return [discharge?.id, deceased?.id];
    };
    expect(ends(home, died)).toEqual([undefined, died.id]);
    expect(ends(home, died, late)).toEqual([late.id, undefined]);
    expect(ends(home, died, cancelled)).toEqual([undefined, undefined]);
  });

  test('a corrected time of death replaces the one before it', () => {
    const process = foldFacts(
      admitted('2022-03-01 10:00'),
      given('patient.deceased', '2022-03-11 10:00'),
      given('patient.deceased', '2022-03-12 10:00', { told: '2022-03-12 11:00' }),
    );
    expect(process.deceased?.atMs).toBe(Date.parse('2022-03-12T09:00:00Z'));
  });

  test('a marking left unsaid stands, and a stated none lifts it', () => {
    const unsaid = { municipality: '1480', numberKind: 'personnummer' };
    const said = (protection: string, at: string): GivenFact =>
      given('patient.identity-changed', at, { data: { patient: { ...unsaid, protection } } });
    const facts = [
      said('sekretessmarkering', '2022-03-01 10:00'),
      given('patient.identity-changed', '2022-03-02 10:00', { data: { patient: unsaid } }),
    ];
    expect(foldFacts(...facts).patient.at(-1)?.codes.protection).toBe('sekretessmarkering');
    const lifted = foldFacts(...facts, said('none', '2022-03-03 10:00'));
    expect(lifted.patient.at(-1)?.codes.protection).toBe('none');
  });

  test('a readiness of before a withdrawal that is told again after it undoes the withdrawal', () => {
    const facts = [
      admitted('2022-03-01 10:00'),
      given('patient.discharge-ready', '2022-03-07 10:00', { id: 'ready' }),
      given('discharge-readiness.withdrawn', '2022-03-08 10:00'),
    ];
    const again = (told: string): DischargeProcess =>
      foldFacts(...facts, given('patient.discharge-ready', '2022-03-07 10:00', { told }));
    expect(again('2022-03-08 12:00').readiness).toMatchObject([{ occasion: 'ready' }]);
    expect(again('2022-03-08 12:00').readiness[0]?.withdrawn).toBeUndefined();
    expect(again('2022-03-08 09:00').readiness[0]?.withdrawn).toBeDefined();
  });

  test('a withdrawal where nothing was ready says nothing', () => {
    const process = foldFacts(
      admitted('2022-03-01 10:00'),
      given('discharge-readiness.withdrawn', '2022-03-05 10:00'),
      given('patient.discharge-ready', '2022-03-07 10:00'),
    );
    expect(process.contradictions).toEqual([]);
    expect(process.readiness[0]?.withdrawn).toBeUndefined();
  });

  test('a cancelled admission leaves no admission, an admission told after it is a new one', () => {
    const facts = [
      admitted('2022-03-01 10:00', { id: 'wrong' }),
      given('admission.cancelled', '2022-03-01 12:00'),
    ];
    expect(foldFacts(...facts).admission).toBeUndefined();
    expect(foldFacts(...facts).admissionCancelled).toBeDefined();
    const again = foldFacts(...facts, admitted('2022-03-01 13:00', { id: 'right' }));
    expect(again.admission?.occasion).toBe('right');
  });

  test('the municipality is that of the date asked for, and one left out is no statement', () => {
    const moved = { ...codes, municipality: '1481' };
    const unstated = { numberKind: 'personnummer', protection: 'none' };
    const process = foldFacts(
      admitted('2022-03-01 10:00'),
      given('patient.identity-changed', '2022-03-05 10:00', { data: { patient: moved } }),
      given('patient.identity-changed', '2022-03-06 10:00', { data: { patient: unstated } }),
    );
    const at = (when: string): string | undefined =>
      patientAt(process, Date.parse(localTime(when)))?.municipality;
    expect([at('2022-02-01 10:00'), at('2022-03-04 10:00'), at('2022-03-07 10:00')]).toEqual([
      '1480',
      '1480',
      '1481',
    ]);
  });
});

test('codes stated with an admission told later hold from that admission only, not over a later change', () => {
  const process = foldFacts(
    given('patient.identity-changed', '2022-03-05 10:00', {
      data: { patient: { ...codes, municipality: '1481' } },
    }),
    admitted('2022-03-01 10:00', { told: '2022-03-09 10:00' }),
    given('patient.admitted', '2022-03-06 10:00', {
      stayId: 'stay-2',
      data: { patient: { ...codes, municipality: '1482' } },
    }),
  );
  expect(process.patient.map((entry) => entry.codes.municipality)).toEqual([
    '1480',
    '1481',
    '1482',
  ]);
});

describe('linked stays', () => {
  const other = { stayId: 'stay-2' };
  const transfer = [
    admitted('2022-03-01 10:00', { id: 'in-1' }),
    given('patient.discharged', '2022-03-04 12:00', { id: 'out-1' }),
    admitted('2022-03-04 12:00', { id: 'in-2', ...other }),
  ];

  test('are one stay: admitted at the first, not discharged while any goes on', () => {
    const process = foldFacts(...transfer);
    expect(process.admission?.occasion).toBe('in-1');
    expect(process.discharge).toBeUndefined();
  });

  test('are in the region of the last of them', () => {
    const data = { county: '24', patient: codes };
    const process = foldFacts(
      ...transfer.slice(0, 2),
      admitted('2022-03-04 12:00', { ...other, data }),
    );
    expect([process.county, process.admission?.occasion]).toEqual(['24', 'in-1']);
  });

  test('end with a death before the discharge that closes the last of them', () => {
    const process = foldFacts(
      admitted('2022-03-01 10:00', { id: 'in-1' }),
      given('patient.deceased', '2022-03-04 12:00', { id: 'died' }),
      admitted('2022-03-04 10:00', { id: 'in-2', ...other }),
      given('patient.discharged', '2022-03-05 12:00', { id: 'out-2', ...other }),
    );
    expect(endOf(process)?.id).toBe('died');
    const { deceased, ...rest } = process;
    if (deceased === undefined) throw new Error('the death is lost');
    const both = {
      ...rest,
      deceased,
      discharge: { ...deceased, id: 'later', atMs: deceased.atMs + 3_600_000 },
    };
    expect(endOf(both)?.id).toBe('died');
    const earlier = {
      ...both,
      discharge: { ...both.discharge, atMs: deceased.atMs - 3_600_000 },
    };
    expect(endOf(earlier)?.id).toBe('later');
  });

  test('are discharged when the last one is', () => {
    const out = given('patient.discharged', '2022-03-09 12:00', { id: 'out-2', ...other });
    expect(foldFacts(...transfer, out).discharge?.id).toBe('out-2');
  });
});

describe('contradictions', () => {
  test.each([
    ['DISCHARGE_WITHOUT_ADMISSION', [given('patient.discharged', '2022-03-11 10:00')]],
    [
      'DISCHARGE_BEFORE_ADMISSION',
      [admitted('2022-03-12 10:00'), given('patient.discharged', '2022-03-11 10:00')],
    ],
    [
      'DEATH_BEFORE_ADMISSION',
      [admitted('2022-03-12 10:00'), given('patient.deceased', '2022-03-11 10:00')],
    ],
    ['READY_WITHOUT_ADMISSION', [given('patient.discharge-ready', '2022-03-11 10:00')]],
    [
      'READY_BEFORE_ADMISSION',
      [admitted('2022-03-12 10:00'), given('patient.discharge-ready', '2022-03-11 10:00')],
    ],
    [
      'ADMITTED_AGAIN',
      [
        admitted('2022-03-01 10:00', { id: 'first' }),
        given('patient.discharged', '2022-03-04 10:00'),
        admitted('2022-03-10 10:00', { id: 'again' }),
      ],
    ],
    [
      'READY_AFTER_DISCHARGE',
      [
        admitted('2022-03-01 10:00'),
        given('patient.discharged', '2022-03-11 10:00'),
        given('patient.discharge-ready', '2022-03-12 10:00'),
      ],
    ],
  ])('%s is kept', (code, facts) => {
    expect(foldFacts(...facts).contradictions).toContain(code);
  });

  test('two systems that tell one stay differ by minutes, and contradict each other by dates', () => {
    const byTheTwo = (ofOther: string): readonly string[] =>
      foldFacts(
        admitted('2022-03-01 10:00'),
        admitted('2022-03-01 10:04', { id: 'other admission', sender: 'other' }),
        given('patient.discharged', '2022-03-09 10:00'),
        given('patient.discharged', ofOther, { id: 'other end', sender: 'other' }),
      ).contradictions;
    expect(byTheTwo('2022-03-09 13:00')).toEqual([]);
    expect(byTheTwo('2022-03-10 08:00')).toEqual(['WITNESSES_DISAGREE']);
  });

  test('a date that one of two systems has corrected is not held against it', () => {
    const process = foldFacts(
      admitted('2022-03-01 10:00'),
      given('patient.discharged', '2022-03-09 10:00'),
      given('patient.discharged', '2022-03-10 08:00', { id: 'wrong', sender: 'other' }),
      given('patient.discharged', '2022-03-09 10:05', {
        id: 'corrected',
        sender: 'other',
        told: '2022-03-10 09:00',
      }),
    );
    expect(process.contradictions).toEqual([]);
  });

  test('a stay that goes on after a cancelled discharge, or whose admission is corrected, contradicts nothing', () => {
    const cancelled = foldFacts(
      admitted('2022-03-01 10:00', { id: 'first' }),
      given('patient.discharged', '2022-03-04 10:00'),
      given('discharge.cancelled', '2022-03-04 11:00'),
      admitted('2022-03-05 10:00', { id: 'corrected' }),
    );
    const corrected = foldFacts(
      admitted('2022-03-01 10:00', { id: 'first' }),
      given('patient.discharged', '2022-03-04 10:00'),
      admitted('2022-03-01 09:00', { id: 'corrected', told: '2022-03-05 10:00' }),
    );
    expect([cancelled.contradictions, corrected.contradictions]).toEqual([[], []]);
  });

  test('a discharge known by its date only does not contradict what happened that day', () => {
    const process = foldFacts(
      admitted('2022-03-01 10:00'),
      given('patient.discharge-ready', '2022-03-07 10:00'),
      given('patient.discharged', '2022-03-07', { dateOnly: true }),
    );
    expect(process.contradictions).toEqual([]);
  });
});

// ---------------------------------------------------------------- properties

const types = [
  ['patient.admitted', { county: '14', patient: codes }],
  ['need.assessed', social],
  ['need.assessed', { ...social, regionOutpatient: true }],
  ['need.assessed', { ...social, municipalHealthCare: true }],
  ['need.withdrawn', {}],
  ['discharge-estimate.set', { expectedDischarge: '2022-03-20' }],
  ['discharge-estimate.set', { expectedDischarge: '2022-03-21' }],
  ['planning.called', { calledBy: 'fixed-care-contact' }],
  ['planning.call-withdrawn', {}],
  ['planning.declined', {}],
  ['consent.recorded', { given: true }],
  ['compulsory-care.decided', { care: 'open-compulsory-care' }],
  ['secrecy-obstacle.recorded', { obligation: 'discharge-ready-notice', present: true }],
  ['patient.identity-changed', { patient: { ...codes, numberKind: 'reservnummer' } }],
  ['outpatient-care.availability-set', { availability: 'available' }],
  ['outpatient-care.availability-set', { availability: 'unavailable' }],
  ['placement.decided', { municipality: '1482' }],
  ['patient.identity-changed', { patient: { ...codes, municipality: '1481' } }],
  ['patient.identity-changed', { patient: { ...codes, protection: 'sekretessmarkering' } }],
  ['patient.discharge-ready', {}],
  ['patient.discharge-ready', {}],
  ['discharge-readiness.withdrawn', {}],
  ['patient.discharged', {}],
  ['discharge.cancelled', {}],
  ['admission.cancelled', {}],
  ['patient.deceased', {}],
  ['notice.misdirected', { obligation: 'admission-notice' }],
  ['statement.withdrawn', { statement: 'planning.called', at: '2022-03-03T08:00:00.000Z' }],
] as const;

const twoHoursMs = 7_200_000;
const startMs = Date.parse('2022-03-01T08:00:00.000Z');
const iso = (ms: number): string => new Date(ms).toISOString();

/** Facts of a fortnight on a grid of two hours, so that many happen at the same instant, learned at once or late. */
const anyFacts = fc
  .array(
    fc.record({
      kind: fc.constantFrom(...types),
      step: fc.nat({ max: 160 }),
      lateBy: fc.constantFrom(0, 0, 0, 1, 30),
      stay: fc.constantFrom('stay-1', 'stay-1', 'stay-1', 'stay-2'),
      supersedesPrevious: fc.constantFrom(false, false, false, true),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((drawn) =>
    drawn.map(
      ({ kind: [type, data], step, lateBy, stay, supersedesPrevious }, index): GivenFact => {
        const atMs = startMs + step * twoHoursMs;
        const knownAt = iso(atMs + lateBy * twoHoursMs);
        return {
          type,
          data,
          id: `fact-${(index * 7) % 15}`,
          occurredAt: iso(atMs),
          knownAt,
          sentAt: knownAt,
          stayId: stay,
          ...(supersedesPrevious &&
            index > 0 && { supersedes: [`fact-${((index - 1) * 7) % 15}`] }),
        };
      },
    ),
  );

test('any order of arrival folds facts to one state', () => {
  fc.assert(
    fc.property(
      anyFacts.chain((facts) =>
        fc.tuple(fc.constant(facts), fc.shuffledSubarray(facts, { minLength: facts.length })),
      ),
      ([facts, shuffled]) => {
        expect(plain(fold(stored(shuffled)))).toEqual(plain(fold(stored(facts))));
      },
    ),
    { numRuns: 400, seed: 20220307 },
  );
});

test('a fact that arrives twice folds as once', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      expect(plain(fold(stored([...facts, ...facts])))).toEqual(plain(fold(stored(facts))));
    }),
    { numRuns: 100, seed: 1 },
  );
});

test('deciding on its own decisions gives nothing new, whatever happens and in whatever order it is learned', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      // Each step of a played stay demands it.
      new PlayedStay().play(facts, '2022-05-01T00:00:00.000Z');
    }),
    { numRuns: 150, seed: 612 },
  );
});

test('what is charged in the end is charged for days the patient was in hospital and ready', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const stay = new PlayedStay().play(facts, '2022-05-01T00:00:00.000Z');
      const process = stay.process();
      for (const counted of process.history.careDays.values()) {
        for (const date of counted.dates) {
          const ready = process.readiness.some(
            ({ atMs, withdrawn }) =>
              iso(atMs).slice(0, 10) < date &&
              (withdrawn === undefined || iso(withdrawn.atMs).slice(0, 10) >= date),
          );
          expect(ready && date < (counted.dischargedOn ?? '')).toBe(true);
        }
        if (process.contradictions.length > 0) expect(counted.dates).toEqual([]);
      }
    }),
    { numRuns: 100, seed: 54 },
  );
});
