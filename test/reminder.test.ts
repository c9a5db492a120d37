/**
 * A reminder by each channel that carries one: golden files in corpus/municipal/reminder, the Bundle in profiles/fhir/notices.
 * When one is sent stands in acknowledgement.test.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle, FhirResource } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import { profileChecks } from '../adapters/inbound/fhir/checks/profile-checks.ts';
import { structureCheck } from '../adapters/inbound/fhir/checks/structure.ts';
import { renderFhirReminder } from '../adapters/outbound/notices/fhir/index.ts';
import { renderReminderFiles } from '../adapters/outbound/notices/notice-files.ts';
import { renderReminder } from '../adapters/outbound/notices/reminder.ts';
import { checkSdk } from '../adapters/outbound/sdk/rules.ts';
import { noticedObligations } from '../gateway/process/events.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { fhirDefinitions, noticeProfiles } from '../profiles/index.ts';
import { corpus } from './support/municipal-case.ts';
import { noticeOf, receiverId, reminderOf } from './support/notices.ts';
import { pdf } from './support/pdf.ts';
import { readPdf } from './support/read-pdf.ts';
import { reminderEnvelopeOf } from './support/sdk.ts';

const words = loadMunicipalWords();
const read = (name: string): string => readFileSync(join(corpus, 'reminder', name), 'utf8');
const reminder = reminderOf('admission-notice');
const ends = {
  receiverId,
  destination: 'https://fhir.provkommunen.example/r4',
  source: 'https://hemgang.region.example/fhir',
};
const bundleText = (of = reminder): string =>
  renderFhirReminder(of, words, ends).parts[0]?.body ?? '';
const pdfInEnvelope = /(<sdk:content>)([^<]*)(<\/sdk:content>)/;

describe('a reminder', () => {
  test('in JSON stands as its golden file has it', () => {
    expect(renderReminder(reminder, words).parts[0]?.body).toBe(read('expected.json'));
  });

  test('as files is the text, the PDF and the JSON', async () => {
    const parts = ['pdf', 'text', 'json'] as const;
    const [file, text, json] = (await renderReminderFiles(reminder, { words, parts, pdf })).parts;
    expect(text?.body).toBe(read('expected.txt'));
    expect(json?.body).toBe(read('expected.json'));
    const onPaper = await readPdf(Buffer.from(file?.body ?? '', 'base64'));
    expect(`${onPaper.text}\n`).toBe(read('expected.pdf.txt'));
  });

  test('by SDK stands as its golden file has it, and in the thread of its notice', async () => {
    const envelope = await reminderEnvelopeOf(reminder);
    expect(envelope.replace(pdfInEnvelope, '$1(the PDF)$3')).toBe(read('expected.sdk.xml'));
    expect(checkSdk(envelope)).toEqual([]);
    expect(envelope).toContain(`<sdk:refToMessageId>${noticeOf('admission-notice').deliveryId}<`);
  });

  test('in FHIR stands as its golden file has it, byte by byte, and meets our StructureDefinitions', () => {
    const file = join(import.meta.dirname, '..', 'profiles', 'fhir', 'notices', 'reminder.json');
    expect(bundleText()).toBe(readFileSync(file, 'utf8'));
    const definitions = fhirDefinitions(undefined, noticeProfiles);
    const bundle = JSON.parse(bundleText()) as Bundle;
    expect([
      ...profileChecks(definitions).all(bundle, 'refuse'),
      ...structureCheck(definitions)(bundle),
    ]).toEqual([]);
    // Without what it reminds of it is refused, by both layers.
    const unnamed = structuredClone(bundle) as Bundle<FhirResource>;
    for (const { resource } of unnamed.entry ?? []) {
      if (resource?.resourceType === 'Provenance') delete resource.entity;
    }
    const told = [
      ...profileChecks(definitions).all(unnamed, 'refuse'),
      ...structureCheck(definitions)(unnamed),
    ];
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ text }) => text.includes('which notice it is about'))).toBe(true);
  });

  test.each(noticedObligations)('of %s names nobody, by any channel', async (obligation) => {
    const of = reminderOf(obligation);
    const envelope = await reminderEnvelopeOf(of);
    const paper = await readPdf(Buffer.from(pdfInEnvelope.exec(envelope)?.[2] ?? '', 'base64'));
    for (const text of [
      renderReminder(of, words).parts[0]?.body,
      envelope.replace(pdfInEnvelope, ''),
      paper.text,
      bundleText(of),
    ]) {
      expect(text).toContain('c-7f3a');
      expect(text).not.toMatch(/Testa|Påhittad|19500907|Exempelgatan|412 50|Eklidens|Avdelning/);
    }
  });
});
