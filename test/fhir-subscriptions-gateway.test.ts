/** A whole gateway that subscribes at a hospital's FHIR server; and how subscriptions are configured. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { subscriptionReports } from '../adapters/inbound/fhir/subscriptions/index.ts';
import {
  simulatedFhirSource,
  type SimulatedFhirSource,
} from '../adapters/simulated/fhir-source/source.ts';
import {
  listedSubscriptions,
  subscriptionLines,
  subscriptionNeedsPerson,
} from '../gateway/cli/status-subscriptions.ts';
import { fhirSubscriptions } from '../gateway/runtime/config-fhir-subscriptions.ts';
import { loadConfig } from '../gateway/runtime/config.ts';
import { openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import { until } from './support/fhir-subscriptions.ts';
import { temporaryFolder } from './support/folder.ts';
import {
  startTestGateway,
  tokens,
  secret as receiverSecret,
  type TestGateway,
} from './support/gateway.ts';

const notifySecret = 'n'.repeat(40);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A port that was free a moment ago: the source is told of it before the gateway listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const settingsOf = (base: string, port: number) => ({
  base,
  ownNetwork: true,
  list: [
    {
      name: 'ekliden-stays',
      form: 'backport',
      topic: 'http://ekliden.example/SubscriptionTopic/stays',
      criteria: ['Encounter?class=IMP'],
      payload: 'full-resource',
      endpoint: `http://127.0.0.1:${port}/fhir-notifications/ekliden-stays`,
      secretEnv: ['EKLIDEN_NOTIFY_SECRET'],
    },
  ],
});

async function gatewayAt(source: SimulatedFhirSource): Promise<TestGateway> {
  const port = await freePort();
  const subscriptions = fhirSubscriptions.parse(settingsOf(source.url, port));
  const world = await startTestGateway({
    start: '2022-03-07T08:00:00.000Z',
    options: {
      env: { ...tokens, RECEIVER_SECRET: receiverSecret, EKLIDEN_NOTIFY_SECRET: notifySecret },
    },
    change: (config) => ({
      ...config,
      http: { ...config.http, port },
      senders: config.senders.map((sender) =>
        sender.id === 'ekliden' ? { ...sender, fhir: { kind: 'hospital', subscriptions } } : sender,
      ),
    }),
  });
  closers.push(() => world.close());
  return world;
}

test('what is notified and breaks FHIR is kept as refused and told, and what comes after it is taken', async () => {
  const source = await simulatedFhirSource();
  closers.push(() => source.close());
  const world = await gatewayAt(source);
  await until('it is registered', () => source.subscriptions.standing().length === 1);
  await source.subscriptions.settled();
  source.put({
    resourceType: 'Patient',
    id: 'p',
    identifier: [
      { system: 'http://electronichealth.se/identifier/personnummer', value: '195009072553' },
    ],
  });
  for (const [id, status] of [
    ['of-r5', 'completed'],
    ['good', 'in-progress'],
  ] as const) {
    source.put({
      resourceType: 'Encounter',
      id,
      identifier: [{ system: 'https://ekliden.example/vardkontakt', value: id }],
      status,
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
      subject: { reference: 'Patient/p' },
      period: { start: '2022-03-07T08:00:00+01:00' },
    } as never);
  }
  const { journal } = world.gateway;
  await until('the good one is there', async () => {
    const key = { sender: 'ekliden', type: 'Encounter', id: 'good' };
    return (await journal.resources.read(key)) !== undefined;
  });
  await world.rest();
  const kept = await journal.resources.page('ekliden', 'Encounter', '', 10);
  expect(kept.map(({ id }) => id)).toEqual(['good']);
  // Whoever catches up on what was notified is told of it again.
  expect((await journal.status()).messages.rejected).toBeGreaterThan(0);
  const logged = world.logged.join('');
  expect(logged).toContain('FHIR subscription resource-refused');
  expect(logged).toContain("Encounter.status is 'completed'");
});

test('a stay that is told by notifications becomes a case, and no secret is logged', async () => {
  const source = await simulatedFhirSource();
  closers.push(() => source.close());
  const world = await gatewayAt(source);
  await until('it is registered', () => source.subscriptions.standing().length === 1);
  await source.subscriptions.settled();
  source.put({
    resourceType: 'Patient',
    id: 'p',
    identifier: [
      { system: 'http://electronichealth.se/identifier/personnummer', value: '195009072553' },
    ],
  });
  source.put({
    resourceType: 'Encounter',
    id: 'stay',
    identifier: [{ system: 'https://ekliden.example/vardkontakt', value: 'V1' }],
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { reference: 'Patient/p' },
    period: { start: '2022-03-07T08:00:00+01:00' },
  });
  const { journal } = world.gateway;
  await until('the stay is there', async () => {
    const key = { sender: 'ekliden', type: 'Encounter', id: 'stay' };
    return (await journal.resources.read(key)) !== undefined;
  });
  await world.rest();
  expect((await journal.status()).processes).toBe(1);
  const logged = world.logged.join('');
  expect(logged).toContain('FHIR subscription registered');
  expect(logged).not.toContain(notifySecret);
  expect(logged).not.toContain('195009072553');
  // Whoever can read the journal can ask how it stands.
  const reader = await openJournalReader({ folder: world.folder });
  closers.push(() => reader.close());
  expect(await subscriptionReports(reader.cursors)).toMatchObject([
    { sender: 'ekliden', name: 'ekliden-stays', base: source.url, form: 'backport', id: 'sub-1' },
  ]);
});

describe('status', () => {
  const report = {
    sender: 'ekliden',
    name: 'ekliden-stays',
    base: 'https://ehr.ekliden.example/fhir/r4',
    form: 'backport',
    id: 'sub-1',
    status: 'active',
    gapsMended: 0,
    toRead: 0,
  } as const;
  const trouble = {
    at: '2022-03-07T08:00:00.000Z',
    doing: 'registering',
    failures: 3,
    text: 'POST Subscription: HTTP 403',
  };
  const subscriptions = fhirSubscriptions.parse(settingsOf('http://127.0.0.1:1/fhir', 8080));
  const configured = { senders: [{ id: 'ekliden', fhir: { subscriptions } }] };

  test('tells how each subscription stands, and what is being fetched', () => {
    const listed = listedSubscriptions(configured, [
      { ...report, activeSince: trouble.at, gap: { from: 2, until: 3 }, toRead: 1 },
    ]);
    expect(subscriptionLines(listed)).toEqual([
      'subscribed  ekliden ekliden-stays: active since 2022-03-07 09.00; nothing heard yet',
      '            being fetched: events 2 to 3 did not come; 1 resource to read',
    ]);
    expect(subscriptionNeedsPerson(listed)).toBe(false);
  });

  test('calls for a person where it does not get better by itself', () => {
    const [once, lasting] = [1, 3].map((failures) =>
      listedSubscriptions(configured, [
        { ...report, status: 'none', trouble: { ...trouble, failures } },
      ]),
    );
    expect(subscriptionNeedsPerson(once ?? [])).toBe(false);
    expect(subscriptionNeedsPerson(lasting ?? [])).toBe(true);
    expect(subscriptionLines(lasting ?? [])[1]).toBe(
      'SUBSCRIPTION ekliden ekliden-stays: registering: POST Subscription: HTTP 403 (3 failures in a row, last tried 2022-03-07 09.00)',
    );
  });

  test('calls for a person where what is no longer configured stands at its source', () => {
    const listed = listedSubscriptions({ senders: [] }, [report]);
    expect(subscriptionNeedsPerson(listed)).toBe(true);
    expect(subscriptionLines(listed).join('\n')).toContain(
      'it stands at https://ehr.ekliden.example/fhir/r4 as Subscription/sub-1',
    );
    const { id: _id, ...taken } = report;
    expect(listedSubscriptions({ senders: [] }, [taken])).toEqual([]);
  });
});

describe('what cannot be a subscription stops the start, with what is wrong', () => {
  const of = (change: object, more: object = {}): string => {
    const settings = settingsOf('http://127.0.0.1:1/fhir', 8080);
    const subscriptions = {
      ...settings,
      ...more,
      list: settings.list.map((one) => ({ ...one, ...change })),
    };
    const { path, remove } = temporaryFolder('subscription-config');
    const file = join(path, 'hemgang.yaml');
    writeFileSync(file, JSON.stringify({ senders: [{ id: 'ekliden', fhir: { subscriptions } }] }));
    try {
      loadConfig({ file, env: {} });
      return '';
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : '';
    } finally {
      remove();
    }
  };
  test.each([
    [{}, ''],
    [{ topic: undefined }, 'backport needs a topic'],
    [
      { endpoint: 'http://127.0.0.1/fhir-notifications/other' },
      'it must end with /fhir-notifications/ekliden-stays',
    ],
    [{ form: 'r4' }, 'r4 has criteria and no topic'],
    [{ form: 'r4', topic: undefined, payload: 'id-only' }, 'r4 has empty and full-resource'],
    [{ form: 'r4', topic: undefined, criteria: [] }, 'r4 has one search'],
    [{ criteria: [] }, 'needed where the criteria are not searches'],
    [{ criteria: ['trigger=admit'] }, 'needed where the criteria are not searches'],
    [{ criteria: ['trigger=admit'], catchUp: ['Encounter'] }, ''],
    [
      { criteria: [], catchUp: ['Encounter?_sort=date'] },
      '_lastUpdated, _sort and _count are set here',
    ],
    [{ payload: 'all' }, 'payload'],
  ])('%j: %s', (change, message) => {
    if (message === '') expect(of(change)).toBe('');
    else expect(of(change)).toContain(message);
  });

  test('plain http only within our own network', () => {
    expect(of({}, { ownNetwork: false, base: 'https://ehr.example/fhir' })).toContain(
      'https: its secret',
    );
  });
});
