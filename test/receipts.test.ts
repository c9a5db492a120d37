/** Answers and facts over HTTP: who may say what of which case, and what each hears. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  receiptsInbound,
  type Partner,
  type ReceiptMessage,
} from '../adapters/inbound/receipts/index.ts';
import {
  checkTokens,
  receiptsRouter,
  type KnownPartner,
} from '../adapters/inbound/receipts/server.ts';
import { simulatedMunicipality } from '../adapters/simulated/municipality/index.ts';
import { webhookNotices } from '../adapters/outbound/notices/webhook.ts';
import { asGatewayError, GatewayError } from '../gateway/errors.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';

const municipality: Partner = {
  id: 'goteborg',
  kind: 'municipality',
  receivers: ['municipality-1480'],
  municipality: '1480',
};
const primaryCare: Partner = { id: 'care', kind: 'primary-care', receivers: ['care-1', 'care-2'] };
const inpatientCare: Partner = { id: 'ward', kind: 'inpatient-care', receivers: ['care-1'] };

const event = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id: 'e-1',
  source: '/sim',
  type: 'se.hemgang.notice.acknowledged.v1',
  subject: 'case-1',
  time: '2022-03-07T12:00:00+01:00',
  data: { deliveryId: 'd-1', obligation: 'admission-notice' },
  ...more,
});
const bytes = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

const context = { answerId: 'm-1', now: '2022-03-07T11:00:05.000Z' };

function translate(partner: Partner, value: unknown): ReturnType<typeof translation> {
  return translation(partner, value);
}
function translation(partner: Partner, value: unknown) {
  const adapter = receiptsInbound(partner);
  return adapter.translate(adapter.read(bytes(value)));
}

// ---------------------------------------------------------------- the adapter alone

describe('a receipt', () => {
  test('becomes a fact of the case it names, at its time in UTC', () => {
    expect(translate(municipality, event())).toEqual({
      stay: { by: 'case', caseReference: 'case-1' },
      facts: [
        {
          type: 'notice.acknowledged',
          occurredAt: '2022-03-07T11:00:00.000Z',
          data: {
            deliveryId: 'd-1',
            obligation: 'admission-notice',
            receiver: 'municipality-1480',
          },
        },
      ],
      unmapped: [],
      warnings: [],
    });
  });

  test('is headed by the partner and the CloudEvent id', () => {
    const adapter = receiptsInbound(municipality);
    expect(adapter.head(adapter.read(bytes(event())))).toEqual({
      sender: 'goteborg',
      controlId: 'e-1',
      kind: 'se.hemgang.notice.acknowledged.v1',
      controlIdReuse: 'refused',
    });
  });

  test.each([
    ['2022-03-07T12:00:00+01:00', '2022-03-07T11:00:00.000Z'],
    ['2022-03-07T11:00:00Z', '2022-03-07T11:00:00.000Z'],
    ['2022-03-07t11:00:00.5z', '2022-03-07T11:00:00.500Z'],
    ['2022-03-07T11:00:00.123456789Z', '2022-03-07T11:00:00.123Z'],
    ['2022-03-27T03:30:00+02:00', '2022-03-27T01:30:00.000Z'],
    ['2022-03-06T23:30:00-05:00', '2022-03-07T04:30:00.000Z'],
  ])('of %s happened at %s', (time, occurredAt) => {
    expect(translate(municipality, event({ time })).facts[0]?.occurredAt).toBe(occurredAt);
  });

  test.each([
    ['not JSON', '{'],
    ['not UTF-8', Buffer.from(JSON.stringify(event({ source: '/vård' })), 'latin1')],
    ['a list', [event()]],
    ['null', null],
    ['empty', ''],
    ['of another version', event({ specversion: '0.3' })],
    ['without an id', event({ id: undefined })],
    ['with an empty id', event({ id: '' })],
    ['with a very long id', event({ id: 'x'.repeat(201) })],
    ['with a control character in its id', event({ id: 'a\nb' })],
    ['without a source', event({ source: undefined })],
    ['without a subject', event({ subject: undefined })],
    ['with an empty subject', event({ subject: '' })],
    ['without a time', event({ time: undefined })],
    ['with a time without offset', event({ time: '2022-03-07T12:00:00' })],
    ['with a date for a time', event({ time: '2022-03-07' })],
    ['with a time that is not in the calendar', event({ time: '2022-02-30T12:00:00Z' })],
    ['with a time zone in brackets', event({ time: '2022-03-07T12:00:00+01:00[Europe/Oslo]' })],
    ['with data of another kind', event({ datacontenttype: 'text/xml' })],
    ['with a field its type does not have', event({ data: { name: 'Testa' } })],
    ['with an unknown obligation', event({ data: { obligation: 'party' } })],
    ['with a list for data', event({ data: [] })],
  ])('that is %s is malformed', (_, value) => {
    const read = (): unknown =>
      Buffer.isBuffer(value)
        ? receiptsInbound(municipality).read(value)
        : translate(municipality, value);
    expect(read).toThrow(expect.objectContaining({ code: 'malformed-message' }));
  });

  test.each([
    'com.github.push',
    'se.hemgang.patient.admitted.v1',
    'se.hemgang.patient.discharge-ready.v1',
    'se.hemgang.notice.delivered.v1',
    'se.hemgang.billing.approved.v1',
    'se.hemgang.notice.acknowledged.v2',
    'se.hemgang.toString.v1',
    'notice.acknowledged',
  ])('of type %s is none that we take', (type) => {
    expect(() => translate(municipality, event({ type, data: {} }))).toThrow(
      expect.objectContaining({ code: 'unsupported-message', standardCode: undefined }),
    );
  });

  test('ignores CloudEvents extensions', () => {
    expect(translate(municipality, event({ traceparent: '00-x' })).facts).toHaveLength(1);
  });

  test('never repeats a value of the message in its error', () => {
    const value = event({ data: { obligation: 'Testa Påhittad', name: '195009072553' } });
    const error = asGatewayErrorOf(() => translate(municipality, value));
    expect(error.message).not.toMatch(/Testa|1950/);
  });
});

function asGatewayErrorOf(work: () => unknown): GatewayError {
  try {
    work();
  } catch (thrown) {
    return asGatewayError(thrown);
  }
  throw new Error('nothing was thrown');
}

const placed = (code: string): unknown =>
  event({ type: 'se.hemgang.placement.decided.v1', data: { municipality: code } });
const observed = (code: string): unknown =>
  event({
    type: 'se.hemgang.notice.observed.v1',
    data: { obligation: 'planning-call', role: 'social-services', municipality: code },
  });
const answerOf = (receiver: string): unknown => event({ data: { receiver } });

describe('who may say what', () => {
  /** Type, data, and the kinds of partner that may say it: municipality, primary care, inpatient care. */
  const said: [string, Record<string, unknown>, string][] = [
    ['notice.received', {}, 'M P'],
    ['notice.acknowledged', {}, 'M P'],
    ['notice.misdirected', {}, 'M P'],
    ['notice.observed', { obligation: 'planning-call', role: 'social-services' }, 'M P I'],
    ['information.transferred', {}, 'M P I'],
    ['plan.established', { plan: 'coordinated-individual-plan' }, 'M P I'],
    ['placement.decided', { municipality: '1480' }, 'M'],
    ['services.declined', {}, 'M P'],
    ['services.accepted', {}, 'M P'],
    ['care-contact.appointed', {}, 'P'],
    ['planning.called', { calledBy: 'fixed-care-contact' }, 'P'],
    ['planning.call-withdrawn', {}, 'P'],
    ['planning.declined', {}, 'P'],
    ['consent.recorded', { given: true }, 'P'],
    ['outpatient-care.plan-set', { exists: true }, 'P'],
    ['outpatient-care.availability-set', { availability: 'available' }, 'P'],
    ['secrecy-obstacle.recorded', { obligation: 'planning-call', present: true }, 'P I'],
    ['compulsory-care.decided', { care: 'open-compulsory-care' }, 'I'],
    ['court-decision.recorded', {}, 'I'],
    ['treatment-plan.available', {}, 'I'],
  ];
  const forbidden = expect.objectContaining({ code: 'unsupported-message', standardCode: '403' });

  test.each(said)('%s', (type, data, kinds) => {
    const value = event({ type: `se.hemgang.${type}.v1`, data });
    for (const [partner, kind] of [
      [municipality, 'M'],
      [primaryCare, 'P'],
      [inpatientCare, 'I'],
    ] as const) {
      if (kinds.includes(kind)) expect(translate(partner, value).facts[0]?.type).toBe(type);
      else expect(() => translate(partner, value)).toThrow(forbidden);
    }
  });

  test('a municipality speaks for itself and places payment on nobody else', () => {
    expect(translate(municipality, placed('1480')).facts).toHaveLength(1);
    expect(() => translate(municipality, placed('1481'))).toThrow(forbidden);
    expect(translate(municipality, observed('1480')).facts).toHaveLength(1);
    expect(translate(primaryCare, observed('1481')).facts).toHaveLength(1);
    expect(() => translate(municipality, observed('1481'))).toThrow(forbidden);
    const nameless: Partner = { id: 'x', kind: 'municipality', receivers: ['r'] };
    expect(() => translate(nameless, placed('1480'))).toThrow(forbidden);
  });

  test('a partner answers for its own receivers only', () => {
    expect(translate(primaryCare, answerOf('care-2')).facts[0]?.data).toEqual({
      receiver: 'care-2',
    });
    expect(() => translate(primaryCare, answerOf('municipality-1480'))).toThrow(forbidden);
  });

  test('a partner with several receivers is not guessed to mean one', () => {
    expect(translate(primaryCare, event({ data: {} })).facts[0]?.data).toEqual({});
  });
});

const problemOrAnswer = z.looseObject({
  status: z.int(),
  id: z.string().optional(),
  detail: z.string().optional(),
});

function answerTo(error: GatewayError): z.infer<typeof problemOrAnswer> {
  const adapter = receiptsInbound(municipality);
  const raw = bytes(event());
  const verdict = { accepted: false, error } as const;
  const [answer] = adapter.acknowledge(adapter.read(raw), raw, verdict, context) ?? [];
  return problemOrAnswer.parse(JSON.parse(Buffer.from(answer ?? []).toString()));
}

describe('the answer of the adapter', () => {
  test.each([
    [new GatewayError('malformed-message', 'why'), 400],
    [new GatewayError('unsupported-message', 'why', { standardCode: '403' }), 403],
    [new GatewayError('unknown-case', 'why'), 404],
    [new GatewayError('control-id-reused', 'why'), 409],
    [new GatewayError('unsupported-message', 'why'), 422],
    [new GatewayError('journal-unavailable', 'why'), 503],
    [new GatewayError('disk-full', 'why'), 503],
    [new GatewayError('assertion-failed', 'why'), 500],
  ])('to %s is %i', (error, status) => {
    expect(answerTo(error).status).toBe(status);
  });

  test('says what is wrong with the message, and nothing of our own faults', () => {
    expect(answerTo(new GatewayError('malformed-message', 'CloudEvent time: x'))).toMatchObject({
      detail: 'CloudEvent time: x',
      id: 'e-1',
    });
    expect(answerTo(new GatewayError('assertion-failed', 'row 7 of stays')).detail).not.toContain(
      'row',
    );
  });
});

// ---------------------------------------------------------------- over HTTP

/**
 * The router is tested over real HTTP with the real adapter. Only what lies behind `receive` is a double here: a map of
 * accepted ids instead of the journal. The journal's own tests and the journeys run the real one.
 */
function memoryReceive(partners: readonly KnownPartner[]) {
  const accepted = new Map<string, { digest: string; answer: Uint8Array }>();
  const fault: { error?: GatewayError } = {};
  const receive = async (raw: Uint8Array, partner: KnownPartner): Promise<Uint8Array> => {
    const adapter = receiptsInbound(partner);
    let message: ReceiptMessage | undefined;
    try {
      if (fault.error) throw fault.error;
      message = adapter.read(raw);
      adapter.translate(message);
      const now = `2022-03-07T11:00:${String(10 + accepted.size)}.000Z`;
      const verdict = { accepted: true, warnings: [] } as const;
      const [answer] = adapter.acknowledge(message, raw, verdict, { ...context, now }) ?? [];
      if (!answer) throw new Error('no answer');
      const key = `${partner.id} ${adapter.head(message).controlId}`;
      const digest = createHash('sha256').update(raw).digest('hex');
      const known = accepted.get(key);
      if (known && known.digest !== digest) throw new GatewayError('control-id-reused', 'reused');
      if (!known) accepted.set(key, { digest, answer });
      return known?.answer ?? answer;
    } catch (thrown) {
      const error = asGatewayError(thrown);
      const verdict = { accepted: false, error } as const;
      const [answer] = adapter.acknowledge(message, raw, verdict, context) ?? [];
      if (!answer) throw new Error('no answer', { cause: thrown });
      return answer;
    }
  };
  return { partners, receive, accepted, fault };
}

let closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  closing = [];
});

const cases: Readonly<Record<string, string>> = {
  'case-1': 'municipality-1480',
  'case-2': 'care-2',
};

async function startEndpoint(more: { requestsPerMinute?: number; mayAnswer?: () => never } = {}) {
  const tokens = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];
  const partners = [municipality, primaryCare].map((partner, index) => ({
    ...partner,
    tokenSha256: createHash('sha256')
      .update(tokens[index] ?? '')
      .digest(),
  }));
  const memory = memoryReceive(partners);
  const statuses: [string | undefined, number][] = [];
  const app = express();
  app.use(
    receiptsRouter({
      partners: () => partners,
      receive: memory.receive,
      dispute: memory.receive,
      mayAnswer: async (receivers, reference) => receivers.includes(cases[reference] ?? ''),
      maxBodyBytes: 2000,
      requestsPerMinute: 1000,
      onAnswered: (partner, status) => void statuses.push([partner, status]),
      ...more,
    }),
  );
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const { port } = address;
  const url = `http://127.0.0.1:${port}`;
  const post = async (
    value: unknown,
    headers: Record<string, string> = {},
    method = 'POST',
    token = tokens[0] ?? '',
  ): Promise<{
    status: number;
    body: string;
    json: z.infer<typeof problemOrAnswer>;
    headers: Headers;
  }> => {
    const response = await fetch(`${url}/receipts`, {
      method,
      headers: {
        'content-type': 'application/cloudevents+json',
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(method === 'GET' ? {} : { body: new Uint8Array(bytes(value)) }),
    });
    const body = await response.text();
    const json = problemOrAnswer.parse(JSON.parse(body));
    return { status: response.status, body, json, headers: response.headers };
  };
  return { url, port, post, tokens, statuses, ...memory };
}

function checked(...digests: Uint8Array[]): void {
  checkTokens(
    digests.map((tokenSha256, index) => ({ ...municipality, id: `p${index}`, tokenSha256 })),
  );
}

describe('the endpoint', () => {
  test('takes a receipt and answers 202 with its id', async () => {
    const { post, accepted, statuses } = await startEndpoint();
    const { status, json, headers } = await post(event());
    expect(status).toBe(202);
    expect(json).toMatchObject({ status: 202, id: 'e-1' });
    expect(headers.get('content-type')).toContain('application/json');
    expect(accepted.size).toBe(1);
    expect(statuses).toEqual([['goteborg', 202]]);
  });

  test('gives a repeat the same answer, byte by byte', async () => {
    const { post } = await startEndpoint();
    const first = await post(event());
    await post(event({ id: 'e-2' }));
    const again = await post(event());
    expect([again.status, again.body]).toEqual([first.status, first.body]);
  });

  test('answers 409 for an id used again with other content', async () => {
    const { post } = await startEndpoint();
    await post(event());
    const { status, headers } = await post(event({ time: '2022-03-07T13:00:00+01:00' }));
    expect(status).toBe(409);
    expect(headers.get('content-type')).toContain('application/problem+json');
  });

  test.each([
    ['no token', ''],
    ['a wrong token', 'wrong'],
    ['a very long token', 'x'.repeat(5000)],
  ])('answers 401 to %s, and takes nothing', async (_, token) => {
    const { post, accepted, statuses } = await startEndpoint();
    const { status, headers } = await post(event(), {}, 'POST', token);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('Bearer');
    expect(accepted.size).toBe(0);
    expect(statuses).toEqual([[undefined, 401]]);
  });

  test('answers 401 to another scheme and to the digest of a token', async () => {
    const { post, tokens } = await startEndpoint();
    const digest = createHash('sha256')
      .update(tokens[0] ?? '')
      .digest('hex');
    expect((await post(event(), {}, 'POST', digest)).status).toBe(401);
    const basic = await post(event(), { authorization: `Basic ${tokens[0]}` }, 'POST', '');
    expect(basic.status).toBe(401);
  });

  test('answers 403 for a type that is not for this kind of partner', async () => {
    const { post, accepted } = await startEndpoint();
    const value = event({
      type: 'se.hemgang.outpatient-care.availability-set.v1',
      data: { availability: 'unavailable' },
    });
    expect((await post(value)).status).toBe(403);
    expect(accepted.size).toBe(0);
  });

  test('answers an unknown case and a case of somebody else with the same bytes', async () => {
    const { post, tokens, accepted } = await startEndpoint();
    const unknown = await post(event({ subject: 'case-99' }));
    const others = await post(event({ subject: 'case-2', id: 'e-3' }));
    expect([unknown.status, others.status]).toEqual([404, 404]);
    expect(others.body).toBe(unknown.body);
    expect(accepted.size).toBe(0);
    expect((await post(event({ subject: 'case-2' }), {}, 'POST', tokens[1])).status).toBe(202);
  });

  test('answers a case that vanished before the commit with those bytes too', async () => {
    const { post, fault } = await startEndpoint();
    const unknown = await post(event({ subject: 'case-99' }));
    fault.error = new GatewayError('unknown-case', 'no such case');
    const { status, body } = await post(event());
    expect([status, body]).toEqual([404, unknown.body]);
  });

  test.each([
    ['not JSON', '{', 400],
    ['an empty body', '', 400],
    ['no subject', event({ subject: undefined }), 400],
    ['an unknown type', event({ type: 'com.example.x' }), 422],
    ['wrong data', event({ data: { obligation: 'party' } }), 400],
  ])('answers %s by what is wrong', async (_, value, expected) => {
    const { post, accepted } = await startEndpoint();
    const { status, json } = await post(value);
    expect(status).toBe(expected);
    expect(json.detail).toEqual(expect.any(String));
    expect(accepted.size).toBe(0);
  });

  test('answers 413 to a body that is too large, announced or not', async () => {
    const { post, url, tokens } = await startEndpoint();
    const large = event({ data: { deliveryId: 'x'.repeat(3000) } });
    expect((await post(large)).status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes(large));
        controller.close();
      },
    });
    const chunked = await fetch(`${url}/receipts`, {
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents+json',
        authorization: `Bearer ${tokens[0]}`,
      },
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(413);
    await chunked.text();
  });

  test.each([
    ['application/json'],
    ['text/plain'],
    ['application/cloudevents-batch+json'],
    ['application/cloudevents+json; charset=iso-8859-1'],
  ])('answers 415 to %s', async (type) => {
    const { post } = await startEndpoint();
    const { status, headers } = await post(event(), { 'content-type': type });
    expect(status).toBe(415);
    expect(headers.get('accept')).toBe('application/cloudevents+json');
  });

  test('answers 415 to a compressed body', async () => {
    const { post } = await startEndpoint();
    expect((await post(event(), { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  test('takes a content type with charset=utf-8', async () => {
    const { post } = await startEndpoint();
    const type = 'application/cloudevents+json; charset=UTF-8';
    expect((await post(event(), { 'content-type': type })).status).toBe(202);
  });

  test('answers 405 to anything but POST', async () => {
    const { post } = await startEndpoint();
    const { status, headers } = await post(undefined, {}, 'GET');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('answers 503 with Retry-After when the journal is away, and takes it later', async () => {
    const { post, fault } = await startEndpoint();
    fault.error = new GatewayError('journal-unavailable', 'the disk at /secret is gone');
    const { status, headers, body } = await post(event());
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(body).not.toContain('secret');
    delete fault.error;
    expect((await post(event())).status).toBe(202);
  });

  test('answers 503 when the journal cannot say whose case it is, and 500 for our own bug', async () => {
    const away = await startEndpoint({
      mayAnswer: () => {
        throw new GatewayError('journal-unavailable', 'gone');
      },
    });
    const { status, headers } = await away.post(event());
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    const broken = await startEndpoint({
      mayAnswer: () => {
        throw new TypeError('x of undefined');
      },
    });
    const bug = await broken.post(event());
    expect(bug.status).toBe(500);
    expect(bug.body).not.toContain('undefined');
  });

  test('limits each partner by itself', async () => {
    const { post, tokens } = await startEndpoint({ requestsPerMinute: 2 });
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await post(event())).status);
    expect(statuses).toEqual([202, 202, 429]);
    const limited = await post(event());
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await post(event({ subject: 'case-2' }), {}, 'POST', tokens[1])).status).toBe(202);
  });

  test('strangers wear out their own limit, never a partner’s', async () => {
    const { post } = await startEndpoint({ requestsPerMinute: 20 });
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await post(event(), {}, 'POST', 'no')).status);
    expect(statuses).toEqual([401, 401, 429]);
    expect((await post(event())).status).toBe(202);
  });

  test('says nothing of itself and is not cached', async () => {
    const { post } = await startEndpoint();
    const { headers } = await post(event());
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('takes nothing of a body that is cut off', async () => {
    const { port, tokens, accepted, post } = await startEndpoint();
    const body = bytes(event());
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          `POST /receipts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens[0]}\r\n` +
            `content-type: application/cloudevents+json\r\ncontent-length: ${body.length}\r\n\r\n`,
        );
        socket.write(body.subarray(0, 40), () => socket.resetAndDestroy());
      });
      socket.on('close', () => resolve());
      socket.on('error', () => undefined);
    });
    expect((await post(event({ id: 'e-9' }))).status).toBe(202);
    expect(accepted.size).toBe(1);
  });

  test('does not start with one token for two partners, or a digest that is none', () => {
    const invalid = expect.objectContaining({ code: 'configuration-invalid' });
    expect(() => checked(Buffer.alloc(32), Buffer.alloc(32))).toThrow(invalid);
    expect(() => checked(Buffer.alloc(31))).toThrow(invalid);
    expect(() => checked(Buffer.alloc(32, 1), Buffer.alloc(32, 2))).not.toThrow();
  });
});

describe('a simulated receiver and the endpoint', () => {
  test('a notice delivered comes back as an acknowledgement of its case and delivery', async () => {
    const { url, tokens, accepted } = await startEndpoint();
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const receiver = await simulatedMunicipality({ secrets: [secret] });
    closing.push(() => receiver.close());
    receiver.connect({
      gatewayUrl: url,
      token: tokens[0] ?? '',
      now: () => '2022-03-07T11:00:00.000Z',
    });
    const outbound = webhookNotices({
      url: receiver.url,
      secrets: [secret],
      timeoutMs: 5000,
      idempotent: true,
      allowPrivate: true,
      words: loadMunicipalWords(),
      nowSeconds: () => Math.floor(Date.now() / 1000),
    });
    closing.push(() => outbound.close());
    const body = JSON.stringify({
      type: 'notice.issued',
      timestamp: '2022-03-07T10:59:00.000Z',
      data: { caseReference: 'case-1', obligation: 'admission-notice' },
    });
    await outbound.deliver(
      'd-1',
      { contentType: 'application/json', parts: [{ name: 'd-1.json', body }] },
      new AbortController().signal,
    );
    await expect.poll(() => receiver.inFlight()).toBe(0);
    expect(receiver.failures).toEqual([]);
    expect(accepted.size).toBe(1);
  });

  test('facts of primary care are answered with their status, a repeat like the first', async () => {
    const { url, tokens, accepted } = await startEndpoint();
    const care = await simulatedMunicipality({
      secrets: [`whsec_${randomBytes(32).toString('base64')}`],
    });
    closing.push(() => care.close());
    care.connect({ gatewayUrl: url, token: tokens[1] ?? '' });
    const fact = {
      caseReference: 'case-2',
      type: 'planning.called' as const,
      data: { calledBy: 'fixed-care-contact' },
      time: '2022-03-08T09:00:00+01:00',
      id: 'call-1',
    };
    expect([await care.answer(fact), await care.answer(fact)]).toEqual([202, 202]);
    expect(await care.answer({ ...fact, caseReference: 'case-1', id: 'call-2' })).toBe(404);
    expect(accepted.size).toBe(1);
  });
});
