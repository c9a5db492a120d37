/** What a message Bundle means: its Encounter as a snapshot, and what its activity says beside that. */
import type { Bundle, CarePlan, Encounter, FhirResource } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import { fhirInbound } from '../adapters/inbound/fhir/index.ts';
import { messageExchange } from '../adapters/inbound/fhir/message.ts';
import { asGatewayError, type GatewayError } from '../gateway/errors.ts';
import { loadMappings } from '../mappings/index.ts';
import { stay, stayKey } from './support/fhir-exchange.ts';
import { extensionUrl, messageOf, Telling, type Told } from './support/fhir-messages.ts';

const admit: Told = { id: 'm1', activity: 'admit', at: '2022-03-01T10:00:00+01:00' };
const leave: Told = {
  id: 'leave',
  activity: 'leave',
  at: '2022-03-04T10:00:00+01:00',
  encounter: { status: 'onleave' },
};
const back: Told = { id: 'return', activity: 'return', at: '2022-03-05T18:00:00+01:00' };
const home = {
  status: 'finished',
  period: { start: admit.at, end: '2022-03-09T11:00:00+01:00' },
} as const;
const discharge: Told = {
  id: 'home',
  activity: 'discharge',
  at: '2022-03-09T11:05:00+01:00',
  encounter: home,
};

async function refusal(told: Told | Bundle, telling = new Telling()): Promise<GatewayError> {
  return telling.take(told).then(
    () => Promise.reject(new Error('it was not refused')),
    (thrown: unknown) => asGatewayError(thrown),
  );
}
/** A message with one entry changed: by the place of it. */
function changed(told: Told, place: number, change: object): Bundle<FhirResource> {
  const bundle = messageOf(told);
  const entry = (bundle.entry ?? []).map((one, index) =>
    index === place ? { ...one, resource: { ...one.resource, ...change } as FhirResource } : one,
  );
  return { ...bundle, entry };
}

describe('a stay told by messages', () => {
  test('says each thing once, with the time when it happened', async () => {
    const telling = new Telling();
    const { stay: key, facts } = await telling.take(admit);
    expect(key).toEqual(stayKey);
    expect(facts.map(({ type, occurredAt }) => `${type} ${occurredAt}`)).toEqual([
      'patient.admitted 2022-03-01T09:00:00.000Z',
    ]);
    expect(await telling.facts(leave)).toEqual(['patient.on-leave @ 2022-03-04T09:00Z {}']);
    expect(await telling.facts(back)).toEqual(['patient.returned @ 2022-03-05T17:00Z {}']);
    const ready: Told = { id: 'ready', activity: 'ready', at: '2022-03-07T10:00:00+01:00' };
    expect(await telling.facts(ready)).toEqual(['patient.discharge-ready @ 2022-03-07T09:00Z {}']);
    const out: Told = {
      id: 'home',
      activity: 'discharge',
      at: '2022-03-09T11:05:00+01:00',
      encounter: home,
    };
    expect(await telling.facts(out)).toEqual(['patient.discharged @ 2022-03-09T10:00Z {}']);
  });

  test('is kept as one Encounter and one Patient, and what each message told', async () => {
    const telling = new Telling();
    await telling.take(admit);
    await telling.take(leave);
    expect(telling.kept()).toEqual([
      'Encounter/new-1 2',
      'Patient/new-2 2',
      'Provenance/m1 1',
      'Provenance/leave 1',
    ]);
  });

  test('an older message that comes later says what happened, and changes nothing that is kept', async () => {
    const telling = new Telling();
    await telling.take(admit);
    await telling.take(back);
    const kept = telling.kept();
    expect((await telling.facts(leave)).join()).toContain('patient.on-leave @ 2022-03-04T09:00Z');
    expect(telling.kept().filter((one) => one !== 'Provenance/leave 1')).toEqual(kept);
  });

  test('an older message that comes later takes nothing of the newer one back', async () => {
    const telling = new Telling();
    await telling.take(admit);
    await telling.take(discharge);
    const ready: Told = { id: 'ready', activity: 'ready', at: '2022-03-07T10:00:00+01:00' };
    const facts = (await telling.facts(ready)).join();
    expect(facts).toContain('patient.discharge-ready @ 2022-03-07T09:00Z');
    expect(facts).not.toContain('discharge.cancelled');
  });

  test('a leave that the Encounter has told already is not told again', async () => {
    const telling = new Telling();
    await telling.take(admit);
    await telling.take({ ...leave, id: 'u', activity: 'leave' });
    expect(await telling.facts({ ...leave, id: 'l2', at: '2022-03-04T10:30:00+01:00' })).toEqual(
      [],
    );
  });

  test('the same content under the same id is a repeat, whatever Bundle.id and timestamp are', async () => {
    const adapter = fhirInbound(loadMappings(), 'ekliden');
    const { taking } = new Telling();
    const headOf = async (bundle: Bundle<FhirResource>) => {
      const { exchange } = await messageExchange(bundle, JSON.stringify(bundle), taking);
      const { controlId, content = new Uint8Array(), kind } = adapter.head(exchange);
      return { controlId, kind, content: Buffer.from(content).toString() };
    };
    const first = await headOf(messageOf(admit));
    const again = { ...messageOf(admit), id: 'other', timestamp: '2022-03-02T10:00:00Z', meta: {} };
    expect(first).toMatchObject({ controlId: 'm1', kind: 'Bundle' });
    expect(await headOf(again)).toEqual(first);
    const other = await headOf(changed(admit, 2, { status: 'onleave' }));
    expect(other.content).not.toBe(first.content);
  });

  test('with references that are relative to the base of its fullUrls is read as well', async () => {
    const url = 'https://ekliden.example/fhir';
    const text = JSON.stringify(messageOf(admit))
      .replace('"reference":"urn:uuid:encounter"', '"reference":"Encounter/e1"')
      .replace('"reference":"urn:uuid:patient"', '"reference":"Patient/p1"')
      .replace('"fullUrl":"urn:uuid:encounter"', `"fullUrl":"${url}/Encounter/e1"`)
      .replace('"fullUrl":"urn:uuid:patient"', `"fullUrl":"${url}/Patient/p1"`);
    const telling = new Telling();
    const bundle: Bundle = JSON.parse(text);
    const { patient, facts } = await telling.take(bundle);
    expect(patient?.numbers.map(({ value }) => value)).toEqual(['195009072553']);
    expect(facts).toHaveLength(1);
    expect(telling.kept()).toContain('Encounter/e1 1');
  });

  test('of an outpatient says nothing', async () => {
    const encounter: Partial<Encounter> = { class: { code: 'AMB' }, status: 'onleave' };
    const { facts, stay: key, ignored } = await new Telling().take({ ...leave, encounter });
    expect([facts, key]).toEqual([[], undefined]);
    expect(ignored).toContain('no inpatient care');
  });
});

describe('what a snapshot cannot say', () => {
  test('a leave that is cancelled never was, and is no return', async () => {
    const telling = new Telling();
    await telling.take(admit);
    await telling.take(leave);
    const cancel: Told = { id: 'c', activity: 'cancel-leave', at: '2022-03-04T12:00:00+01:00' };
    expect(await telling.facts(cancel)).toEqual(['leave.cancelled @ 2022-03-04T11:00Z {}']);
  });

  test('readiness is withdrawn', async () => {
    const telling = new Telling();
    await telling.take(admit);
    const withdrawn: Told = {
      id: 'w',
      activity: 'readiness-withdrawn',
      at: '2022-03-08T09:00:00+01:00',
    };
    expect(await telling.facts(withdrawn)).toEqual([
      'discharge-readiness.withdrawn @ 2022-03-08T08:00Z {}',
    ]);
  });

  test('the end of the stay is a death, and no discharge', async () => {
    const telling = new Telling();
    await telling.take(admit);
    const death: Told = {
      id: 'd',
      activity: 'death',
      at: '2022-03-09T10:58:00+01:00',
      encounter: home,
    };
    expect(await telling.facts(death)).toEqual(['patient.deceased @ 2022-03-09T09:58Z {}']);
  });

  test('a discharge that is cancelled is told, whatever was known of it', async () => {
    const cancel: Told = { id: 'c', activity: 'cancel-discharge', at: '2022-03-09T12:00:00+01:00' };
    expect((await new Telling().facts(cancel)).at(-1)).toBe(
      'discharge.cancelled @ 2022-03-09T11:00Z {}',
    );
    const telling = new Telling();
    await telling.take(admit);
    await telling.take({
      id: 'home',
      activity: 'discharge',
      at: '2022-03-09T11:05:00+01:00',
      encounter: home,
    });
    expect(await telling.facts(cancel)).toEqual(['discharge.cancelled @ 2022-03-09T11:00Z {}']);
  });

  test('an admission that is cancelled never was', async () => {
    const telling = new Telling();
    await telling.take(admit);
    const cancel: Told = {
      id: 'c',
      activity: 'cancel-admit',
      at: '2022-03-01T12:00:00+01:00',
      encounter: { status: 'entered-in-error' },
    };
    expect(await telling.facts(cancel)).toEqual(['admission.cancelled @ 2022-03-01T11:00Z {}']);
  });

  test('readiness that the Encounter has by its own extension has the time of that', async () => {
    const telling = new Telling();
    await telling.take(admit);
    const extension = [
      {
        url: extensionUrl.readiness,
        extension: [
          { url: 'status', valueCode: 'ready' },
          { url: 'assessedAt', valueDateTime: '2022-03-07T09:55:00+01:00' },
        ],
      },
    ];
    const ready: Told = {
      id: 'r',
      activity: 'ready',
      at: '2022-03-07T10:00:00+01:00',
      encounter: { extension },
    };
    expect(await telling.facts(ready)).toEqual(['patient.discharge-ready @ 2022-03-07T08:55Z {}']);
    expect(
      await telling.facts({
        id: 'x',
        activity: 'ready',
        at: '2022-03-07T11:00:00+01:00',
        removes: 'r',
      }),
    ).toEqual(['discharge-readiness.withdrawn @ 2022-03-07T08:55Z {}']);
  });
});

describe('a message that corrects or removes an earlier one', () => {
  test('a leave with another time takes the first one back', async () => {
    const telling = new Telling();
    await telling.take(admit);
    await telling.take(leave);
    const later: Told = { ...leave, id: 'l2', at: '2022-03-04T11:00:00+01:00', corrects: 'leave' };
    expect(await telling.facts(later)).toEqual([
      'leave.cancelled @ 2022-03-04T09:00Z {}',
      'patient.on-leave @ 2022-03-04T10:00Z {}',
    ]);
    expect(await telling.facts({ ...later, id: 'l3', corrects: 'l2' })).toEqual([]);
  });

  test('a leave that is removed never was, since when it began', async () => {
    const telling = new Telling();
    await telling.take(admit);
    await telling.take(leave);
    const removal: Told = {
      ...leave,
      id: 'l2',
      at: '2022-03-04T12:00:00+01:00',
      removes: 'leave',
      encounter: {},
    };
    expect(await telling.facts(removal)).toEqual(['leave.cancelled @ 2022-03-04T09:00Z {}']);
  });

  test('one whose earlier message is not known here says so, and is taken', async () => {
    const telling = new Telling();
    await telling.take(admit);
    const removal: Told = { ...leave, id: 'l2', removes: 'lost', encounter: {} };
    const { facts, warnings } = await telling.take(removal);
    expect(facts.map(({ type }) => type)).toEqual(['leave.cancelled']);
    expect(warnings.join()).toContain('is not known here');
  });

  test('readiness that is removed is withdrawn from when it was: no day of it counts', async () => {
    const telling = new Telling();
    await telling.take(admit);
    const ready: Told = { id: 'r', activity: 'ready', at: '2022-03-07T10:00:00+01:00' };
    await telling.take(ready);
    expect(
      await telling.facts({ ...ready, id: 'x', at: '2022-03-09T10:00:00+01:00', removes: 'r' }),
    ).toEqual(['discharge-readiness.withdrawn @ 2022-03-07T09:00Z {}']);
  });

  test('readiness that is corrected is told with the corrected time', async () => {
    const telling = new Telling();
    await telling.take(admit);
    const ready: Told = { id: 'r', activity: 'ready', at: '2022-03-07T10:00:00+01:00' };
    await telling.take(ready);
    const sentAt = '2022-03-08T10:00:00+01:00';
    expect(
      await telling.facts({
        ...ready,
        id: 'x',
        at: '2022-03-07T09:30:00+01:00',
        sentAt,
        corrects: 'r',
      }),
    ).toEqual(['patient.discharge-ready @ 2022-03-07T08:30Z {}']);
  });

  test('the removal of an update is refused: what holds now is sent', async () => {
    const error = await refusal({ ...admit, id: 'u', activity: 'update', removes: 'm1' });
    expect([error.code, error.location]).toEqual(['unsupported-message', 'Provenance.entity.role']);
  });
});

describe('a message that contradicts itself, or lacks what it needs, is refused', () => {
  test.each([
    ['leave', {}, 'Encounter.status'],
    ['discharge', {}, 'Encounter.status'],
    ['admit', home, 'Encounter.status'],
    ['cancel-admit', {}, 'Encounter.status'],
  ] as const)(
    '%s against the status of the Encounter, naming both',
    async (activity, encounter, location) => {
      const error = await refusal({ ...admit, activity, encounter });
      expect([error.code, error.location, error.standardCode]).toEqual([
        'malformed-message',
        location,
        'invariant',
      ]);
      expect(error.message).toContain(`Provenance.activity is ${activity}`);
      expect(error.message).toContain('Encounter.status is');
    },
  );

  test('readiness against the Encounter’s own word', async () => {
    const extension = [
      { url: extensionUrl.readiness, extension: [{ url: 'status', valueCode: 'withdrawn' }] },
    ];
    const error = await refusal({ ...admit, activity: 'ready', encounter: { extension } });
    expect(error.standardCode).toBe('invariant');
  });

  test.each([
    ['estimate', extensionUrl.estimate],
    ['need-assessed', extensionUrl.need],
    ['transfer', 'Encounter.location'],
  ])('%s that the Encounter does not tell', async (activity, where) => {
    const error = await refusal({ ...admit, activity });
    expect([error.standardCode, error.location?.includes(where)]).toEqual(['required', true]);
  });

  test.each([
    [
      'an event of another kind',
      0,
      { eventCoding: { system: 'urn:x', code: 'y' } },
      'MessageHeader.eventCoding',
    ],
    ['no id of its own', 0, { id: undefined }, 'MessageHeader.id'],
    ['no focus', 0, { focus: [] }, 'MessageHeader.focus'],
    [
      'a focus that is not in it',
      0,
      { focus: [{ reference: 'urn:uuid:no' }] },
      'MessageHeader.focus[0]',
    ],
    ['no activity of ours', 1, { activity: { text: 'leave' } }, 'Provenance.activity'],
    ['no time', 1, { occurredDateTime: undefined }, 'Provenance.occurredDateTime'],
    [
      'a time without a zone',
      1,
      { occurredDateTime: '2022-03-01T10:00:00' },
      'Provenance.occurredDateTime',
    ],
    ['an Encounter without a number', 2, { identifier: [] }, 'Encounter.identifier'],
  ])('%s', async (_what, place, change, location) => {
    const error = await refusal(changed(admit, place, change));
    expect(error.location).toBe(location);
    expect(['malformed-message', 'unsupported-message']).toContain(error.code);
  });

  test('no header first, and no Provenance', async () => {
    const bundle = messageOf(admit);
    const [header, provenance, ...rest] = bundle.entry ?? [];
    const first = await refusal({ ...bundle, entry: [provenance ?? {}, header ?? {}, ...rest] });
    expect(first.location).toBe('Bundle.entry[0].resource');
    const none = await refusal({ ...bundle, entry: [header ?? {}, ...rest] });
    expect([none.location, none.standardCode]).toEqual(['Bundle.entry', 'required']);
  });
});

describe('more than an Encounter', () => {
  const plan: CarePlan = {
    resourceType: 'CarePlan',
    status: 'active',
    intent: 'plan',
    category: [
      { coding: [{ system: 'https://fhir.inera.se/CodeSystem/typeofcareplan-cs', code: 'SIP' }] },
    ],
    subject: { reference: 'urn:uuid:patient' },
    encounter: { reference: 'urn:uuid:encounter' },
    created: '2022-03-08T14:00:00+01:00',
  };
  const update: Told = {
    id: 'u',
    activity: 'update',
    at: '2022-03-08T14:05:00+01:00',
    more: { 'urn:uuid:plan': plan },
  };

  test('what is in its focus says what it says alone, of the same stay, and is kept', async () => {
    const telling = new Telling();
    await telling.take(admit);
    expect(await telling.facts(update)).toEqual([
      'plan.established @ 2022-03-08T13:00Z {"plan":"coordinated-individual-plan"}',
    ]);
    expect(telling.kept().join()).toContain('CarePlan/');
  });

  test('of another stay it is refused', async () => {
    const other = { ...plan, encounter: { identifier: { ...stay.identifier, value: '4712' } } };
    const error = await refusal({ ...update, more: { 'urn:uuid:plan': other } });
    expect(error.location).toBe('CarePlan.encounter');
  });

  test('what is not in its focus only goes with it', async () => {
    const bundle = changed(update, 0, { focus: [{ reference: 'urn:uuid:encounter' }] });
    const telling = new Telling();
    await telling.take(admit);
    expect(await telling.facts(bundle)).toEqual([]);
    expect(telling.kept().join()).not.toContain('CarePlan/');
  });
});
