/** FHIR through the whole gateway, by a client as vendors use it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Client } from 'fhir-kit-client';
import type { Bundle, Encounter, FhirResource, MessageHeader, OperationOutcome } from 'fhir/r4.js';
import { Agent, fetch as fetchBy } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildMessage, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { toCloudEvent, type DischargeEvent } from '../gateway/process/events.ts';
import {
  encounterOf,
  messageOf,
  patientOf,
  visitSystem,
  type FhirPerson,
  type Said,
} from './support/fhir-hospital.ts';
import { journalName, makeCertificates } from './support/certificates.ts';
import { temporaryFolder } from './support/folder.ts';
import { marked, markers } from './support/marked-person.ts';
import { startTestGateway, type TestGateway, type TestSettings } from './support/gateway.ts';
import { startService, type Service } from './support/service.ts';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const thursday = '2022-03-03T13:20:00.000Z';
async function start(settings: Partial<TestSettings> = {}): Promise<TestGateway> {
  const world = await startTestGateway({ start: thursday, ...settings });
  open.push(() => world.close());
  return world;
}

/** One gateway for all tests of a group that store nothing. */
function sharedWorld(): () => TestGateway {
  let world: TestGateway;
  beforeAll(async () => {
    world = await startTestGateway({ start: thursday });
  });
  afterAll(() => world.close());
  return () => world;
}

const person: FhirPerson = {
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1384',
};
const needs = { socialServices: true, municipalHealthCare: true, regionOutpatient: true };
const stay: Said = { visit: 'E1001', begun: '2022-03-03T14:20:00+01:00' };

async function eventsOf(world: TestGateway): Promise<DischargeEvent[]> {
  return (await world.gateway.journal.eventsAfter(0, 1000)).map(({ event }) => event);
}

/** A request as it is, known as ekliden. */
async function post(
  world: TestGateway,
  path: string,
  body: unknown,
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await fetch(`${world.gateway.fhir.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${'e'.repeat(40)}`,
      'content-type': 'application/fhir+json',
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

describe('a stay told half by HL7 v2 and half by FHIR', () => {
  test('is one case, with the liability of the whole', async () => {
    const world = await start();
    const client = world.fhir();
    const at = async (instant: string): Promise<void> => {
      await world.passTimeUntil(instant);
      world.clock.advanceTo(instant);
    };
    const adt = async (
      rest: Partial<HospitalStep> & Pick<HospitalStep, 'trigger' | 'at' | 'controlId'>,
    ) => {
      const raw = buildMessage('ekliden', { ...person, visit: 'E1001', unit: 'MED1', ...rest });
      expect(await world.send(raw)).toBe('AA');
      await world.rest();
    };
    const caseReference = (): string =>
      world.receiver.received[0]?.body.data.caseReference ?? 'no notice came';
    const care = async (
      time: string,
      type: 'planning.called' | 'outpatient-care.availability-set',
      data: Record<string, unknown>,
    ) => {
      expect(
        await world.receiver.answer({ caseReference: caseReference(), type, data, time }),
      ).toBe(202);
      await world.rest();
    };

    // HL7 v2: admitted.
    await adt({ trigger: 'A01', at: '2022-03-03T14:20:00+01:00', controlId: 'C1' });
    // FHIR: the need is assessed.
    await at('2022-03-03T15:05:00.000Z');
    const patient = await client.create({
      resourceType: 'Patient',
      body: { ...patientOf(person) },
    });
    const { id: patientId } = await readBack(client, 'Patient');
    expect(patient).toBeDefined();
    const assessed: Said = {
      ...stay,
      needs,
      needAssessedAt: '2022-03-03T16:05:00+01:00',
      plannedEnd: '2022-03-09T12:00:00+01:00',
    };
    await client.create({
      resourceType: 'Encounter',
      body: { ...encounterOf(assessed, `Patient/${patientId}`) },
    });
    await world.rest();
    await at('2022-03-04T09:15:00.000Z');
    await care('2022-03-04T10:15:00+01:00', 'planning.called', { calledBy: 'fixed-care-contact' });
    await at('2022-03-07T07:40:00.000Z');
    await care('2022-03-07T08:40:00+01:00', 'outpatient-care.availability-set', {
      availability: 'available',
    });
    // FHIR: discharge-ready, on the version that was read.
    await at('2022-03-07T09:00:00.000Z');
    const known = await readBack(client, 'Encounter');
    const ready = encounterOf(
      { ...assessed, readyAt: '2022-03-07T10:00:00+01:00' },
      `Patient/${patientId}`,
    );
    await client.update({
      resourceType: 'Encounter',
      id: known.id,
      body: { ...ready, id: known.id },
      options: { headers: { 'If-Match': 'W/"1"' } },
    });
    await world.rest();
    // HL7 v2: home.
    await at('2022-03-11T12:30:00.000Z');
    await adt({ trigger: 'A03', at: '2022-03-11T13:30:00+01:00', controlId: 'C2' });
    await world.passTimeUntil('2022-04-20T00:00:00.000Z');

    const events = await eventsOf(world);
    expect(await world.gateway.journal.processIds('', 10)).toHaveLength(1);
    expect(events.find(({ type }) => type === 'liability.started')?.data).toMatchObject({
      from: '2022-03-10',
      municipality: '1384',
    });
    const billed = events.filter(({ type }) => type === 'billing.recorded');
    expect(billed).toHaveLength(1);
    expect(billed[0]?.data).toMatchObject({ totalOre: 930_000, lines: [{ days: 1 }] });
    expect(events.map(({ type }) => type)).not.toContain('billing.withheld');
  });
});

describe('$process-message', () => {
  const told: Said = { ...stay, needs, needAssessedAt: '2022-03-03T14:20:00+01:00' };
  const admission = messageOf('M1', 'admit', '2022-03-03T14:20:00+01:00', person, told);
  const headerOf = (body: Record<string, unknown>): MessageHeader => {
    const { entry } = body as unknown as Bundle<FhirResource>;
    const header = entry?.[0]?.resource;
    if (header?.resourceType !== 'MessageHeader') throw new Error('no message came back');
    return header;
  };

  test('takes a message, and answers by a message that names it', async () => {
    const world = await start();
    const { status, body } = await post(world, '/$process-message', admission);
    expect([status, body['resourceType'], body['type']]).toEqual([200, 'Bundle', 'message']);
    expect(headerOf(body)).toMatchObject({
      response: { identifier: 'M1', code: 'ok' },
      eventCoding: { code: 'discharge-process-notification' },
      destination: [{ endpoint: 'https://ekliden.example/fhir' }],
      source: { endpoint: world.gateway.fhir.url },
    });
    await world.rest();
    expect((await eventsOf(world)).map(({ type }) => type)).toContain('patient.admitted');
    // What it brought stands as if it had been sent alone.
    const client = world.fhir();
    await readBack(client, 'Encounter');
  });

  test('a repeat gets the answer that it got, and adds nothing', async () => {
    const world = await start();
    const first = await post(world, '/$process-message', admission);
    await world.rest();
    const before = await world.gateway.status();
    world.clock.advanceTo('2022-03-03T15:00:00.000Z');
    const again = await post(world, '/$process-message', { ...admission, id: 'other-bundle' });
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect((await world.gateway.status()).events).toBe(before.events);
  });

  test('other content under an accepted id is refused, and kept for the operator', async () => {
    const world = await start();
    await post(world, '/$process-message', admission);
    const other = messageOf('M1', 'ready', '2022-03-03T14:20:00+01:00', person, told);
    const { status, body } = await post(world, '/$process-message', other);
    expect([status, headerOf(body).response?.code]).toEqual([409, 'fatal-error']);
    expect(JSON.stringify(body)).toContain('control id already used for other content');
    expect((await world.gateway.status()).messages.rejected).toBe(1);
  });

  test('a code that no table has is taken with 202, and waits', async () => {
    const world = await start();
    const left: Said = { ...told, status: 'finished', ended: '2022-03-03T14:20:00+01:00' };
    const unknown = messageOf('M2', 'discharge', left.ended ?? '', person, {
      ...left,
      disposition: 'nowhere',
    });
    const { status, body } = await post(world, '/$process-message', unknown);
    expect([status, headerOf(body).response?.code]).toEqual([202, 'ok']);
    expect(JSON.stringify(body)).toContain('nowhere');
    expect((await world.gateway.status()).messages.parked).toBe(1);
  });

  test('what is wrong is said in the answer, with where and what to do', async () => {
    const world = await start();
    const entry = (admission.entry ?? []).filter(
      ({ resource }) => resource?.resourceType !== 'Provenance',
    );
    const { status, body } = await post(world, '/$process-message', { ...admission, entry });
    expect([status, headerOf(body).response?.code]).toEqual([422, 'fatal-error']);
    const details = headerOf(body).response?.details?.reference;
    const outcome = (body as unknown as Bundle).entry?.find(
      ({ fullUrl }) => fullUrl === details,
    )?.resource;
    expect(outcome?.resourceType).toBe('OperationOutcome');
    expect(JSON.stringify(outcome)).toMatch(/Provenance/);
    const rejected = async (): Promise<number> => (await world.gateway.status()).messages.rejected;
    await expect.poll(rejected).toBe(1);
  });

  describe('that cannot be taken', () => {
    const world = sharedWorld();

    test.each([
      ['?async=true', admission, 400, "'async' is not supported"],
      ['?response-url=https://x.example', admission, 400, "'response-url' is not supported"],
      [
        '',
        {
          resourceType: 'Parameters',
          parameter: [
            { name: 'content', resource: admission },
            { name: 'async', valueBoolean: true },
          ],
        },
        400,
        "'async' is not supported",
      ],
      ['', { resourceType: 'Bundle', type: 'batch' }, 400, 'expected a Bundle of type message'],
      ['', { resourceType: 'Parameters', parameter: [] }, 400, 'expected a Bundle of type message'],
      ['', { resourceType: 'Bundle', type: 'message', entry: 7 }, 422, 'Bundle.entry'],
      ['', { resourceType: 'Bundle', type: 'message', entry: [null] }, 422, 'Bundle.entry'],
    ])('%s %# is refused with the reason', async (query, body, status, text) => {
      const answer = await post(world(), `/$process-message${query}`, body);
      expect([answer.status, answer.body['resourceType']]).toEqual([status, 'OperationOutcome']);
      expect(JSON.stringify(answer.body)).toContain(text);
    });
  });

  test('may come as Parameters', async () => {
    const world = await start();
    const body = {
      resourceType: 'Parameters',
      parameter: [{ name: 'content', resource: admission }],
    };
    expect((await post(world, '/$process-message', body)).status).toBe(200);
  });
});

describe('$validate', () => {
  const world = sharedWorld();
  const good = { ...encounterOf(stay, 'Patient/1'), text: undefined };
  const outcomeOf = (body: Record<string, unknown>): OperationOutcome['issue'] =>
    (body as unknown as OperationOutcome).issue;

  test('says that all is well, and what is not; nothing is stored', async () => {
    const fine = await post(world(), '/Encounter/$validate', good);
    expect(fine.status).toBe(200);
    expect(outcomeOf(fine.body).map(({ severity, details }) => [severity, details?.text])).toEqual([
      ['information', 'all is well'],
    ]);
    const { class: _class, ...classless } = good;
    const wrong = await post(world(), '/Encounter/$validate', {
      ...classless,
      status: 'completed',
    });
    expect(wrong.status).toBe(200);
    const errors = outcomeOf(wrong.body).filter(({ severity }) => severity === 'error');
    expect(errors.flatMap(({ expression }) => expression ?? [])).toEqual(
      expect.arrayContaining(['Encounter.status', 'Encounter.class']),
    );
    const { messages } = await world().gateway.status();
    expect(Object.values(messages).reduce((sum, count) => sum + count, 0)).toBe(0);
  });

  test.each([
    ['/Encounter/$validate', 'delete', 'not-supported'],
    ['/Encounter/$validate', 'update', 'required'],
    ['/Encounter/7/$validate', undefined, 'required'],
    ['/CarePlan/$validate', undefined, 'invalid'],
  ])('%s in mode %s says %s', async (path, mode, code) => {
    const parameter = [
      { name: 'resource', resource: good },
      ...(mode === undefined ? [] : [{ name: 'mode', valueCode: mode }]),
    ];
    const { status, body } = await post(world(), path, { resourceType: 'Parameters', parameter });
    expect([status, outcomeOf(body)[0]?.severity, outcomeOf(body)[0]?.code]).toEqual([
      200,
      'error',
      code,
    ]);
  });

  test('by FHIR alone says less than by our profile, and by a stranger’s nothing', async () => {
    const { serviceProvider: _unit, ...bare } = good;
    const by = async (profile: string): Promise<string> => {
      const { body } = await post(world(), `/Encounter/$validate?profile=${profile}`, bare);
      return outcomeOf(body)
        .map(({ severity, code }) => `${severity} ${code}`)
        .join();
    };
    expect(await by('http://hemgang.se/fhir/StructureDefinition/discharge-encounter')).toContain(
      'error required',
    );
    expect(await by('http://hl7.org/fhir/StructureDefinition/Encounter')).toBe(
      'information informational',
    );
    expect(await by('https://other.example/profile')).toBe('error not-supported');
  });
});

describe('a reload of the mappings', () => {
  test('reaches what FHIR told before it and tells after it', async () => {
    const folder = temporaryFolder('fhir-reload');
    open.push(() => folder.remove());
    const tables = join(folder.path, 'overlay', 'fhir', 'tables');
    mkdirSync(tables, { recursive: true });
    const world = await start({
      change: (config) => ({ ...config, mappings: [join(folder.path, 'overlay')] }),
    });
    const ended = '2022-03-03T14:20:00+01:00';
    const gone = (visit: string): Encounter => ({
      ...encounterOf(
        { visit, begun: ended, ended, status: 'finished', disposition: 'nowhere' },
        '#p',
      ),
      contained: [{ ...patientOf(person), id: 'p' }],
    });
    expect((await post(world, '/Encounter', gone('E1'))).status).toBe(201);
    expect((await world.gateway.status()).messages.parked).toBe(1);
    const table = 'encounter-discharge-disposition';
    writeFileSync(join(tables, `${table}.yaml`), 'entries:\n  nowhere: home\n');
    expect(await world.gateway.reload()).toBe(1);
    expect((await post(world, '/Encounter', gone('E2'))).status).toBe(201);
    await world.rest();
    expect((await world.gateway.status()).messages.parked).toBe(0);
    const types = (await eventsOf(world)).map(({ type }) => type);
    expect(types.filter((type) => type === 'patient.discharged')).toHaveLength(2);
  });
});

describe('a gateway that stops', () => {
  test('answers what it has in hand, and is not quiet while it has', async () => {
    const world = await start();
    const { hostname, port } = new URL(world.gateway.fhir.url);
    const contained = [{ ...patientOf(person), id: 'p' }];
    const body = JSON.stringify({ ...encounterOf(stay, '#p'), contained });
    const request = [
      'POST /fhir/Encounter HTTP/1.1',
      `Host: ${hostname}`,
      `Authorization: Bearer ${'e'.repeat(40)}`,
      'Content-Type: application/fhir+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '\r\n',
    ].join('\r\n');
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    // The head and half of the body: the other half comes while it stops.
    socket.write(request + body.slice(0, 100));
    await expect.poll(() => world.gateway.isQuiet()).toBe(false);
    const stopped = world.gateway.stop();
    socket.write(body.slice(100));
    await stopped;
    await ended;
    expect(answer).toMatch(/^HTTP\/1\.1 201/);
  });
});

const keys = temporaryFolder('fhir-tls');
const certificates = makeCertificates(keys.path);
afterAll(() => keys.remove());

describe.skipIf(!certificates.made)('over TLS', () => {
  test('a sender is known by its certificate, a partner by its token, and health is for all', async () => {
    const world = await start({
      change: (config) => ({
        ...config,
        http: {
          ...config.http,
          tls: {
            cert: certificates.path('server.pem'),
            key: certificates.path('server.key'),
            ca: certificates.path('ca.pem'),
            requestClientCertificate: false,
          },
        },
        senders: [
          {
            id: 'ekliden',
            mode: 'live',
            fhir: { kind: 'hospital', certificates: [{ dns: journalName }] },
          },
        ],
      }),
    });
    expect([...world.gateway.fhir.tokens.keys()]).toEqual([]);
    const statusOf = async (path: string, name?: string): Promise<number> => {
      const shown = name && {
        cert: certificates.pem(`${name}.pem`),
        key: certificates.pem(`${name}.key`),
      };
      const dispatcher = new Agent({ connect: { ca: certificates.pem('ca.pem'), ...shown } });
      open.push(() => dispatcher.close());
      const { port } = world.gateway.http;
      return (await fetchBy(`https://localhost:${port}${path}`, { dispatcher })).status;
    };
    expect(world.gateway.fhir.url).toMatch(/^https:/);
    expect(await statusOf('/fhir/Encounter', 'journal')).toBe(200);
    expect(await statusOf('/fhir/Encounter', 'client')).toBe(401);
    expect(await statusOf('/fhir/Encounter')).toBe(401);
    expect(await statusOf('/fhir/metadata')).toBe(200);
    expect(await statusOf('/health')).toBe(200);
  });
});

describe('kill -9 while resources are sent', () => {
  test('loses nothing that was answered, and what is sent again is there once', async () => {
    const folder = temporaryFolder('fhir-kill');
    open.push(() => folder.remove());
    const config = join(folder.path, 'hemgang.yaml');
    writeFileSync(
      config,
      `data: ${join(folder.path, 'data')}\nsenders:\n  - {id: ekliden, fhir: {}}\n`,
    );
    const begin = (): Promise<Service> => startService(['--config', config]);
    const sent = new Map<string, Encounter>();
    const answered = new Map<string, string>();
    const first = await begin();
    const token = readFileSync(join(folder.path, 'data', 'tokens', 'fhir-ekliden'), 'utf8');
    // At the first start the token is shown with what to do with it.
    expect(first.output).toContain(token);
    expect(first.output).toMatch(/curl -H 'Authorization: Bearer '.*\/fhir\/Encounter/);
    const clientOf = (service: Service): Client => {
      const client = new Client({ baseUrl: `http://127.0.0.1:${service.httpPort}/fhir` });
      client.bearerToken = token;
      return client;
    };

    async function sendUntilGone(service: Service, line: string): Promise<void> {
      const client = clientOf(service);
      try {
        for (let count = 0; count < 5000; count += 1) {
          const one = { ...encounterOf({ ...stay, visit: `${line}N${count}` }, '#p') };
          const encounter = { ...one, contained: [{ ...patientOf(person), id: 'p' }] };
          sent.set(`${line}N${count}`, encounter);
          const made = await client.create({
            resourceType: 'Encounter',
            body: encounter,
            options: { headers: { Prefer: 'return=representation' } },
          });
          answered.set(`${line}N${count}`, String(made['id']));
        }
      } catch {
        // the connection went with the process
      }
    }

    const senders = Array.from({ length: 4 }, (_, line) => sendUntilGone(first, `L${line}`));
    await expect.poll(() => answered.size, { timeout: 20_000 }).toBeGreaterThan(60);
    await first.end('SIGKILL');
    await Promise.all(senders);

    const again = await begin();
    open.push(async () => void (await again.end('SIGTERM')));
    expect(again.output).not.toContain(token);
    expect(again.output).toContain('fhir-ekliden');
    const client = clientOf(again);
    for (const [visit, id] of answered) {
      const identifier = `${visitSystem}|${visit}`;
      const found = await client.search({
        resourceType: 'Encounter',
        searchParams: { identifier },
      });
      const { entry = [] } = found as unknown as Bundle;
      expect([visit, entry.map(({ resource }) => resource?.id)]).toEqual([visit, [id]]);
    }
    // All of it once more, as a sender does that heard no answer: nothing becomes two.
    for (const [visit, encounter] of [...sent].slice(-20)) {
      await client.create({ resourceType: 'Encounter', body: { ...encounter } });
      const identifier = `${visitSystem}|${visit}`;
      const found = await client.search({
        resourceType: 'Encounter',
        searchParams: { identifier },
      });
      expect((found as unknown as Bundle).entry).toHaveLength(1);
    }
  }, 60_000);
});

describe('a marked identity that is told by FHIR', () => {
  test('reaches no log, answer of ours, header, event, bus message, status or health', async () => {
    const world = await start({ acknowledges: true });
    const who: FhirPerson = marked;
    const heard: string[] = [];
    const say = async (path: string, body: unknown): Promise<number> => {
      const { status, headers, body: told } = await post(world, path, body);
      const { location, ...rest } = Object.fromEntries(headers);
      heard.push(JSON.stringify([status, location, rest, told]));
      await world.rest();
      return status;
    };
    const contained = [{ ...patientOf(who), id: 'p' }];
    const said: Said = {
      ...stay,
      visit: 'E9001',
      needs,
      needAssessedAt: '2022-03-03T14:20:00+01:00',
      readyAt: '2022-03-03T14:20:00+01:00',
      plannedEnd: '2022-03-09T12:00:00+01:00',
    };
    const encounter = { ...encounterOf(said, '#p'), contained };
    expect(await say('/Patient', patientOf(who))).toBe(201);
    expect(await say('/Encounter', encounter)).toBe(201);
    expect(await say('/$process-message', messageOf('M1', 'ready', stay.begun, who, said))).toBe(
      200,
    );
    // Refused, each with the identity where it does not belong.
    const { family, personnummer, given } = marked;
    expect(
      await say(
        '/$process-message',
        messageOf('M1', 'admit', stay.begun, who, { ...said, visit: 'E9002' }),
      ),
    ).toBe(409);
    expect(await say('/Encounter', { ...encounter, status: family })).toBe(422);
    expect(await say('/Encounter', { ...encounter, [family]: given })).toBeGreaterThan(199);
    expect(await say('/Encounter', { ...encounter, period: { start: personnummer } })).toBe(422);
    // Nobody reads it: told, and taken.
    expect(await say('/Patient', { ...patientOf(who), gender: family })).toBe(201);
    expect(await say('/Patient', { ...patientOf(who), birthDate: personnummer })).toBeLessThan(500);
    expect(
      await say(
        '/Encounter',
        JSON.stringify(encounter).replace('"class"', `"${family}":1,"${family}":2,"class"`),
      ),
    ).toBe(400);
    expect(await say('/Encounter', `{"resourceType":"Encounter","name":"${family}`)).toBe(400);
    expect(await say(`/${family}`, encounter)).toBe(404);
    expect(
      await say('/', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          {
            resource: { ...encounter, status: family },
            request: { method: 'POST', url: 'Encounter' },
          },
        ],
      }),
    ).toBeGreaterThan(399);
    expect(await say('/Patient/$validate', { ...patientOf(who), gender: family })).toBe(200);
    const stranger = await fetch(
      `${world.gateway.fhir.url}/Patient?family=${family}&identifier=${personnummer}`,
    );
    heard.push(await stranger.text());
    await world.passTimeUntil('2022-04-20T00:00:00.000Z');

    const events = await world.gateway.journal.eventsAfter(0, 1000);
    expect(events.map(({ event }) => event.type)).toContain('notice.delivered');
    const health = await (await fetch(`${world.gateway.http.url}/health`)).text();
    const places = {
      log: world.logged.join(''),
      answers: heard.join('\n'),
      events: JSON.stringify(events),
      bus: JSON.stringify(events.map(({ event }) => toCloudEvent(event))),
      status: JSON.stringify(await world.gateway.status()),
      health,
    };
    expect(places.log).toContain('FHIR request answered');
    for (const [place, text] of Object.entries(places)) {
      const found = markers.filter((marker) => text.toLowerCase().includes(marker.toLowerCase()));
      expect([place, found]).toEqual([place, []]);
    }
    // And it did reach the receiver, in the notice.
    expect(JSON.stringify(world.receiver.received.map(({ body }) => body))).toContain(family);
  });
});

async function readBack(client: Client, resourceType: string): Promise<{ id: string }> {
  const found = await client.search({ resourceType });
  const bundle = found as unknown as Bundle<Encounter>;
  const id = bundle.entry?.[0]?.resource?.id;
  if (id === undefined) throw new Error(`no ${resourceType} is there`);
  return { id };
}
