/** What was sent goes out once more: the same under the same id, and no clock moves. */
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { applyResend, planResending, type ResendOptions } from '../gateway/cli/resend.ts';
import { planResend, resendNames } from '../gateway/plans/resending.ts';
import { selectionOf } from '../gateway/plans/selection.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

const monday = '2022-03-07T08:00:00.000Z';
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(
  change?: Parameters<typeof startTestGateway>[0]['change'],
): Promise<TestGateway> {
  const folder = temporaryFolder('resend');
  closing.push(folder.remove);
  const world = await startTestGateway({
    start: monday,
    folder: join(folder.path, 'data'),
    ...(change && { change }),
  });
  closing.push(() => world.close());
  return world;
}

/** Admitted and needed: a notice of the admission goes out. */
async function admit(world: TestGateway, visit = 'N1'): Promise<void> {
  const stay = {
    at: monday,
    visit,
    personnummer: '195009072553',
    family: 'Testsson',
    given: 'Åsa',
    municipality: '1480',
  };
  const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
  const told = [
    buildMessage('ekliden', { ...stay, trigger: 'A01', controlId: `${visit}-1` }),
    buildMessage('ekliden', { ...stay, trigger: 'A08', needs, controlId: `${visit}-2` }),
  ];
  for (const raw of told) expect(await world.send(raw)).toBe('AA');
  await world.rest();
}

const receiver = (recognisesRepeats: boolean) => ({ id: 'receiver', recognisesRepeats });
const plan = async ({ gateway, clock }: TestGateway, where?: string, recognises = true) =>
  await planResend(gateway.journal, clock.nowMs(), {
    since: '2022-03-01T00:00:00.000Z',
    where: selectionOf(where, resendNames),
    to: receiver(recognises),
  });

async function apply(world: TestGateway, content: Awaited<ReturnType<typeof plan>>) {
  const { seal, writePlan } = await import('../gateway/plans/plan-file.ts');
  const file = join(world.folder, '..', 'resend.plan.json');
  writePlan(file, seal('resend', content));
  const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const options: ResendOptions = {
      dryRun: false,
      reason: 'their database was restored',
      rate: 0,
      config: undefined,
      flags: { data: world.folder },
      json: true,
    };
    const code = await applyResend(options, file);
    return { code, told: JSON.parse(String(spy.mock.calls.at(-1)?.[0])) };
  } finally {
    spy.mockRestore();
  }
}

const eventsOf = async ({ gateway }: TestGateway) =>
  (await gateway.journal.eventsAfter(0, 10_000)).map(({ event }) => event);

describe('what was delivered', () => {
  test('goes out as it was, under the id it had; nothing is delivered twice in law', async () => {
    const world = await start();
    await admit(world);
    const content = await plan(world);
    expect(content.deliveries).toMatchObject([
      { kind: 'admission-notice', state: 'delivered', isRepeat: true, municipality: '1480' },
    ]);
    expect(JSON.stringify(content)).not.toContain('Testsson');
    const [before, sent] = [await eventsOf(world), [...world.receiver.received]];

    expect(await apply(world, content)).toMatchObject({ code: 0, told: { queued: 1, left: [] } });
    await world.rest();
    const received = world.receiver.received.slice(sent.length);
    expect(received.map(({ deliveryId }) => deliveryId)).toEqual(
      sent.map(({ deliveryId }) => deliveryId),
    );
    expect(received.every(({ repeat }) => repeat)).toBe(true);
    expect(await eventsOf(world)).toEqual(before);
    expect((await world.gateway.journal.status()).deliveries).toEqual({ delivered: 1 });

    // The same plan again has nothing left to do.
    expect((await apply(world, content)).told).toMatchObject({ queued: 0, before: 1 });
  });

  test('is not sent to who would take it for a new one', async () => {
    const world = await start();
    await admit(world);
    const content = await plan(world, undefined, false);
    expect(content.deliveries).toEqual([]);
    expect(content.left).toMatchObject([{ why: expect.stringContaining('recognisesRepeats') }]);
  });

  test('is left when it is not as the plan has it any more', async () => {
    const world = await start();
    await admit(world);
    const content = await plan(world);
    const [first] = content.deliveries;
    const other = { ...content, deliveries: [{ ...first!, attempts: 7 }] };
    expect(await apply(world, other)).toMatchObject({
      code: 1,
      told: { queued: 0, left: [first?.delivery] },
    });
  });
});

test('a notice that had no receiver goes by itself to whom the configuration names at the start, and counts from then', async () => {
  const folder = temporaryFolder('resend');
  closing.push(folder.remove);
  const data = join(folder.path, 'data');
  const first = await startTestGateway({
    start: monday,
    folder: data,
    change: (config) => ({ ...config, receivers: [], partners: [] }),
  });
  await admit(first);
  expect((await first.gateway.journal.status()).deliveries).toEqual({ unroutable: 1 });
  await first.close();

  const world = await startTestGateway({ start: '2022-03-07T12:00:00.000Z', folder: data });
  closing.push(() => world.close());
  await world.rest();
  expect((await world.gateway.journal.status()).deliveries['unroutable']).toBeUndefined();
  expect(world.receiver.received).toHaveLength(1);
  const delivered = (await eventsOf(world)).filter(({ type }) => type === 'notice.delivered');
  expect(delivered.map(({ occurredAt }) => occurredAt)).toEqual(['2022-03-07T12:00:00.000Z']);
});

describe('the command', () => {
  const asked = (world: TestGateway, change: Partial<ResendOptions>): ResendOptions => ({
    since: '2022-03-01 00:00',
    to: 'receiver',
    dryRun: true,
    rate: 0,
    config: undefined,
    flags: { data: world.folder },
    json: true,
    ...change,
  });

  test('says who there is when a receiver is not', async () => {
    const options = asked(await start(), { to: 'nobody' });
    await expect(planResending(options)).rejects.toThrow(/no such receiver; there are/);
  });

  test('sends nothing that has no receiver, and says where that is', async () => {
    const options = asked(await start(), { where: 'state=refused,unroutable' });
    await expect(planResending(options)).rejects.toThrow(/goes by itself.*\n.*unroutable list/);
  });
});
