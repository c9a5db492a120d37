/** Notices as files over SFTP: a real client and a real server on a real line, with what goes wrong on it. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DeliveryReceipt, Outbound, OutboundNotice, Rendered } from '../adapters/adapter.ts';
import { sftpNotices, type SftpNoticeSettings } from '../adapters/outbound/notices/sftp.ts';
import {
  simulatedSftp,
  type SftpBehaviour,
  type SimulatedSftp,
} from '../adapters/simulated/municipality/index.ts';
import { newKeyPair } from '../adapters/simulated/municipality/sftp.ts';
import { lookupFor } from '../adapters/wire/target.ts';
import { GatewayError } from '../gateway/errors.ts';
import type { ReminderData } from '../gateway/process/events.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { pdf } from './support/pdf.ts';
import { hostileNames, noticeOf, noticePerson } from './support/notices.ts';

const words = loadMunicipalWords();
const never = new AbortController().signal;
const password = 'synthetic-password';

let opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.toReversed()) await close();
  opened = [];
});

let pair: { readonly private: string; readonly public: string };
beforeAll(() => {
  pair = newKeyPair();
});

async function server(byKey = false): Promise<SimulatedSftp> {
  const letsIn = byKey ? { publicKey: pair.public } : { password };
  const started = await simulatedSftp({ user: 'region', letsIn });
  opened.push(() => started.close());
  return started;
}

function channelTo(at: SimulatedSftp, more: Partial<SftpNoticeSettings> = {}): Outbound {
  const channel = sftpNotices({
    host: at.host,
    port: at.port,
    lookup: lookupFor(at.host, 'encrypted', true, 'sftp host'),
    user: 'region',
    proof: { password },
    hostKeys: [at.hostKey()],
    timeoutMs: 5000,
    folder: 'in',
    words,
    parts: ['json'],
    pdf,
    idempotent: true,
    ...more,
  });
  opened.push(() => channel.close());
  return channel;
}

async function send(
  channel: Outbound,
  rendered: Rendered | Promise<Rendered> = channel.render(noticeOf()),
  signal = never,
): Promise<DeliveryReceipt> {
  return await channel.deliver('d-1', await rendered, signal);
}

async function failure(attempt: Promise<unknown>): Promise<GatewayError> {
  const thrown: unknown = await attempt.then(
    () => new Error('it was delivered'),
    (error: unknown) => error,
  );
  if (thrown instanceof GatewayError) return thrown;
  throw thrown;
}

const name = `${noticeOf().deliveryId}.json`;

/** One that was not sent before. */
const fresh = (more: Partial<OutboundNotice> = {}): OutboundNotice =>
  noticeOf('discharge-ready-notice', 'issued', {}, { deliveryId: randomUUID(), ...more });

describe('a notice over SFTP', () => {
  test('is delivered when its rename is confirmed, whole and under its delivery id alone', async () => {
    const at = await server();
    const channel = channelTo(at);
    const rendered = await channel.render(noticeOf());
    expect(await send(channel, rendered)).toEqual({
      proof: 'receiver-answer',
      detail: 'rename confirmed',
    });
    expect(at.received).toEqual([{ name, body: rendered.parts[0]?.body }]);
    expect([...at.files.keys()]).toEqual([name]);
    expect(JSON.parse(at.received[0]?.body ?? '')).toMatchObject({ type: 'notice.issued' });
  });

  test('goes by a private key as by a password', async () => {
    const at = await server(true);
    await send(channelTo(at, { proof: { privateKey: pair.private } }));
    expect(at.received).toHaveLength(1);
  });

  test('that stands there already is delivered and not written again', async () => {
    const at = await server();
    const channel = channelTo(at);
    await send(channel);
    expect(await send(channel)).toMatchObject({ detail: 'the same file stands there' });
    expect(at.received).toHaveLength(1);
  });

  test('writes over what stands under its name with other content, and over a torn .tmp', async () => {
    const at = await server();
    at.put(name, '{"half":');
    at.put(`${name}.tmp`, 'torn');
    await send(channelTo(at));
    expect([...at.files.keys()]).toEqual([name]);
    expect(JSON.parse(at.files.get(name)?.toString('utf8') ?? '')).toMatchObject({
      type: 'notice.issued',
    });
  });

  test('shares one connection with those before it, and makes a new one when that was ended', async () => {
    const at = await server();
    const channel = channelTo(at);
    const each = Array.from({ length: 8 }, () => fresh());
    await Promise.all(each.map((notice) => send(channel, channel.render(notice))));
    expect(at.received).toHaveLength(8);
    expect(at.connections()).toEqual({ made: 1, open: 1 });
    at.setBehaviour('cut-writing');
    await failure(send(channel, channel.render(fresh())));
    at.setBehaviour('accept');
    await send(channel);
    expect(at.connections().made).toBe(2);
  });

  test('with a hostile name is read as it was written, and the name stands in no file name', async () => {
    const at = await server();
    const channel = channelTo(at);
    for (const hostile of hostileNames) {
      const patient = { ...noticePerson, family: hostile };
      await send(channel, channel.render(fresh({ patient })));
      const { name: file, body } = at.received.at(-1) ?? { name: '', body: '' };
      expect(file).toMatch(/^[0-9a-f-]{36}\.json$/);
      expect(JSON.parse(body)).toMatchObject({ data: { content: { name: { family: hostile } } } });
    }
  });
});

describe('a notice of several files', () => {
  const all = ['json', 'pdf', 'text'] as const;
  const id = name.replace('.json', '');
  const names = [`${id}.pdf`, `${id}.txt`, name];

  test('gets its names in one order whatever was asked for first, and its JSON last', async () => {
    const at = await server();
    await send(channelTo(at, { parts: all }));
    expect(at.received.map((file) => file.name)).toEqual(names);
    expect(at.files.get(`${id}.pdf`)?.subarray(0, 5).toString()).toBe('%PDF-');
    expect(at.files.get(`${id}.txt`)?.toString('utf8')).toMatch(/^[^\n]+\n\n/);
    expect(JSON.parse(at.files.get(name)?.toString('utf8') ?? '')).toMatchObject({
      type: 'notice.issued',
    });
  });

  test('is the files that were agreed on, and no other', async () => {
    const at = await server();
    await send(channelTo(at, { parts: ['pdf'] }));
    expect([...at.files.keys()]).toEqual([`${id}.pdf`]);
  });

  test.each<[SftpBehaviour, string, string, number]>([
    ['full', 'delivery-failed', 'SFTP 4', 0],
    ['half', 'delivery-failed', 'SFTP 4', 0],
    ['read-only', 'delivery-refused', 'SFTP 3', 0],
    // Those before it had their names, and lose them again.
    ['locked', 'delivery-failed', 'SFTP 4', 2],
  ])('that the server refuses in the middle leaves nothing there (%s)', async (...row) => {
    const [fault, code, standardCode, renamed] = row;
    const at = await server();
    const channel = channelTo(at, { parts: all });
    at.setBehaviour(fault, '.json');
    expect(await failure(send(channel))).toMatchObject({ code, standardCode });
    expect(at.received).toHaveLength(renamed);
    expect([...at.files.keys()].filter((left) => !left.endsWith('.tmp'))).toEqual([]);
    at.setBehaviour('accept');
    await send(channel);
    expect([...at.files.keys()].toSorted()).toEqual(names.toSorted());
  });

  test.each<[SftpBehaviour, string, string, string, number]>([
    ['cut-renamed', '.pdf', 'delivery-failed', 'nothing was handed over', 1],
    ['cut-renaming', '.txt', 'delivery-failed', 'nothing was handed over', 1],
    ['cut-renaming', '.json', 'delivery-unknown', 'rename not confirmed', 2],
    ['cut-renamed', '.json', 'delivery-unknown', 'rename not confirmed', 3],
  ])('that is %s at its %s: %s, and the next attempt makes it whole', async (...row) => {
    const [fault, at, code, what, renamed] = row;
    const there = await server();
    const channel = channelTo(there, { parts: all });
    there.setBehaviour(fault, at);
    const error = await failure(send(channel));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(what)]);
    expect(there.received).toHaveLength(renamed);
    there.setBehaviour('accept');
    expect((await send(channel)).proof).toBe('receiver-answer');
    // What had its name is not written again.
    expect(there.received.map((file) => file.name)).toEqual(names);
    expect([...there.files.keys()].toSorted()).toEqual(names.toSorted());
  });

  test('whose last file stands there was whole, though the receiver has taken the others', async () => {
    const at = await server();
    const channel = channelTo(at, { parts: all });
    await send(channel);
    at.take(`${id}.pdf`);
    expect(await send(channel)).toMatchObject({ detail: 'the same file stands there' });
    expect(at.received).toHaveLength(3);
  });

  test('is reminded of by the same files', async () => {
    const { event, notice } = noticeOf();
    const reminder: ReminderData = {
      ...notice,
      receiver: 'goteborg',
      deliveryId: id,
      deliveredAt: '2022-03-07T11:00:00.000Z',
    };
    const channel = channelTo(await server(), { parts: ['text', 'json'] });
    const told = { ...event, id: 'r-1', type: 'notice.reminded', data: reminder } as const;
    const of = { deliveryId: 'r-1', event: told, reminder, caseReference: 'case-1' };
    const rendered = await channel.remind?.(of);
    expect(rendered?.parts.map((part) => part.name)).toEqual(['r-1.txt', 'r-1.json']);
    const { title, body } = JSON.parse(rendered?.parts[1]?.body ?? '').data.text;
    expect(rendered?.parts[0]?.body).toBe(`${title}\n\n${body}\n`);
    expect(body).toContain('case-1');
  });
});

describe('the host key', () => {
  test('that was not agreed on ends it before anything is sent, and is named with the next step', async () => {
    const at = await server();
    const agreed = at.hostKey();
    const shown = at.changeHostKey();
    const error = await failure(send(channelTo(at, { hostKeys: [agreed] })));
    expect(error).toMatchObject({ code: 'delivery-failed', fate: 'transient' });
    expect(error.message).toContain(`${shown} (ssh-ed25519)`);
    expect(error.message).toContain('next: ask the receiver');
    expect(at.files.size).toBe(0);
  });

  test('may be one of two while it is exchanged', async () => {
    const at = await server();
    const before = at.hostKey();
    const channel = channelTo(at, { hostKeys: [before, at.changeHostKey()] });
    await send(channel);
    expect(at.received).toHaveLength(1);
  });
});

describe('what is known of a failure over SFTP', () => {
  test.each<[SftpBehaviour, string, string | undefined]>([
    ['no-login', 'delivery-refused', 'AUTH'],
    ['read-only', 'delivery-refused', 'SFTP 3'],
    ['no-folder', 'delivery-refused', 'SFTP 2'],
    ['full', 'delivery-failed', 'SFTP 4'],
    ['half', 'delivery-failed', 'SFTP 4'],
    ['cut-writing', 'delivery-failed', undefined],
    ['cut-renaming', 'delivery-unknown', 'CLOSED'],
    ['cut-renamed', 'delivery-unknown', 'CLOSED'],
  ])('%s: %s', async (behaviour, code, standardCode) => {
    const at = await server();
    const channel = channelTo(at);
    at.setBehaviour(behaviour);
    const error = await failure(send(channel));
    expect({ code: error.code, standardCode: error.standardCode }).toEqual({ code, standardCode });
    expect(at.files.has(name)).toBe(behaviour === 'cut-renamed');
    at.setBehaviour('accept');
    // Whatever happened, the next attempt leaves one whole file and no other.
    expect((await send(channel)).proof).toBe('receiver-answer');
    expect([...at.files.keys()]).toEqual([name]);
    expect(at.received).toHaveLength(1);
  });

  test('a server that never answers is waited for so long and no longer; nothing was handed over', async () => {
    const at = await server();
    const channel = channelTo(at, { timeoutMs: 1000 });
    at.setBehaviour('hang');
    const waiting = [send(channel), send(channel)];
    const errors = await Promise.all(waiting.map(failure));
    expect(errors.map(({ code }) => code)).toEqual(['delivery-failed', 'delivery-failed']);
    // The second has no turn, or one too short to connect in.
    expect(errors[0]?.message).toBe('sftp: nothing was handed over (TIMEOUT)');
    expect(errors[1]?.message).toMatch(/^sftp: (no turn|not connected) \(TIMEOUT\)$/);
  });

  test('an attempt that we stop ourselves is not called the receiver’s fault', async () => {
    const at = await server();
    const channel = channelTo(at);
    at.setBehaviour('hang');
    const stop = new AbortController();
    const attempt = failure(send(channel, channel.render(noticeOf()), stop.signal));
    setTimeout(() => stop.abort(), 100);
    expect(await attempt).toMatchObject({ code: 'delivery-failed', standardCode: 'ABORTED' });
  });

  test('nobody listens: nothing was sent, and it is the receiver’s machine that says so', async () => {
    const at = await server();
    const channel = channelTo(at);
    await at.close();
    opened = opened.slice(1);
    expect(await failure(send(channel))).toMatchObject({
      code: 'delivery-failed',
      standardCode: 'ECONNREFUSED',
    });
  });

  test('says nothing of the person, whatever fails', async () => {
    const at = await server();
    for (const behaviour of ['read-only', 'full', 'cut-writing', 'cut-renaming'] as const) {
      at.setBehaviour(behaviour);
      const error = await failure(send(channelTo(at)));
      expect(error.message).not.toMatch(/Påhittad|Testa|1950|Exempel|Göteborg/);
    }
  });
});

test('a host in our own network is refused unless it may be there', () => {
  expect(() => lookupFor('10.1.2.3', 'encrypted', false, 'sftp host')).toThrow(
    expect.objectContaining({ code: 'configuration-invalid' }),
  );
  expect(() => lookupFor('10.1.2.3', 'encrypted', true, 'sftp host')).not.toThrow();
});

test('a name that points into our own network is not connected to', async () => {
  const at = await server();
  const lookup = lookupFor('localhost', 'encrypted', false, 'sftp host');
  const error = await failure(send(channelTo(at, { host: 'localhost', lookup })));
  expect(error).toMatchObject({ code: 'delivery-failed', standardCode: undefined });
  expect(error.message).toContain('EADDRBLOCKED');
  expect(at.connections().made).toBe(0);
});
