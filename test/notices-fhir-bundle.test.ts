/**
 * A notice as a message of FHIR: one golden Bundle for each obligation and action (profiles/fhir/notices), each valid by
 * our own StructureDefinitions, by both layers of checks.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle, FhirResource } from 'fhir/r4.js';
import { XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import type { OutboundNotice } from '../adapters/adapter.ts';
import { profileChecks } from '../adapters/inbound/fhir/checks/profile-checks.ts';
import { structureCheck } from '../adapters/inbound/fhir/checks/structure.ts';
import { isMessage, partsOf } from '../adapters/inbound/fhir/message.ts';
import { renderFhir } from '../adapters/outbound/notices/fhir/index.ts';
import type { NoticeData } from '../gateway/process/events.ts';
import { decisionId, deliveryIdOf } from '../gateway/process/ids.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { fhirDefinitions, noticeProfiles } from '../profiles/index.ts';
import { noticeOf, receiverId } from './support/notices.ts';

const corpus = join(import.meta.dirname, '..', 'profiles', 'fhir', 'notices');
const words = loadMunicipalWords();
const definitions = fhirDefinitions(undefined, noticeProfiles);
const checks = profileChecks(definitions);
const byStructure = structureCheck(definitions);
const actions = ['issued', 'corrected', 'withdrawn'] as const;
// Every obligation that has words is told by a notice.
const obligations = Object.keys(words.notices) as NoticeData['obligation'][];
const cases = obligations.flatMap((obligation) =>
  actions.map((action) => [`${obligation}-${action}`, obligation, action] as const),
);

const ends = {
  receiverId,
  destination: 'https://fhir.provkommunen.example/r4',
  source: 'https://hemgang.region.example/fhir',
};

function bodyOf(message: OutboundNotice, by = words): string {
  return renderFhir(message, by, ends).parts[0]?.body ?? '';
}

function bundleOf(message: OutboundNotice): Bundle {
  return JSON.parse(bodyOf(message)) as Bundle;
}

function find<T extends FhirResource['resourceType']>(
  bundle: Bundle,
  type: T,
): Extract<FhirResource, { resourceType: T }> {
  const found = bundle.entry?.find(({ resource }) => resource?.resourceType === type)?.resource;
  return found as Extract<FhirResource, { resourceType: T }>;
}

/** What our validator says of it. */
function told(bundle: Bundle): string[] {
  const all = [...checks.all(bundle, 'refuse'), ...byStructure(bundle)];
  return all.map(({ severity, expression, text }) => `${severity} ${expression}: ${text}`);
}

describe('a notice in FHIR', () => {
  test.each(cases)('%s is rendered as the corpus has it, byte by byte', (name, ...of) => {
    const file = join(corpus, `${name}.json`);
    expect(existsSync(file), `${name}.json is missing: write it by hand, or review it`).toBe(true);
    expect(bodyOf(noticeOf(...of))).toBe(readFileSync(file, 'utf8'));
  });

  test('the corpus has no other file', () => {
    expect(readdirSync(corpus).toSorted()).toEqual(
      [...cases.map(([name]) => `${name}.json`), 'reminder.json'].toSorted(),
    );
  });

  test.each(cases)('%s meets our StructureDefinitions, by both layers', (_, ...of) => {
    expect(told(bundleOf(noticeOf(...of)))).toEqual([]);
  });

  test.each(cases)('%s is put together as our own reader puts messages together', (_, ...of) => {
    const bundle = bundleOf(noticeOf(...of));
    if (!isMessage(bundle)) throw new Error('a notice is a message');
    const { encounter, earlier } = partsOf(bundle);
    expect(encounter.identifier?.[0]?.value).toBe('c-7f3a');
    const key = `c-7f3a|${of[0]}|fact-1|social-services`;
    const idOf = (revision: number): string => deliveryIdOf(decisionId(key, revision), receiverId);
    const known = {
      issued: undefined,
      corrected: { id: idOf(1), role: 'revision' },
      withdrawn: { id: idOf(2), role: 'removal' },
    };
    expect(earlier).toEqual(known[of[1]]);
  });

  test.each(cases)('%s has a text that is XHTML, in Swedish, with all its lines', (_, ...of) => {
    const message = noticeOf(...of);
    const div = find(bundleOf(message), 'Encounter').text?.div ?? '';
    expect(XMLValidator.validate(div)).toBe(true);
    expect(div).toContain('lang="sv"');
    expect(div).toContain(`<h1>${words.notices[of[0]][of[1]].title}</h1>`);
    expect(div).toContain('<p>Ärende: c-7f3a</p>');
  });

  test('what is corrected is named by the MessageHeader.id that this receiver got', () => {
    const first = bundleOf(noticeOf('discharge-ready-notice', 'issued'));
    const second = bundleOf(noticeOf('discharge-ready-notice', 'corrected'));
    const { entity } = find(second, 'Provenance');
    expect(entity?.[0]?.what.identifier?.value).toBe(find(first, 'MessageHeader').id);
  });

  test('a changed estimate names the admission notice by the MessageHeader.id that this receiver got, and lets it stand', () => {
    const admission = bundleOf(noticeOf('admission-notice', 'issued'));
    const change = bundleOf(noticeOf('discharge-estimate', 'issued'));
    const [entity, ...more] = find(change, 'Provenance').entity ?? [];
    expect(more).toEqual([]);
    expect(entity).toMatchObject({
      role: 'derivation',
      what: { identifier: { value: find(admission, 'MessageHeader').id } },
    });
    const unnamed = structuredClone(change);
    delete find(unnamed, 'Provenance').entity;
    expect(told(unnamed)).toContainEqual(
      expect.stringMatching(/which admission notice it changes/),
    );
  });

  test('no two messages share an id of anything in them', () => {
    const ids = cases.flatMap(([, ...of]) =>
      (bundleOf(noticeOf(...of)).entry ?? []).flatMap(({ fullUrl, resource }) => [
        fullUrl,
        resource?.resourceType === 'MessageHeader' ? resource.id : undefined,
      ]),
    );
    const named = ids.filter((id) => id !== undefined);
    expect(new Set(named).size).toBe(named.length);
  });
});

describe('what a notice may not say', () => {
  test('a withdrawal names the case and nothing of the person', () => {
    for (const obligation of obligations) {
      const body = bodyOf(
        noticeOf(obligation, 'withdrawn', {}, { protection: 'sekretessmarkering' }),
      );
      expect(body).not.toMatch(/Testa|Påhittad|19500907|Exempelgatan|412 50|Eklidens|sekretess/);
    }
  });

  test('a field that its words do not list stands nowhere in it', () => {
    const body = bodyOf(noticeOf('discharge-ready-notice', 'issued'));
    expect(body).not.toMatch(/Exempelgatan|Avdelning 7|2022-03-01|2022-03-09/);
    expect(body).toContain('2022-03-07T11:58:00+01:00');
  });

  test('the head of the message, which others may keep, says nothing of the person', () => {
    for (const [, ...of] of cases) {
      const header = JSON.stringify(find(bundleOf(noticeOf(...of)), 'MessageHeader'));
      expect(header).not.toMatch(/Testa|Påhittad|1950|c-7f3a|Eklidens/);
    }
  });

  test('our profiles forbid it: a name in a withdrawal, a diagnosis, a birth date', () => {
    const withdrawn = bundleOf(noticeOf('admission-notice', 'withdrawn'));
    find(withdrawn, 'Patient').name = [{ family: 'Påhittad' }];
    expect(told(withdrawn).join()).toMatch(/says something of the person/);
    const issued = bundleOf(noticeOf('admission-notice', 'issued'));
    find(issued, 'Encounter').reasonCode = [{ text: 'stroke' }];
    find(issued, 'Patient').birthDate = '1950-09-07';
    const said = told(issued).join();
    expect(said).toMatch(/resource\.reasonCode/);
    expect(said).toMatch(/resource\.birthDate/);
  });

  test('our profiles ask a correction to name what it corrects', () => {
    const corrected = bundleOf(noticeOf('admission-notice', 'corrected'));
    delete find(corrected, 'Provenance').entity;
    const both = [checks.all(corrected, 'refuse'), byStructure(corrected)];
    for (const findings of both) {
      expect(findings.map(({ text }) => text).join()).toMatch(/which notice it is about/);
    }
  });

  test('a held notice is not rendered', () => {
    const held = noticeOf('admission-notice', 'issued', { held: true });
    expect(() => bodyOf(held)).toThrow(expect.objectContaining({ code: 'unroutable' }));
  });
});

describe('what it says', () => {
  test('a protected identity is marked as HL7 Sweden marks it, where it is released', () => {
    const label = (protection: OutboundNotice['protection']): unknown => {
      const bundle = bundleOf(noticeOf('admission-notice', 'issued', {}, { protection }));
      expect(told(bundle)).toEqual([]);
      return find(bundle, 'Patient').meta?.security?.[0]?.code;
    };
    expect(label('sekretessmarkering')).toBe('sekretessmarkering');
    expect(label('skyddadFolkbokforing')).toBe('skyddadFolkbokforing');
    expect(label('unspecified')).toBe('R');
    expect(label('none')).toBeUndefined();
  });

  test.each([
    [
      '1.2.752.129.2.1.3.3',
      'samordningsnummer',
      'http://electronichealth.se/identifier/samordningsnummer',
    ],
    [
      '1.2.752.74.9.1',
      'reservnummer',
      'http://electronichealth.se/identifier/nationelltReservnummer',
    ],
    ['1.2.752.97.3.1.3', 'reservnummer', 'urn:oid:1.2.752.97.3.1.3'],
    ['norrtuna:unnamed', 'reservnummer', 'http://hemgang.se/fhir/sid/number/norrtuna%3Aunnamed'],
    [
      'http://electronichealth.se/identifier/LMA-nummer',
      'LMA-nummer',
      'http://electronichealth.se/identifier/LMA-nummer',
    ],
  ] as const)('a number of %s (%s) is of %s', (authority, kind, system) => {
    const value = kind === 'samordningsnummer' ? '191401682396' : '98240301AA06';
    const patient = { numbers: [{ authority, value, kind }], family: 'Påhittad' };
    const bundle = bundleOf(noticeOf('admission-notice', 'issued', {}, { patient }));
    expect(told(bundle)).toEqual([]);
    expect(find(bundle, 'Patient').identifier?.[1]).toEqual({ system, value });
  });

  test('the region is told by the HSA-id of its unit', () => {
    const { municipality: _, ...of } = noticeOf('admission-notice', 'issued').notice;
    const outpatientUnit = 'SE2321000131-E000000000001';
    const notice = { ...of, role: 'region-outpatient', outpatientUnit } as const;
    const bundle = bundleOf({ ...noticeOf('admission-notice', 'issued'), notice });
    expect(told(bundle)).toEqual([]);
    expect(find(bundle, 'Organization')).toMatchObject({
      identifier: [{ system: 'urn:oid:1.2.752.29.4.19', value: outpatientUnit }],
      type: [{ coding: [{ code: 'region-outpatient' }] }],
    });
  });

  test('the ward and the services are carried where an agreement lists them', () => {
    const listed = {
      ...words,
      notices: {
        ...words.notices,
        'admission-notice': {
          ...words.notices['admission-notice'],
          optional: ['hospital', 'unit', 'services'] as const,
        },
      },
    };
    const services = { socialServices: true, municipalHealthCare: false, regionOutpatient: true };
    const message = noticeOf('admission-notice', 'issued');
    const notice = { ...message.notice, content: { ...message.notice.content, services } };
    const bundle = JSON.parse(bodyOf({ ...message, notice }, listed as never)) as Bundle;
    expect(told(bundle)).toEqual([]);
    const codes = find(bundle, 'Encounter').extension?.map(({ valueCoding }) => valueCoding?.code);
    expect(codes?.filter((code) => code !== undefined)).toEqual([
      'socialServices',
      'regionOutpatient',
    ]);
    const places = bundle.entry?.map(
      ({ resource }) => resource as { name?: string; partOf?: object },
    );
    expect(places?.find(({ name }) => name === 'Avdelning 7')?.partOf).toBeDefined();
  });
});

describe('whatever is in a name', () => {
  test.each([
    ['markup', `<b>&"'`],
    ['control characters', 'A\u0000\u001b\n\tB\u2028C'],
    ['right to left', '\u202eمحمد\u202c'],
    ['half a letter', 'A\ud800B'],
    ['no character', 'A\uffffB\ufffe'],
    ['two hundred letters', 'Å'.repeat(200)],
    ['nothing but spaces', ' \t '],
  ])('%s', (_, family) => {
    const patient = { numbers: [], family, given: 'Testa' };
    const bundle = bundleOf(
      noticeOf('admission-notice', 'issued', { content: { hospital: family } }, { patient }),
    );
    expect(told(bundle)).toEqual([]);
    const div = find(bundle, 'Encounter').text?.div ?? '';
    expect(XMLValidator.validate(div)).toBe(true);
    // oxlint-disable-next-line no-control-regex
    expect(div).not.toMatch(/[\u0000-\u001f\ud800-\udfff\ufffe\uffff](?![\udc00-\udfff])/);
    expect(div).not.toContain('<b>');
  });

  test('the same notice gives the same bytes', () => {
    expect(bodyOf(noticeOf('planning-call', 'issued'))).toBe(
      bodyOf(noticeOf('planning-call', 'issued')),
    );
  });
});
