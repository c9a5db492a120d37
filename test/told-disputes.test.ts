/** A municipality's own system disputes an invoice over HTTP: who may, what each hears, and what is written of it. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { receiptsRouter, type KnownPartner } from '../adapters/inbound/receipts/server.ts';
import { createLog } from '../gateway/runtime/log.ts';
import type { Journal } from '../gateway/runtime/journal/journal.ts';
import { outsideEvent } from '../gateway/runtime/bus/events/outside-event.ts';
import { takeDisputes } from '../gateway/wiring/told-disputes.ts';
import { BilledMonths, halland, line, streamOf, userTokens } from './support/billed-months.ts';
import { temporaryFolder } from './support/folder.ts';
import { journalForms } from './support/journal-forms.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const afterInvoiceDay = '2027-03-25T11:00:00.000Z';
const marker = 'Testa Markörsson';

/** Halland's own: an invoice is due in 30 days, and whatever the test agrees on. */
function agreed(values: Readonly<Record<string, number>>): string {
  const folder = temporaryFolder('agreed');
  closing.push(() => folder.remove());
  const path = join(folder.path, 'regions', 'halland');
  mkdirSync(path, { recursive: true });
  const lines = Object.entries({ dueDays: 30, ...values }).map(
    ([name, value]) =>
      `  settlement.${name}: { values: { 2027-01-01: { value: ${value}, reference: Brev 1 } } }\n`,
  );
  const text = `documents: [{ cite: Brev 1, title: Brev 1, seen: true }]\nparameters:\n${lines.join('')}`;
  writeFileSync(join(path, 'agreement.yaml'), text);
  return folder.path;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Halmstad and Falkenberg, each with a system of its own, and primary care; an invoice to Halmstad is issued. */
async function world(
  { place }: (typeof journalForms)[number],
  values: Readonly<Record<string, number>> = {},
) {
  const folder = temporaryFolder('told-disputes');
  closing.push(() => folder.remove());
  const at = place(folder.path);
  closing.push(() => at.remove());
  const journal = await at.open();
  closing.push(() => journal.close());
  const months = new BilledMonths({
    journal,
    folder: folder.path,
    now: afterInvoiceDay,
    overlays: [agreed(values)],
  });
  await months.record(halland, [line('c1', 2), line('c2', 3), line('c3', 1)]);
  await months.approve(halland);
  const logged: string[] = [];
  const log = createLog({
    level: 'debug',
    json: true,
    destination: { write: (text) => void logged.push(text) },
  });
  const partners = (
    [
      ['halmstad', 'municipality', '1380'],
      ['falkenberg', 'municipality', '1382'],
      ['nameless', 'municipality', undefined],
      ['care', 'primary-care', undefined],
    ] as const
  ).map(([id, kind, municipality]): KnownPartner => ({
    id,
    kind,
    receivers: [`${id}-notices`],
    ...(municipality && { municipality }),
    tokenSha256: createHash('sha256').update(tokenOf(id)).digest(),
  }));
  const parts = (by: Journal) => ({
    journal: by,
    clock: months.clock,
    log,
    newId: () => randomUUID(),
  });
  const serve = async (by: Journal): Promise<string> => {
    const app = express();
    app.use(
      receiptsRouter({
        partners: () => partners,
        receive: () => Promise.reject(new Error('no receipt of a case comes here')),
        dispute: takeDisputes(parts(by), () => months.profiles),
        mayAnswer: async () => false,
        maxBodyBytes: 100_000,
        requestsPerMinute: 1000,
      }),
    );
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/receipts`;
  };
  const url = await serve(journal);
  return {
    months,
    journal,
    logged,
    serve,
    tell: (data: object, more: object = {}, who = 'halmstad') => tell(url, data, more, who),
  };
}

const tokenOf = (partner: string): string => `${partner}-`.repeat(5);

async function tell(url: string, data: object, more: object, who: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/cloudevents+json',
      authorization: `Bearer ${tokenOf(who)}`,
    },
    body: JSON.stringify({
      specversion: '1.0',
      id: 'e-1',
      source: '/ekonomi',
      type: 'se.hemgang.billing.disputed.v1',
      subject: '13000001',
      time: '2027-03-25T12:00:00+01:00',
      data,
      ...more,
    }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe.each(journalForms)('a dispute that a municipality tells, in $name', (form) => {
  test('is taken once, is taken up by the first level of the agreement, and says so', async () => {
    const { months, journal, tell: say } = await world(form, { disputeAnswerDays: 14 });
    const data = { cause: 'days', lines: [3, 1], text: `${marker} var hemma` };
    const first = await say(data);
    expect(first).toMatchObject({
      status: 202,
      body: {
        id: 'e-1',
        dispute: {
          number: '13000001',
          level: 1,
          levels: 2,
          who: 'Förhandling mellan parterna',
          answerBy: '2027-04-08',
        },
      },
    });
    months.clock.advanceTo('2027-03-26T11:00:00.000Z');
    expect(await say(data)).toEqual(first);
    const { events } = await journal.loadStream(streamOf(halland));
    const disputes = events.filter(({ event }) => event.type === 'billing.disputed');
    expect(disputes.map(({ event }) => event)).toMatchObject([
      {
        occurredAt: afterInvoiceDay,
        source: { sender: 'halmstad' },
        data: { by: 'halmstad', cause: 'days', lines: [1, 3], level: 1, answerBy: '2027-04-08' },
      },
    ]);
    expect((await months.standing()).state).toBe('disputed');
    // And the region's own people go on from there.
    const berit = { token: userTokens.BERIT, number: '13000001' };
    expect(await months.operate('escalate-dispute', berit)).toMatchObject({ level: 2 });
    await months.operate('uphold-invoice', berit);
    expect(await say(data)).toEqual(first);
    expect((await months.standing()).state).toBe('issued');
  });

  test('of a number there is not and of an invoice to somebody else is answered with the same bytes', async () => {
    const { months, tell: say } = await world(form);
    const data = { cause: 'amount' };
    const foreign = await say(data, {}, 'falkenberg');
    expect(foreign).toEqual({
      status: 404,
      body: { status: 404, title: 'unknown-invoice', detail: 'no such invoice among yours' },
    });
    for (const subject of ['13000002', '14000001', 'x', '13000001 ']) {
      expect(await say(data, { id: subject, subject })).toEqual(foreign);
    }
    expect((await months.standing()).state).toBe('issued');
  });

  test('is for a municipality alone, that is known by its code', async () => {
    const { tell: say } = await world(form);
    for (const who of ['care', 'nameless']) {
      expect(await say({ cause: 'days' }, {}, who)).toMatchObject({
        status: 403,
        body: { title: 'unsupported-message' },
      });
    }
    expect(await say({ cause: 'days' }, {}, 'stranger')).toMatchObject({ status: 401 });
  });

  test('of an invoice that is credited, disputed already or of lines that do not stand is refused, and says why', async () => {
    const { months, tell: say } = await world(form);
    const anna = { token: userTokens.ANNA, number: '13000001' };
    await months.operate('credit-billing', { ...anna, lines: [2] });
    expect(await say({ cause: 'days', lines: [1, 2] })).toMatchObject({
      status: 409,
      body: {
        title: 'no-such-line',
        detail: 'line 2 cannot be disputed; lines that stand: 1, 3',
        location: 'data.lines',
      },
    });
    expect(await say({ cause: 'days', lines: [7] })).toMatchObject({ status: 409 });
    expect(await say({ cause: 'days' }, { subject: '13000002' })).toMatchObject({
      status: 409,
      body: {
        title: 'credit-note',
        detail: '13000002 is a credit note; dispute invoice 13000001',
      },
    });
    // What was refused bound no id: mended, it is taken under the same.
    expect(await say({ cause: 'days', lines: [1] })).toMatchObject({ status: 202 });
    expect(await say({ cause: 'amount' }, { id: 'e-2' })).toMatchObject({
      status: 409,
      body: {
        title: 'already-disputed',
        detail: 'invoice 13000001 is disputed since 2027-03-25, at level 1',
      },
    });
    await months.operate('credit-billing', anna);
    expect(await say({ cause: 'amount' }, { id: 'e-3' })).toMatchObject({
      status: 409,
      body: {
        title: 'already-credited',
        detail: 'invoice 13000001 is credited whole by 13000002, 13000003',
      },
    });
  });

  test('that comes after the time agreed is refused with the day and where it is agreed; on the day it is taken', async () => {
    const { months, tell: say } = await world(form, { disputeDays: 10 });
    months.clock.advanceTo('2027-04-04T21:59:59.000Z');
    expect(await say({ cause: 'days' })).toMatchObject({ status: 202 });
    const berit = { token: userTokens.BERIT, number: '13000001' };
    await months.operate('uphold-invoice', berit);
    months.clock.advanceTo('2027-04-04T22:00:00.000Z');
    expect(await say({ cause: 'days' }, { id: 'e-2' })).toMatchObject({
      status: 409,
      body: { title: 'too-late', detail: expect.stringContaining('until 2027-04-04 (Brev 1)') },
    });
    // A letter may have come in time: a person of the region takes it up.
    expect(await months.operate('dispute-billing', berit)).toMatchObject({ level: 1 });
  });

  test.each([
    ['without a cause', {}],
    ['with a cause that is none', { cause: 'weather' }],
    ['of something else, without a text', { cause: 'other' }],
    ['with a text of 2,001 letters', { cause: 'days', text: 'x'.repeat(2001) }],
    ['with a control character', { cause: 'days', text: 'a\u001b[2J' }],
    ['with no line', { cause: 'days', lines: [] }],
    ['with a line zero', { cause: 'days', lines: [0] }],
    ['with a field that is none', { cause: 'days', personnummer: marker }],
  ])('%s is malformed, and its content is not repeated', async (_, data) => {
    const { months, tell: say, logged } = await world(form);
    const answer = await say(data);
    expect(answer).toMatchObject({ status: 400, body: { title: 'malformed-message' } });
    expect(JSON.stringify([answer, logged])).not.toContain(marker);
    expect((await months.standing()).state).toBe('issued');
  });

  test('that two tell at once is one dispute, whichever is first', async () => {
    const { months, journal, tell: say, serve } = await world(form);
    const other = await serve(journal);
    const answers = await Promise.all([
      ...[1, 2, 3].map((n) => say({ cause: 'days' }, { id: `e-${n}` })),
      ...[4, 5, 6].map((n) => tell(other, { cause: 'days' }, { id: `e-${n}` }, 'halmstad')),
      say({ cause: 'days' }, { id: 'e-1' }),
    ]);
    const taken = answers.filter(({ status }) => status === 202);
    expect(new Set(taken.map(({ body }) => body['id'])).size).toBe(1);
    for (const { status, body } of answers) {
      if (status !== 202) expect(body['title']).toBe('already-disputed');
    }
    const { events } = await months.journal.loadStream(streamOf(halland));
    expect(events.filter(({ event }) => event.type === 'billing.disputed')).toHaveLength(1);
  });

  test('is not answered before it is stored: where the journal cannot, it hears so and comes again', async () => {
    const { months, journal, serve } = await world(form);
    let isDown = true;
    const record: Journal['record'] = async (message) => {
      if (isDown) throw new Error('the disk is gone');
      return await journal.record(message);
    };
    const url = await serve(Object.assign(Object.create(journal), { record }));
    const before = await tell(url, { cause: 'days' }, {}, 'halmstad');
    expect(before.status).toBeGreaterThanOrEqual(500);
    expect((await months.standing()).state).toBe('issued');
    isDown = false;
    expect(await tell(url, { cause: 'days' }, {}, 'halmstad')).toMatchObject({ status: 202 });
    expect((await months.standing()).state).toBe('disputed');
  });

  test('keeps what was written in its message, and nowhere else', async () => {
    const { months, journal, tell: say, logged } = await world(form);
    await say({ cause: 'other', text: `${marker} bor inte här` });
    await months.rest();
    const stored = await journal.loadStream(streamOf(halland));
    const place = { subject: 's', stayId: undefined, county: '13', municipality: '1380' };
    const outside = stored.events.map((event) => outsideEvent(event, place));
    const seen = JSON.stringify([stored, outside, logged, await months.standing()]);
    expect(seen).toContain('something else, in its own words');
    expect(seen).not.toContain('Markörsson');
    // To a named person it is shown, and that is written down.
    const berit = { token: userTokens.BERIT, number: '13000001' };
    const entries: unknown[] = [];
    const audit: Journal['audit'] = async (entry) => {
      entries.push(entry);
      await journal.audit(entry);
    };
    const audited = new BilledMonths({
      journal: Object.assign(Object.create(journal), { audit }),
      folder: months.config.data,
      now: months.clock.now(),
    });
    audited.config = months.config;
    expect(await audited.operate('read-dispute', berit)).toMatchObject({
      by: 'halmstad',
      cause: 'other',
      text: `${marker} bor inte här`,
    });
    expect(entries).toMatchObject([
      { who: 'berit', what: 'read what was written of the dispute of invoice 13000001' },
    ]);
    await expect(
      audited.operate('read-dispute', { ...berit, token: 'x'.repeat(30) }),
    ).rejects.toThrow('no user has this token');
  });

  test('that a person wrote down has nothing to read', async () => {
    const { months } = await world(form);
    const berit = { token: userTokens.BERIT, number: '13000001' };
    await months.operate('dispute-billing', berit);
    await expect(months.operate('read-dispute', berit)).rejects.toThrow(
      'no system of the municipality told a dispute',
    );
  });
});
