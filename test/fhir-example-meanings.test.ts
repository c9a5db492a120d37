/** What our published examples of plans, tasks, notices and messages mean: what their names say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FhirResource } from 'fhir/r4.js';
import { expect, test } from 'vitest';
import { exchangeOf, sentAt, shown, translated } from './support/fhir-exchange.ts';
import { Telling } from './support/fhir-messages.ts';

const folder = join(import.meta.dirname, '../profiles/fhir/examples');
const examples = new Map(
  readdirSync(folder).map((name): [string, FhirResource] => [
    name.replace(/\.json$/, ''),
    JSON.parse(readFileSync(join(folder, name), 'utf8')),
  ]),
);
const fhir = { visitSystems: ['https://norrtuna.example/fhir/vardkontakt'] };
const related = Object.fromEntries(
  [...examples.values()].map((one) => [`${one.resourceType}/${one.id ?? ''}`, one]),
);

/** Type and time of each fact. */
const told = (facts: readonly string[]): string[] =>
  facts.map((fact) => fact.split(' ').slice(0, 3).join(' '));

test.each([
  ['task-discharge-ready', ['patient.discharge-ready @ 2026-03-06T09:20Z']],
  ['task-fixed-care-contact', ['care-contact.appointed @ 2026-03-04T12:00Z']],
  ['task-need-assessment', ['need.assessed @ 2026-03-03T10:00Z']],
  ['task-planning-call', ['planning.called @ 2026-03-04T08:00Z']],
  [
    'task-planning-call-declined',
    [
      'planning.called @ 2026-03-04T08:00Z',
      'planning.call-withdrawn @ 2026-03-05T08:00Z',
      'planning.declined @ 2026-03-05T08:00Z',
    ],
  ],
  ['plan-called', ['planning.called @ 2026-03-04T08:00Z']],
  ['plan-declined', [`planning.declined @ ${sentAt.replace(':00.000Z', 'Z')}`]],
  ['plan-established', ['plan.established @ 2026-03-09T14:00Z']],
  ['plan-after-compulsory-care', ['plan.established @ 2026-03-09T14:00Z']],
  ['plan-at-discharge', []],
  [
    'notice-observed',
    ['notice.observed @ 2026-03-06T09:30Z', 'notice.observed @ 2026-03-06T09:30Z'],
  ],
  ['notice-received', ['notice.received @ 2026-03-02T14:00Z']],
])('the example %s says it', (name, facts) => {
  const example = examples.get(name);
  if (example === undefined) throw new Error(`no example ${name}`);
  const translation = translated(exchangeOf(example, { related }), fhir);
  expect(told(shown(translation))).toEqual(facts);
  expect(translation.unmapped).toEqual([]);
});

test('the examples of messages are an admission, its correction and its cancelling', async () => {
  const telling = new Telling(fhir);
  const facts: string[] = [];
  for (const name of ['message-admit', 'message-correct', 'message-cancel']) {
    const message = examples.get(name);
    if (message?.resourceType !== 'Bundle') throw new Error(`no example ${name}`);
    facts.push(...told(await telling.facts(message)));
  }
  expect(facts).toEqual([
    'patient.admitted @ 2026-03-02T13:05Z',
    'patient.admitted @ 2026-03-02T12:40Z',
    'admission.cancelled @ 2026-03-02T15:00Z',
  ]);
});

test('calls of the examples are those of the fixed care contact (4 kap. 3 §)', () => {
  for (const name of ['task-planning-call', 'task-planning-call-declined', 'plan-called']) {
    const example = examples.get(name);
    if (example === undefined) throw new Error(`no example ${name}`);
    expect(translated(exchangeOf(example, { related }), fhir).facts).toContainEqual(
      expect.objectContaining({
        type: 'planning.called',
        data: { calledBy: 'fixed-care-contact' },
      }),
    );
  }
});
