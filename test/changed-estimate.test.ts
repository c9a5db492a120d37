/**
 * 2 kap. 4 §: what is told when the estimated time of discharge changes after the admission notice was sent. Who is told
 * when stands in rules/admission-notice.yaml; here is what the notice says, and what an older journal goes on with.
 */
import { describe, expect, test } from 'vitest';
import type { NoticeData } from '../gateway/process/events.ts';
import { fold } from '../gateway/process/state.ts';
import type { StoredLike } from '../gateway/process/state.ts';
import { decide } from '../gateway/rules/decide.ts';
import { assess } from '../gateway/rules/index.ts';
import { PlayedStay, localTime, processId, shippedLaw } from './support/law.ts';
import type { GivenDelivery, GivenFact } from './support/law.ts';

const patient = { municipality: '0580', numberKind: 'personnummer', protection: 'none' };

function fact(at: string, type: GivenFact['type'], data: object, id = `${type} ${at}`): GivenFact {
  const occurredAt = localTime(at);
  return { type, id, occurredAt, knownAt: occurredAt, dateOnly: false, data };
}

const estimate = (at: string, expectedDischarge: string): GivenFact =>
  fact(at, 'discharge-estimate.set', { expectedDischarge });

const admitted = [
  fact('2022-03-01 10:00', 'patient.admitted', {
    county: '05',
    hospital: 'Testsjukhuset',
    patient,
  }),
  fact('2022-03-01 10:00', 'need.assessed', {
    socialServices: true,
    municipalHealthCare: false,
    regionOutpatient: false,
  }),
  estimate('2022-03-01 10:00', '2022-03-20'),
];

function play(
  facts: readonly GivenFact[],
  until: string,
  deliveries: readonly GivenDelivery[] = [],
): PlayedStay {
  return new PlayedStay(deliveries, shippedLaw).play([...admitted, ...facts], localTime(until));
}

/** Notices of a stay in their order, with their ids. */
function noticesOf(stay: PlayedStay): readonly { id: string; type: string; data: NoticeData }[] {
  return stay.history.flatMap(({ event }) =>
    event.type === 'notice.issued' ||
    event.type === 'notice.corrected' ||
    event.type === 'notice.withdrawn'
      ? [{ id: event.id, type: event.type, data: event.data }]
      : [],
  );
}

describe('a notice of a changed estimate', () => {
  const stay = play(
    [estimate('2022-03-03 10:00', '2022-03-25'), estimate('2022-03-04 10:00', '2022-03-28')],
    '2022-03-06 10:00',
  );
  const [admission, first, second] = noticesOf(stay);

  test('says the estimate before and after, and names the admission notice that it changes', () => {
    expect(first).toMatchObject({
      type: 'notice.issued',
      data: {
        obligation: 'discharge-estimate',
        changes: admission?.id,
        content: { expectedDischarge: '2022-03-25', previousExpectedDischarge: '2022-03-20' },
        reference: '2 kap. 4 § lag (2017:612)',
      },
    });
    expect(first?.data.corrects).toBeUndefined();
  });

  test('takes the place of an earlier one, and says what that one said', () => {
    expect(second).toMatchObject({
      type: 'notice.corrected',
      data: {
        corrects: first?.id,
        changes: admission?.id,
        content: { expectedDischarge: '2022-03-28', previousExpectedDischarge: '2022-03-25' },
      },
    });
  });

  test('carries no address, no time of admission and no services', () => {
    expect(first?.data.fields).toEqual([
      'name',
      'personNumber',
      'expectedDischarge',
      'previousExpectedDischarge',
      'hospital',
    ]);
    expect(Object.keys(first?.data.content ?? {}).toSorted()).toEqual([
      'expectedDischarge',
      'hospital',
      'previousExpectedDischarge',
    ]);
  });

  test('was raised by the estimate, and moves no clock but its own watch', () => {
    const raised = stay.history.find(({ event }) => event.id === first?.id)?.event;
    expect(raised?.causationId).toBe('discharge-estimate.set 2022-03-03 10:00');
    const deadlines = stay.events('deadline.set').map(({ data }) => data.deadline);
    expect(deadlines).toEqual(['T1', 'T3', 'T3']);
    expect(stay.findings().find(({ role }) => role === 'social-services')).toMatchObject({
      reason: 'NOTICE_SENT',
      sinceMs: Date.parse(localTime('2022-03-01 10:00')),
    });
  });

  test('of one that is not known any more says which it was, and none in its place', () => {
    const withdrawn = fact('2022-03-03 10:00', 'discharge-estimate.withdrawn', {});
    const [, change] = noticesOf(play([withdrawn], '2022-03-06 10:00'));
    expect(change?.data.content).toEqual({
      hospital: 'Testsjukhuset',
      previousExpectedDischarge: '2022-03-20',
    });
  });

  test('of a protected identity says the new estimate and nothing beside what the law asks for', () => {
    const facts = [...admitted, estimate('2022-03-03 10:00', '2022-03-25')].map((one) =>
      one.type === 'patient.admitted'
        ? { ...one, data: { county: '05', patient: { ...patient, protection: 'unspecified' } } }
        : one,
    );
    const held = new PlayedStay([], shippedLaw);
    held.play(facts.slice(0, -1), localTime('2022-03-02 10:00'));
    const [admission_] = noticesOf(held);
    const [{ data: released } = fail()] = stay.events('notice.delivered');
    const noticeId = admission_?.id ?? fail();
    // A person has released it, and it was handed over.
    const arrival = { type: 'notice.delivered', data: { ...released, noticeId } } as const;
    const then = decidedAfter(held.history, [arrival, facts.at(-1) ?? fail()], '2022-03-03 10:00');
    expect(then).toEqual([
      expect.objectContaining({
        data: expect.objectContaining({
          obligation: 'discharge-estimate',
          held: true,
          content: { expectedDischarge: '2022-03-25' },
          fields: ['name', 'personNumber', 'expectedDischarge'],
        }),
      }),
    ]);
  });

  test('an admission notice that is corrected for something else says the estimate in force', () => {
    const corrected = fact('2022-03-05 10:00', 'patient.identity-changed', {
      patient: { ...patient, numberKind: 'samordningsnummer' },
    });
    const played = play(
      [estimate('2022-03-03 10:00', '2022-03-25'), corrected],
      '2022-03-06 10:00',
    );
    expect(noticesOf(played).at(-1)).toMatchObject({
      type: 'notice.corrected',
      data: { obligation: 'admission-notice', content: { expectedDischarge: '2022-03-25' } },
    });
  });
});

/** What is decided of notices when a history goes on with this. */
function decidedAfter(
  history: readonly StoredLike[],
  more: readonly { readonly type: string; readonly data: unknown }[],
  at: string,
): readonly { readonly type: string; readonly data: object }[] {
  const { position = 0, event } = history.at(-1) ?? {};
  const occurredAt = localTime(at);
  const added = more.map(
    ({ type, data }, index) =>
      ({
        position: position + 1 + index,
        event: { ...event, id: `added-${index}`, type, data, occurredAt },
      }) as StoredLike,
  );
  const process = fold([...history, ...added], processId);
  const nowMs = Date.parse(occurredAt);
  const { events } = decide(process, assess(process, shippedLaw, nowMs), nowMs);
  return events.filter(({ type }) => type.startsWith('notice.'));
}

function fail(): never {
  throw new Error('the stay has it');
}

describe('a journal of before, in which a changed estimate went as a corrected admission notice', () => {
  /** What a gateway of then wrote: the admission notice with the new estimate, as a correction of the first. */
  function before(outcome: 'delivered' | 'refused' | 'under way'): readonly StoredLike[] {
    const stay = play([estimate('2022-03-03 10:00', '2022-03-25')], '2022-03-06 10:00', [
      { obligation: 'discharge-estimate', outcome: 'never' },
    ]);
    const [admission = fail(), change] = noticesOf(stay);
    const [receipt = fail()] = stay.events('notice.delivered');
    const content = { ...admission.data.content, expectedDischarge: '2022-03-25' };
    const data: NoticeData = { ...admission.data, revision: 2, corrects: admission.id, content };
    const kept = stay.history.filter(({ event }) => event.id !== change?.id);
    const correction = { ...receipt, id: 'correction', type: 'notice.corrected', data };
    const arrived = {
      ...receipt,
      id: 'arrival',
      type: `notice.${outcome}`,
      data: { ...receipt.data, revision: 2, noticeId: 'correction', deliveryId: 'second' },
    };
    const added = outcome === 'under way' ? [correction] : [correction, arrived];
    const last = kept.at(-1)?.position ?? 0;
    return [
      ...kept,
      ...added.map((event, index) => ({ position: last + 1 + index, event }) as StoredLike),
    ];
  }

  test.each(['delivered', 'refused', 'under way'] as const)(
    'goes on with no notice more, the correction %s',
    (outcome) => {
      expect(decidedAfter(before(outcome), [], '2022-03-06 11:00')).toEqual([]);
    },
  );

  test('and tells the next change as a change of what the correction said', () => {
    const next = { type: 'discharge-estimate.set', data: { expectedDischarge: '2022-03-30' } };
    expect(decidedAfter(before('delivered'), [next], '2022-03-07 10:00')).toEqual([
      expect.objectContaining({
        type: 'notice.issued',
        data: expect.objectContaining({
          obligation: 'discharge-estimate',
          changes: 'correction',
          content: expect.objectContaining({
            expectedDischarge: '2022-03-30',
            previousExpectedDischarge: '2022-03-25',
          }),
        }),
      }),
    ]);
  });
});
