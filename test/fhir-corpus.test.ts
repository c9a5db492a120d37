/**
 * Our own corpus of FHIR: a folder a case, with `message.json` (or `.ndjson`) and `expect.yaml`, or a story of several files
 * with `story.expect.yaml`; `notes.md` says what it shows, `mappings/` lies over the shipped ones for the case alone.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { explainFhir, renderFhirExplanation } from '../gateway/cli/explain-fhir.ts';
import { htmlPage } from '../gateway/conformance/report/html.ts';
import { junitXml } from '../gateway/conformance/report/junit.ts';
import { runConformance } from '../gateway/conformance/run.ts';
import { Validation } from '../gateway/conformance/validation.ts';
import { loadMappings } from '../mappings/index.ts';

const root = join(import.meta.dirname, 'corpus', 'fhir');
const cases = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => {
    const folder = join(root, name);
    const overlay = join(folder, 'mappings');
    return {
      name,
      folder,
      notes: readFileSync(join(folder, 'notes.md'), 'utf8').trim(),
      mappings: existsSync(overlay) ? [overlay] : [],
      files: readdirSync(folder).filter((file) => /\.(?:nd)?json$/.test(file)),
      isStory: existsSync(join(folder, 'story.expect.yaml')),
    };
  });

/** For the HL7 v2 in stories: loading the dictionary takes a second. */
const validation = new Validation({ mappings: [], profiles: [] }, 1);
afterAll(() => validation.close());

/** Names, numbers and addresses that stand in the cases. */
const personal = ['195009072553', '500907', 'Fiktivsson', 'hittad'];

describe('our own corpus of FHIR', () => {
  test.each(cases)('$name: $notes', async ({ folder, mappings, isStory }) => {
    const report = await runConformance({ paths: [folder], mappings, profiles: [], validation });
    for (const { failures, place, file, isExpected } of report.messages) {
      expect(failures, `${file} ${place ?? ''}`).toEqual([]);
      expect(isExpected || isStory, 'has its expectation').toBe(true);
    }
    for (const { failures } of report.stories) expect(failures).toEqual([]);
    expect(report.skipped).toEqual([]);
    const told = [JSON.stringify(report), junitXml(report), htmlPage(report)].join('\n');
    for (const one of personal) expect(told).not.toContain(one);
  });

  test.each(cases.filter(({ isStory }) => !isStory))(
    'of each resource of $name all is expected that there is to expect',
    ({ folder }) => {
      const content: unknown = parse(readFileSync(join(folder, 'expect.yaml'), 'utf8'));
      for (const one of Array.isArray(content) ? content : [content]) {
        const named = ['outcome', 'answer', 'remarks'];
        const more = one.outcome === 'refused' ? ['error', 'answerError'] : ['events', 'unmapped'];
        expect(Object.keys(one)).toEqual(expect.arrayContaining([...named, ...more]));
      }
    },
  );

  test('explain shows every file without throwing, and control characters do not reach the terminal', async () => {
    for (const { folder, files, mappings } of cases) {
      for (const file of files) {
        const raw = readFileSync(join(folder, file));
        const explanation = await explainFhir(raw, loadMappings({ overlays: mappings }), 'ekliden');
        expect(explanation.resources.length, file).toBeGreaterThan(0);
        const text = renderFhirExplanation(explanation);
        expect(text).toMatch(/^Resource {2}/);
        expect(text).toMatch(/^Answer {4}[1-5]\d\d$/m);
        expect(text).not.toMatch(/[^\n\P{Cc}]/u);
      }
    }
  });
});
