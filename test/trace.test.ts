/** One message is one trace, from the bytes that came in to the notice at the municipality, whoever records it. */
import {
  ROOT_CONTEXT,
  trace,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { toCloudEvent } from '../gateway/process/events.ts';
import type { Config } from '../gateway/runtime/config.ts';
import { beginStep, traceparentIn } from '../gateway/runtime/trace.ts';
import { marked, markers } from './support/marked-person.ts';
import { startTestGateway, type TestGateway, type TestSettings } from './support/gateway.ts';
import { brokerSettings } from './support/broker.ts';
import { postgresSettings } from './support/journal-forms.ts';
import { has, ownPrefix, ownSchema } from './support/servers.ts';

const start = '2022-03-03T08:00:00.000Z';
const incoming = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
let world: TestGateway | undefined;

afterEach(async () => {
  await world?.close();
  world = undefined;
});

const admission = (): Uint8Array =>
  buildMessage('ekliden', {
    ...marked,
    trigger: 'A01',
    at: '2022-03-03T08:00:00Z',
    controlId: 'M1',
    visit: 'E9001',
    unit: 'MED1',
  });
const needs = (): Uint8Array =>
  buildMessage('ekliden', {
    ...marked,
    trigger: 'A08',
    at: '2022-03-03T09:00:00Z',
    controlId: 'M2',
    visit: 'E9001',
    unit: 'MED1',
    needs: { socialServices: true, municipalHealthCare: true, regionOutpatient: true },
  });

async function begin(settings: Partial<TestSettings> = {}): Promise<TestGateway> {
  world = await startTestGateway({ start, ...settings });
  return world;
}

interface Form {
  readonly name: string;
  /** Steps it has beside those that every form has. */
  readonly more: readonly string[];
  change(config: Config): Config;
  remove(): Promise<void>;
}
const embedded: Form = {
  name: 'the embedded form',
  more: [],
  change: (config) => config,
  remove: () => Promise.resolve(),
};

/** PostgreSQL and RabbitMQ. */
function fullForm(): Form {
  const { url, schema, drop } = ownSchema();
  const broker = ownPrefix();
  return {
    name: 'the full form',
    more: ['publish'],
    change: (config) => ({
      ...config,
      journal: postgresSettings(url, schema),
      bus: brokerSettings(broker.prefix),
    }),
    async remove() {
      await drop();
      await broker.drop();
    },
  };
}
const forms = (await has(
  'one trace over PostgreSQL and RabbitMQ',
  'PostgreSQL that runs',
  'RabbitMQ that runs',
))
  ? [embedded, fullForm()]
  : [embedded];

function traceparentsOf({ receiver }: TestGateway): readonly (string | undefined)[] {
  return receiver.received.map(({ traceparent }) => traceparent);
}

describe('traceparent', () => {
  test.each([
    ['is taken as it is', incoming, incoming],
    ['of a later version is taken as far as it is known', `cc${incoming.slice(2)}-more`, incoming],
    ['with nothing but noughts is none', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
    ['of version ff is none', `ff${incoming.slice(2)}`, undefined],
    ['of version 00 that is too long is none', `${incoming}-more`, undefined],
    ['in capitals is none', incoming.toUpperCase(), undefined],
    ['that is a name is none', marked.family, undefined],
    ['that is a list is none', [incoming], undefined],
  ])('%s', (_, header, expected) => {
    expect(traceparentIn(header)).toBe(expected);
  });

  test('is made for what has none, and each is another', () => {
    const made = Array.from({ length: 1000 }, () => beginStep('receive').traceparent);
    expect(new Set(made).size).toBe(1000);
    for (const one of made) expect(one).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});

describe('without an SDK', () => {
  test('a message over MLLP begins a trace that its notice leaves with', async () => {
    const gateway = await begin();
    await gateway.send(admission());
    await gateway.rest();
    await gateway.send(needs());
    await gateway.rest();
    const events = await gateway.gateway.journal.eventsAfter(0, 100);
    const told = events.find(({ event }) => event.type === 'need.assessed')?.event;
    const notices = traceparentsOf(gateway);
    expect(notices.length).toBeGreaterThan(0);
    for (const notice of notices)
      expect(notice?.slice(3, 35)).toBe(told?.traceparent?.slice(3, 35));
    expect(told && toCloudEvent(told)).toHaveProperty('traceparent', told?.traceparent);
  });

  test('a receipt that comes with a traceparent is recorded under it', async () => {
    const gateway = await begin();
    await gateway.send(admission());
    await gateway.rest();
    await gateway.send(needs());
    await gateway.rest();
    const response = await fetch(`${gateway.gateway.http.url}/receipts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${'p'.repeat(40)}`,
        'content-type': 'application/cloudevents+json',
        traceparent: incoming,
      },
      body: JSON.stringify({
        specversion: '1.0',
        id: 'r1',
        source: 'primary-care',
        type: 'se.hemgang.care-contact.appointed.v1',
        subject: gateway.receiver.received[0]?.body.data.caseReference,
        time: '2022-03-03T10:00:00Z',
        data: {},
      }),
    });
    expect(response.status).toBeLessThan(300);
    const events = await gateway.gateway.journal.eventsAfter(0, 100);
    const told = events.find(({ event }) => event.type === 'care-contact.appointed')?.event;
    expect(told?.traceparent).toBe(incoming);
  });
});

describe('with a tracer provider that the operator has registered', () => {
  afterAll(() => trace.disable());

  const spans: Recorded[] = [];

  test.each(forms)('the steps of a message are spans of one trace in $name', async (form) => {
    trace.setGlobalTracerProvider({ getTracer: () => tracerInto(spans) });
    const { change, more, remove } = form;
    const gateway = await begin({ change });
    await gateway.send(admission());
    await gateway.rest();
    spans.length = 0;
    await gateway.send(needs());
    await gateway.rest();
    const received = spans.find(({ name }) => name === 'receive');
    const its = spans.filter(({ context }) => context.traceId === received?.context.traceId);
    expect([...new Set(its.map(({ name }) => name))].toSorted()).toEqual([
      'advance',
      'deliver',
      'dispatch',
      ...more,
      'receive',
      'record',
    ]);
    const ids = new Set(its.map(({ context }) => context.spanId));
    const roots = its.filter(({ parent }) => parent === undefined || !ids.has(parent));
    expect(roots.map(({ name }) => name)).toEqual(['receive']);
    // A confirm may come after what it confirms was handled.
    await vi.waitFor(() => expect(its.every(({ ended }) => ended)).toBe(true));
    const delivered = its.filter(({ name }) => name === 'deliver');
    const left = traceparentsOf(gateway).map((traceparent) => traceparent?.slice(36, 52) ?? '');
    expect(left.toSorted()).toEqual(delivered.map(({ context }) => context.spanId).toSorted());
    for (const marker of markers) expect(JSON.stringify(spans)).not.toContain(marker);
    await gateway.close();
    world = undefined;
    await remove();
  });
});

interface Recorded {
  readonly name: string;
  readonly context: SpanContext;
  readonly parent: string | undefined;
  readonly attributes: unknown;
  ended: boolean;
}

/** What an SDK does, and no more: ids, parents, an end. */
function tracerInto(spans: Recorded[]): Tracer {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join('');
  function startSpan(name: string, options: SpanOptions = {}, at: Context = ROOT_CONTEXT): Span {
    const parent = trace.getSpanContext(at);
    const context = { traceId: parent?.traceId ?? hex(32), spanId: hex(16), traceFlags: 1 };
    const { attributes } = options;
    const recorded = { name, context, parent: parent?.spanId, attributes, ended: false };
    spans.push(recorded);
    const span: Span = {
      spanContext: () => context,
      setAttribute: () => span,
      setAttributes: () => span,
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus: () => span,
      updateName: () => span,
      end: () => void (recorded.ended = true),
      isRecording: () => true,
      recordException: () => undefined,
    };
    return span;
  }
  return {
    startSpan,
    startActiveSpan: () => {
      throw new Error('not used');
    },
  };
}
