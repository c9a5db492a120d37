/** Notices as ADT by MLLP: what a receiver reads, and what is known of each answer that it can give. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { DeliveryReceipt, Outbound, OutboundNotice } from '../adapters/adapter.ts';
import { hl7v2InboundOf } from '../adapters/inbound/hl7v2/index.ts';
import { triggerOf } from '../adapters/outbound/notices/adt-triggers.ts';
import { controlIdOf, renderAdt, type AdtAgreement } from '../adapters/outbound/notices/adt.ts';
import { mllpNotices, type MllpNoticeSettings } from '../adapters/outbound/notices/mllp.ts';
import {
  simulatedMllp,
  type MllpBehaviour,
  type SimulatedMllp,
} from '../adapters/simulated/municipality/index.ts';
import { GatewayError } from '../gateway/errors.ts';
import { noticedObligations } from '../gateway/process/events.ts';
import { decisionId, deliveryIdOf } from '../gateway/process/ids.ts';
import { loadMappings } from '../mappings/index.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { makeCertificates } from './support/certificates.ts';
import { hostileNames, keyOf, noticeOf, noticePerson } from './support/notices.ts';

const words = loadMunicipalWords();
const corpus = join(import.meta.dirname, 'corpus', 'municipal-adt');
const actions = ['issued', 'corrected', 'withdrawn'] as const;
const never = new AbortController().signal;
const agreement: AdtAgreement = {
  sendingApplication: 'HEMGANG',
  sendingFacility: 'REGION',
  receivingApplication: 'OMSORG',
  receivingFacility: 'KOMMUN',
  processingId: 'P',
  enhanced: false,
  assigningAuthority: 'HEMGANG',
};

let opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.toReversed()) await close();
  opened = [];
});

async function receiver(
  settings: Parameters<typeof simulatedMllp>[0] = {},
): Promise<SimulatedMllp> {
  const started = await simulatedMllp(settings);
  opened.push(() => started.close());
  return started;
}

function channelTo(at: SimulatedMllp, more: Partial<MllpNoticeSettings> = {}): Outbound {
  const channel = mllpNotices({
    ...agreement,
    host: at.host,
    port: at.port,
    timeoutMs: 5000,
    idempotent: true,
    words,
    ...more,
  });
  opened.push(() => channel.close());
  return channel;
}

async function send(
  channel: Outbound,
  notice = noticeOf(),
  signal = never,
): Promise<DeliveryReceipt> {
  return await channel.deliver(notice.deliveryId, await channel.render(notice), signal);
}

async function failure(attempt: Promise<unknown>): Promise<GatewayError> {
  const thrown: unknown = await attempt.then(
    () => new Error('it was delivered'),
    (error: unknown) => error,
  );
  if (thrown instanceof GatewayError) return thrown;
  throw thrown;
}

const textOf = (notice: OutboundNotice): string =>
  renderAdt(notice, words, agreement).parts[0]?.body ?? '';
const segmentOf = (text: string, name: string): string[] =>
  (text.split('\r').find((one) => one.startsWith(`${name}|`)) ?? '').split('|');

describe('a notice as ADT', () => {
  const inbound = hl7v2InboundOf(loadMappings())('norrtuna');
  const read = (notice: OutboundNotice) =>
    inbound.translate(inbound.read(Buffer.from(textOf(notice), 'utf8')));

  test('is read by our own reader: the person, the case as the stay, and what happened', () => {
    const { stay, patient, facts } = read(noticeOf('admission-notice'));
    expect(stay).toMatchObject({ by: 'visit', number: 'c-7f3a' });
    expect(patient).toEqual(noticePerson);
    expect(facts.map(({ type, occurredAt }) => [type, occurredAt])).toContainEqual([
      'patient.admitted',
      '2022-03-01T08:00:00.000Z',
    ]);
    expect(facts).toContainEqual(
      expect.objectContaining({
        type: 'discharge-estimate.set',
        data: { expectedDischarge: '2022-03-09T11:00:00.000Z' },
      }),
    );
  });

  test.each([
    ['discharge-notice', 'issued', 'patient.discharged'],
    ['death-notice', 'issued', 'patient.deceased'],
    ['discharge-notice', 'withdrawn', 'discharge.cancelled'],
    ['admission-notice', 'withdrawn', 'admission.cancelled'],
    ['discharge-ready-notice', 'withdrawn', 'discharge-readiness.withdrawn'],
    ['discharge-estimate', 'withdrawn', 'discharge-estimate.withdrawn'],
  ] as const)('%s, %s, means %s to our own reader', (obligation, action, type) => {
    const content = { dischargedAt: '2022-03-09T10:00:00.000Z', deceasedOn: '2022-03-09' };
    const { facts } = read(noticeOf(obligation, action, { content }));
    expect(facts.map((fact) => fact.type)).toContain(type);
  });

  const told = noticedObligations
    .filter((obligation) => triggerOf(obligation, 'issued') !== undefined)
    .flatMap((obligation) => actions.map((action) => [obligation, action] as const));

  test.each(told)('%s, %s, stands as its golden file has it, a line a segment', (...which) => {
    const text = textOf(noticeOf(...which)).replaceAll('\r', '\n');
    expect(text).toBe(readFileSync(join(corpus, `${which.join('-')}.hl7`), 'utf8'));
  });

  test('says when the patient was found ready in EVN-6, and that it is that notice in ZHG', () => {
    const text = textOf(noticeOf('discharge-ready-notice', 'corrected'));
    expect(segmentOf(text, 'MSH')[8]).toBe('ADT^A16^ADT_A16');
    expect(segmentOf(text, 'EVN')[6]).toBe('20220307115800+0100');
    expect(segmentOf(text, 'ZHG').slice(1)).toEqual([
      'discharge-ready-notice',
      'corrected',
      '2',
      decisionId(keyOf('discharge-ready-notice'), 2),
      decisionId(keyOf('discharge-ready-notice'), 1),
      'social-services',
      noticeOf().notice.reference,
    ]);
  });

  test.each(hostileNames)(
    'with the name %j holds no separator of its own, and is read whole',
    (hostile) => {
      const patient = { ...noticePerson, family: hostile, given: `${hostile} ${hostile}` };
      const notice = noticeOf('admission-notice', 'issued', {}, { patient });
      const text = textOf(notice);
      expect(text.split('\r').map((segment) => segment.slice(0, 4))).toEqual([
        'MSH|',
        'EVN|',
        'PID|',
        'PV1|',
        'PV2|',
        'ZHG|',
        '',
      ]);
      // oxlint-disable-next-line no-control-regex -- what must not be there
      expect(text.replaceAll('\r', '')).not.toMatch(/[\u0000-\u001f\u007f]/);
      const family = hostile.replace(/\p{Cc}+/gu, ' ').trim();
      expect(read(notice).patient?.family).toBe(family);
    },
  );

  test('withdrawn says nothing of the person, whatever it withdraws', () => {
    for (const obligation of noticedObligations) {
      if (triggerOf(obligation, 'withdrawn') === undefined) continue;
      const text = textOf(noticeOf(obligation, 'withdrawn'));
      expect(text).not.toMatch(
        /Testa|Påhittad|19500907|Exempelgatan|412 50|Eklidens|20220307115800/,
      );
      expect(segmentOf(text, 'PID')[3]).toBe('c-7f3a^^^HEMGANG^PI');
      expect(segmentOf(text, 'PV1')[19]).toBe('c-7f3a^^^HEMGANG^VN');
    }
  });

  test('never says the ward, nor the number of a hospital', () => {
    const local = { authority: 'urn:local', value: 'L-77', kind: 'local' } as const;
    for (const obligation of noticedObligations) {
      if (triggerOf(obligation, 'issued') === undefined) continue;
      const patient = { ...noticePerson, numbers: [local, ...noticePerson.numbers] };
      expect(textOf(noticeOf(obligation, 'issued', {}, { patient }))).not.toMatch(/Avdelning|L-77/);
    }
  });

  test('is refused for a held one, and for a call to planning, which is no event of a stay', () => {
    for (const notice of [
      noticeOf('discharge-ready-notice', 'issued', { held: true }),
      noticeOf('planning-call'),
    ]) {
      expect(() => textOf(notice)).toThrow(expect.objectContaining({ code: 'unroutable' }));
    }
  });

  test('has a control id of 20 characters at most, of its own for each delivery', () => {
    const ids = Array.from({ length: 2000 }, (_, at) => controlIdOf(deliveryIdOf(`n-${at}`, 'r')));
    expect(new Set(ids).size).toBe(2000);
    expect(ids.every((id) => /^[0-9a-f]{20}$/.test(id))).toBe(true);
  });
});

describe('a notice by MLLP', () => {
  test('is delivered when AA comes; a repeat goes under the same control id', async () => {
    const at = await receiver();
    const channel = channelTo(at);
    expect(await send(channel)).toEqual({ proof: 'receiver-answer', detail: 'AA' });
    await send(channel);
    expect(at.received.map(({ controlId, repeat }) => [controlId, repeat])).toEqual([
      [controlIdOf(noticeOf().deliveryId), false],
      [controlIdOf(noticeOf().deliveryId), true],
    ]);
    expect(at.received[0]?.text).toBe(textOf(noticeOf()));
    expect(at.connections()).toEqual({ made: 1, open: 1 });
  });

  test('waits for AA after CA where both were asked for', async () => {
    const at = await receiver();
    const channel = channelTo(at, { enhanced: true });
    expect(await send(channel)).toMatchObject({ detail: 'AA' });
    expect(segmentOf(at.received[0]?.text ?? '', 'MSH').slice(14, 16)).toEqual(['AL', 'AL']);
  });

  test('a commit without AA is not delivered: it may be', async () => {
    const at = await receiver();
    at.setBehaviour('commit-only');
    const channel = channelTo(at, { enhanced: true, timeoutMs: 400 });
    expect(await failure(send(channel))).toMatchObject({ code: 'delivery-unknown' });
    expect(await failure(send(channelTo(at)))).toMatchObject({
      code: 'delivery-unknown',
      standardCode: 'CA',
    });
  });

  test.each<[MllpBehaviour, string, string]>([
    [{ code: 'AE', condition: '101' }, 'delivery-refused', 'AE 101'],
    [{ code: 'AE' }, 'delivery-refused', 'AE'],
    [{ code: 'AR', condition: '200' }, 'delivery-refused', 'AR 200'],
    [{ code: 'AR', condition: '207' }, 'delivery-failed', 'AR 207'],
    [{ code: 'AR', condition: '206' }, 'delivery-failed', 'AR 206'],
    [{ code: 'AE', condition: '207' }, 'delivery-failed', 'AE 207'],
    [{ code: 'AR' }, 'delivery-failed', 'AR'],
    [{ code: 'CE', condition: '102' }, 'delivery-refused', 'CE 102'],
    [{ code: 'CR', condition: '207' }, 'delivery-failed', 'CR 207'],
    ['vanish', 'delivery-unknown', 'CLOSED'],
    ['half', 'delivery-unknown', 'CLOSED'],
  ])('answered %j is %s', async (behaviour, code, standardCode) => {
    const at = await receiver();
    const channel = channelTo(at);
    at.setBehaviour([behaviour]);
    const error = await failure(send(channel));
    expect({ code: error.code, standardCode: error.standardCode }).toEqual({ code, standardCode });
    expect(error.message).not.toMatch(/Påhittad|Testa|1950|PID/);
    expect(await send(channel)).toMatchObject({ detail: 'AA' });
  });

  test.each<[MllpBehaviour, string]>([
    ['hang', 'TIMEOUT'],
    ['other-message', 'TIMEOUT'],
    ['html', 'TIMEOUT'],
  ])(
    'answered by %s may have been taken, and the next goes on a new line',
    async (behaviour, code) => {
      const at = await receiver();
      const channel = channelTo(at, { timeoutMs: 400 });
      at.setBehaviour([behaviour]);
      expect(await failure(send(channel))).toMatchObject({
        code: 'delivery-unknown',
        standardCode: code,
      });
      expect(await send(channel)).toMatchObject({ detail: 'AA' });
      expect(at.connections().made).toBe(2);
    },
  );

  test('goes on a new line after a restart of theirs; where repeats are not recognised each has its own', async () => {
    const at = await receiver();
    const kept = channelTo(at);
    await send(kept);
    at.disconnect();
    await expect.poll(() => at.connections().open).toBe(0);
    expect(await send(kept)).toMatchObject({ detail: 'AA' });
    const single = channelTo(at, { idempotent: false });
    await send(single);
    await send(single);
    expect(at.connections().made).toBe(4);
  });

  test('not connected is not sent: the receiver’s machine refused it', async () => {
    const at = await receiver();
    const channel = channelTo(at);
    await at.close();
    opened = opened.slice(1);
    expect(await failure(send(channel))).toMatchObject({
      code: 'delivery-failed',
      standardCode: 'ECONNREFUSED',
    });
  });

  test('stopped by ourselves is not called the receiver’s fault', async () => {
    const at = await receiver();
    at.setBehaviour('hang');
    const stop = new AbortController();
    const attempt = failure(send(channelTo(at), noticeOf(), stop.signal));
    await expect.poll(() => at.received.length).toBe(1);
    stop.abort();
    expect(await attempt).toMatchObject({ code: 'delivery-unknown', standardCode: 'ABORTED' });
  });
});

const folder = mkdtempSync(join(tmpdir(), 'hemgang-mllp-'));
const certificates = makeCertificates(folder);
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!certificates.made)('a notice by MLLP over TLS', () => {
  const { pem } = certificates;
  const ofServer = (name: string) => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) });

  test('shows our certificate to a receiver that asks for one', async () => {
    const tls = { ...ofServer('server'), ca: pem('ca.pem'), requestCert: true };
    const at = await receiver({ tls: { ...tls, rejectUnauthorized: true } });
    const ours = { ca: pem('ca.pem'), servername: 'localhost', ...ofServer('client') };
    expect(await send(channelTo(at, { tls: ours }))).toMatchObject({ detail: 'AA' });
  });

  test('is not sent to a stranger, nor to a certificate of another name', async () => {
    const stranger = await receiver({ tls: ofServer('stranger') });
    const other = await receiver({ tls: ofServer('journal') });
    for (const at of [stranger, other]) {
      const tls = { ca: pem('ca.pem'), servername: 'localhost' };
      expect(await failure(send(channelTo(at, { tls })))).toMatchObject({
        code: 'delivery-failed',
      });
      expect(at.received).toHaveLength(0);
    }
  });
});
