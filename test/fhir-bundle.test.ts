/** Transactions are taken whole or not at all, and batches entry by entry: by a real client, into a real journal. */
import type { Bundle, BundleEntry, OperationOutcome } from 'fhir/r4.js';
import * as fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startFhirServer, type FhirTestServer } from './support/fhir-server.ts';

let server: FhirTestServer;
let kept: FhirTestServer | undefined;
afterEach(() => (server === kept ? undefined : server.close()));
afterAll(() => kept?.close());

/** One for every test that leaves nothing behind. */
async function anyServer(): Promise<FhirTestServer> {
  kept ??= await startFhirServer();
  for (const list of [kept.exchanges, kept.kept, kept.answered]) list.length = 0;
  return kept;
}

const urn = (n: number): string =>
  `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const named = (value: string) => [{ system: 'https://ekliden.example/id', value }];
const condition = (value: string): string => `identifier=https://ekliden.example/id|${value}`;

const patient = (more: object = {}) => ({ resourceType: 'Patient', ...more });
const encounter = (more: object = {}) => ({
  resourceType: 'Encounter',
  status: 'in-progress',
  class: { code: 'IMP' },
  ...more,
});
const post = (resource: { resourceType: string }, more: object = {}, request: object = {}) => ({
  resource,
  request: { method: 'POST', url: resource.resourceType, ...request },
  ...more,
});
const put = (
  resource: { resourceType: string; id?: string },
  more: object = {},
  request: object = {},
) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}`, ...request },
  ...more,
});

type Entry = object;
const bundleOf = (type: 'transaction' | 'batch', entry: readonly Entry[]) => ({
  resourceType: 'Bundle' as const,
  type,
  entry: [...entry] as never[],
});

/** What became of each entry, as a client hears it. */
async function send(type: 'transaction' | 'batch', ...entry: readonly Entry[]) {
  const body = bundleOf(type, entry);
  const answer = (await server.client()[type]({ body })) as unknown as Bundle;
  expect(answer.type).toBe(`${type}-response`);
  const entries: BundleEntry[] = answer.entry ?? [];
  expect(entries).toHaveLength(entry.length);
  return entries;
}
const statuses = (entries: readonly BundleEntry[]) =>
  entries.map(({ response }) => Number.parseInt(response?.status ?? ''));

async function refusalOf(type: 'transaction' | 'batch', ...entry: readonly Entry[]) {
  try {
    await server.client()[type]({ body: bundleOf(type, entry) });
  } catch (thrown) {
    const { response } = thrown as { response: { status: number; data: OperationOutcome } };
    expect(response.data.resourceType).toBe('OperationOutcome');
    return response;
  }
  throw new Error('it was taken');
}

async function stored(type: string): Promise<Record<string, unknown>[]> {
  const page = await server.journal.resources.page('ekliden', type, '', 1000);
  return page.map(({ body }) => JSON.parse(body));
}

// ---------------------------------------------------------------- transactions

describe('a transaction', () => {
  test('takes all of it, and each reference is what it leads to from then on', async () => {
    server = await startFhirServer();
    const entries = await send(
      'transaction',
      post(
        encounter({
          subject: { reference: urn(1) },
          serviceProvider: { reference: 'Organization/o-1' },
        }),
        { fullUrl: urn(2) },
      ),
      post(patient({ identifier: named('p') }), { fullUrl: urn(1) }),
      put(
        { resourceType: 'Organization', id: 'o-1' },
        { fullUrl: 'https://his.example/fhir/Organization/o-1' },
      ),
      put({
        resourceType: 'CarePlan',
        id: 'c-1',
        encounter: { reference: urn(2) },
        subject: { reference: `Patient?${condition('p')}` },
      } as never),
      { request: { method: 'GET', url: 'CarePlan/c-1' } },
      { request: { method: 'GET', url: `Patient?${condition('p')}` } },
    );
    expect(statuses(entries)).toEqual([201, 201, 201, 201, 200, 200]);
    const [visit = '', person = ''] = entries.map(({ response }) =>
      response?.location?.replace(/\/_history\/1$/, ''),
    );
    expect(entries[0]?.response).toMatchObject({
      etag: 'W/"1"',
      lastModified: '2022-03-07T08:00:00.000Z',
    });
    expect(entries[4]?.resource).toMatchObject({
      encounter: { reference: visit },
      subject: { reference: person },
    });
    expect(entries[5]?.resource).toMatchObject({ type: 'searchset', total: 1 });
    // The meaning of a resource is made from what came with it.
    const told = server.exchanges.find(({ resource }) => resource.resourceType === 'Encounter');
    expect(Object.keys(told?.related ?? {}).toSorted()).toEqual(['Organization/o-1', person]);
  });

  test('keeps the text of each resource as it was sent, where no reference in it changed', async () => {
    server = await startFhirServer();
    const sent = '{ "resourceType":"Encounter",  "length":{"value":1.50} }';
    const body = `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":${sent},"request":{"method":"POST","url":"Encounter"}}]}`;
    expect((await server.fetch('/', { method: 'POST', body })).status).toBe(200);
    expect(server.received[0]).toContain(sent);
  });

  test('resolves what its entries call each other by the address they had', async () => {
    server = await startFhirServer();
    const base = 'https://his.example/fhir/';
    await send(
      'transaction',
      post(patient(), { fullUrl: `${base}Patient/7` }),
      post(
        encounter({
          subject: { reference: 'Patient/7' },
          partOf: { reference: `${base}Patient/7/_history/2` },
        }),
        { fullUrl: `${base}Encounter/8` },
      ),
    );
    const [person] = await server.journal.resources.page('ekliden', 'Patient', '', 1);
    const reference = `Patient/${person?.id}`;
    expect(await stored('Encounter')).toMatchObject([
      { subject: { reference }, partOf: { reference } },
    ]);
  });

  test('sent again changes nothing, and is answered with what stands', async () => {
    server = await startFhirServer();
    const entries = [
      post(
        patient({ identifier: named('p') }),
        { fullUrl: urn(1) },
        { ifNoneExist: condition('p') },
      ),
      post(encounter({ identifier: named('e'), subject: { reference: urn(1) } })),
      put({ resourceType: 'Location', id: 'l-1' }),
    ];
    const first = await send('transaction', ...entries);
    const again = await send('transaction', ...entries);
    expect(statuses(again)).toEqual([200, 200, 200]);
    expect(again.map(({ response }) => response?.location)).toEqual(
      first.map(({ response }) => response?.location),
    );
    expect(server.exchanges).toHaveLength(3);
  });

  test('tells a resource again with what came anew of that which it refers to', async () => {
    server = await startFhirServer();
    const both = (gender: string) =>
      send(
        'transaction',
        put(patient({ id: 'p-1', gender })),
        put(encounter({ id: 'e-1', subject: { reference: 'Patient/p-1' } })),
      );
    await both('unknown');
    await both('female');
    expect(server.exchanges.at(-1)?.related).toMatchObject({ 'Patient/p-1': { gender: 'female' } });
    await both('female');
    expect(server.exchanges).toHaveLength(4);
  });

  test('of which entry 7 fails takes nothing, and names that entry and element', async () => {
    server = await startFhirServer();
    const entries = Array.from({ length: 9 }, (_, index) =>
      put(encounter({ id: `e-${index}`, ...(index === 6 && { language: 'x-refused' }) })),
    );
    const { status, data } = await refusalOf('transaction', ...entries);
    expect(status).toBe(422);
    expect(data.issue).toMatchObject([
      { code: 'code-invalid', expression: ['Bundle.entry[6].resource.status'] },
    ]);
    expect(await stored('Encounter')).toEqual([]);
    expect((await server.journal.status()).messages).toMatchObject({ accepted: 0, rejected: 1 });
    expect(server.kept).toEqual([]);
  });

  test('tells everything that is wrong with its entries at once', async () => {
    server = await startFhirServer({
      checkOf: () => (resource) =>
        'status' in resource
          ? []
          : [
              {
                severity: 'error',
                code: 'required',
                expression: 'Encounter.status',
                text: 'missing: send it',
              },
            ],
    });
    const { data } = await refusalOf(
      'transaction',
      { request: { method: 'DELETE', url: 'Encounter/1' } },
      post({ resourceType: 'Encounter' }),
      post(encounter()),
      { request: { method: 'POST', url: 'Encounter' } },
    );
    expect(data.issue.map(({ expression }) => expression?.[0])).toEqual([
      'Bundle.entry[0]',
      'Bundle.entry[1].resource.status',
      'Bundle.entry[3].resource.resourceType',
    ]);
  });

  test('holds its conditions for every entry, or takes nothing', async () => {
    server = await startFhirServer();
    await send('transaction', put(encounter({ id: 'e-1' })));
    const { status, data } = await refusalOf(
      'transaction',
      put({ resourceType: 'Location', id: 'l-1' }),
      put(encounter({ id: 'e-1', status: 'finished' }), {}, { ifMatch: 'W/"7"' }),
    );
    expect([status, data.issue[0]?.expression]).toEqual([412, ['Bundle.entry[1]']]);
    expect(await stored('Location')).toEqual([]);
    const taken = await send(
      'transaction',
      put(encounter({ id: 'e-1', status: 'finished' }), {}, { ifMatch: 'W/"1"' }),
    );
    expect(statuses(taken)).toEqual([200]);
  });

  test('updates by identifier, and creates where there is none yet', async () => {
    server = await startFhirServer();
    const entry = (status: string) =>
      put(
        encounter({ status, identifier: named('e') }),
        {},
        { url: `Encounter?${condition('e')}` },
      );
    expect(statuses(await send('transaction', entry('planned')))).toEqual([201]);
    expect(statuses(await send('transaction', entry('finished')))).toEqual([200]);
    expect(await stored('Encounter')).toMatchObject([{ status: 'finished' }]);
  });

  test.each<[string, number, string, Entry[]]>([
    [
      'the same id twice',
      400,
      'Bundle.entry[1]',
      [put(encounter({ id: 'e' })), put(encounter({ id: 'e', status: 'finished' }))],
    ],
    [
      'the same identifier twice',
      400,
      'Bundle.entry[1]',
      [
        post(encounter({ identifier: named('x') })),
        post(encounter({ identifier: named('x'), status: 'finished' })),
      ],
    ],
    [
      'one fullUrl twice',
      400,
      'Bundle.entry[1]',
      [post(patient(), { fullUrl: urn(1) }), post(patient(), { fullUrl: urn(1) })],
    ],
    [
      'a reference to no entry',
      422,
      'Bundle.entry[0].resource.subject.reference',
      [post(encounter({ subject: { reference: urn(9) } }))],
    ],
    [
      'a search that finds nothing',
      412,
      'Bundle.entry[0].resource.subject.reference',
      [post(encounter({ subject: { reference: `Patient?${condition('nobody')}` } }))],
    ],
    [
      'a search that finds two',
      412,
      'Bundle.entry[2].resource.subject.reference',
      [
        post(patient({ identifier: named('two') })),
        post(patient({ identifier: named('two'), gender: 'unknown' })),
        post(encounter({ subject: { reference: `Patient?${condition('two')}` } })),
      ],
    ],
    [
      'a search by something else',
      400,
      'Bundle.entry[0]',
      [post(encounter({ subject: { reference: 'Patient?name=x' } }))],
    ],
    [
      'a read of what is not there',
      404,
      'Bundle.entry[1]',
      [post(patient()), { request: { method: 'GET', url: 'Patient/none' } }],
    ],
    ['no request', 400, 'Bundle.entry[0].request', [{ resource: patient() }]],
    ['null for an entry', 400, 'Bundle.entry[0].request', [null as never]],
    [
      'an address elsewhere',
      400,
      'Bundle.entry[0].request.url',
      [
        {
          resource: patient(),
          request: { method: 'POST', url: 'https://other.example/fhir/Patient' },
        },
      ],
    ],
    [
      'another type than its URL',
      400,
      'Bundle.entry[0].resource.resourceType',
      [{ resource: patient(), request: { method: 'POST', url: 'Encounter' } }],
    ],
    [
      'an unknown type',
      404,
      'Bundle.entry[0]',
      [
        {
          resource: { resourceType: 'Practitioner' },
          request: { method: 'POST', url: 'Practitioner' },
        },
      ],
    ],
    ['a PATCH', 405, 'Bundle.entry[0]', [{ request: { method: 'PATCH', url: 'Patient/1' } }]],
    [
      'an operation',
      404,
      'Bundle.entry[0]',
      [
        {
          resource: { resourceType: 'Parameters' },
          request: { method: 'POST', url: '$process-message' },
        },
      ],
    ],
    [
      'a Bundle in a Bundle',
      422,
      'Bundle.entry[0].request.url',
      [{ resource: { resourceType: 'Bundle' }, request: { method: 'POST', url: '' } }],
    ],
  ])(
    'with %s is refused with %i at %s, and nothing is taken',
    async (_, status, expression, entries) => {
      server = await anyServer();
      const refusal = await refusalOf('transaction', ...entries);
      expect(refusal.status).toBe(status);
      expect(refusal.data.issue[0]?.expression).toEqual([expression]);
      expect((await server.journal.status()).messages.accepted).toBe(0);
    },
  );

  test('that meets another writer is read and placed anew: nothing of either is lost', async () => {
    server = await startFhirServer();
    const rounds = Array.from({ length: 6 }, (_, index) =>
      send(
        'transaction',
        put({ resourceType: 'Task', id: 't-1', priority: `p${index}` } as never),
        post(encounter({ identifier: named('e'), priority: { text: `p${index}` } })),
      ),
    );
    await Promise.all(rounds);
    const [task] = await server.journal.resources.page('ekliden', 'Task', '', 2);
    const encounters = await server.journal.resources.page('ekliden', 'Encounter', '', 5);
    expect([task?.version, encounters.map(({ version }) => version)]).toEqual([6, [6]]);
  });

  test('of five hundred is one commit, and all of them stand', async () => {
    server = await startFhirServer();
    const entries = Array.from({ length: 250 }, (_, index) => [
      post(patient({ identifier: named(`p${index}`) }), { fullUrl: urn(index) }),
      post(encounter({ identifier: named(`e${index}`), subject: { reference: urn(index) } })),
    ]).flat();
    const before = server.journal.commits();
    expect(new Set(statuses(await send('transaction', ...entries)))).toEqual(new Set([201]));
    expect(server.journal.commits() - before).toBe(1);
    expect(await stored('Encounter')).toHaveLength(250);
  });

  test('creates before it updates, and answers in the order of its entries', async () => {
    server = await startFhirServer();
    const entries = await send(
      'transaction',
      { request: { method: 'GET', url: 'Location/l-1' } },
      put({ resourceType: 'Location', id: 'l-1' }),
      post(patient()),
    );
    expect(statuses(entries)).toEqual([200, 201, 201]);
    const order = server.exchanges.map(({ resource }) => resource.resourceType);
    expect(order).toEqual(['Patient', 'Location']);
  });

  test('of nothing is answered with nothing', async () => {
    server = await anyServer();
    expect(await send('transaction')).toEqual([]);
  });

  test('gives the resources back where that is asked for', async () => {
    server = await startFhirServer();
    const body = bundleOf('transaction', [post(encounter(), { fullUrl: urn(1) })]);
    const options = { headers: { prefer: 'return=representation' } };
    const answer = (await server.client().transaction({ body, options })) as unknown as Bundle;
    const [entry] = answer.entry ?? [];
    expect(entry?.resource).toMatchObject({ resourceType: 'Encounter', meta: { versionId: '1' } });
    expect(entry?.fullUrl).toBe(`${server.url}/Encounter/${entry?.resource?.id}`);
  });
});

// ---------------------------------------------------------------- batches

describe('a batch', () => {
  test('takes what can be taken, and tells of each entry what became of it', async () => {
    server = await startFhirServer();
    const entries = Array.from({ length: 9 }, (_, index) =>
      put(encounter({ id: `e-${index}`, ...(index === 6 && { language: 'x-refused' }) })),
    );
    const answers = await send(
      'batch',
      ...entries,
      { request: { method: 'GET', url: 'Encounter/none' } },
      { request: { method: 'DELETE', url: 'Encounter/e-1' } },
    );
    expect(statuses(answers)).toEqual([201, 201, 201, 201, 201, 201, 422, 201, 201, 404, 405]);
    expect(answers[6]?.response?.outcome).toMatchObject({
      issue: [{ code: 'code-invalid', expression: ['Bundle.entry[6].resource.status'] }],
    });
    expect(await stored('Encounter')).toHaveLength(8);
  });

  test('tells of a code that waits for a table', async () => {
    server = await startFhirServer();
    const [answer] = await send('batch', post(encounter({ language: 'x-unmapped' })));
    expect(answer?.response).toMatchObject({
      status: '201 Created',
      outcome: { issue: [{ severity: 'warning' }] },
    });
  });

  test('refuses an entry that needs another one', async () => {
    server = await startFhirServer();
    const answers = await send(
      'batch',
      post(patient(), { fullUrl: urn(1) }),
      post(encounter({ subject: { reference: urn(1) } })),
    );
    expect(statuses(answers)).toEqual([201, 422]);
    expect(answers[1]?.response?.outcome).toMatchObject({
      issue: [
        {
          details: { text: expect.stringContaining('as a transaction') },
          expression: ['Bundle.entry[1].resource.subject.reference'],
        },
      ],
    });
    expect(server.kept).toHaveLength(1);
  });
});

// ---------------------------------------------------------------- other Bundles

describe('a Bundle', () => {
  test.each([
    ['message', /\$process-message/],
    ['history', /subscription/],
    ['collection', /as one of them/],
    ['document', /as one of them/],
    [undefined, /as one of them/],
  ])('of type %s is refused, and its sender hears where it goes', async (type, why) => {
    server = await anyServer();
    const body = JSON.stringify({ resourceType: 'Bundle', type, entry: [] });
    const answer = await server.fetch('/', { method: 'POST', body });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      issue: [{ details: { text: expect.stringMatching(why) }, expression: ['Bundle.type'] }],
    });
  });

  test('with more entries than are taken at once is refused', async () => {
    server = await startFhirServer({ maxEntries: 3 });
    const entries = Array.from({ length: 4 }, () => post(patient()));
    for (const type of ['transaction', 'batch'] as const) {
      expect(await refusalOf(type, ...entries)).toMatchObject({
        status: 413,
        data: { issue: [{ code: 'too-costly', expression: ['Bundle.entry'] }] },
      });
    }
  });

  test('is a Bundle: a resource alone has another address', async () => {
    server = await anyServer();
    const answer = await server.fetch('/', { method: 'POST', body: JSON.stringify(encounter()) });
    expect(answer.status).toBe(400);
  });

  test('of any content is answered, and never with a fault of ours', async () => {
    server = await startFhirServer();
    const odd = fc.oneof(
      fc.constant(null),
      fc.integer(),
      fc.string(),
      fc.constant([]),
      fc.constant({}),
    );
    const entry = fc.record(
      {
        fullUrl: fc.oneof(odd, fc.constant(urn(1))),
        resource: fc.oneof(
          odd,
          fc.record({
            resourceType: fc.oneof(odd, fc.constantFrom('Encounter', 'Patient')),
            id: fc.oneof(odd, fc.constant('e-1')),
            identifier: fc.oneof(odd, fc.constant(named('a')), fc.array(odd)),
            subject: fc.oneof(
              odd,
              fc.record({
                reference: fc.oneof(
                  odd,
                  fc.constantFrom(urn(1), '#a', `Patient?${condition('a')}`),
                ),
              }),
            ),
            meta: odd,
          }),
        ),
        request: fc.oneof(
          odd,
          fc.record(
            {
              method: fc.oneof(odd, fc.constantFrom('POST', 'PUT', 'GET', 'DELETE')),
              url: fc.oneof(
                odd,
                fc.constantFrom(
                  'Encounter',
                  'Patient',
                  'Encounter/e-1',
                  `Encounter?${condition('a')}`,
                  '/',
                  '%',
                ),
              ),
              ifMatch: fc.oneof(odd, fc.constant('W/"1"')),
              ifNoneExist: fc.oneof(odd, fc.constant(condition('a'))),
            },
            { requiredKeys: ['method', 'url'] },
          ),
        ),
      },
      { requiredKeys: ['resource', 'request'] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('transaction', 'batch'),
        fc.oneof(odd, fc.array(entry, { maxLength: 4 })),
        async (type, entries) => {
          const body = JSON.stringify({ resourceType: 'Bundle', type, entry: entries });
          const answer = await server.fetch('/', { method: 'POST', body });
          const text = await answer.text();
          expect(answer.status, text).toBeLessThan(500);
          expect(text).not.toMatch(/"status":"5/);
        },
      ),
      { numRuns: 150 },
    );
  });
});
