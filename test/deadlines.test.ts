/** The rows by which deadlines wake and warn: what is set, moved and closed with each decision. */
import { describe, expect, test } from 'vitest';
import { fold } from '../gateway/process/state.ts';
import { decide } from '../gateway/rules/decide.ts';
import type { Decision, WarnMs } from '../gateway/rules/decide.ts';
import { assess } from '../gateway/rules/index.ts';
import { PlayedStay, factOf, localTime, processId, shippedLaw } from './support/law.ts';
import type { GivenFact } from './support/law.ts';

const hourMs = 3_600_000;
const warnMs: WarnMs = { default: 4 * hourMs, T6: 24 * hourMs, T7: 0 };

function fact(type: GivenFact['type'], at: string, data: object = {}, known = at): GivenFact {
  const knownAt = localTime(known);
  return { type, id: `${type} ${at}`, occurredAt: localTime(at), knownAt, data };
}
const patient = { municipality: '0580', numberKind: 'personnummer', protection: 'none' };
const admitted = (at: string, known = at): GivenFact =>
  fact('patient.admitted', at, { county: '05', patient }, known);
const needed = (at: string, regionOutpatient = false): GivenFact =>
  fact('need.assessed', at, {
    socialServices: true,
    municipalHealthCare: false,
    regionOutpatient,
  });

/** What is decided when `last` becomes known of a stay whose notices reach nobody. */
function decided(facts: readonly GivenFact[], last: readonly GivenFact[], at: string): Decision {
  const nowMs = Date.parse(localTime(at));
  const deliveries = ['admission-notice', 'discharge-ready-notice'].map(
    (obligation) => ({ obligation, outcome: 'never' }) as const,
  );
  const played = new PlayedStay(deliveries, shippedLaw, { warnMs });
  played.play(facts, new Date(nowMs - 1).toISOString());
  const position = played.history.length;
  const told = last.map((given, index) => ({
    position: position + index + 1,
    event: factOf(given),
  }));
  const process = fold([...played.history, ...told], processId);
  return decide(process, assess(process, shippedLaw, nowMs), nowMs, { warnMs });
}

/** `T1 2022-03-02T09:00:00.000Z`, and `T1 warns …`, in the order they are set. */
function rowsOf({ setDeadlines }: Decision): string[] {
  return setDeadlines.map(({ data, dueAt, event }) =>
    [data.deadline, ...(event === undefined ? [] : ['warns']), dueAt].join(' '),
  );
}
/** The rows closed, by what they were: `T1`, `T1 warns`. */
function closedOf({ closeDeadlines }: Decision): string[] {
  return closeDeadlines.map((key) => {
    const [, deadline = '', , warns] = key.split('|');
    return warns === undefined ? deadline : `${deadline} warns`;
  });
}

const stay = [admitted('2022-03-01 10:00'), needed('2022-03-01 10:00')];

describe('a row', () => {
  test('warns its lead before it falls due', () => {
    expect(rowsOf(decided([], stay, '2022-03-01 10:00'))).toEqual([
      'T1 2022-03-02T09:00:00.000Z',
      'T1 warns 2022-03-02T05:00:00.000Z',
    ]);
  });

  test('that is nearer than its lead warns at once, one that has passed does not', () => {
    expect(rowsOf(decided([], stay, '2022-03-02 08:00'))).toEqual([
      'T1 2022-03-02T09:00:00.000Z',
      'T1 warns 2022-03-02T07:00:00.000Z',
    ]);
    expect(rowsOf(decided([], stay, '2022-03-02 12:00'))).toEqual(['T1 2022-03-02T09:00:00.000Z']);
  });

  test('moves with its warning; moved into the past it closes the warning', () => {
    const later = [admitted('2022-03-01 20:00', '2022-03-01 21:00')];
    const moved = decided(stay, later, '2022-03-01 21:00');
    expect(rowsOf(moved)).toEqual([
      'T1 2022-03-02T19:00:00.000Z',
      'T1 warns 2022-03-02T15:00:00.000Z',
    ]);
    expect(closedOf(moved)).toEqual([]);
    const earlier = [admitted('2022-02-28 10:00', '2022-03-01 21:00')];
    const known = [admitted('2022-03-01 10:00'), needed('2022-02-27 10:00')];
    const passed = decided(known, earlier, '2022-03-01 21:00');
    expect(rowsOf(passed)).toEqual(['T1 2022-03-01T09:00:00.000Z']);
    expect(closedOf(passed)).toEqual(['T1 warns']);
  });

  test('is closed with its warning when it is called off', () => {
    const withdrawn = [fact('need.withdrawn', '2022-03-01 12:00')];
    expect(closedOf(decided(stay, withdrawn, '2022-03-01 12:00'))).toEqual(['T1', 'T1 warns']);
  });

  test('whose lead is nothing does not warn, and neither does what is only waited for', () => {
    const home = [fact('patient.discharged', '2022-03-01 12:00')];
    const rows = rowsOf(decided(stay, home, '2022-03-01 12:00'));
    expect(rows).toEqual(['T7 2022-03-01T22:59:59.999Z']);
    const seen = { obligation: 'discharge-ready-notice', role: 'social-services' };
    const ready = [
      fact('patient.discharge-ready', '2022-03-01 12:00'),
      fact('notice.observed', '2022-03-01 12:00', seen),
    ];
    expect(rowsOf(decided(stay, ready, '2022-03-01 12:00'))).toEqual([
      'T8 2022-03-03T23:00:00.000Z',
    ]);
  });

  test('has the lead of its own deadline where there is one', () => {
    const seen = { obligation: 'discharge-ready-notice', role: 'social-services' };
    const both = [admitted('2022-03-01 10:00'), needed('2022-03-01 10:00', true)];
    const ready = [
      fact('patient.discharge-ready', '2022-03-01 12:00'),
      fact('notice.observed', '2022-03-01 12:00', seen),
    ];
    expect(rowsOf(decided(both, ready, '2022-03-01 12:00'))).toContain(
      'T6 warns 2022-03-03T22:59:59.999Z',
    );
  });
});
