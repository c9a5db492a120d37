/**
 * A journey with its nth write failing, or its process dying there, ends as the undisturbed one does.
 *
 * `npm test` takes a seeded sample of n; HEMGANG_LONG=1 (npm run test:long) takes every n until a play has none left.
 */
import { join } from 'node:path';
import { v7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { loadJourneys } from '../gateway/play/journey.ts';
import type { PlayResult } from '../gateway/play/outcome.ts';
import { playJourneys } from '../gateway/play/play.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { brokerSettings, removeTopology, shallRunBroker } from './support/broker.ts';
import { faultAt, type Disturbance } from './support/faulty-journal.ts';
import { temporaryFolder } from './support/folder.ts';

const long = process.env['HEMGANG_LONG'] === '1';
/** Every nth write in the sample; primes, so that they meet every kind of step sooner or later. */
const strides: Record<Form, number> = { embedded: long ? 1 : 23, rabbitmq: long ? 1 : 61 };
const forms: Form[] = (await shallRunBroker('faults through RabbitMQ'))
  ? ['embedded', 'rabbitmq']
  : ['embedded'];
const journeys = loadJourneys(join(import.meta.dirname, 'journeys')).filter(
  ({ file }) => file === 'readiness-withdrawn' || file === 'mean-of-the-month',
);
const log = createLog({ level: 'silent' });

type Form = 'embedded' | 'rabbitmq';

async function play(form: Form, fault?: ReturnType<typeof faultAt>): Promise<PlayResult> {
  const folder = temporaryFolder('faults');
  const prefix = `test-${v7()}`;
  const bus = form === 'embedded' ? { form } : brokerSettings(prefix);
  try {
    return await playJourneys({ journeys, folder: folder.path, log, bus, ...(fault && { fault }) });
  } finally {
    folder.remove();
    if (form === 'rabbitmq') await removeTopology(prefix);
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

const disturbances = Object.keys(seeds) as Disturbance[];

describe.each(forms)('through the %s bus', (form) => {
  test.each(disturbances)(
    'a journey in which a write %s ends as the undisturbed one',
    async (disturbance) => {
      const undisturbed = essence(await play(form));
      let struck = 0;
      for (let nth = seeds[disturbance]; ; nth += strides[form]) {
        const fault = faultAt(nth, disturbance);
        const result = await play(form, fault);
        if (!fault.hasStruck()) break;
        struck += 1;
        expect(essence(result), `write ${nth} ${disturbance}`).toEqual(undisturbed);
      }
      expect(struck).toBeGreaterThan(2);
    },
    long ? 1_800_000 : 240_000,
  );
});
