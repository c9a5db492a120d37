/** Whole stays, from the hospital's message to the billing record, over real sockets; embedded and in the production form. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadJourneys } from '../gateway/play/journey.ts';
import type { PlayResult } from '../gateway/play/outcome.ts';
import { playJourneys } from '../gateway/play/play.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { temporaryFolder } from './support/folder.ts';
import { formsFor } from './support/forms.ts';

const journeys = loadJourneys(join(import.meta.dirname, 'journeys'));
const log = createLog({ level: 'silent' });
const forms = await formsFor('journeys through PostgreSQL and RabbitMQ');
const results = new Map<string, PlayResult>();

describe.each(forms)('journeys through the $name form', ({ name, place }) => {
  const folder = temporaryFolder('journeys');
  const { drop, ...settings } = place();
  let result: PlayResult;
  beforeAll(async () => {
    result = await playJourneys({ journeys, folder: folder.path, log, ...settings });
    results.set(name, result);
  }, 300_000);
  afterAll(async () => {
    folder.remove();
    await drop();
  });

  test.each(journeys.map((journey) => [journey.name, journey.file]))('%s', (_name, file) => {
    const played = result.journeys.find(({ journey }) => journey.file === file);
    expect(played?.differences).toEqual([]);
  });

  test('what the municipalities pay is the sum of what the journeys say', () => {
    const billed = result.settlements.reduce((sum, settlement) => sum + settlement.amountOre, 0);
    const expected = journeys.reduce(
      (sum, { expect: { amountKr, monthKr } }) => sum + (monthKr ?? amountKr) * 100,
      0,
    );
    expect(billed).toBe(expected);
  });

  test('the result is that of the embedded form: charges, months, messages and notices', () => {
    expect(essence(result)).toEqual(essence(results.get('embedded')));
  });
});

/** What must not depend on the form. */
function essence(result: PlayResult | undefined): unknown {
  return {
    journeys: result?.journeys.map(({ journey, differences, ...outcome }) => ({
      file: journey.file,
      differences,
      liabilityFrom: outcome.liabilityFrom,
      careDays: outcome.careDays,
      amountOre: outcome.amountOre,
    })),
    settlements: result?.settlements.map(({ excluded: _excluded, ...settlement }) => settlement),
    messages: result?.messages,
    noticesTaken: result?.noticesTaken,
  };
}
