/**
 * Stays told in several messages: what they come to, whatever order they arrive in. The steps stand in the order in
 * which the hospital told them (EVN-2); every permutation of them folds to the same state.
 */
import { describe, expect, test } from 'vitest';
import { endOf, fold, patientAt } from '../gateway/process/state.ts';
import type { DischargeProcess, Moment } from '../gateway/process/state.ts';
import { eventsOf, hl7Time, permutations, senders } from './support/adt-message.ts';
import type { Fields, Sender, Step } from './support/adt-message.ts';
import { localTime } from './support/law.ts';

const shown = (moment: Moment | undefined): string | undefined =>
  moment && new Date(moment.atMs).toISOString();

/** What the stories are about; a story says what of it there is. */
function outcomeOf(process: DischargeProcess): Record<string, unknown> {
  const { admission, admissionCancelled, discharge, deceased, leaves, contradictions } = process;
  const all = {
    admitted: shown(admission),
    cancelled: shown(admissionCancelled),
    discharged: shown(discharge),
    deceased: shown(deceased),
    ended: shown(endOf(process)),
    leaves: leaves.map((leave) => [shown(leave), shown(leave.returned)]),
    contradictions,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Local times in place of instants. */
interface Outcome {
  readonly admitted?: string;
  readonly cancelled?: string;
  readonly discharged?: string;
  readonly deceased?: string;
  readonly ended?: string;
  readonly leaves?: readonly (readonly [string, string?])[];
  readonly contradictions?: readonly string[];
}
function instantsOf({ leaves = [], contradictions = [], ...times }: Outcome): object {
  return {
    ...Object.fromEntries(Object.entries(times).map(([key, time]) => [key, localTime(time)])),
    leaves: leaves.map(([from, to]) => [localTime(from), to === undefined ? to : localTime(to)]),
    contradictions,
  };
}

/** @returns the state that every order folds to */
function foldInEveryOrder(sender: Sender, steps: readonly Step[]): DischargeProcess {
  const told = steps.map((step) => eventsOf(sender, step));
  const orders = permutations(told).map((order) =>
    fold(order.flat().map((event, position) => ({ position, event }))),
  );
  const [first] = orders;
  if (first === undefined) throw new RangeError('a story has a message');
  for (const state of orders) expect(state).toEqual(first);
  return first;
}

const admit: Step = ['A01', '2022-03-07 10:00'];
const discharge: Step = ['A03', '2022-03-10 14:00'];
const admitted = '2022-03-07 10:00';
const withPv1 = (trigger: string, at: string, pv1: Fields): Step => [
  trigger,
  at,
  [['PID'], ['PV1', pv1]],
];
const withPid = (trigger: string, at: string, pid: Fields, pv1: Fields = {}): Step => [
  trigger,
  at,
  [
    ['PID', pid],
    ['PV1', pv1],
  ],
];
/** A cancellation whose EVN-6 is the time of what it cancels, as the standard asks since version 2.4. */
const cancelAs = (sender: Sender, trigger: string, told: string, cancelled: string): Step => [
  trigger,
  told,
  [['EVN', { 6: hl7Time(sender, cancelled) }], ['PID'], ['PV1']],
];

describe.each(senders)('%s, in any order of arrival:', (sender) => {
  const stories: readonly (readonly [string, readonly Step[], Outcome])[] = [
    [
      'a transfer taken back (A12) leaves the stay as it was',
      [admit, withPv1('A02', '2022-03-08 10:00', { 3: 'KIR2' }), ['A12', '2022-03-08 11:00']],
      { admitted },
    ],
    [
      'a discharge taken back (A13) is none',
      [admit, discharge, ['A13', '2022-03-10 15:00']],
      { admitted },
    ],
    [
      'a discharge taken back and told again is the one told again',
      [
        admit,
        withPv1('A03', '2022-03-10 14:00', { 45: hl7Time(sender, '2022-03-10 13:00') }),
        withPv1('A13', '2022-03-10 15:00', { 45: hl7Time(sender, '2022-03-10 13:00') }),
        withPv1('A03', '2022-03-11 12:00', { 45: hl7Time(sender, '2022-03-11 11:00') }),
      ],
      { admitted, discharged: '2022-03-11 11:00', ended: '2022-03-11 11:00' },
    ],
    [
      'a cancellation with the time of the discharge it cancels cancels that one',
      [admit, discharge, cancelAs(sender, 'A13', '2022-03-11 09:00', '2022-03-10 14:00')],
      { admitted },
    ],
    [
      'an admission taken back (A11) is none',
      [admit, ['A11', '2022-03-07 12:00']],
      { cancelled: '2022-03-07 12:00' },
    ],
    [
      'a deleted visit (A23) is none, and its discharge contradicts nothing',
      [admit, discharge, ['A23', '2022-03-11 08:00']],
      {
        cancelled: '2022-03-11 08:00',
        discharged: '2022-03-10 14:00',
        ended: '2022-03-10 14:00',
      },
    ],
    [
      'an admission taken back and told again is the one told again',
      [
        admit,
        ['A11', '2022-03-07 12:00'],
        withPv1('A01', '2022-03-07 13:00', { 44: hl7Time(sender, '2022-03-07 11:00') }),
      ],
      { admitted: '2022-03-07 11:00' },
    ],
    [
      'leave and return are one leave',
      [admit, ['A21', '2022-03-08 09:00'], ['A22', '2022-03-08 18:00']],
      { admitted, leaves: [['2022-03-08 09:00', '2022-03-08 18:00']] },
    ],
    [
      'a leave taken back (A52) is none',
      [admit, ['A21', '2022-03-08 09:00'], ['A52', '2022-03-08 10:00']],
      { admitted },
    ],
    [
      'a return taken back (A53) leaves the patient on leave, and the return told again ends it',
      [
        admit,
        ['A21', '2022-03-08 09:00'],
        ['A22', '2022-03-08 18:00'],
        ['A53', '2022-03-08 18:30'],
        ['A22', '2022-03-09 08:00'],
      ],
      { admitted, leaves: [['2022-03-08 09:00', '2022-03-09 08:00']] },
    ],
    [
      'a return taken back alone leaves the leave open',
      [
        admit,
        ['A21', '2022-03-08 09:00'],
        ['A22', '2022-03-08 18:00'],
        cancelAs(sender, 'A53', '2022-03-09 07:00', '2022-03-08 18:00'),
      ],
      { admitted, leaves: [['2022-03-08 09:00']] },
    ],
    [
      'the second leave is taken back and the first stands',
      [
        admit,
        ['A21', '2022-03-08 09:00'],
        ['A22', '2022-03-08 18:00'],
        ['A21', '2022-03-09 09:00'],
        cancelAs(sender, 'A52', '2022-03-09 12:00', '2022-03-09 09:00'),
      ],
      { admitted, leaves: [['2022-03-08 09:00', '2022-03-08 18:00']] },
    ],
    [
      'the first leave is taken back after a second one was told',
      [
        admit,
        ['A21', '2022-03-08 09:00'],
        ['A21', '2022-03-09 09:00'],
        ['A22', '2022-03-09 18:00'],
        cancelAs(sender, 'A52', '2022-03-10 12:00', '2022-03-08 09:00'),
      ],
      { admitted, leaves: [['2022-03-09 09:00', '2022-03-09 18:00']] },
    ],
    [
      'an outpatient (A04) who becomes an inpatient (A06) is admitted then',
      [
        ['A04', '2022-03-07 08:00'],
        withPv1('A06', '2022-03-07 11:00', { 44: hl7Time(sender, '2022-03-07 08:00') }),
        discharge,
      ],
      {
        admitted: '2022-03-07 11:00',
        discharged: '2022-03-10 14:00',
        ended: '2022-03-10 14:00',
      },
    ],
    [
      'an A06 told beside the A01 of an inpatient does not move the admission',
      [admit, ['A06', '2022-03-07 11:00']],
      { admitted },
    ],
    [
      'inpatient care that ended by A07 ended then, though the patient left days later',
      [admit, withPv1('A07', '2022-03-09 10:00', { 2: 'O' }), ['A03', '2022-03-12 09:00']],
      { admitted, discharged: '2022-03-09 10:00', ended: '2022-03-09 10:00' },
    ],
    [
      'a discharge taken back does not take back the A07 before it',
      [
        admit,
        withPv1('A07', '2022-03-09 10:00', { 2: 'O' }),
        ['A03', '2022-03-12 09:00'],
        ['A13', '2022-03-12 10:00'],
      ],
      { admitted, discharged: '2022-03-09 10:00', ended: '2022-03-09 10:00' },
    ],
    [
      'inpatient care that ended (A07) and began again (A06) under one number is told as such',
      [admit, withPv1('A07', '2022-03-09 10:00', { 2: 'O' }), ['A06', '2022-03-11 10:00']],
      { admitted, contradictions: ['ADMITTED_AGAIN'] },
    ],
    [
      'a death told after the discharge, on a later day, leaves the discharge',
      [
        admit,
        discharge,
        withPid('A08', '2022-03-14 09:00', { 29: hl7Time(sender, '2022-03-13 23:30'), 30: 'J' }),
      ],
      {
        admitted,
        discharged: '2022-03-10 14:00',
        deceased: '2022-03-13 23:30',
        ended: '2022-03-10 14:00',
      },
    ],
    [
      'a death after the end of the stay that the update itself tells is no death of the stay',
      [
        admit,
        discharge,
        withPid(
          'A08',
          '2022-03-10 20:00',
          { 29: hl7Time(sender, '2022-03-10 19:00') },
          { 45: hl7Time(sender, '2022-03-10 14:00') },
        ),
      ],
      { admitted, discharged: '2022-03-10 14:00', ended: '2022-03-10 14:00' },
    ],
    [
      'a death known by its date, told after a discharge on that date, ends the stay at the hour of the discharge',
      [
        admit,
        discharge,
        withPid(
          'A08',
          '2022-03-10 20:00',
          { 29: '20220310', 30: 'J' },
          { 45: hl7Time(sender, '2022-03-10 14:00') },
        ),
      ],
      { admitted, deceased: '2022-03-10 14:00', ended: '2022-03-10 14:00' },
    ],
    [
      'a death with signals that contradict each other is told',
      [admit, withPid('A03', '2022-03-10 14:00', { 30: 'J' }, { 36: '01' })],
      {
        admitted,
        deceased: '2022-03-10 14:00',
        ended: '2022-03-10 14:00',
        contradictions: ['DEATH_CONTRADICTED'],
      },
    ],
    [
      'a contradicted death that is taken back (A13) for a discharge is told no longer',
      [
        admit,
        withPid('A03', '2022-03-10 14:00', { 30: 'J' }, { 36: '01' }),
        ['A13', '2022-03-10 15:00'],
        withPv1('A03', '2022-03-10 15:05', { 36: '01', 45: hl7Time(sender, '2022-03-10 14:00') }),
      ],
      { admitted, discharged: '2022-03-10 14:00', ended: '2022-03-10 14:00' },
    ],
    [
      'a discharge whose time is corrected is at the time told last',
      [
        admit,
        withPv1('A03', '2022-03-10 14:00', { 45: hl7Time(sender, '2022-03-10 13:00') }),
        withPv1('A03', '2022-03-10 16:00', { 45: hl7Time(sender, '2022-03-10 12:30') }),
      ],
      { admitted, discharged: '2022-03-10 12:30', ended: '2022-03-10 12:30' },
    ],
  ];

  test.each(stories)('%s', (_, steps, outcome) => {
    expect(outcomeOf(foldInEveryOrder(sender, steps))).toEqual(instantsOf(outcome));
  });

  test('a move of the person (A31) counts from when it was, and a merge (A40) says whose stay it is', () => {
    const moved = (municipality: string): Fields => ({
      11: `Nya vägen 3^^Övningsköping^^99998^SE^H^^${municipality}`,
    });
    const process = foldInEveryOrder(sender, [
      ['A01', '2022-03-07 10:00', [['PID', { 3: 'L77^^^XYZ', ...moved('1480') }], ['PV1']]],
      ['A31', '2022-03-08 10:00', [['PID', { 3: 'L77^^^XYZ', ...moved('1481') }]]],
      [
        'A40',
        '2022-03-09 10:00',
        [
          ['PID', moved('1481')],
          ['MRG', { 1: 'L77^^^XYZ' }],
        ],
      ],
    ]);
    const at = (time: string): unknown => patientAt(process, Date.parse(localTime(time)));
    expect(at('2022-03-07 12:00')).toEqual({ municipality: '1480', numberKind: 'none' });
    expect(at('2022-03-08 12:00')).toEqual({ municipality: '1481', numberKind: 'none' });
    expect(at('2022-03-09 12:00')).toEqual({ municipality: '1481', numberKind: 'personnummer' });
  });
});

test('norrtuna: a readiness (A16) taken back (A25) is taken back whichever comes first', () => {
  const ready: Step = ['A16', '2022-03-09 09:00', [['PID'], ['PV1'], ['PV2', { 24: 'KLAR' }]]];
  const { readiness } = foldInEveryOrder('norrtuna', [admit, ready, ['A25', '2022-03-09 15:00']]);
  expect(readiness.map((period) => [shown(period), shown(period.withdrawn)])).toEqual([
    [localTime('2022-03-09 09:00'), localTime('2022-03-09 15:00')],
  ]);
});
