/** What is told as Task, CarePlan, Communication and message, through the running gateway, and what the law says of it. */
import type { Bundle, Encounter, FhirResource, Organization } from 'fhir/r4.js';
import type { Client } from 'fhir-kit-client';
import { afterEach, describe, expect, test } from 'vitest';
import type { DischargeEvent } from '../gateway/process/events.ts';
import { fold, type DischargeProcess } from '../gateway/process/state.ts';
import { ours, stay } from './support/fhir-exchange.ts';
import { extensionUrl, messageOf } from './support/fhir-messages.ts';
import { startTestGateway, type TestGateway, type TestSettings } from './support/gateway.ts';

const worlds: TestGateway[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

async function start(settings: Partial<TestSettings> = {}): Promise<TestGateway> {
  const world = await startTestGateway({ start: '2022-03-07T08:00:00.000Z', ...settings });
  worlds.push(world);
  return world;
}

/** Norrtuna's system is the region's outpatient unit: it names the case by what our notices carry. */
const withPrimaryCare: Partial<TestSettings> = {
  change: (config) => ({
    ...config,
    senders: config.senders.map((sender) =>
      sender.id === 'norrtuna'
        ? {
            ...sender,
            fhir: { ...sender.fhir, kind: 'primary-care' as const, receivers: ['receiver'] },
          }
        : sender,
    ),
  }),
};
/** Another system sends the notices: nothing of ours reaches anybody. */
const withoutReceivers: Partial<TestSettings> = {
  change: (config) => ({ ...config, receivers: [], partners: [] }),
};

const patient: FhirResource = {
  resourceType: 'Patient',
  identifier: [
    { system: 'http://electronichealth.se/identifier/personnummer', value: '195009072553' },
  ],
  name: [{ family: 'Påhittad', given: ['Åsa'] }],
  address: [
    {
      use: 'home',
      line: ['Exempelvägen 1'],
      postalCode: '99999',
      city: 'Påhittsby',
      district: '1480',
    },
  ],
};
const need: Encounter['extension'] = [
  {
    url: extensionUrl.need,
    extension: [
      { url: 'socialServices', valueBoolean: true },
      { url: 'municipalHealthCare', valueBoolean: false },
      { url: 'regionOutpatient', valueBoolean: true },
      { url: 'assessedAt', valueDateTime: '2022-03-07T08:55:00+01:00' },
    ],
  },
];

/** Sends it; the test goes on when nothing is in flight. */
async function tell(world: TestGateway, resource: FhirResource, client: Client = world.fhir()) {
  // fhir-kit-client has its own type of resource.
  const { resourceType } = resource;
  await client.create({ resourceType, body: { ...resource } });
  await world.rest();
}

async function tellMessage(world: TestGateway, bundle: Bundle<FhirResource>) {
  const client = world.fhir();
  const answer = await client.operation({ name: 'process-message', input: { ...bundle } });
  await world.rest();
  return answer;
}

async function admit(world: TestGateway): Promise<void> {
  await tell(world, {
    resourceType: 'Encounter',
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    identifier: [stay.identifier],
    contained: [{ ...patient, id: 'p' }],
    subject: { reference: '#p' },
    period: { start: '2022-03-07T08:50:00+01:00' },
    extension: need,
  });
}

const act = (code: string, more: object): FhirResource => ({
  resourceType: 'Task',
  status: 'completed',
  intent: 'order',
  code: ours('discharge-process-task', code),
  for: { identifier: { value: '195009072553' } },
  encounter: stay,
  authoredOn: '2022-03-07T09:00:00+01:00',
  ...more,
});
const done = (time: string) => ({ executionPeriod: { end: time } });

async function eventsOf(world: TestGateway): Promise<DischargeEvent[]> {
  return (await world.gateway.journal.eventsAfter(0, 1000)).map(({ event }) => event);
}
async function deadlinesOf(world: TestGateway, name: string): Promise<string[]> {
  return (await eventsOf(world)).flatMap((event) =>
    event.type === 'deadline.set' ||
    event.type === 'deadline.met' ||
    event.type === 'deadline.missed'
      ? event.data.deadline === name
        ? [`${event.type} ${'metAt' in event.data ? event.data.metAt : event.data.dueAt}`]
        : []
      : [],
  );
}
async function processOf(world: TestGateway): Promise<DischargeProcess> {
  const events = await eventsOf(world);
  const stayId = events.find(({ type }) => type === 'patient.admitted')?.stayId ?? '';
  return fold((await world.gateway.journal.load(stayId))?.events ?? []);
}

describe('the fixed care contact calls within three days (4 kap. 3 §)', () => {
  const contained = [
    {
      resourceType: 'PractitionerRole',
      id: 'contact',
      code: [ours('care-role', 'fixed-care-contact')],
    },
  ];
  const call = (encounter: object, time: string, more: object = {}) =>
    act('planning-call', {
      status: 'requested',
      encounter,
      contained,
      requester: { reference: '#contact' },
      authoredOn: time,
      ...more,
    });

  test('a call told by a Task of primary care, which names the case as our notices do, meets it', async () => {
    const world = await start(withPrimaryCare);
    await admit(world);
    const [notice] = world.receiver.received;
    const encounter = {
      identifier: {
        system: 'http://hemgang.se/fhir/sid/case-reference',
        value: notice?.body.data.caseReference ?? '',
      },
    };
    const primaryCare = world.fhir('norrtuna');
    world.clock.advanceTo('2022-03-07T09:00:00.000Z');
    await tell(
      world,
      act('fixed-care-contact', { encounter, ...done('2022-03-07T09:30:00+01:00') }),
      primaryCare,
    );
    await tell(world, act('discharge-ready', done('2022-03-07T10:00:00+01:00')));
    expect(await deadlinesOf(world, 'T6')).toEqual(['deadline.set 2022-03-10T22:59:59.999Z']);
    world.clock.advanceTo('2022-03-08T09:00:00.000Z');
    await tell(world, call(encounter, '2022-03-08T09:30:00+01:00'), primaryCare);
    expect((await deadlinesOf(world, 'T6')).at(-1)).toBe('deadline.met 2022-03-08T08:30:00.000Z');
  });

  test('one that was entered in error does not: it is missed', async () => {
    const world = await start();
    await admit(world);
    const client = world.fhir();
    await tell(world, act('fixed-care-contact', done('2022-03-07T08:59:00+01:00')));
    await tell(world, act('discharge-ready', done('2022-03-07T09:00:00+01:00')));
    const made = call(stay, '2022-03-07T09:00:00+01:00');
    await client.update({ resourceType: 'Task', id: 'call', body: { ...made, id: 'call' } });
    await world.rest();
    expect((await deadlinesOf(world, 'T6')).at(-1)).toContain('deadline.met');
    const taken = { ...made, id: 'call', status: 'entered-in-error' };
    await client.update({ resourceType: 'Task', id: 'call', body: taken });
    await world.rest();
    expect((await processOf(world)).calls).toEqual([]);
    await world.passTimeUntil('2022-03-11T12:00:00.000Z');
    expect((await deadlinesOf(world, 'T6')).at(-1)).toContain('deadline.missed');
  });
});

describe('the units concerned are told of readiness (3 kap. 1 §)', () => {
  const unit = (role: string, municipality?: string): Organization => ({
    resourceType: 'Organization',
    id: 'unit',
    type: [ours('recipient-role', role)],
    ...(municipality !== undefined && {
      identifier: [{ system: 'urn:oid:1.2.752.129.2.2.1.17', value: municipality }],
    }),
  });
  const sent = (code: string, role: string, municipality?: string): FhirResource => ({
    resourceType: 'Communication',
    status: 'completed',
    category: [ours('discharge-process-task', code)],
    subject: { identifier: { value: '195009072553' } },
    encounter: stay,
    sent: '2022-03-07T09:00:00+01:00',
    contained: [unit(role, municipality)],
    recipient: [{ reference: '#unit' }],
  });

  test('notices that another system sent, told by Communications, meet it', async () => {
    const world = await start(withoutReceivers);
    await admit(world);
    await tell(world, act('discharge-ready', done('2022-03-07T08:58:00+01:00')));
    expect((await deadlinesOf(world, 'T5')).join()).not.toContain('deadline.met');
    await tell(world, sent('discharge-ready-notice', 'social-services', '1480'));
    expect((await deadlinesOf(world, 'T5')).join()).not.toContain('deadline.met');
    await tell(world, sent('discharge-ready-notice', 'region-outpatient'));
    expect((await deadlinesOf(world, 'T5')).at(-1)).toBe('deadline.met 2022-03-07T08:00:00.000Z');
  });

  test('one that went to another municipality does not', async () => {
    const world = await start(withoutReceivers);
    await admit(world);
    await tell(world, act('discharge-ready', done('2022-03-07T08:58:00+01:00')));
    await tell(world, sent('discharge-ready-notice', 'social-services', '1481'));
    expect((await deadlinesOf(world, 'T5')).join()).not.toContain('deadline.met');
  });

  test('the receiver’s answer, told by a Communication, is of the delivery that it names', async () => {
    const world = await start();
    await admit(world);
    const [notice] = world.receiver.received;
    await tell(world, {
      resourceType: 'Communication',
      status: 'completed',
      category: [ours('discharge-process-task', 'admission-notice')],
      subject: { identifier: { value: '195009072553' } },
      encounter: stay,
      topic: ours('notice-answer', 'not-our-resident'),
      sent: '2022-03-07T09:00:00+01:00',
      inResponseTo: [
        {
          identifier: {
            system: 'http://hemgang.se/fhir/sid/delivery',
            value: notice?.deliveryId ?? '',
          },
        },
      ],
    });
    expect((await processOf(world)).misdirections).toMatchObject([
      { deliveryId: notice?.deliveryId, obligation: 'admission-notice' },
    ]);
  });
});

describe('a plan told by a CarePlan', () => {
  test('is established, and not any longer when it is revoked', async () => {
    const world = await start();
    await admit(world);
    const plan = {
      resourceType: 'CarePlan',
      id: 'plan',
      status: 'active',
      intent: 'plan',
      category: [
        {
          coding: [
            { system: 'https://fhir.inera.se/CodeSystem/typeofcareplan-cs', code: 'SPLPTLRV' },
          ],
        },
      ],
      subject: { identifier: { value: '195009072553' } },
      encounter: stay,
      created: '2022-03-07T09:00:00+01:00',
    };
    const client = world.fhir();
    await client.update({ resourceType: 'CarePlan', id: 'plan', body: plan });
    await world.rest();
    expect((await processOf(world)).plans).toMatchObject([{ plan: 'coordinated-care-plan' }]);
    await client.update({
      resourceType: 'CarePlan',
      id: 'plan',
      body: { ...plan, status: 'revoked' },
    });
    await world.rest();
    expect((await processOf(world)).plans).toEqual([]);
  });
});

describe('a stay told by messages', () => {
  const encounter = { extension: need, period: { start: '2022-03-07T08:50:00+01:00' } };

  test('has its notices and its leave; what was removed never was', async () => {
    const world = await start();
    const admission = messageOf({
      id: 'm1',
      activity: 'admit',
      at: '2022-03-07T08:50:00+01:00',
      encounter,
    });
    const entry = (admission.entry ?? []).map((one) =>
      one.resource?.resourceType === 'Patient' ? { ...one, resource: patient } : one,
    );
    const answer = await tellMessage(world, { ...admission, entry });
    expect(JSON.stringify(answer)).toContain('"code":"ok"');
    expect(world.receiver.received.length).toBeGreaterThan(0);
    const away = { ...encounter, status: 'onleave' as const };
    await tellMessage(
      world,
      messageOf({ id: 'm2', activity: 'leave', at: '2022-03-07T09:00:00+01:00', encounter: away }),
    );
    expect((await processOf(world)).leaves).toHaveLength(1);
    await tellMessage(
      world,
      messageOf({
        id: 'm3',
        activity: 'leave',
        at: '2022-03-07T09:05:00+01:00',
        encounter,
        removes: 'm2',
      }),
    );
    expect((await processOf(world)).leaves).toEqual([]);
    expect((await processOf(world)).contradictions).toEqual([]);
  });
});
