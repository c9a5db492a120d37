/** Of which stays a FHIR sender may speak: what is not its own it can neither change nor learn of. */
import type { FhirResource } from 'fhir/r4.js';
import { afterEach, describe, expect, test } from 'vitest';
import type { FhirSenderConfig } from '../gateway/runtime/config-fhir.ts';
import { encounterOf, patientOf, visitSystem } from './support/fhir-hospital.ts';
import { startTestGateway, tokens, type TestGateway } from './support/gateway.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const person = {
  personnummer: '195009072553',
  family: 'Påhittad',
  given: 'Åsa',
  municipality: '1480',
};
const another = { ...person, personnummer: '196101182803', family: 'Någon', given: 'Annan' };
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: true };
const said = {
  visit: 'V1',
  begun: '2022-03-07T08:50:00+01:00',
  needs,
  needAssessedAt: '2022-03-07T08:55:00+01:00',
};
const task = 'http://hemgang.se/fhir/CodeSystem/discharge-process-task';

/** Ekliden is the hospital; Samordna, with the overlay that comes with us, is another system. */
async function start(fhir: Partial<FhirSenderConfig>): Promise<TestGateway> {
  const world = await startTestGateway({
    start: '2022-03-07T08:00:00.000Z',
    change: (config) => ({
      ...config,
      receivers: [...config.receivers, { id: 'nobody', channel: 'file', mode: 'live', roles: [] }],
      senders: [
        ...config.senders.filter(({ id }) => id === 'ekliden'),
        {
          id: 'samordna',
          mode: 'live',
          fhir: { kind: 'primary-care', tokenEnv: 'NORRTUNA_FHIR_TOKEN', ...fhir },
        },
      ],
    }),
  });
  closing.push(() => world.close());
  return world;
}

async function put(world: TestGateway, token: string, resource: FhirResource, id: string) {
  const url = `${world.gateway.fhir.url}/${resource.resourceType}/${id}`;
  const response = await fetch(url, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ ...resource, id }),
  });
  await world.rest();
  return { status: response.status, text: await response.text() };
}

async function admit(world: TestGateway): Promise<string> {
  await put(world, tokens.EKLIDEN_FHIR_TOKEN, patientOf(person), 'p');
  await put(world, tokens.EKLIDEN_FHIR_TOKEN, encounterOf(said, 'Patient/p'), 'e');
  return world.receiver.received[0]?.body.data.caseReference ?? '';
}

/** A care contact that was appointed. */
const contact = (identifier: { system: string; value: string }): FhirResource => ({
  resourceType: 'Task',
  status: 'completed',
  intent: 'order',
  code: { coding: [{ system: task, code: 'fixed-care-contact' }] },
  for: { identifier: { value: another.personnummer } },
  encounter: { identifier },
  executionPeriod: { end: '2022-03-07T09:30:00+01:00' },
});
const byCase = (value: string) => ({
  system: 'http://hemgang.se/fhir/sid/case-reference',
  value,
});
const byVisit = (value: string) => ({ system: visitSystem, value });

async function typesOf(world: TestGateway): Promise<string[]> {
  return (await world.gateway.journal.eventsAfter(0, 1000)).map(({ event }) => event.type);
}

const own = tokens.NORRTUNA_FHIR_TOKEN;

describe('a case, by the reference that our notices carry', () => {
  test('is spoken of by whoever answers for a receiver that was sent one', async () => {
    const world = await start({ receivers: ['receiver'] });
    const reference = await admit(world);
    const { status } = await put(world, own, contact(byCase(reference)), 't');
    expect(status).toBe(201);
    expect(await typesOf(world)).toContain('care-contact.appointed');
  });

  test.each<[string, Partial<FhirSenderConfig>]>([
    ['of another receiver', { receivers: ['nobody'] }],
    ['of none', {}],
    ['of none, and is a hospital', { kind: 'hospital' }],
  ])('is to whoever answers for a receiver %s the same as one that is not', async (_who, fhir) => {
    const world = await start(fhir);
    const reference = await admit(world);
    const real = await put(world, own, contact(byCase(reference)), 't');
    const invented = await put(world, own, contact(byCase(reference.replace(/.$/, '_'))), 't');
    expect(real.status).toBe(422);
    expect(real).toEqual(invented);
    expect(await typesOf(world)).not.toContain('care-contact.appointed');
  });
});

describe('a stay, by the hospital’s visit number', () => {
  test.each<[string, Partial<FhirSenderConfig>, number]>([
    ['the region’s planning system', {}, 201],
    ['a unit that was sent its notices', { receivers: ['receiver'] }, 201],
    ['a unit that was not', { receivers: ['nobody'] }, 422],
    ['a municipality that answers for nobody', { kind: 'municipality', municipality: '1480' }, 422],
  ])('%s', async (_who, fhir, status) => {
    const world = await start(fhir);
    await admit(world);
    const plan: FhirResource = {
      resourceType: 'CarePlan',
      status: 'active',
      intent: 'plan',
      category: [
        { coding: [{ system: 'https://fhir.inera.se/CodeSystem/typeofcareplan-cs', code: 'SIP' }] },
      ],
      subject: { identifier: { value: person.personnummer } },
      encounter: { identifier: byVisit('V1') },
      period: { start: '2022-03-07T09:30:00+01:00' },
    };
    expect(await put(world, own, plan, 'c')).toMatchObject({ status });
    expect((await typesOf(world)).includes('plan.established')).toBe(status === 201);
  });

  test('is nobody else’s because a system that tells no stays says so, even where a code waits', async () => {
    const world = await start({ receivers: ['receiver'] });
    await admit(world);
    const waits: FhirResource = {
      ...encounterOf({ visit: said.visit, begun: said.begun }, '#p'),
      contained: [{ ...patientOf(another), id: 'p' }],
      class: { system: 'https://samordna.example/class', code: 'SOMETHING' },
    };
    expect(await put(world, own, waits, 'mine')).toMatchObject({ status: 403 });
    const [first] = await world.gateway.journal.eventsAfter(0, 1);
    const { processId = '' } = (await world.gateway.journal.load(first?.event.stayId ?? '')) ?? {};
    const whose = await world.gateway.journal.identity(processId);
    expect(whose).toMatchObject({ numbers: [{ value: person.personnummer }] });
  });
});
