/** Subscriptions at a FHIR server: what its notifications bring is stored before they are answered, and nothing is lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { SubscriptionBehaviour } from '../adapters/simulated/fhir-source/source.ts';
import { openEmbeddedJournal, type CountedJournal } from '../gateway/runtime/journal/embedded.ts';
import { builtFile } from './support/built-program.ts';
import {
  encounter,
  secret,
  startWorld,
  topic,
  type World,
  type WorldSettings,
} from './support/fhir-subscriptions.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

async function begin(settings: WorldSettings = {}): Promise<World> {
  world = await startWorld(settings);
  await world.settled();
  return world;
}

/** What happened, by name. */
const named = (event: string): readonly unknown[] =>
  world.happened.filter((one) => one.event === event).map(({ detail }) => detail);

/** The journal of a world that is stopped. */
async function openedJournal(): Promise<{ journal: CountedJournal }> {
  return { journal: await openEmbeddedJournal({ folder: world.folder }) };
}

const byCriteria = {
  form: 'r4',
  criteria: ['Encounter?class=IMP'],
} as const;

describe('a notification', () => {
  const forms: readonly [string, WorldSettings][] = [
    ['topic-based in R4, full-resource', { wish: { payload: 'full-resource' } }],
    ['topic-based in R4, id-only', { wish: { payload: 'id-only' } }],
    ['topic-based in R4, empty', { wish: { payload: 'empty' } }],
    [
      'topic-based in R4B, full-resource',
      { behaviour: { release: 'r4b' }, wish: { payload: 'full-resource' } },
    ],
    [
      'topic-based in R4B, id-only',
      { behaviour: { release: 'r4b' }, wish: { payload: 'id-only' } },
    ],
    ['topic-based in R4B, empty', { behaviour: { release: 'r4b' }, wish: { payload: 'empty' } }],
    [
      'by criteria, with the resource at the endpoint',
      { wish: { ...byCriteria, payload: 'full-resource' } },
    ],
    [
      'by criteria, with the resource at its own address',
      { wish: { ...byCriteria, payload: 'full-resource' }, behaviour: { address: 'resource' } },
    ],
    ['by criteria, empty', { wish: { ...byCriteria, payload: 'empty' } }],
  ];
  test.each(forms)('%s: what it tells of is stored, each version once', async (_, settings) => {
    await begin(settings);
    world.source.put(encounter('a'));
    world.source.put(encounter('b'));
    await world.settled();
    expect(await world.encounters()).toEqual(['a@1', 'b@1']);
    world.source.put(encounter('a', { status: 'finished' }));
    await world.settled();
    expect(await world.encounters()).toEqual(['a@2', 'b@1']);
    expect(await world.accepted()).toBe(3);
    expect(world.source.subscriptions.deliveries.every(({ status }) => status === 200)).toBe(true);
  });

  test('is answered when what it brings is stored: a full resource is there with the answer', async () => {
    await begin();
    // Whatever is fetched would fail.
    world.source.setFault({ status: 503 });
    world.source.put(encounter('a'));
    await world.source.subscriptions.settled();
    expect(await world.encounters()).toEqual(['a@1']);
  });
});

describe('what a resource refers to', () => {
  const referring = encounter('a', {
    subject: { reference: 'Patient/p' },
    serviceProvider: { reference: 'Organization/o' },
  });

  test('is read from the source before the resource is taken, where nobody has told it', async () => {
    await begin();
    world.source.put({ resourceType: 'Patient', id: 'p' });
    world.source.put(referring);
    await world.settled();
    const { resources } = world.journal();
    expect(await resources.read({ sender: 'ekliden', type: 'Patient', id: 'p' })).toBeDefined();
    expect(await world.encounters()).toEqual(['a@1']);
    // The Encounter waited for its patient, and was not held up by what the source does not have.
    expect(await world.accepted()).toBe(2);
    const read = world.source.calls.filter(({ path }) => /^\/(Patient|Organization)/.test(path));
    expect(read.map(({ path }) => path)).toEqual(['/Patient/p', '/Organization/o']);
    // Once it is known that it is not to be had, nothing is read any more.
    world.source.put({ ...referring, status: 'finished' });
    await world.source.subscriptions.settled();
    expect(await world.encounters()).toEqual(['a@2']);
  });

  test('and what was told of is read when the source lets us in again', async () => {
    await begin({ wish: { payload: 'id-only' } });
    world.source.put({ resourceType: 'Patient', id: 'p' });
    world.source.put(encounter('a'));
    await world.settled();
    world.source.setFault('token-expired');
    world.source.put(encounter('a', { subject: { reference: 'Patient/p' } }));
    await world.until('it is refused', () => named('failed').length > 1);
    expect(world.report()).toMatchObject({ toRead: 1, trouble: { doing: 'reading' } });
    world.source.setFault('none');
    await world.settled();
    expect(await world.encounters()).toEqual(['a@2']);
    const patient = { sender: 'ekliden', type: 'Patient', id: 'p' };
    expect(await world.journal().resources.read(patient)).toBeDefined();
  });

  test.each([
    ['another host', () => 'https://elsewhere.example/fhir'],
    ['an address that begins as this one does', () => `${world.source.url}-of-others`],
  ])('of another server (%s) is not read from this one', async (_, other) => {
    await begin();
    world.source.put({ resourceType: 'Patient', id: 'p' });
    world.source.put(encounter('a', { subject: { reference: `${other()}/Patient/p` } }));
    await world.source.subscriptions.settled();
    expect(await world.encounters()).toEqual(['a@1']);
    expect(world.source.calls.some(({ path }) => path.startsWith('/Patient'))).toBe(false);
  });
});

describe('order and repetition', () => {
  test.each(['full-resource', 'id-only', 'empty'] as const)(
    'a notification that comes twice (%s) adds nothing',
    async (payload) => {
      await begin({ wish: { payload } });
      world.source.subscriptions.setEventFaults('repeat');
      world.source.put(encounter('a'));
      await world.settled();
      await world.source.subscriptions.sendAgain(1);
      await world.settled();
      expect(await world.encounters()).toEqual(['a@1']);
      expect(await world.accepted()).toBe(1);
      expect(world.report()).toMatchObject({ lastEvent: { number: 1 }, gapsMended: 0 });
    },
  );

  test('an older version that comes late does not take the place of a newer one', async () => {
    await begin({ pace: { gapWaitMs: 60_000 } });
    world.source.subscriptions.setEventFaults('hold');
    world.source.put(encounter('a'));
    world.source.put(encounter('a', { status: 'finished' }));
    await world.source.subscriptions.settled();
    await world.settled();
    expect(await world.encounters()).toEqual(['a@2']);
    expect(world.report()).toMatchObject({ lastEvent: { number: 2 }, gapsMended: 0 });
  });

  test('events that change places within the time that is waited are no gap', async () => {
    await begin({ pace: { gapWaitMs: 60_000 } });
    world.source.subscriptions.setEventFaults('hold');
    world.source.put(encounter('a'));
    world.source.put(encounter('b'));
    await world.settled();
    expect(await world.encounters()).toEqual(['a@1', 'b@1']);
    expect(named('gap-mended')).toEqual([]);
  });
});

describe('a gap', () => {
  test.each(['full-resource', 'id-only', 'empty'] as const)(
    'is fetched by its numbers where the source has $events (%s)',
    async (payload) => {
      // Long enough for the fourth to come however busy the machine is: then two and three are missing.
      await begin({ wish: { payload }, pace: { gapWaitMs: 500 } });
      world.source.subscriptions.setEventFaults('none', 'drop', 'drop');
      for (const id of ['a', 'b', 'c', 'd']) world.source.put(encounter(id));
      await world.settled();
      expect(await world.encounters()).toEqual(['a@1', 'b@1', 'c@1', 'd@1']);
      expect(world.report()).toMatchObject({ lastEvent: { number: 4 }, gapsMended: 1 });
      const asked = world.source.calls.find(({ path }) => path.endsWith('/$events'));
      expect(asked?.query.get('eventsSinceNumber')).toBe('2');
      expect(asked?.query.get('eventsUntilNumber')).toBe('3');
    },
  );

  const without: SubscriptionBehaviour = { operations: ['status'] };
  test.each(['full-resource', 'id-only'] as const)(
    'is found by a query where the source has no $events (%s)',
    async (payload) => {
      await begin({ wish: { payload }, behaviour: without });
      world.source.subscriptions.setEventFaults('none', 'drop');
      for (const id of ['a', 'b', 'c']) world.source.put(encounter(id));
      await world.settled();
      expect(await world.encounters()).toEqual(['a@1', 'b@1', 'c@1']);
      expect(named('gap-mended')).toMatchObject([{ from: 2, by: 'query' }]);
    },
  );

  test('is found by a query where $events has forgotten it', async () => {
    await begin();
    world.source.subscriptions.setEventFaults('drop', 'none');
    world.source.put(encounter('a'));
    world.source.subscriptions.forgetEvents();
    world.source.put(encounter('b'));
    await world.settled();
    expect(await world.encounters()).toEqual(['a@1', 'b@1']);
    expect(named('gap-mended')).toMatchObject([{ by: 'query' }]);
  });

  test('at the end is seen by the next heartbeat', async () => {
    await begin();
    world.source.subscriptions.setEventFaults('drop');
    world.source.put(encounter('a'));
    await world.settled();
    expect(await world.encounters()).toEqual([]);
    await world.source.subscriptions.beat();
    await world.settled();
    expect(await world.encounters()).toEqual(['a@1']);
  });

  test('stays until the source can be asked', async () => {
    await begin();
    world.source.subscriptions.setEventFaults('drop');
    world.source.put(encounter('a'));
    world.source.setFault({ status: 503 });
    await world.source.subscriptions.beat();
    await world.until('it has failed', () => named('failed').length > 2);
    expect(world.report()).toMatchObject({
      gap: { from: 1, until: 1 },
      trouble: { doing: 'mending' },
    });
    world.source.setFault('none');
    await world.settled();
    expect(await world.encounters()).toEqual(['a@1']);
    expect(world.report().trouble).toBeUndefined();
  });

  test('by criteria there are no numbers: what was lost is found when the subscription is looked at', async () => {
    await begin({
      wish: { ...byCriteria, payload: 'full-resource' },
      behaviour: { operations: [] },
      pace: { checkEveryMs: 50 },
    });
    world.source.subscriptions.setEventFaults('drop');
    world.source.put(encounter('a'));
    await world.until('it is there', async () => (await world.encounters()).length === 1);
  });
});

describe('a source that is silent', () => {
  const heartbeatMs = 30;

  test('is asked how the subscription stands', async () => {
    await begin({ wish: { heartbeatMs } });
    world.source.subscriptions.setEventFaults('drop');
    world.source.put(encounter('a'));
    await world.until('it is there', async () => (await world.encounters()).length === 1);
    expect(world.source.calls.some(({ path }) => path.endsWith('/$status'))).toBe(true);
    expect(named('silent').length).toBeGreaterThan(0);
  });

  test('and says that all is well has its Subscription written anew in the end', async () => {
    await begin({ wish: { heartbeatMs } });
    await world.until('it is registered again', () => named('registered').length > 1);
    expect(world.source.subscriptions.standing()).toHaveLength(1);
  });

  test.each([['error'], ['off']] as const)(
    'with status %s gets it anew, and what was missed is fetched',
    async (status) => {
      await begin({ wish: { heartbeatMs: 30 } });
      world.source.subscriptions.setStatus(status);
      world.source.put(encounter('a'));
      await world.until('it is there', async () => (await world.encounters()).length === 1);
      await world.settled();
      world.source.put(encounter('b'));
      await world.settled();
      expect(await world.encounters()).toEqual(['a@1', 'b@1']);
      expect(world.source.subscriptions.standing()).toHaveLength(1);
    },
  );

  test.each([[['events', 'status']], [[]]] as const)(
    'that has forgotten the Subscription (operations %j) gets it anew, and what was missed is fetched',
    async (operations) => {
      await begin({ wish: { heartbeatMs }, behaviour: { operations } });
      world.source.subscriptions.forget();
      world.source.put(encounter('a'));
      await world.until('it is there', async () => (await world.encounters()).length === 1);
      expect(named('gone')).toHaveLength(1);
      await world.settled();
      expect(world.source.subscriptions.standing()).toHaveLength(1);
      world.source.put(encounter('b'));
      await world.settled();
      expect(await world.encounters()).toEqual(['a@1', 'b@1']);
    },
  );
});

describe('a restart', () => {
  test('finds its Subscription and makes no second one', async () => {
    await begin();
    const { id } = world.report();
    await world.stop();
    await world.start();
    await world.settled();
    expect(world.report().id).toBe(id);
    expect(world.source.calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('finds it by its endpoint where its id was not kept', async () => {
    await begin();
    await world.stop();
    const { journal } = await openedJournal();
    await journal.cursors.set(`fhir-subscription/ekliden/stays ${world.source.url}`, '{}');
    await journal.close();
    world.source.put(encounter('a'));
    await world.start({ since: '2022-01-01T00:00:00Z' });
    await world.settled();
    expect(world.source.subscriptions.standing()).toHaveLength(1);
    expect(await world.encounters()).toEqual(['a@1']);
    world.source.put(encounter('b'));
    await world.settled();
    expect(await world.encounters()).toEqual(['a@1', 'b@1']);
    expect(world.report().gapsMended).toBe(0);
  });

  test.each(['full-resource', 'id-only', 'empty'] as const)(
    'fetches what happened while it was away (%s)',
    async (payload) => {
      await begin({ wish: { payload } });
      await world.stop();
      for (const id of ['a', 'b']) world.source.put(encounter(id));
      await world.source.subscriptions.settled();
      await world.start();
      await world.settled();
      expect(await world.encounters()).toEqual(['a@1', 'b@1']);
    },
  );

  test('asks for what has changed in the configuration', async () => {
    await begin();
    await world.stop();
    await world.start({ criteria: ['Encounter?class=IMP,EMER'] });
    await world.settled();
    const [standing, ...others] = world.source.subscriptions.standing();
    expect(others).toEqual([]);
    expect(JSON.stringify(standing)).toContain('class=IMP,EMER');
  });

  test('takes away at the source what is no longer configured', async () => {
    await begin();
    await world.stop();
    await world.start('none');
    await world.until('it is removed', () => named('removed').length === 1);
    expect(world.source.subscriptions.standing()).toEqual([]);
  });
});

describe('registration', () => {
  test('is tried again until the source takes it', async () => {
    world = await startWorld({ isWaiting: true });
    world.source.subscriptions.setRegistrationFaults(500, 503, 403);
    await world.start();
    await world.settled();
    expect(named('failed')).toHaveLength(3);
    expect(world.source.subscriptions.standing()).toHaveLength(1);
    world.source.put(encounter('a'));
    await world.settled();
    expect(await world.encounters()).toEqual(['a@1']);
  });

  test('is not repeated at once at a source that cannot reach us', async () => {
    world = await startWorld({
      wish: { endpoint: 'http://127.0.0.1:1/fhir-notifications/stays' },
      pace: { retryMs: 600_000, longestRetryMs: 600_000, firstCheckMs: 5 },
    });
    await world.until('it is in error', () => world.report().status === 'error');
    await world.until('nothing is due', () => world.subscriptions().isQuiet());
    expect(named('registered')).toHaveLength(1);
    expect(world.source.calls.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test('asks for what is configured, topic-based', async () => {
    await begin({ wish: { payload: 'id-only', heartbeatMs: 90_000 } });
    const [standing] = world.source.subscriptions.standing();
    const extension = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
    expect(standing).toMatchObject({
      meta: { profile: [`${extension}/backport-subscription`] },
      criteria: topic,
      _criteria: {
        extension: [
          { url: `${extension}/backport-filter-criteria`, valueString: 'Encounter?class=IMP' },
        ],
      },
      channel: {
        type: 'rest-hook',
        endpoint: world.endpoint,
        header: [`Authorization: Bearer ${secret}`],
        payload: 'application/fhir+json',
        _payload: {
          extension: [{ url: `${extension}/backport-payload-content`, valueCode: 'id-only' }],
        },
        extension: [{ url: `${extension}/backport-heartbeat-period`, valueUnsignedInt: 90 }],
      },
    });
    expect(Date.parse(standing?.end ?? '')).toBeGreaterThan(Date.now());
  });

  test('by criteria asks for no payload where none is wanted', async () => {
    await begin({ wish: { ...byCriteria, payload: 'empty' } });
    const [standing] = world.source.subscriptions.standing();
    expect(standing?.criteria).toBe('Encounter?class=IMP');
    expect(standing?.channel.payload).toBeUndefined();
  });

  test('is renewed before the source ends it, and nothing is told twice', async () => {
    await begin({ wish: { renewEveryMs: 200 } });
    const first = world.report();
    await world.until('it is renewed', () => named('renewed').length >= 2);
    await world.settled();
    world.source.put(encounter('a'));
    await world.settled();
    const { id, end, gapsMended } = world.report();
    expect(id).toBe(first.id);
    expect(Date.parse(end ?? '')).toBeGreaterThan(Date.parse(first.end ?? ''));
    expect(gapsMended).toBe(0);
    expect(await world.encounters()).toEqual(['a@1']);
    expect(world.source.subscriptions.standing()).toHaveLength(1);
  });
});

describe('whoever is not the source', () => {
  const heartbeat = (): unknown => ({
    resourceType: 'Bundle',
    type: 'history',
    entry: [
      {
        resource: {
          resourceType: 'SubscriptionStatus',
          type: 'heartbeat',
          subscription: { reference: 'Subscription/sub-1' },
          eventsSinceSubscriptionStart: '0',
        },
      },
    ],
  });
  const told = async (response: Response): Promise<object> => {
    const headers = Object.fromEntries(response.headers);
    // Of the line and of the time, and nothing of the request.
    for (const name of ['date', 'connection', 'keep-alive']) delete headers[name];
    return { status: response.status, headers, body: await response.text() };
  };

  test('hears 401 and nothing more, the same for every reason', async () => {
    await begin();
    const authorization = (value: string) => ({ authorization: value });
    const known = await world.notify(heartbeat());
    expect(known.status).toBe(200);
    const elsewhere = world.endpoint.replace(/stays$/, 'others');
    const strangers = [
      await world.notify(heartbeat(), authorization(`Bearer ${secret}x`)),
      await world.notify(heartbeat(), authorization(`Bearer ${secret.slice(1)}`)),
      await world.notify(heartbeat(), authorization(`Basic ${secret}`)),
      await world.notify(heartbeat(), authorization('')),
      await fetch(elsewhere, { method: 'POST', headers: { authorization: `Bearer ${secret}` } }),
      await fetch(world.endpoint),
      await fetch(`${world.endpoint}/Encounter/a`, { method: 'PUT', body: '{}' }),
      await fetch(`${world.endpoint}/Encounter/a`, { method: 'DELETE' }),
      await fetch(world.endpoint.replace('/stays', ''), { method: 'POST' }),
    ];
    const answers = await Promise.all(strangers.map(told));
    expect(answers[0]).toMatchObject({ status: 401, body: '' });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await world.accepted()).toBe(0);
  });

  test('and has the wrong secret brings nothing in; the event is fetched later', async () => {
    await begin();
    world.source.subscriptions.setEventFaults('wrong-secret');
    world.source.put(encounter('a'));
    await world.source.subscriptions.settled();
    expect(world.source.subscriptions.deliveries.at(-1)).toMatchObject({ status: 401 });
    expect(await world.encounters()).toEqual([]);
    await world.source.subscriptions.beat();
    await world.settled();
    expect(await world.encounters()).toEqual(['a@1']);
  });

  test('may be known by a certificate instead, for its own subscription', async () => {
    const sender = (id: string) => ({ id, kind: 'hospital', may: () => true }) as const;
    await begin({
      identify: async ({ headers: { 'x-certificate': shown } }) =>
        typeof shown === 'string' ? sender(shown) : undefined,
    });
    const by = (certificate: string): Promise<Response> =>
      fetch(world.endpoint, {
        method: 'POST',
        headers: { 'x-certificate': certificate, 'content-type': 'application/fhir+json' },
        body: JSON.stringify(heartbeat()),
      });
    expect((await by('ekliden')).status).toBe(200);
    expect((await by('norrtuna')).status).toBe(401);
  });

  test('a second secret holds while the first is new', async () => {
    await begin({ wish: { secrets: ['a-new-secret', secret] } });
    expect((await world.notify(heartbeat())).status).toBe(200);
    world.source.put(encounter('a'));
    await world.settled();
    expect(await world.encounters()).toEqual(['a@1']);
  });

  test('and calls too often is told so', async () => {
    await begin({ requestsPerMinute: 20 });
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) {
      statuses.push((await fetch(world.endpoint, { method: 'POST' })).status);
    }
    expect(statuses).toEqual([401, 401, 429, 429]);
    expect((await world.notify(heartbeat())).status).toBe(200);
  });
});

describe('what cannot be read', () => {
  const bad: readonly [string, string, number][] = [
    ['is not JSON', '{"resourceType": "Bundle"', 400],
    ['has a key twice', '{"resourceType": "Bundle", "type": "history", "type": "history"}', 400],
    ['has __proto__', '{"resourceType": "Encounter", "__proto__": {}}', 400],
    ['is a Bundle without a status', '{"resourceType": "Bundle", "type": "history"}', 400],
    ['is a list', '[]', 400],
    ['is too large', `"${'x'.repeat(20_000)}"`, 413],
  ];
  test.each(bad)(
    '%s: is refused with what is wrong, and the source is asked for what happened',
    async (_, body, status) => {
      await begin({ maxBodyBytes: 10_000 });
      world.source.subscriptions.setEventFaults('drop');
      world.source.put(encounter('a'));
      const answer = await world.notify(body);
      expect(answer.status).toBe(status);
      expect(await answer.json()).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error' }],
      });
      await world.settled();
      expect(await world.encounters()).toEqual(['a@1']);
    },
  );

  test('XML is refused with 415', async () => {
    await begin();
    const xml = { 'content-type': 'application/fhir+xml' };
    expect((await world.notify('<Bundle/>', xml)).status).toBe(415);
  });

  test('a resource at the address of another one is refused', async () => {
    await begin({ wish: { ...byCriteria, payload: 'full-resource' } });
    const answer = await fetch(`${world.endpoint}/Encounter/b`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/fhir+json',
      },
      body: JSON.stringify(encounter('a')),
    });
    expect(answer.status).toBe(400);
    expect(await world.encounters()).toEqual([]);
  });
});

describe('kill -9', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const child = builtFile('test/support/fhir-subscription-child.ts');

  test.each(['id-only', 'empty'] as const)(
    'between the answer to a notification (%s) and the fetching loses nothing',
    async (payload) => {
      world = await startWorld({ isWaiting: true });
      const { folder, source, endpoint } = world;
      const args = [child, folder, source.url, payload, endpoint];
      const process = spawn(globalThis.process.execPath, args, {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(process, 'exit');
      const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
      world.forwardTo(`http://127.0.0.1:${(await lines.next()).value}`);
      expect((await lines.next()).value).toBe('active');
      // From now on the source tells, and is not to be asked.
      world.source.setFault('hang');
      world.source.put(encounter('a'));
      await world.source.subscriptions.settled();
      expect(world.source.subscriptions.deliveries.at(-1)).toMatchObject({
        what: 'event 1',
        status: 200,
      });
      process.kill('SIGKILL');
      await ended;
      world.source.setFault('none');
      // The source counts one event, and one is accounted for: what is to be fetched stands in the journal alone.
      await world.start({ payload });
      await world.settled();
      expect(await world.encounters()).toEqual(['a@1']);
    },
  );
});
