/** What a notification says, and what is counted of it: no source, no server, no journal. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readNotification,
  readStatuses,
  type Notification,
} from '../adapters/inbound/fhir/subscriptions/notification.ts';
import {
  afterAsking,
  afterHearing,
  afterReading,
  gapOf,
  mostToRead,
  mustAsk,
  unregistered,
  type SubscriptionState,
} from '../adapters/inbound/fhir/subscriptions/state.ts';
import { GatewayError } from '../gateway/errors.ts';

const base = 'https://ehr.example/fhir/r4';
const focus = `${base}/Encounter/86009987-eabe-42bf-8c02-b112b18cb616`;
const encounter = { resourceType: 'Encounter', id: '86009987-eabe-42bf-8c02-b112b18cb616' };

const parameters = (...more: object[]): object => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'subscription', valueReference: { reference: `${base}/Subscription/admission` } },
    { name: 'topic', valueCanonical: 'http://example.org/topic/admission' },
    { name: 'status', valueCode: 'active' },
    { name: 'type', valueCode: 'event-notification' },
    { name: 'events-since-subscription-start', valueString: '2' },
    ...more,
  ],
});
const event = (...parts: object[]): object => ({
  name: 'notification-event',
  part: [
    { name: 'event-number', valueString: '2' },
    { name: 'timestamp', valueInstant: '2020-05-29T11:44:13.1882432-05:00' },
    ...parts,
  ],
});
const bundle = (...resources: object[]): object => ({
  resourceType: 'Bundle',
  type: 'history',
  timestamp: '2020-05-29T11:44:14-05:00',
  entry: resources.map((resource) => ({ fullUrl: focus, resource })),
});

describe('a notification in the form of R4 (Parameters)', () => {
  test('says its numbers as strings, its times with any offset and what it is of', () => {
    const patient = { name: 'additional-context', valueReference: { reference: 'Patient/7' } };
    const about = { name: 'focus', valueReference: { reference: focus } };
    expect(readNotification(bundle(parameters(event(about, patient)), encounter))).toEqual({
      kind: 'event-notification',
      status: 'active',
      subscription: 'admission',
      at: '2020-05-29T16:44:14.000Z',
      eventsSinceStart: 2,
      events: [{ number: 2, at: '2020-05-29T16:44:13.188Z', about: [focus, 'Patient/7'] }],
      resources: [{ resource: encounter, text: JSON.stringify(encounter), fullUrl: focus }],
      deleted: [],
    });
  });

  test('keeps each resource as it was sent', () => {
    const text = '{ "resourceType": "Encounter", "id": "a", "length": { "value": 1.0 } }';
    const read = readNotification(bundle(parameters(event()), encounter), [undefined, text]);
    expect(read.resources[0]?.text).toBe(text);
  });

  test('of a deletion tells that and no resource', () => {
    const removed = { request: { method: 'DELETE', url: 'Encounter/7' } };
    const { entry }: { entry?: object[] } = bundle(parameters(event()));
    const read = readNotification({ resourceType: 'Bundle', entry: [...(entry ?? []), removed] });
    expect(read).toMatchObject({ resources: [], deleted: ['Encounter/7'] });
  });

  test.each([
    ['no number', { name: 'events-since-subscription-start', valueString: 'many' }],
    ['a number beyond what can be counted', { name: 'x', valueString: '9'.repeat(30) }],
  ])('with %s is read without it', (_, odd) => {
    expect(readNotification(bundle(parameters(odd))).kind).toBe('event-notification');
  });
});

describe('a notification in the form of R4B (SubscriptionStatus)', () => {
  test('says the same', () => {
    const status = {
      resourceType: 'SubscriptionStatus',
      status: 'active',
      type: 'event-notification',
      eventsSinceSubscriptionStart: '2',
      notificationEvent: [
        {
          eventNumber: '2',
          timestamp: '2020-05-29T11:44:13.1882432-05:00',
          focus: { reference: focus },
          additionalContext: [{ reference: 'Patient/7' }],
        },
      ],
      subscription: { reference: `${base}/Subscription/admission` },
      topic: 'http://example.org/topic/admission',
    };
    const patient = { name: 'additional-context', valueReference: { reference: 'Patient/7' } };
    const about = { name: 'focus', valueReference: { reference: focus } };
    expect(readNotification(bundle(status, encounter))).toEqual(
      readNotification(bundle(parameters(event(about, patient)), encounter)),
    );
    expect(readStatuses(bundle(status))).toMatchObject([
      { subscription: 'admission', status: 'active', eventsSinceStart: 2 },
    ]);
  });
});

test.each([
  ['no Bundle', { resourceType: 'Encounter' }],
  ['a Bundle without entries', { resourceType: 'Bundle' }],
  ['a Bundle that begins with a resource', bundle(encounter)],
  ['a status of an unknown type', bundle({ resourceType: 'SubscriptionStatus', type: 'party' })],
  ['entries that are no list', { resourceType: 'Bundle', entry: {} }],
])('%s is no notification', (_, body) => {
  expect(() => readNotification(body)).toThrow(GatewayError);
});

// ---------------------------------------------------------------- what is counted

const now = '2022-03-07T12:00:00.000Z';
const timeOf = (number: number): string =>
  new Date(Date.parse('2022-03-07T08:00:00Z') + number * 1000).toISOString();
const begun: SubscriptionState = { ...unregistered(timeOf(0)), id: 's', status: 'active', seen: 0 };

const told = (number: number, since = number): Notification => ({
  kind: 'event-notification',
  subscription: 's',
  eventsSinceStart: since,
  events: [{ number, at: timeOf(number), about: ['Encounter/a'] }],
  resources: [],
  deleted: [],
});
const nothing = { toRead: [], mustAsk: false };
const heard = (state: SubscriptionState, number: number): SubscriptionState =>
  afterHearing(state, told(number), nothing, now);

describe('what is counted', () => {
  const arrivals = fc
    .integer({ min: 1, max: 12 })
    .chain((count) =>
      fc.array(fc.integer({ min: 1, max: count }), { minLength: 1, maxLength: 40 }),
    );

  test('in any order and with any repetition: what is missing is what did not come', () => {
    fc.assert(
      fc.property(arrivals, (numbers) => {
        const state = numbers.reduce(heard, begun);
        const highest = Math.max(...numbers);
        const missing = Array.from({ length: highest }, (_, index) => index + 1).filter(
          (number) => !numbers.includes(number),
        );
        const gap = gapOf(state);
        expect(gap).toEqual(
          missing.length === 0 ? undefined : { from: missing[0], until: missing.at(-1) },
        );
        // A query that begins at `upTo` finds every event that did not come.
        for (const number of missing) expect(timeOf(number) > state.upTo).toBe(true);
      }),
    );
  });

  test('an event of another Subscription is not counted', () => {
    const state = afterHearing(begun, { ...told(7), subscription: 'old' }, nothing, now);
    expect(state).toMatchObject({ seen: 0, ahead: [], lastHeardAt: now });
    expect(gapOf(state)).toBeUndefined();
  });

  test('a source that counts anew is asked for what happened in between', () => {
    const state = [1, 2, 3].reduce(heard, begun);
    const anew = afterHearing(
      state,
      { ...told(1), events: [{ number: 1, at: timeOf(9), about: [] }] },
      nothing,
      now,
    );
    expect(anew).toMatchObject({ seen: 1, askSince: timeOf(3) });
  });

  test('a handshake that counts less than we have is of a counter that was lost', () => {
    const state = [1, 2, 3].reduce(heard, begun);
    const handshake: Notification = {
      ...told(0, 0),
      kind: 'handshake',
      events: [],
      at: timeOf(9),
    };
    expect(afterHearing(state, handshake, nothing, now)).toMatchObject({
      seen: 0,
      askSince: timeOf(3),
    });
    // One that was sent long ago is not.
    const old = { ...handshake, at: timeOf(0) };
    expect(afterHearing(state, old, nothing, now)).toMatchObject({ seen: 3 });
  });

  test('too much to read becomes one query over all of it', () => {
    const many = Array.from({ length: mostToRead }, (_, index) => `Encounter/${index}`);
    const first = afterHearing(begun, told(1), { toRead: many, mustAsk: false }, now);
    expect(first.toRead).toHaveLength(mostToRead);
    const more = afterHearing(first, told(2), { toRead: ['Encounter/x'], mustAsk: false }, now);
    expect(more).toMatchObject({ toRead: [], askSince: timeOf(0) });
  });

  test('what was asked for while a query ran is asked for again', () => {
    const asked = mustAsk(begun);
    const { asks } = asked;
    expect(afterAsking(asked, asks, timeOf(5)).askSince).toBeUndefined();
    expect(afterAsking(mustAsk(asked), asks, timeOf(5))).toMatchObject({
      askSince: timeOf(0),
      upTo: timeOf(5),
    });
  });

  test('what is read is no longer to be read, and the rest is', () => {
    const todo = { toRead: ['Encounter/a', 'Encounter/b'], mustAsk: false };
    const state = afterHearing(begun, told(1), todo, now);
    expect(afterReading(state, ['Encounter/a'])).toMatchObject({ toRead: ['Encounter/b'] });
    expect(afterReading(state, todo.toRead).readFrom).toBeUndefined();
  });
});
