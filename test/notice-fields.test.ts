/** Which fields a notice carries is law or a dated guideline; the words say how they read. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GatewayError } from '../gateway/errors.ts';
import { noticedObligations, type NoticeData } from '../gateway/process/events.ts';
import { fieldParameters, listed } from '../gateway/rules/notices/notice-fields.ts';
import { wordsOf } from '../gateway/wiring/words.ts';
import { loadProfiles, type Profiles } from '../profiles/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { PlayedStay, localTime } from './support/law.ts';
import type { GivenFact } from './support/law.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => (folder = temporaryFolder('notice-fields')));
afterEach(() => folder.remove());

/** An overlay folder with one file. */
function overlay(name: string, text: string): string {
  mkdirSync(dirname(join(folder.path, name)), { recursive: true });
  writeFileSync(join(folder.path, name), text);
  return folder.path;
}

/** Västra Götaland adds the services from 2024; nothing is added beside them any more. */
const agreed = `parameters:
  admission-notice.noticeAddedFields:
    values:
      2024-01-01: { value: services, reference: Gemensam riktlinje 2024 § 3 }
`;
const withServices = 'optional: [services]\n';
const sayServices = `issued:
  body: ['{name} {personNumber} {address} {expectedDischarge}', 'Insatser: {services}']
corrected:
  body: ['{name} {personNumber} {address} {expectedDischarge}', 'Insatser: {services}']
`;

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof GatewayError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('it was not refused');
}

/** The admission notice to social services of a stay in Gothenburg. */
function admissionNotice(profiles: Profiles, on: string, municipality: string): NoticeData {
  const fact = (type: GivenFact['type'], data: object, index: number): GivenFact => {
    const at = localTime(`${on} 10:00`);
    return { type, id: `fact-${index}`, occurredAt: at, knownAt: at, dateOnly: false, data };
  };
  const patient = { municipality, numberKind: 'personnummer', protection: 'none' };
  const need = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
  const admitted = { county: '14', hospital: 'Testsjukhuset', patient };
  const facts = [
    fact('patient.admitted', admitted, 1),
    fact('need.assessed', need, 2),
    fact('discharge-estimate.set', { expectedDischarge: `${on.slice(0, 8)}20` }, 3),
  ];
  const stay = new PlayedStay([], profiles.parametersOf({ county: '14' }));
  const [event] = stay.play(facts, localTime(`${on} 12:00`)).events('notice.issued');
  if (event === undefined) throw new Error('no notice was issued');
  return event.data;
}

describe('by the shipped profiles', () => {
  const profiles = loadProfiles();

  test('the shipped words say what the law asks for, and no more than is allowed', () => {
    expect(() => wordsOf([], profiles)).not.toThrow();
  });

  test('a notice carries what 2 kap. 2 § lists and who writes when, and neither ward nor services', () => {
    const { fields, content } = admissionNotice(profiles, '2024-03-04', '1480');
    expect(fields).toEqual([
      'name',
      'personNumber',
      'address',
      'expectedDischarge',
      'admittedAt',
      'hospital',
    ]);
    expect(Object.keys(content).toSorted()).toEqual([
      'admittedAt',
      'expectedDischarge',
      'hospital',
      'numberKind',
    ]);
  });

  test('every notice has what the law asks for, and each figure says where that stands', () => {
    for (const obligation of noticedObligations) {
      const { asked, added } = fieldParameters[obligation];
      const names = profiles.parameters.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([asked, added]));
      const first = profiles.valuesOf(asked).map((value) => listed(String(value)));
      expect(first).toEqual([expect.arrayContaining(['name', 'personNumber'])]);
    }
  });

  test.each([
    ['a field that no profile lets it carry', withServices, /optional.*no profile lets.*services/],
    ['a field that no profile asks for', 'mandatory: [name, unit]', /mandatory.*asks for unit/],
    ['no word of what the law asks for', 'mandatory: [name]', /mandatory.*is asked for by law/],
  ])('words with %s are refused at start, by file and key', (_what, text, why) => {
    const place = overlay('municipal/admission-notice.yaml', text);
    const refusal = refusalOf(() => wordsOf([place], profiles));
    expect(refusal).toMatch(/^configuration-invalid: .*admission-notice\.yaml/);
    expect(refusal).toMatch(why);
  });
});

describe('where a guideline adds a field', () => {
  const profilesWith = (): Profiles =>
    loadProfiles({ overlays: [overlay('regions/vastra-gotaland/agreement.yaml', agreed)] });

  test('its words are taken, and its notices carry it from its date, to its own municipalities', () => {
    const profiles = profilesWith();
    const place = overlay('municipal/admission-notice.yaml', withServices + sayServices);
    expect(wordsOf([place], profiles).notices['admission-notice'].optional).toEqual(['services']);
    const added = (on: string, municipality: string): readonly string[] =>
      Object.keys(admissionNotice(profiles, on, municipality).content).toSorted();
    expect(added('2024-03-04', '1480')).toEqual(['expectedDischarge', 'numberKind', 'services']);
    expect(added('2023-03-06', '1480')).not.toContain('services');
    // Stockholm is no party to what Västra Götaland has agreed.
    expect(added('2024-03-04', '0180')).not.toContain('services');
  });

  test.each(['diagnosis', 'services services', 'services,hospital'])(
    'one that cannot be added (%s) is refused with those that can',
    (value) => {
      const text = agreed.replace('value: services', `value: '${value}'`);
      const place = overlay('regions/vastra-gotaland/agreement.yaml', text);
      const refusal = refusalOf(() => loadProfiles({ overlays: [place] }));
      expect(refusal).toMatch(/noticeAddedFields.*selection of admittedAt, hospital, services/);
    },
  );

  test('what the law asks for is not an agreement’s to change', () => {
    const text = agreed.replace('noticeAddedFields', 'noticeFields').replace('services', 'name');
    const place = overlay('regions/vastra-gotaland/agreement.yaml', text);
    expect(refusalOf(() => loadProfiles({ overlays: [place] }))).toMatch(/noticeFields/);
  });
});
