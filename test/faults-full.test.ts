/**
 * The production form under every fault of the table: its result equals the undisturbed one in count, order and content.
 *
 * `npm test` takes a sample; `npm run test:long` takes the whole table with at least 10,000 messages, and writes
 * faults/README.md. An instance that dies at every step: deaths-full.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeGround, type Ground } from './support/faults/ground.ts';
import { FaultReport } from './support/faults/report.ts';
import { runFault, type Reference } from './support/faults/run.ts';
import { faults } from './support/faults/table.ts';
import { runUndisturbed } from './support/faults/undisturbed.ts';
import { has } from './support/servers.ts';

const long = process.env['HEMGANG_LONG'] === '1';
const canRun = await has(
  'faults in the production form',
  'PostgreSQL installed',
  'RabbitMQ installed',
);
/** With all faults, more than 10,000 in the long run. */
const messages = Number(process.env['HEMGANG_FAULT_MESSAGES'] ?? (long ? 520 : 26));
const limitMs = 600_000;

describe.skipIf(!canRun)('in the production form', () => {
  let ground: Ground;
  let reference: Reference;
  const report = new FaultReport('README.md');
  beforeAll(async () => {
    ground = await makeGround();
    reference = await runUndisturbed(ground, messages, report);
  }, limitMs);
  afterAll(async () => {
    await ground?.close();
    if (long) report.write(faults.length);
  }, limitMs);

  test.each(faults.filter(({ sampled }) => long || sampled))(
    'the result is the undisturbed one: $name',
    async (fault) => {
      const { name, sees, guaranteed } = fault;
      const why = fault.prevented?.(ground);
      if (why !== undefined) {
        report.addPrevented(name, why);
        return;
      }
      const outcome = await runFault(ground, messages, reference, fault);
      report.add(name, sees, guaranteed, outcome);
      expect(outcome.differences).toEqual([]);
    },
    limitMs,
  );
});
