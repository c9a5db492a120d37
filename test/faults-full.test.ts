/**
 * The production form under every fault of the table: its result equals the undisturbed one in count, order and content.
 *
 * `npm test` takes a sample; `npm run test:long` takes the whole table with at least 10,000 messages, and writes
 * faults/README.md.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeGround, type Ground } from './support/faults/ground.ts';
import { FaultReport } from './support/faults/report.ts';
import { runFault, type Outcome, type Reference } from './support/faults/run.ts';
import { faults } from './support/faults/table.ts';
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
  const report = new FaultReport();
  beforeAll(async () => {
    ground = await makeGround();
    const undisturbed = await runFault(ground, messages, undefined);
    expect(undisturbed.differences).toEqual([]);
    expect(undisturbed.repeats).toBe(0);
    ({ reference } = undisturbed);
    report.add('none', 'notices come at once', 'what all others are held against', undisturbed);
  }, limitMs);
  afterAll(async () => {
    await ground?.close();
    if (long) report.write();
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

  const deaths = [
    ['main', 'after'],
    ['writer', 'before'],
    ['main', 'before'],
    ['writer', 'after'],
  ] as const;
  describe.each(long ? deaths : deaths.slice(0, 2))(
    'an instance that dies in its thread %s, %s a write to a socket',
    (thread, when) => {
      test(
        'leaves the result as it was, at every nth write until none is left',
        async () => {
          const [instance] = ground.house.instances;
          const stride = Number(process.env['HEMGANG_FAULT_STRIDE'] ?? 1);
          const outcomes: Outcome[] = [];
          let nth = long ? 1 : thread === 'main' ? 97 : 31;
          for (;;) {
            await instance.stop();
            const kill = `${thread}:${nth}:${when}`;
            const before = instance.restarts();
            await instance.start({ HEMGANG_FAULT_KILL: kill });
            const outcome = await runFault(ground, 13, reference);
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
        long ? 7_200_000 : limitMs,
      );
    },
  );
});
