/** The FHIR server as a vendor's client meets it: over real HTTP, into a real journal. */
import { Client, type FhirResource } from 'fhir-kit-client';
import type { Bundle, CapabilityStatement, Encounter, OperationOutcome } from 'fhir/r4.js';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Finding } from '../adapters/inbound/fhir/checks/finding.ts';
import type { Operation } from '../adapters/inbound/fhir/server/operation.ts';
import { GatewayError } from '../gateway/errors.ts';
import { startFhirServer, type FhirTestServer } from './support/fhir-server.ts';

let server: FhirTestServer;
let kept: FhirTestServer | undefined;
afterEach(() => (server === kept ? undefined : server.close()));
afterAll(() => kept?.close());

/** One for every test that does not mind what others have sent. */
async function anyServer(): Promise<FhirTestServer> {
  kept ??= await startFhirServer();
  for (const list of [kept.exchanges, kept.kept, kept.answered]) list.length = 0;
  return kept;
}

const visit = (value: string) => [{ system: 'https://ekliden.example/vardkontakt', value }];
const encounter = (more: object = {}) => ({
  resourceType: 'Encounter' as const,
  status: 'in-progress',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
  ...more,
});
const asked = (value: string) => `identifier=https://ekliden.example/vardkontakt|${value}`;

interface Refused {
  readonly response: { readonly status: number; readonly data: OperationOutcome };
}
/** What a client hears of a request that is not taken. */
async function refusalOf(
  work: Promise<unknown>,
): Promise<{ status: number; data: OperationOutcome }> {
  try {
    await work;
  } catch (thrown) {
    const { status, data } = (thrown as Refused).response;
    expect(data.resourceType).toBe('OperationOutcome');
    expect(data.issue[0]?.details?.text).toMatch(/\w+ \w+/);
    return { status, data };
  }
  throw new Error('it was taken');
}
const responseTo = (result: object): Response =>
  Client.httpFor(result as FhirResource).response as Response;
const headersOf = (result: object): Headers => responseTo(result).headers;
const statusOf = (result: object): number => responseTo(result).status;

// ---------------------------------------------------------------- create and read

describe('a create', () => {
  test('is answered with where the resource is, and can be read back there', async () => {
    server = await startFhirServer();
    const client = server.client();
    const body = encounter({ id: 'ignored', identifier: visit('1') });
    const created = await client.create({ resourceType: 'Encounter', body });
    expect(statusOf(created)).toBe(201);
    expect(headersOf(created).get('etag')).toBe('W/"1"');
    expect(headersOf(created).get('last-modified')).toBe('Mon, 07 Mar 2022 08:00:00 GMT');
    const location = headersOf(created).get('location') ?? '';
    const [, id = ''] = /\/fhir\/Encounter\/([^/]+)\/_history\/1$/.exec(location) ?? [];
    expect(id).not.toBe('ignored');
    const back = await client.read({ resourceType: 'Encounter', id });
    expect(back).toEqual({
      ...body,
      id,
      meta: { versionId: '1', lastUpdated: '2022-03-07T08:00:00.000Z' },
    });
    expect(headersOf(back).get('content-type')).toBe(
      'application/fhir+json; charset=utf-8; fhirVersion=4.0',
    );
  });

  test('sent again after its answer was lost makes no second resource', async () => {
    server = await startFhirServer();
    const client = server.client();
    for (const resourceType of ['Encounter', 'Patient'] as const) {
      const body = { ...encounter({ identifier: visit('1') }), resourceType };
      const first = await client.create({ resourceType, body });
      const again = await client.create({ resourceType, body });
      expect(statusOf(again)).toBe(200);
      expect(headersOf(again).get('location')).toBe(headersOf(first).get('location'));
      // The order of its keys is not what it says.
      const turned = Object.fromEntries(Object.entries(body).reverse()) as typeof body;
      expect(statusOf(await client.create({ resourceType, body: turned }))).toBe(200);
    }
    expect(server.exchanges).toHaveLength(2);
  });

  test('of an Encounter whose identifier is known is its next version: one stay is one resource', async () => {
    server = await startFhirServer();
    const client = server.client();
    const first = encounter({ identifier: visit('1') });
    await client.create({ resourceType: 'Encounter', body: first });
    const second = { ...first, status: 'finished' };
    const answer = await client.create({ resourceType: 'Encounter', body: second });
    expect(statusOf(answer)).toBe(200);
    expect(headersOf(answer).get('etag')).toBe('W/"2"');
    expect(server.exchanges[1]?.previous).toMatchObject({ status: 'in-progress' });
  });

  test('of the same new Encounter many times at once makes one', async () => {
    server = await startFhirServer();
    const client = server.client();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        client.create({ resourceType: 'Encounter', body: encounter({ identifier: visit('1') }) }),
      ),
    );
    expect(answers.map(statusOf).filter((status) => status === 201)).toHaveLength(1);
    expect(await server.journal.resources.page('ekliden', 'Encounter', '', 10)).toHaveLength(1);
  });

  test('with If-None-Exist is one where there is none, nothing where there is one, and refused where there are two', async () => {
    server = await startFhirServer();
    const client = server.client();
    const options = { headers: { 'If-None-Exist': asked('1') } };
    const create = () =>
      client.create({
        resourceType: 'Patient',
        body: { resourceType: 'Patient', identifier: visit('1') },
        options,
      });
    const both = await Promise.all([create(), create(), create()]);
    expect(both.map(statusOf).toSorted((left, right) => left - right)).toEqual([200, 200, 201]);
    expect(new Set(both.map((one) => headersOf(one).get('location'))).size).toBe(1);
    const other = { resourceType: 'Patient', id: 'p2', identifier: visit('1') };
    await client.update({ resourceType: 'Patient', id: 'p2', body: other });
    const { status, data } = await refusalOf(create());
    expect([status, data.issue[0]?.code]).toEqual([412, 'multiple-matches']);
    const unclear = { headers: { 'If-None-Exist': 'name=Testa' } };
    const body = { resourceType: 'Patient' };
    expect(
      await refusalOf(client.create({ resourceType: 'Patient', body, options: unclear })),
    ).toMatchObject({ status: 400 });
  });

  test.each([
    ['return=minimal', ''],
    ['return=representation', 'Encounter'],
    ['return=OperationOutcome', 'OperationOutcome'],
    ['handling=lenient', ''],
  ])('with Prefer: %s is answered with %s', async (prefer, resourceType) => {
    server = await anyServer();
    const body = JSON.stringify(encounter());
    const answer = await server.fetch('/Encounter', { method: 'POST', body, headers: { prefer } });
    const text = await answer.text();
    expect(text === '' ? '' : JSON.parse(text).resourceType).toBe(resourceType);
  });

  test('whose code waits for a table is taken, and its sender is told whatever it prefers', async () => {
    server = await startFhirServer();
    for (const prefer of ['return=minimal', 'return=representation', '']) {
      const body = JSON.stringify(encounter({ language: 'x-unmapped' }));
      const answer = await server.fetch('/Encounter', {
        method: 'POST',
        body,
        headers: { prefer },
      });
      expect(answer.status).toBe(201);
      expect(await answer.json()).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'warning', code: 'code-invalid', expression: ['Encounter.class'] }],
      });
    }
    expect((await server.journal.status()).messages.parked).toBe(3);
  });

  test('with a warning is told it unless it wants nothing', async () => {
    server = await anyServer();
    const outcomeFor = async (prefer: string): Promise<string> => {
      const body = JSON.stringify(encounter({ language: 'x-warning' }));
      return (
        await server.fetch('/Encounter', { method: 'POST', body, headers: { prefer } })
      ).text();
    };
    expect(await outcomeFor('')).toContain('Encounter.period: no zone');
    expect(await outcomeFor('return=OperationOutcome')).toContain('Encounter.period: no zone');
    expect(await outcomeFor('return=minimal')).toBe('');
  });

  test('that the meaning refuses is kept as rejected, and answered with element and reason', async () => {
    server = await startFhirServer();
    const body = encounter({ language: 'x-refused' });
    const refusal = await refusalOf(server.client().create({ resourceType: 'Encounter', body }));
    expect(refusal).toMatchObject({
      status: 422,
      data: { issue: [{ code: 'code-invalid', expression: ['Encounter.status'] }] },
    });
    expect((await server.journal.status()).messages).toMatchObject({ accepted: 0, rejected: 1 });
    // For whoever reads the log at night.
    expect(server.answered.at(-1)).toMatchObject({ issue: 'code-invalid at Encounter.status' });
  });

  test('that the checks refuse hears everything that is wrong, and a warning is told with the answer', async () => {
    const finding = (severity: Finding['severity'], expression: string): Finding => ({
      severity,
      code: 'required',
      expression,
      text: 'missing: send it',
    });
    let findings = [finding('error', 'Encounter.class'), finding('warning', 'Encounter.period')];
    server = await startFhirServer({ checkOf: () => () => findings });
    const client = server.client();
    const create = () => client.create({ resourceType: 'Encounter', body: encounter() });
    const { status, data } = await refusalOf(create());
    expect(status).toBe(422);
    expect(data.issue.map(({ expression }) => expression?.[0])).toEqual([
      'Encounter.class',
      'Encounter.period',
    ]);
    expect(server.exchanges).toEqual([]);
    expect(server.kept).toHaveLength(1);
    findings = findings.slice(1);
    expect(await create()).toMatchObject({ issue: [{ expression: ['Encounter.period'] }] });
  });
});

// ---------------------------------------------------------------- update

describe('an update', () => {
  test('creates under the id it names, and is one version more with every change', async () => {
    server = await startFhirServer();
    const client = server.client();
    const update = (status: string) =>
      client.update({
        resourceType: 'Encounter',
        id: 'e-1',
        body: encounter({ id: 'e-1', status }),
      });
    expect(statusOf(await update('planned'))).toBe(201);
    expect(statusOf(await update('in-progress'))).toBe(200);
    const third = await update('finished');
    expect(headersOf(third).get('etag')).toBe('W/"3"');
    expect(server.exchanges.map(({ request }) => request.base)).toEqual([0, 1, 2]);
    expect(server.exchanges[2]?.previous).toMatchObject({ status: 'in-progress' });
  });

  test.each([
    ['', {}],
    [' with a profile', { meta: { profile: ['http://example.org/p'] } }],
  ])('that says what stands%s stores nothing, also as it was read back', async (_, more) => {
    server = await startFhirServer();
    const client = server.client();
    const body = encounter({ id: 'e-1', ...more });
    await client.update({ resourceType: 'Encounter', id: 'e-1', body });
    const back = await client.read({ resourceType: 'Encounter', id: 'e-1' });
    const again = await client.update({ resourceType: 'Encounter', id: 'e-1', body: back });
    expect([statusOf(again), headersOf(again).get('etag')]).toEqual([200, 'W/"1"']);
    expect(server.exchanges).toHaveLength(1);
  });

  test('with If-Match holds for the version that stands, and for no other', async () => {
    server = await startFhirServer();
    const client = server.client();
    const update = (status: string, match: string) =>
      client.update({
        resourceType: 'Encounter',
        id: 'e-1',
        body: encounter({ id: 'e-1', status }),
        options: { headers: { 'If-Match': match } },
      });
    expect(await refusalOf(update('planned', 'W/"1"'))).toMatchObject({ status: 412 });
    await client.update({ resourceType: 'Encounter', id: 'e-1', body: encounter({ id: 'e-1' }) });
    expect(headersOf(await update('planned', 'W/"1"')).get('etag')).toBe('W/"2"');
    expect(await refusalOf(update('finished', 'W/"1"'))).toMatchObject({
      status: 412,
      data: { issue: [{ code: 'conflict' }] },
    });
    expect(await refusalOf(update('finished', '2'))).toMatchObject({ status: 400 });
    // Of many at once one is first, and all others hear that they are late.
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd', 'e'].map((status) => update(status, 'W/"2"')),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('without one waits for its turn: of many at once none is lost', async () => {
    server = await startFhirServer();
    const client = server.client();
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        client.update({
          resourceType: 'Task',
          id: 't-1',
          body: { resourceType: 'Task', id: 't-1', status: 'requested', priority: `p${index}` },
        }),
      ),
    );
    const stands = await server.journal.resources.read({
      sender: 'ekliden',
      type: 'Task',
      id: 't-1',
    });
    expect(stands?.version).toBe(10);
  });

  test('by identifier creates, updates, or is refused where several are meant', async () => {
    server = await startFhirServer();
    const client = server.client();
    const update = (more: object) =>
      client.request(`Encounter?${asked('7')}`, {
        method: 'PUT',
        body: encounter({ identifier: visit('7'), ...more }),
        options: { headers: { 'content-type': 'application/fhir+json' } },
      });
    expect(statusOf(await update({}))).toBe(201);
    const second = await update({ status: 'finished' });
    expect([statusOf(second), headersOf(second).get('etag')]).toEqual([200, 'W/"2"']);
    expect(await refusalOf(update({ id: 'another' }))).toMatchObject({ status: 400 });
    const id = 'e-2';
    await client.update({
      resourceType: 'Encounter',
      id,
      body: encounter({ id, identifier: visit('7') }),
    });
    expect(await refusalOf(update({ status: 'planned' }))).toMatchObject({ status: 412 });
  });

  test.each([
    ['another id in it', 'Encounter/e-1', encounter({ id: 'e-2' }), 'Encounter.id'],
    ['no id in it', 'Encounter/e-1', encounter(), 'Encounter.id'],
    ['an id that is none', 'Encounter/e_1', encounter({ id: 'e_1' }), 'Encounter.id'],
    ['another type', 'Encounter/e-1', { resourceType: 'Patient', id: 'e-1' }, 'resourceType'],
  ])('with %s is refused', async (_, path, body, expression) => {
    server = await anyServer();
    const headers = { 'content-type': 'application/fhir+json' };
    const sent = server.client().request(path, { method: 'PUT', body, options: { headers } });
    expect(await refusalOf(sent)).toMatchObject({
      status: 400,
      data: { issue: [{ expression: [expression] }] },
    });
  });
});

// ---------------------------------------------------------------- read and search

describe('reading back', () => {
  test('tells nothing of another sender: what it has and what nobody has are one answer', async () => {
    server = await startFhirServer();
    const body = encounter({ id: 'e-1', identifier: visit('1') });
    await server.client('norrtuna').update({ resourceType: 'Encounter', id: 'e-1', body });
    const client = server.client('ekliden');
    const theirs = await refusalOf(client.read({ resourceType: 'Encounter', id: 'e-1' }));
    const nobodys = await refusalOf(client.read({ resourceType: 'Encounter', id: 'e-2' }));
    expect(theirs).toEqual(nobodys);
    expect(theirs.status).toBe(404);
    const searchParams = { identifier: 'https://ekliden.example/vardkontakt|1' };
    const found = await client.search({ resourceType: 'Encounter', searchParams });
    expect(found).toMatchObject({ total: 0, entry: [] });
  });

  test('is 304 for whoever has the version that stands', async () => {
    server = await startFhirServer();
    const body = encounter({ id: 'e-1' });
    await server.client().update({ resourceType: 'Encounter', id: 'e-1', body });
    const read = async (known: string) =>
      (await server.fetch('/Encounter/e-1', { headers: { 'if-none-match': known } })).status;
    expect([await read('W/"1"'), await read('W/"3", W/"1"'), await read('W/"2"')]).toEqual([
      304, 304, 200,
    ]);
  });

  test('follows pages to their end, each resource once, and never leaves the server', async () => {
    server = await startFhirServer();
    const client = server.client();
    const ids = Array.from({ length: 6 }, (_, index) => `t-${index}`);
    for (const id of ids) {
      await client.update({ resourceType: 'Task', id, body: { resourceType: 'Task', id } });
    }
    const seen: (string | undefined)[] = [];
    let pages = 0;
    let bundle = await client.search({ resourceType: 'Task', searchParams: { _count: 3 } });
    for (; ; pages += 1) {
      const { entry = [], link = [] } = bundle as unknown as Bundle;
      seen.push(...entry.map(({ resource }) => resource?.id));
      const next = link.find(({ relation }) => relation === 'next');
      if (next === undefined) break;
      expect(next.url.startsWith(`${server.url}/Task?`)).toBe(true);
      expect(next.url).not.toContain('t-');
      bundle = (await client.nextPage({ bundle: bundle as never })) as typeof bundle;
    }
    expect(seen).toEqual(ids);
    expect(pages).toBe(1);
  });

  test('is by identifier, by id and by when it was taken', async () => {
    server = await startFhirServer();
    const client = server.client();
    for (const [id, time] of [
      ['a', '08'],
      ['b', '09'],
      ['c', '10'],
    ] as const) {
      server.clock.advanceTo(`2022-03-07T${time}:00:00.000Z`);
      const body = encounter({ id, identifier: visit(id) });
      await client.update({ resourceType: 'Encounter', id, body });
    }
    const search = async (query: string) => {
      const answer = await server.fetch(`/Encounter?${query}`);
      const { entry = [] } = (await answer.json()) as Bundle;
      return [answer.status, ...entry.map(({ resource }) => resource?.id)];
    };
    expect(await search(asked('b'))).toEqual([200, 'b']);
    expect(await search('identifier=c,a')).toEqual([200, 'a', 'c']);
    expect(await search('identifier=|a')).toEqual([200]);
    expect(await search('_id=b,x_x,zzz,a')).toEqual([200, 'a', 'b']);
    expect(await search(`_id=a&${asked('b')}`)).toEqual([200]);
    expect(await search('_lastUpdated=ge2022-03-07T09:00:00Z')).toEqual([200, 'b', 'c']);
    expect(await search('_lastUpdated=gt2022-03-07T10:00:00+01:00')).toEqual([200, 'c']);
    expect(await search('_lastUpdated=lt2022-03-07T09:00:00Z')).toEqual([200, 'a']);
    expect(await search('_lastUpdated=2022-03-07&_lastUpdated=le2022-03-07T09:00:00Z')).toEqual([
      200,
      'a',
      'b',
    ]);
    expect(await search('_lastUpdated=2022-03-08')).toEqual([200]);
  });

  test.each([
    '_count=many',
    '_cursor=x',
    '_cursor=Li4vLi4',
    'identifier=',
    'identifier=https://x|',
    'identifier=1&identifier=2',
    '_lastUpdated=yesterday',
    '_lastUpdated=2022-02-30',
    '_lastUpdated=ge2022-03-07T09:00:00',
    `_id=${Array.from({ length: 101 }, () => 'x').join(',')}`,
  ])('by %s is refused', async (query) => {
    server = await anyServer();
    expect((await server.fetch(`/Encounter?${query}`)).status).toBe(400);
  });

  test('by what is not searched by says that it was left out, or is refused where that is asked for', async () => {
    server = await anyServer();
    const lenient = await server.fetch('/Communication?subject=Patient/1&_count=2');
    const bundle = (await lenient.json()) as Bundle;
    expect(bundle.entry).toMatchObject([{ search: { mode: 'outcome' } }]);
    expect(bundle.link?.[0]?.url).toBe(`${server.url}/Communication?_count=2`);
    const headers = { prefer: 'handling=strict' };
    const strict = await server.fetch('/Communication?subject=Patient/1', { headers });
    expect(strict.status).toBe(400);
  });
});

// ---------------------------------------------------------------- what is served

describe('what is served', () => {
  const operation: Operation = {
    definition: 'http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message',
    onSystem: true,
    onTypes: ['Encounter'],
    run: ({ body, type }) => {
      if (body.text === '{}') throw new GatewayError('malformed-message', 'empty');
      return Promise.resolve({
        status: 200,
        resource: { resourceType: 'Basic', id: type ?? 'system', code: {} },
      });
    },
  };

  test('is stated, and every interaction that is stated is served', async () => {
    server = await startFhirServer({ operations: { '$process-message': operation } });
    const client = server.client();
    const statement = (await client.capabilityStatement()) as unknown as CapabilityStatement;
    expect(statement).toMatchObject({ fhirVersion: '4.0.1', kind: 'instance', status: 'active' });
    const [rest] = statement.rest ?? [];
    expect(rest?.resource?.map(({ type }) => type)).toContain('Encounter');
    expect(rest?.operation?.map(({ name }) => name)).toEqual(['process-message']);
    for (const { type, interaction } of rest?.resource ?? []) {
      expect(interaction?.map(({ code }) => code)).toEqual([
        'create',
        'read',
        'update',
        'search-type',
      ]);
      const body = { resourceType: type, id: 'x' };
      expect(statusOf(await client.update({ resourceType: type, id: 'x', body }))).toBe(201);
      expect(statusOf(await client.create({ resourceType: type, body }))).toBe(201);
      expect(statusOf(await client.read({ resourceType: type, id: 'x' }))).toBe(200);
      const found = await client.search({ resourceType: type, searchParams: {} });
      expect(found).toMatchObject({ total: 2 });
    }
  });

  test('is stated to strangers too, and nothing else is theirs', async () => {
    server = await anyServer();
    expect((await fetch(`${server.url}/metadata`)).status).toBe(200);
    for (const path of ['/Encounter/e-1', '/Encounter', '/Nonsense', '/', '/metadata/x']) {
      const answer = await fetch(`${server.url}${path}`);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
      expect(await answer.json()).toMatchObject({ resourceType: 'OperationOutcome' });
    }
  });

  test('is an operation where it is plugged in, and there alone', async () => {
    server = await startFhirServer({ operations: { '$process-message': operation } });
    const call = (path: string, body = '{"a":1}') => server.fetch(path, { method: 'POST', body });
    expect(await (await call('/$process-message')).json()).toMatchObject({ id: 'system' });
    expect(await (await call('/Encounter/$process-message')).json()).toMatchObject({
      id: 'Encounter',
    });
    expect((await call('/$process-message', '{}')).status).toBe(422);
    expect((await call('/Task/$process-message')).status).toBe(404);
    expect((await call('/$toString')).status).toBe(404);
    expect((await server.fetch('/$process-message')).status).toBe(405);
  });

  test.each([
    ['DELETE', '/Encounter/e-1', 405, 'GET, PUT, HEAD'],
    ['PATCH', '/Encounter/e-1', 405, 'GET, PUT, HEAD'],
    ['POST', '/Encounter/e-1', 405, 'GET, PUT, HEAD'],
    ['DELETE', '/Encounter', 405, 'POST, PUT, GET, HEAD'],
    ['GET', '/', 405, 'POST'],
    ['POST', '/metadata', 405, 'GET, HEAD'],
    ['GET', '/Encounter/e-1/_history/1', 404, null],
    ['GET', '/Encounter/_history', 404, null],
    ['POST', '/Encounter/_search', 404, null],
    ['GET', '/Practitioner/1', 404, null],
    ['GET', '/encounter/1', 404, null],
    ['GET', '/toString', 404, null],
    ['GET', '/__proto__/1', 404, null],
    ['GET', '/Encounter/%ff', 400, null],
    ['GET', '/Encounter/..%2f..%2fmetadata', 404, null],
  ])('is not %s %s', async (method, path, status, allow) => {
    server = await anyServer();
    const answer = await server.fetch(path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([status, allow]);
    expect(await answer.json()).toMatchObject({ resourceType: 'OperationOutcome' });
  });

  test('is what the scopes of a token allow', async () => {
    server = await startFhirServer(
      {},
      (type, interaction) => type === 'Encounter' && interaction === 'update',
    );
    const client = server.client();
    const body = encounter({ id: 'e-1' });
    await client.update({ resourceType: 'Encounter', id: 'e-1', body });
    expect(await refusalOf(client.read({ resourceType: 'Encounter', id: 'e-1' }))).toMatchObject({
      status: 403,
      data: { issue: [{ code: 'forbidden' }] },
    });
    const entry = [
      { request: { method: 'POST', url: 'Patient' }, resource: { resourceType: 'Patient' } },
    ];
    const bundle = { resourceType: 'Bundle' as const, type: 'transaction' as const, entry };
    expect(await refusalOf(client.transaction({ body: bundle }))).toMatchObject({ status: 403 });
  });
});

// ---------------------------------------------------------------- how it is said

describe('the content', () => {
  const post = async (headers: Record<string, string>, query = '') => {
    const body = JSON.stringify(encounter());
    return (await server.fetch(`/Encounter${query}`, { method: 'POST', body, headers })).status;
  };

  test.each([
    ['application/fhir+json', 201],
    ['application/fhir+json; charset=utf-8; fhirVersion=4.0', 201],
    ['application/json;charset="UTF-8"', 201],
    ['application/fhir+xml', 415],
    ['text/xml', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json-patch+json', 415],
    ['application/fhir+json; charset=iso-8859-1', 415],
    ['application/fhir+json; fhirVersion=5.0', 415],
    ['application/fhir+json; fhirVersion=3.0', 415],
  ])('as %s is answered with %i', async (type, status) => {
    server = await anyServer();
    expect(await post({ 'content-type': type })).toBe(status);
  });

  test.each([
    ['application/fhir+json', '', 201],
    ['application/fhir+xml, application/json;q=0.5', '', 201],
    ['*/*', '', 201],
    ['application/fhir+xml', '', 406],
    ['application/fhir+json;q=0, application/fhir+xml', '', 406],
    ['text/html', '', 406],
    ['application/fhir+xml', '?_format=json', 201],
    ['application/fhir+xml', '?_format=application/fhir+json', 201],
    ['*/*', '?_format=xml', 406],
  ])(
    'wanted as %s%s is answered with %i, and nothing is taken before that is clear',
    async (accept, query, status) => {
      server = await anyServer();
      expect(await post({ accept }, query)).toBe(status);
      expect(server.exchanges).toHaveLength(status === 201 ? 1 : 0);
    },
  );

  test('that is compressed is refused: what it becomes is not bounded by what comes', async () => {
    server = await anyServer();
    expect(await post({ 'content-encoding': 'gzip' })).toBe(415);
  });
});

describe('bad input', () => {
  const circular = encounter({
    contained: [
      { resourceType: 'Organization', id: 'a', partOf: { reference: '#b' } },
      { resourceType: 'Organization', id: 'b', partOf: { reference: '#a' } },
    ],
    serviceProvider: { reference: '#a' },
  });

  test.each<[string, string | Uint8Array<ArrayBuffer>, number, RegExp]>([
    ['nothing', '', 400, /it ends too early/],
    ['null', 'null', 400, /expected a resource/],
    ['a list', '[]', 400, /expected a resource/],
    ['no resourceType', '{}', 400, /expected a resource/],
    [
      'a resourceType that is no text',
      '{"resourceType":["Encounter"]}',
      400,
      /expected a resource/,
    ],
    ['another type', '{"resourceType":"Patient"}', 400, /must be Encounter/],
    ['XML', '<Encounter xmlns="http://hl7.org/fhir"/>', 400, /not JSON/],
    ['half', JSON.stringify(encounter()).slice(0, -5), 400, /not JSON/],
    [
      'a key twice',
      '{"resourceType":"Encounter","status":"planned","status":"finished"}',
      400,
      /twice/,
    ],
    [
      '__proto__',
      '{"resourceType":"Encounter","__proto__":{"status":"planned"}}',
      400,
      /not allowed/,
    ],
    ['deep nesting', '{"a":'.repeat(20_000), 400, /nested deeper/],
    ['invalid UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 400, /UTF-8/],
    ['more bytes than are taken', `{"a":"${'x'.repeat(13 * 1024 * 1024)}"}`, 413, /too large/],
  ])('%s is refused, and the server goes on', async (_, body, status, why) => {
    server = await anyServer();
    const answer = await server.fetch('/Encounter', { method: 'POST', body });
    const outcome = (await answer.json()) as OperationOutcome;
    expect(answer.status).toBe(status);
    expect(outcome.issue[0]).toMatchObject({
      severity: 'error',
      details: { text: expect.stringMatching(why) },
    });
    expect(
      statusOf(await server.client().create({ resourceType: 'Encounter', body: encounter() })),
    ).toBe(201);
    expect(server.exchanges).toHaveLength(1);
  });

  test.each([
    ['contained resources that refer to each other', circular],
    [
      'ten megabytes of text',
      encounter({ text: { status: 'generated', div: 'x'.repeat(10_000_000) } }),
    ],
    ['references to what is not there', encounter({ subject: { reference: 'Patient/none' } })],
    ['a reference to itself', encounter({ id: 'e-1', partOf: { reference: 'Encounter/e-1' } })],
    [
      'thousands of references',
      encounter({
        location: Array.from({ length: 5000 }, (_, n) => ({
          location: { reference: `Location/${n}` },
        })),
      }),
    ],
    [
      'elements of a wrong type',
      { resourceType: 'Encounter', identifier: 7, subject: 'Patient/1', location: {} },
    ],
  ])('%s is no harm', async (_, body) => {
    server = await anyServer();
    expect(statusOf(await server.client().create({ resourceType: 'Encounter', body }))).toBe(201);
  });

  test.each([
    ['meta that is null', { id: 'odd', meta: null }],
    ['meta that is text', { id: 'odd', meta: 'x' }],
    ['meta that is a list', { id: 'odd', meta: [] }],
  ])('in the place of what stands, with %s, is no harm', async (_, more) => {
    server = await anyServer();
    for (const status of ['planned', 'finished', 'finished']) {
      const body = JSON.stringify(encounter({ ...more, status }));
      const answer = await server.fetch('/Encounter/odd', { method: 'PUT', body });
      expect(answer.status).toBeLessThan(300);
    }
    expect((await server.fetch('/Encounter/odd')).status).toBe(200);
  });

  test('with a number for an id is refused', async () => {
    server = await anyServer();
    const body = JSON.stringify(encounter({ id: 7 }));
    const answer = await server.fetch(`/Encounter?${asked('none')}`, { method: 'PUT', body });
    expect(answer.status).toBe(400);
  });

  test('is kept for the operator, without a word of it in what is told', async () => {
    server = await anyServer();
    const body = '{"resourceType":"Encounter","x":"Testa Påhittad","x":1}';
    const answer = await server.fetch('/Encounter', { method: 'POST', body });
    expect(await answer.text()).not.toContain('Testa');
    expect(server.kept).toMatchObject([{ code: 'malformed-message' }]);
    expect(server.kept[0]?.message).not.toContain('Testa');
    expect(JSON.stringify(server.answered)).not.toContain('Testa');
  });
});

describe('a fault of ours', () => {
  test('is told by its code alone, and when to come again', async () => {
    server = await startFhirServer();
    await server.journal.close();
    const answer = await server.fetch('/Encounter', {
      method: 'POST',
      body: JSON.stringify(encounter()),
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answer.json()).toMatchObject({
      issue: [{ code: 'transient', details: { coding: [{ code: 'journal-unavailable' }] } }],
    });
  });

  test('that nobody thought of says nothing of itself', async () => {
    server = await startFhirServer({
      checkOf: () => () => {
        throw new Error('secret');
      },
    });
    const answer = await server.fetch('/Encounter', {
      method: 'POST',
      body: JSON.stringify(encounter()),
    });
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret');
    expect(server.answered.at(-1)?.error).toMatchObject({ code: 'assertion-failed' });
  });
});

test('an Encounter finds what its sender told of what it refers to', async () => {
  server = await startFhirServer();
  const client = server.client();
  const patient = { resourceType: 'Patient', id: 'p-1', identifier: visit('p') };
  await client.update({ resourceType: 'Patient', id: 'p-1', body: patient });
  const body: Encounter = {
    ...(encounter() as Encounter),
    subject: { reference: 'Patient/p-1' },
    serviceProvider: { reference: 'Organization/none' },
  };
  await client.create({ resourceType: 'Encounter', body: { ...body } });
  expect(server.exchanges[1]?.related).toEqual({ 'Patient/p-1': patient });
});

test('an Encounter that is told again after what it refers to is read with it', async () => {
  server = await startFhirServer();
  const client = server.client();
  const body = encounter({ id: 'e-1', subject: { reference: 'Patient/p-1' } });
  const update = () => client.update({ resourceType: 'Encounter', id: 'e-1', body });
  await update();
  server.clock.advanceTo('2022-03-07T08:00:01.000Z');
  const patient = { resourceType: 'Patient', id: 'p-1' };
  await client.update({ resourceType: 'Patient', id: 'p-1', body: patient });
  expect(headersOf(await update()).get('etag')).toBe('W/"2"');
  expect(server.exchanges[2]?.related).toEqual({ 'Patient/p-1': patient });
  expect(headersOf(await update()).get('etag')).toBe('W/"2"');
});
