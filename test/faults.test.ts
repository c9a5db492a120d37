/**
 * A journey with its nth write failing, or its process dying there, ends as the undisturbed one does.
 *
 * `npm test` takes a seeded sample of n; HEMGANG_LONG=1 (npm run test:long) takes every n until a play has none left.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadJourneys } from '../gateway/play/journey.ts';
import type { PlayResult } from '../gateway/play/outcome.ts';
import { playJourneys } from '../gateway/play/play.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { faultAt, type Disturbance } from './support/faulty-journal.ts';
import { temporaryFolder } from './support/folder.ts';

const long = process.env['HEMGANG_LONG'] === '1';
/** Every nth write in the sample; a prime, so that it meets every kind of step sooner or later. */
const stride = long ? 1 : 13;
const journeys = loadJourneys(join(import.meta.dirname, 'journeys')).filter(
  ({ file }) => file === 'readiness-withdrawn',
);
const log = createLog({ level: 'silent' });

async function play(fault?: ReturnType<typeof faultAt>): Promise<PlayResult> {
  const folder = temporaryFolder('faults');
  try {
    return await playJourneys({ journeys, folder: folder.path, log, ...(fault && { fault }) });
  } finally {
    folder.remove();
  }
}

function essence(result: PlayResult): unknown {
  return {
    differences: result.journeys.map(({ differences }) => differences),
    liability: result.journeys.map(({ liabilityFrom, careDays, amountOre }) => ({
      liabilityFrom,
      careDays,
      amountOre,
    })),
    settlements: result.settlements.map(({ excluded: _excluded, ...settlement }) => settlement),
    messages: result.messages,
    noticesTaken: result.noticesTaken,
  };
}

const seeds: Record<Disturbance, number> = { fails: 1, 'dies-before': 5, 'dies-after': 9 };

describe.each(Object.keys(seeds) as Disturbance[])('when a write %s', (disturbance) => {
  test(
    'the journey ends as the undisturbed one',
    async () => {
      const undisturbed = essence(await play());
      let struck = 0;
      for (let nth = seeds[disturbance]; ; nth += stride) {
        const fault = faultAt(nth, disturbance);
        const result = await play(fault);
        if (!fault.hasStruck()) break;
        struck += 1;
        expect(essence(result), `write ${nth} ${disturbance}`).toEqual(undisturbed);
      }
      expect(struck).toBeGreaterThan(5);
    },
    long ? 1_800_000 : 240_000,
  );
});
