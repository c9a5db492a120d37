import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'amqplib';
import { v7 } from 'uuid';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { eventData, type EventType } from '../gateway/process/events.ts';
import { asyncApi, asyncApiYaml } from '../gateway/runtime/bus/events/asyncapi.ts';
import { casePlaces } from '../gateway/runtime/bus/events/case-place.ts';
import { eventExamples } from '../gateway/runtime/bus/events/examples.ts';
import { outsideEvent } from '../gateway/runtime/bus/events/outside-event.ts';
import {
  publicationCursor,
  publicationLag,
  startPublication,
  type EventOutlet,
} from '../gateway/runtime/bus/events/publication.ts';
import { toldSchema } from '../gateway/runtime/bus/events/told.ts';
import { everyPartition } from '../gateway/runtime/bus/partitions.ts';
import type { OutgoingMessage } from '../gateway/runtime/bus/publisher.ts';
import { rabbitMqBus } from '../gateway/runtime/bus/rabbitmq.ts';
import { systemClock } from '../gateway/runtime/clock.ts';
import { GatewayError } from '../gateway/errors.ts';
import { openEmbeddedJournal, openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { loadJourneys } from '../gateway/play/journey.ts';
import { playJourneys } from '../gateway/play/play.ts';
import type { Journal, NewEvent } from '../gateway/runtime/journal/journal.ts';
import { brokerUrl, removeTopology, shallRunBroker, testPartitions } from './support/broker.ts';
import { temporaryFolder } from './support/folder.ts';

const runBroker = await shallRunBroker('events for subscribers');
const root = join(import.meta.dirname, '..');
const documentText = readFileSync(join(root, 'gateway/runtime/bus/events.asyncapi.yaml'), 'utf8');
const document = parse(documentText);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openJournal(): Promise<Journal> {
  const folder = temporaryFolder('events-outside');
  closing.push(() => folder.remove());
  const journal = await openEmbeddedJournal({ folder: folder.path });
  closing.push(() => journal.close());
  return journal;
}

/** An event of the examples in a stay or settlement, with data of its own. */
function happening(streamId: string, type: EventType, data: object): NewEvent {
  const body: unknown = {
    id: v7(),
    type,
    occurredAt: '2026-03-02T10:00:00.000Z',
    recordedAt: '2026-03-02T10:00:01.000Z',
    source: { sender: 'ekliden', messageId: 'm-1' },
    causationId: 'm-1',
    correlationId: 'm-1',
    data,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { streamId, lane: streamId, body: body as NewEvent['body'] };
}

async function append(journal: Journal, ...events: NewEvent[]): Promise<void> {
  await journal.append({ expected: [], events, setDeadlines: [], closeDeadlines: [] });
}

const admitted = (stay: string, patient: object) =>
  happening(stay, 'patient.admitted', {
    county: '14',
    hospital: 'Sahlby',
    patient: { numberKind: 'personnummer', ...patient },
  });
const missed = (stay: string) =>
  happening(stay, 'deadline.missed', {
    key: `${stay}|T1`,
    deadline: 'T1',
    occasion: 'o-1',
    dueAt: '2026-03-03T23:00:00.000Z',
    reference: '2 kap. 2 §',
  });

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An exchange that keeps what it is given, and may refuse it. */
function paperOutlet(window = 3) {
  const kept: OutgoingMessage[] = [];
  const outlet: EventOutlet & { refuses: boolean } = {
    exchange: 'events',
    window,
    refuses: false,
    onUsable: () => () => undefined,
    publish(messages) {
      if (this.refuses) return Promise.reject(new GatewayError('bus-unavailable', 'away'));
      kept.push(...messages);
      return Promise.resolve();
    },
  };
  return { outlet, kept, keys: () => kept.map(({ routingKey }) => routingKey) };
}

function publishing(journal: Journal, outlet: EventOutlet, from: 'now' | 'beginning') {
  const publication = startPublication({
    journal,
    outlet,
    from,
    tickMs: 20,
    onTrouble: () => undefined,
  });
  closing.push(() => publication.close());
  return publication;
}

// ---------------------------------------------------------------- what is told

describe('what subscribers are told', () => {
  it.each(eventExamples().map(({ type, event }) => [type, event] as const))(
    '%s: the example is as the document says',
    (type, event) => {
      const name = type.replaceAll('.', '_');
      const message = document.components.messages[name];
      expect(document.channels.events.messages[name]).toBeDefined();
      expect(message.examples[0].payload).toEqual(event);
      z.fromJSONSchema(whole(message.payload)).parse(message.examples[0].payload);
      expect(toldSchema(type).strict().parse(event)).toEqual(event);
    },
  );

  it('the document that is checked in is the one the schemas make', () => {
    expect(documentText).toBe(asyncApiYaml());
    expect(parse(asyncApiYaml())).toEqual(JSON.parse(JSON.stringify(asyncApi())));
  });

  it('names no unit, number kind, protection, reference or free text', () => {
    const names = new Set(
      Object.keys(eventData).flatMap((type) =>
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        Object.keys(toldSchema(type as EventType).shape.data.shape),
      ),
    );
    for (const name of [
      'unit',
      'hospital',
      'patient',
      'content',
      'key',
      'reference',
      'detail',
      'held',
      'by',
      'dates',
      'caseReference',
      'lines',
      'receiver',
    ]) {
      expect(names).not.toContain(name);
    }
  });

  it('leaves out what is recorded and not named', () => {
    const event = { ...admitted('s-1', { municipality: '1480' }).body, stayId: 's-1' };
    const place = { subject: 'c-1', stayId: 's-1', county: '14', municipality: '1480' };
    const told = outsideEvent({ position: 7, event }, place);
    expect(told.data).toEqual({ county: '14', municipality: '1480', stayId: 's-1' });
    expect(told).toMatchObject({ subject: 'c-1', sequence: '0000000000000007' });
  });
});

/** The schema with what it refers to in its place. */
function whole(schema: unknown): Parameters<typeof z.fromJSONSchema>[0] {
  const text = JSON.stringify(schema, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('$ref' in value)) return value;
    const path = String(value.$ref).replace('#/', '').split('/');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], document);
  });
  return JSON.parse(text);
}

describe('whole stays', () => {
  it('go out as the document says, every event of them, and say nothing of a person', async () => {
    const folder = temporaryFolder('events-journeys');
    closing.push(() => folder.remove());
    const journeys = loadJourneys(join(root, 'test', 'journeys')).filter(({ file }) =>
      ['normal-stay', 'transfer-between-hospitals', 'mean-of-the-month'].includes(file),
    );
    const log = createLog({ level: 'silent' });
    await playJourneys({ journeys, folder: folder.path, log, bus: { form: 'embedded' } });
    const reader = await openJournalReader({ folder: folder.path });
    closing.push(() => reader.close());
    const events = await reader.eventsAfter(0, 10_000);
    const places = casePlaces(reader);
    const types = new Set<EventType>();
    for (const stored of events) {
      const told = outsideEvent(stored, await places.of(stored));
      const schema = toldSchema(stored.event.type);
      expect(schema.extend({ data: schema.shape.data.strict() }).strict().parse(told)).toEqual(
        told,
      );
      types.add(stored.event.type);
    }
    expect(types.size).toBeGreaterThan(15);
  });
});

// ---------------------------------------------------------------- where it is routed

describe('the key of an event', () => {
  async function placed(...events: NewEvent[]) {
    const journal = await openJournal();
    await append(journal, ...events);
    const places = casePlaces(journal);
    const keys: string[] = [];
    for (const stored of await journal.eventsAfter(0, 100)) {
      const { county, municipality } = await places.of(stored);
      keys.push(`${stored.event.type} ${county} ${municipality}`);
    }
    return keys;
  }

  it('has the municipality of the case where the event does not say it', async () => {
    expect(await placed(admitted('s', { municipality: '1480' }), missed('s'))).toEqual([
      'patient.admitted 14 1480',
      'deadline.missed 14 1480',
    ]);
  });

  it('has 0000 for a protected person, whatever the event says', async () => {
    const liability = {
      key: 'k',
      revision: 1,
      occasion: 'o',
      county: '14',
      municipality: '1480',
      from: '2026-03-06',
      reason: 'R',
      reference: '5 kap.',
    };
    const keys = await placed(
      admitted('s', { municipality: '1480', protection: 'sekretessmarkering' }),
      happening('s', 'liability.started', liability),
    );
    expect(keys).toEqual(['patient.admitted 14 0000', 'liability.started 14 0000']);
  });

  it('has 00 and 0000 where nothing is known', async () => {
    expect(await placed(missed('s'))).toEqual(['deadline.missed 00 0000']);
  });

  it('has that of the settlement for what is of a month', async () => {
    const data = { county: '14', municipality: '1480', month: '2026-03' };
    const keys = await placed(happening('settlement:14:1480:2026-03', 'settlement.opened', data));
    expect(keys).toEqual(['settlement.opened 14 1480']);
  });
});

// ---------------------------------------------------------------- the publication

describe('the publication', () => {
  it('publishes every event in the order of the journal, those at rest too', async () => {
    const journal = await openJournal();
    const stays = Array.from({ length: 10 }, (_, n) => `s-${n}`);
    for (const stay of stays)
      await append(journal, admitted(stay, { municipality: '1480' }), missed(stay));
    const { outlet, kept } = paperOutlet();
    publishing(journal, outlet, 'beginning');
    await until(() => kept.length === 20);
    const all = await journal.eventsAfter(0, 100);
    expect(kept.map(({ properties }) => properties.messageId)).toEqual(
      all.map(({ event }) => event.id),
    );
    await until(async () => (await publicationLag(journal))?.events === 0);
  });

  it('goes on where it was, and repeats what was not confirmed', async () => {
    const journal = await openJournal();
    await append(journal, ...['a', 'b', 'c', 'd', 'e'].map(missed));
    const { outlet, kept, keys } = paperOutlet(2);
    const first = publishing(journal, outlet, 'beginning');
    await until(() => kept.length === 5);
    await first.close();
    outlet.refuses = true;
    await append(journal, missed('f'));
    const second = publishing(journal, outlet, 'beginning');
    await second.tick();
    expect(await publicationLag(journal)).toMatchObject({
      events: 1,
      oldest: '2026-03-02T10:00:01.000Z',
    });
    outlet.refuses = false;
    await second.tick();
    expect(keys()).toHaveLength(6);
  });

  it('begins with what happens from its first start on, where that is said', async () => {
    const journal = await openJournal();
    await append(journal, missed('before'));
    const { outlet, kept } = paperOutlet();
    const publication = publishing(journal, outlet, 'now');
    await publication.tick();
    await append(journal, missed('after'));
    await until(() => kept.length === 1);
    expect(JSON.parse(kept[0]?.body ?? '')).toMatchObject({ subject: 'after' });
    // It moves after the confirm.
    await until(async () => (await journal.cursors.get(publicationCursor)) === '2');
  });
});

// ---------------------------------------------------------------- over a broker

describe.skipIf(!runBroker)('a subscriber', () => {
  it('gets the events of its municipality alone: the example prints them', async () => {
    const journal = await openJournal();
    const prefix = `test-${v7()}`;
    const bus = rabbitMqBus(journal, systemClock, {
      address: { url: brokerUrl },
      prefix,
      partitions: everyPartition(testPartitions),
    });
    closing.push(() => removeTopology(prefix));
    closing.push(() => bus.close());
    await bus.publishWaiting(Date.now());
    const queue = `${prefix}.kommun1480`;
    closing.push(() => removeQueue(queue));
    const file = join(root, 'gateway/runtime/bus/example-subscriber.mjs');
    const example = spawn(process.execPath, [
      file,
      brokerUrl,
      bus.outlet.exchange,
      queue,
      '#.1480',
    ]);
    closing.push(() => example.kill());
    const lines: string[] = [];
    createInterface({ input: example.stdout }).on('line', (line) => lines.push(line));
    await until(() => hasConsumer(queue));
    await append(
      journal,
      admitted('ours', { municipality: '1480' }),
      admitted('theirs', { municipality: '0180' }),
      admitted('hidden', { municipality: '1480', protection: 'skyddadFolkbokforing' }),
      missed('ours'),
    );
    publishing(journal, bus.outlet, 'beginning');
    await until(() => lines.length === 2);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { key: 'patient.admitted.14.1480', subject: 'ours' },
      { key: 'deadline.missed.14.1480', type: 'se.hemgang.deadline.missed.v1' },
    ]);
  });
});

async function withChannel<T>(
  work: (
    channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createChannel']>>,
  ) => Promise<T>,
): Promise<T> {
  const model = await connect(brokerUrl);
  model.on('error', () => undefined);
  try {
    const channel = await model.createChannel();
    channel.on('error', () => undefined);
    return await work(channel);
  } finally {
    await model.close();
  }
}

async function hasConsumer(queue: string): Promise<boolean> {
  return await withChannel((channel) => channel.checkQueue(queue)).then(
    ({ consumerCount }) => consumerCount > 0,
    () => false,
  );
}

async function removeQueue(queue: string): Promise<void> {
  await withChannel((channel) => channel.deleteQueue(queue));
}
