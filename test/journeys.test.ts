/** Whole stays, from the hospital's message to the billing record, over real sockets. */
import { join } from 'node:path';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadJourneys } from '../gateway/play/journey.ts';
import type { PlayResult } from '../gateway/play/outcome.ts';
import { playJourneys } from '../gateway/play/play.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { brokerSettings, removeTopology, shallRunBroker } from './support/broker.ts';
import { temporaryFolder } from './support/folder.ts';

const journeys = loadJourneys(join(import.meta.dirname, 'journeys'));
const log = createLog({ level: 'silent' });
const withBroker = await shallRunBroker('a journey through the real broker');

describe('journeys through the embedded form', () => {
  const folder = temporaryFolder('journeys');
  let result: PlayResult;
  beforeAll(async () => {
    result = await playJourneys({ journeys, folder: folder.path, log });
  });
  afterAll(() => folder.remove());

  test.each(journeys.map(({ name, file }) => [name, file]))('%s', (_name, file) => {
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
});

describe.skipIf(!withBroker)('a journey through RabbitMQ', () => {
  const folder = temporaryFolder('journey-broker');
  const prefix = `test-${v7()}`;
  afterAll(async () => {
    folder.remove();
    await removeTopology(prefix);
  });

  test('a normal stay ends the same way as through the embedded bus', async () => {
    const normal = journeys.filter(({ file }) => file === 'normal-stay');
    const bus = brokerSettings(prefix);
    const result = await playJourneys({ journeys: normal, folder: folder.path, log, bus });
    expect(result.journeys.map(({ differences }) => differences)).toEqual([[]]);
  });
});
