import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import { PlayedStay } from './support/law.ts';
import { isEventType } from '../gateway/process/events.ts';
import { localTimeText } from '../gateway/rules/legal-days.ts';
import { readLegalCases } from './support/law-cases.ts';
import type { Expectation, LegalCase } from './support/law-cases.ts';

const folder = join(import.meta.dirname, 'rules');

for (const file of readdirSync(folder).sort()) {
  describe(file, () => {
    test.each(readLegalCases(join(folder, file)))('$name', (legalCase) => {
      const stay = new PlayedStay(legalCase.deliveries, legalCase.parameters);
      stay.play(legalCase.facts, legalCase.at);
      expect(outcomeOf(stay, legalCase.expect)).toEqual(legalCase.expect);
      checkFindings(stay, legalCase);
    });
  });
}

/** What became of a stay, in the terms of an expectation and no others. */
function outcomeOf(stay: PlayedStay, asked: Expectation): Expectation {
  const liability = [...stay.process().history.liability.values()];
  const standing = liability.filter(({ state }) => state === 'running' || state === 'ended');
  const others = liability.filter(({ state }) => state === 'withheld' || state === 'revoked');
  const counts = [...stay.process().history.careDays.values()];
  const billedOre = stay.billedOre();
  const found = stay
    .findings()
    .map(({ rule, role, status, reason }) =>
      [role === undefined ? rule : `${rule}/${role}`, status, reason].join(' '),
    );
  const whole: Required<Expectation> = {
    liabilityFrom: standing.map(({ from }) => from ?? ''),
    withheld: others.map(({ reason }) => reason),
    careDays: counts.reduce((sum, { dates }) => sum + dates.length, 0),
    amountKr: billedOre === undefined ? 'none' : billedOre / 100,
    findings: asked.findings?.filter((line) => found.includes(line)) ?? [],
    events: Object.fromEntries(
      Object.keys(asked.events ?? {}).map((type) => [
        type,
        isEventType(type) ? stay.events(type).length : -1,
      ]),
    ),
    notices: noticesOf(stay),
    dueAt: Object.fromEntries(
      Object.keys(asked.dueAt ?? {}).map((deadline) => [deadline, dueAtOf(stay, deadline)]),
    ),
  };
  const isFound = whole.findings?.length === asked.findings?.length;
  if (asked.findings !== undefined && !isFound) whole.findings = found;
  const keys = Object.keys(asked) as (keyof Expectation)[];
  return Object.fromEntries(keys.map((key) => [key, whole[key]]));
}

/** `issued admission-notice social-services 1480 [held]`, in the order they were decided. */
function noticesOf(stay: PlayedStay): string[] {
  return stay.history
    .map(({ event }) => event)
    .filter(
      (event) =>
        event.type === 'notice.issued' ||
        event.type === 'notice.corrected' ||
        event.type === 'notice.withdrawn',
    )
    .map(({ type, data }) =>
      [
        type.slice('notice.'.length),
        data.obligation,
        data.role,
        data.municipality ?? '-',
        ...(data.held === true ? ['held'] : []),
      ].join(' '),
    );
}

function dueAtOf(stay: PlayedStay, deadline: string): string {
  const set = stay.events('deadline.set').findLast(({ data }) => data.deadline === deadline);
  if (set === undefined) return '';
  const dueAt = new Date(set.data.dueAt);
  return localTimeText(Temporal.Instant.from(dueAt.toISOString())).replace('.', ':');
}

/** Every finding says where it stands in the law and what it means, in both languages. */
function checkFindings(stay: PlayedStay, { reference }: LegalCase): void {
  expect(reference).not.toBe('');
  for (const finding of stay.findings()) {
    expect(finding.reference).toMatch(/kap\. .*§/);
    expect(finding.sentence.sv).not.toMatch(/[{}–]\.?$/);
    expect(finding.sentence.en).not.toContain('{');
    for (const origin of finding.parameters) expect(origin.reference).not.toBe('');
  }
}
