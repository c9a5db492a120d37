/**
 * An instance of the production form that dies at every step: its result equals the undisturbed one in count, order and
 * content.
 *
 * A step is a write to a socket: to PostgreSQL, the broker, a hospital or a receiver. `npm test` takes two deaths;
 * `npm run test:long` takes the first write, the second and so on until none is left, and writes faults/deaths.md.
 * HEMGANG_FAULT_STRIDE=n takes every nth, where there are not hours for it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeGround, type Ground } from './support/faults/ground.ts';
import { FaultReport } from './support/faults/report.ts';
import { runFault, type Outcome, type Reference } from './support/faults/run.ts';
import { runUndisturbed } from './support/faults/undisturbed.ts';
import { has } from './support/servers.ts';

const long = process.env['HEMGANG_LONG'] === '1';
const stride = Number(process.env['HEMGANG_FAULT_STRIDE'] ?? 1);
const canRun = await has(
  'deaths at every step in the production form',
  'PostgreSQL installed',
  'RabbitMQ installed',
);
/** Of one run. */
const messages = 13;
const limitMs = long ? 7_200_000 : 600_000;

const deaths = [
  ['main', 'after'],
  ['writer', 'before'],
  ['main', 'before'],
  ['writer', 'after'],
] as const;

describe.skipIf(!canRun)('an instance that dies', () => {
  let ground: Ground;
  let reference: Reference;
  const report = new FaultReport('deaths.md');
  beforeAll(async () => {
    ground = await makeGround();
    reference = await runUndisturbed(ground, messages, report);
  }, limitMs);
  afterAll(async () => {
    await ground?.close();
    if (long) report.write(deaths.length);
  }, limitMs);

  test.each(long ? deaths : deaths.slice(0, 2))(
    'in its thread %s, %s a write to a socket, leaves the result as it was, at every nth write until none is left',
    async (thread, when) => {
      const [instance] = ground.house.instances;
      const outcomes: Outcome[] = [];
      let nth = long ? 1 : thread === 'main' ? 97 : 31;
      for (;;) {
        await instance.stop();
        const kill = `${thread}:${nth}:${when}`;
        const before = instance.restarts();
        await instance.start({ HEMGANG_FAULT_KILL: kill });
        const outcome = await runFault(ground, messages, reference);
        const isStruck = instance.restarts() > before;
        if (isStruck) outcomes.push(outcome);
        expect([kill, outcome.differences]).toEqual([kill, []]);
        if (!long || !isStruck) break;
        nth += stride;
      }
      const last = nth - stride;
      const name = `kill -9 ${when} the nth write to a socket, thread ${thread}, n = 1 to ${last} by ${stride}`;
      report.addAll(name, outcomes);
      expect(outcomes.length).toBeGreaterThan(0);
    },
    limitMs,
  );
});
