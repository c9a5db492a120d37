/** From a recorded month to an invoice that was sent, disputed and credited. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { checkInvoice } from '../adapters/outbound/billing/checking/index.ts';
import { createAdvance } from '../gateway/advance.ts';
import type { BillingLine, EventBody } from '../gateway/process/events.ts';
import { lookForIncidents } from '../gateway/incidents/watch.ts';
import { createLog } from '../gateway/runtime/log.ts';
import type { BillingSettings } from '../gateway/runtime/config-billing.ts';
import type { Journal } from '../gateway/runtime/journal/journal.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import { DatabaseSync } from '@photostructure/sqlite';
import {
  BilledMonths,
  buyerOf,
  halland,
  line,
  seller,
  streamOf,
  userTokens,
} from './support/billed-months.ts';
import type { Settings } from './support/billed-months.ts';
import { temporaryFolder } from './support/folder.ts';
import { journalForms } from './support/journal-forms.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function newFolder(): string {
  const folder = temporaryFolder('billing');
  closing.push(() => folder.remove());
  return folder.path;
}

/** Parameters of the region's own: 30 days until an invoice is due. */
function withDueDays(
  region = 'halland',
  more: Readonly<Record<string, number>> = {},
): readonly string[] {
  const path = newFolder();
  mkdirSync(join(path, 'regions', region), { recursive: true });
  const values = Object.entries({ dueDays: 30, ...more }).map(
    ([name, value]) =>
      `  settlement.${name}: { values: { 2027-01-01: { value: ${value}, reference: Brev 1 } } }\n`,
  );
  writeFileSync(
    join(path, 'regions', region, 'agreement.yaml'),
    `documents: [{ cite: Brev 1, title: Brev 1, seen: true }]\nparameters:\n${values.join('')}`,
  );
  return [path];
}

async function open(settings: Partial<Settings> = {}): Promise<BilledMonths> {
  const folder = newFolder();
  const journal = settings.journal ?? (await openEmbeddedJournal({ folder }));
  if (settings.journal === undefined) closing.push(() => journal.close());
  return new BilledMonths({ folder, overlays: withDueDays(), ...settings, journal });
}

const afterInvoiceDay = '2027-03-25T11:00:00.000Z';
const excess = (days: number): BillingLine => ({
  kind: 'mean-excess',
  from: '2027-02-01',
  until: '2027-03-01',
  quantity: { numerator: days, denominator: 1 },
  rateOre: 1_200_000,
  amountOre: days * 1_200_000,
  reference: 'Överenskommelsen Halland 2027',
  rateReference: 'HSLF-FS 2026:00',
});

interface Audited {
  readonly who: string;
  readonly what: string;
  readonly about: string;
  readonly reason: string | null;
}

function auditOf({ config }: BilledMonths): readonly Audited[] {
  const db = new DatabaseSync(join(config.data, 'hemgang.sqlite'), { readOnly: true });
  const rows = db.prepare('SELECT who, what, about, reason FROM audit ORDER BY sequence').all();
  db.close();
  return rows as Audited[];
}

describe('an approval', () => {
  test('issues an invoice with the first number of the series, its date and when it is due', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2)]);
    const approved = await months.approve(halland);
    expect(approved).toMatchObject({
      outcome: 'issued',
      number: '13000001',
      documentOre: 2_400_000,
      dueDate: '2027-04-24',
      by: 'anna',
    });
    const [invoice] = await months.invoices();
    expect(invoice).toMatchObject({ state: 'issued', issueDate: '2027-03-25', leftOre: 2_400_000 });
  });

  test('waits for the day of the agreement, and the invoice has that date though nobody is there', async () => {
    const months = await open();
    await months.record(halland, [excess(2)]);
    expect(await months.approve(halland)).toMatchObject({
      outcome: 'waits',
      issueOn: '2027-03-20',
    });
    await months.rest();
    expect(await months.invoices()).toEqual([]);
    await months.passUntil('2027-03-19T22:59:00.000Z');
    expect(await months.invoices()).toEqual([]);
    await months.passUntil('2027-03-20T00:00:00.000Z');
    expect(await months.invoices()).toMatchObject([
      { number: '13000001', issueDate: '2027-03-20', dueDate: '2027-04-19', by: 'anna' },
    ]);
  });

  test('is written down with who, what, which month and why', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    expect(auditOf(months)).toEqual([
      {
        who: 'anna',
        what: 'approve billing of 1380 by 13, 2027-02, r1',
        about: streamOf(halland),
        reason: 'because of the test',
      },
    ]);
  });

  test('is refused, and audited, for a token that nobody has and for who has no right to it', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2)]);
    await expect(months.approve(halland, 1, 'x'.repeat(30))).rejects.toThrow(
      'no user has this token',
    );
    await expect(months.approve(halland, 1, userTokens.BERIT)).rejects.toThrow(
      'berit may not approve-billing',
    );
    expect(await months.invoices()).toEqual([]);
    expect(auditOf(months).map(({ who, what }) => `${who}: ${what}`)).toEqual([
      'root: refused to approve-billing: no user has this token',
      'root: refused to approve-billing: berit may not approve-billing',
    ]);
    expect(JSON.stringify(auditOf(months))).not.toContain(userTokens.BERIT);
  });

  test('is refused where the record changed since it was looked at', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2)]);
    await months.record(halland, [line('c1', 3)], 2);
    await expect(months.approve(halland)).rejects.toThrow(
      'what you saw is not what stands: revision 2 does, not 1',
    );
    expect(await months.approve(halland, 2)).toMatchObject({ documentOre: 3_600_000 });
  });

  test('of a month with nothing to pay makes no invoice and says so', async () => {
    const months = await open({ billing: { sellers: [], buyers: [] } });
    await months.record(halland, []);
    expect(await months.approve(halland)).toMatchObject({ outcome: 'nothing-due', totalOre: 0 });
    expect((await months.standing()).state).toBe('nothing-due');
  });

  test('of a record below zero is refused while nothing was invoiced, and preview says so', async () => {
    const months = await open({ now: afterInvoiceDay });
    const negative = { ...line('c1', 2), amountOre: -2_400_000 };
    await months.record(halland, [negative]);
    await expect(months.approve(halland)).rejects.toThrow(
      'comes to -24000 kr, and nothing was invoiced that could be credited',
    );
    expect((await months.standing()).approval?.would).toEqual({
      kind: 'refused',
      totalOre: -2_400_000,
    });
    expect(await months.listed()).toEqual({ invoices: [], records: [], faults: [] });
  });

  test('of lines that come to zero makes no invoice, whatever lines there are', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2), { ...line('c2', 2), amountOre: -2_400_000 }]);
    expect(await months.approve(halland)).toMatchObject({ outcome: 'nothing-due', totalOre: 0 });
    expect(await months.invoices()).toEqual([]);
  });

  test('of a month without the amount of its year names the figure and the day, recorded before or not', async () => {
    const months = await open({ now: afterInvoiceDay });
    const missing = () =>
      expect(months.approve(halland)).rejects.toThrow(
        'settlement.careDayAmountOre is missing on 2027-02-03',
      );
    await months.withhold(halland);
    await missing();
    await months.record(halland, [line('c1', 2)]);
    await months.withhold(halland, 2);
    await missing();
    expect(await months.invoices()).toEqual([]);
  });

  test('once more does nothing and says what was done', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    expect(await months.approve(halland)).toMatchObject({ outcome: 'repeat', number: '13000001' });
    expect(await months.invoices()).toHaveLength(1);
  });

  test('names everything that is missing at once, with file and line, and takes no number', async () => {
    const months = await open({
      now: afterInvoiceDay,
      overlays: [],
      billing: { sellers: [{ county: '13', name: 'Region Halland' }], buyers: [] },
    });
    await months.record(halland, [line('c1', 2)]);
    const thrown = await months.approve(halland).catch((error: unknown) => error);
    const message = thrown instanceof Error ? thrown.message : '';
    for (const part of [
      'billing.sellers 13: vat',
      'billing.sellers 13: endpoint',
      'billing.sellers 13: bankgiro',
      'billing.buyers 1380: endpoint',
      'billing.buyers 1380: buyerReference',
      'settlement.dueDays',
      'in hemgang.yaml:',
      "- municipality: '1380' # Halmstad",
      'in regions/halland/agreement.yaml of a folder under profiles:',
    ]) {
      expect(message).toContain(part);
    }
    expect(await months.invoices()).toEqual([]);
    const { approval } = await months.standing();
    expect(approval?.missing.flatMap(({ missing }) => missing)).toContain('settlement.dueDays');
  });

  test('is refused where the day of the invoice is nowhere said', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2)], 1, {});
    await expect(months.approve(halland)).rejects.toThrow('billing.invoiceDay');
  });

  test('is refused, with the rules, where the invoice would break them', async () => {
    const months = await open({
      now: afterInvoiceDay,
      billing: {
        // Its last digit is not Luhn's.
        sellers: [{ ...seller, organisationNumber: '2321000116', endpoint: '0007:2321000116' }],
      },
    });
    await months.record(halland, [line('c1', 2)]);
    await expect(months.approve(halland)).rejects.toThrow('PEPPOL-COMMON-R049');
    expect(await months.invoices()).toEqual([]);
  });

  test('is refused in shadow', async () => {
    const months = await open({ now: afterInvoiceDay, billing: { mode: 'shadow' } });
    await months.record(halland, [line('c1', 2)]);
    await expect(months.approve(halland)).rejects.toThrow('billing is in shadow');
  });
});

describe('an approval that waits for its day', () => {
  const token = userTokens.ANNA;
  const withdrawn = { token, ...halland, revision: 1 };

  async function waiting(settings: Partial<Settings> = {}): Promise<BilledMonths> {
    const months = await open(settings);
    await months.record(halland, [line('c1', 2)]);
    expect(await months.approve(halland)).toMatchObject({ outcome: 'waits' });
    return months;
  }

  test('is taken back by a named person: nothing is issued of it, no number is used, and it is written down', async () => {
    const months = await waiting();
    expect(
      await months.operate('withdraw-approval', withdrawn, 'a case is looked into'),
    ).toMatchObject({
      revision: 1,
      by: 'anna',
      approvedBy: 'anna',
      issueOn: '2027-03-20',
    });
    await months.passUntil('2027-03-21T12:00:00.000Z');
    expect(await months.invoices()).toEqual([]);
    expect(await months.standing()).toMatchObject({
      state: 'recorded',
      approval: { revision: 1, would: { kind: 'invoice' } },
    });
    expect(auditOf(months).at(-1)).toEqual({
      who: 'anna',
      what: 'withdraw approval of 1380 by 13, 2027-02, r1',
      about: streamOf(halland),
      reason: 'a case is looked into',
    });
    await expect(months.operate('withdraw-approval', withdrawn)).rejects.toThrow(
      'no approval of revision 1 waits for its day',
    );
  });

  test('may be given again, of the same record or of a later one, and is issued once', async () => {
    const months = await waiting();
    await months.operate('withdraw-approval', withdrawn);
    expect(await months.approve(halland)).toMatchObject({ outcome: 'waits' });
    await months.operate('withdraw-approval', withdrawn);
    await months.record(halland, [line('c1', 3)], 2);
    expect(await months.approve(halland, 2)).toMatchObject({ outcome: 'waits' });
    await months.passUntil('2027-03-20T12:00:00.000Z');
    expect(await months.invoices()).toMatchObject([{ number: '13000001', totalOre: 3_600_000 }]);
  });

  test('is taken back no more when it has its number: that points at a credit note', async () => {
    const months = await waiting();
    await months.passUntil('2027-03-20T12:00:00.000Z');
    const thrown = await months
      .operate('withdraw-approval', withdrawn)
      .catch((error: unknown) => error);
    expect(String(thrown)).toContain('was issued as 13000001 on 2027-03-20');
    expect(String(thrown)).toContain('hemgang billing credit --number 13000001');
    expect(await months.invoices()).toHaveLength(1);
  });

  test('is taken back by nobody without the right to approve, and not in place of another one', async () => {
    const months = await waiting();
    await expect(
      months.operate('withdraw-approval', { ...withdrawn, token: userTokens.BERIT }),
    ).rejects.toThrow('berit may not approve-billing');
    await expect(
      months.operate('withdraw-approval', { ...withdrawn, revision: 2 }),
    ).rejects.toThrow('the approval that waits is of revision 1, not 2');
    expect((await months.standing()).waiting).toMatchObject({ issueOn: '2027-03-20' });
  });

  test('of a month with nothing due has nothing to take back', async () => {
    const months = await open();
    await months.record(halland, []);
    await months.approve(halland);
    await expect(months.operate('withdraw-approval', withdrawn)).rejects.toThrow(
      'approved with nothing due',
    );
  });
});

describe.each(journalForms)('an approval in $name', ({ place }) => {
  test('that is taken back while it is issued is one of both, never both', async () => {
    const at = place(newFolder());
    closing.push(() => at.remove());
    const journal = await at.open();
    closing.push(() => journal.close());
    const months = await open({ journal });
    const municipalities = ['1315', '1380', '1381', '1382', '1383', '1384'];
    for (const municipality of municipalities) {
      await months.record({ ...halland, municipality }, [line('c1', 2)]);
      await months.approve({ ...halland, municipality });
    }
    months.clock.advanceTo('2027-03-20T00:00:00.000Z');
    const { clock, profiles } = months;
    const advance = createAdvance({ journal, clock, profiles, isSenderLive: () => true });
    const outcomes = await Promise.all(
      municipalities.map(async (municipality, index) => {
        const streamId = streamOf({ ...halland, municipality });
        const nudge = { type: 'deadline.reached', lane: streamId, streamId, position: 0 };
        const asked = { token: userTokens.ANNA, ...halland, municipality, revision: 1 };
        const withdraw = () =>
          months.operate('withdraw-approval', asked).then(
            () => 'withdrawn',
            (error: unknown) => String(error),
          );
        const issue = () => advance(streamId, [nudge as never]);
        // Each is first in half of the cases.
        const both = index % 2 === 0 ? [withdraw(), issue()] : [issue(), withdraw()];
        const said = (await Promise.all(both)).find((one) => one !== undefined);
        return { municipality, said };
      }),
    );
    const invoices = await months.invoices();
    for (const { municipality, said } of outcomes) {
      const issued = invoices.filter((one) => one.municipality === municipality);
      if (said === 'withdrawn') expect(issued).toEqual([]);
      else expect(said).toContain(`was issued as ${issued[0]?.number}`);
    }
    expect(invoices.map(({ number }) => number)).toEqual(
      invoices.map((_, index) => `1300000${index + 1}`),
    );
  });
});

describe('a record that is adjusted after its invoice', () => {
  test('downwards leads to a credit note that names the invoice (H7)', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [excess(2)]);
    await months.approve(halland);
    await months.record(halland, [], 2);
    expect((await months.standing()).approval?.would).toEqual({
      kind: 'credit-note',
      totalOre: 2_400_000,
      issueOn: '2027-03-25',
      corrects: '13000001',
    });
    expect(await months.approve(halland, 2)).toMatchObject({
      kind: 'credit-note',
      number: '13000002',
      documentOre: 2_400_000,
    });
    expect(await months.invoices()).toMatchObject([
      { number: '13000001', state: 'credited', leftOre: 0, correctedBy: ['13000002'] },
      { number: '13000002', kind: 'credit-note', corrects: '13000001' },
    ]);
    expect((await months.standing()).state).toBe('credited');
  });

  test('before the day of its invoice leaves that as it was approved (H7)', async () => {
    const months = await open();
    await months.record(halland, [excess(2)]);
    await months.approve(halland);
    await months.record(halland, [], 2);
    await expect(months.approve(halland, 2)).rejects.toThrow('is issued on 2027-03-20');
    await months.passUntil('2027-03-20T12:00:00.000Z');
    expect(await months.invoices()).toMatchObject([{ totalOre: 2_400_000 }]);
    expect((await months.standing()).state).toBe('to-approve-again');
    expect(await months.approve(halland, 2)).toMatchObject({ kind: 'credit-note' });
  });

  test('upwards leads to a further invoice over the difference, which names the first', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2), line('c2', 3)]);
    await months.approve(halland);
    await months.record(halland, [line('c1', 2), line('c2', 5)], 2);
    const approved = await months.approve(halland, 2);
    expect(approved).toMatchObject({
      kind: 'invoice',
      documentOre: 2_400_000,
      corrects: '13000001',
    });
    const stream = await months.journal.loadStream('invoices:13');
    const second = stream.events[1]?.event;
    // What stands is not asked for again; what changed is taken back whole and asked for anew.
    expect(second?.type === 'billing.issued' && second.data.lines).toMatchObject([
      { caseReference: 'c2', days: 5 },
      { caseReference: 'c2', days: 3, isOpposite: true },
    ]);
  });

  test('below what any one invoice asks for is credited by one note that tells of all of them', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [excess(2)]);
    await months.approve(halland);
    await months.record(halland, [excess(3)], 2);
    await months.approve(halland, 2);
    await months.record(halland, [], 3);
    expect(await months.approve(halland, 3)).toMatchObject({
      documentOre: 3_600_000,
      corrects: '13000001',
    });
    const last = await months.journal.lastEvent('invoices:13');
    expect(last?.event.type === 'billing.issued' && last.event.data.note).toBe(
      'Krediterar faktura 13000001, 13000002 efter ändrat underlag',
    );
    expect((await months.invoices()).map(({ leftOre }) => leftOre)).toEqual([0, 0, 0]);
    expect((await months.standing()).state).toBe('credited');
  });

  test('to the same sum needs no document', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2), line('c2', 3)]);
    await months.approve(halland);
    await months.record(halland, [line('c1', 3), line('c2', 2)], 2);
    expect(await months.approve(halland, 2)).toMatchObject({ outcome: 'nothing-due' });
    // And what comes after is held against what was asked for, not against what was said of it.
    await months.record(halland, [line('c1', 3), line('c2', 1)], 3);
    expect(await months.approve(halland, 3)).toMatchObject({ documentOre: 1_200_000 });
  });
});

describe('a dispute', () => {
  async function invoiced(lines = [line('c1', 2), line('c2', 3)]): Promise<BilledMonths> {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, lines);
    await months.approve(halland);
    return months;
  }
  const number = '13000001';
  const berit = { token: userTokens.BERIT, number };
  const anna = { token: userTokens.ANNA, number };

  test('goes by the levels of the agreement and no further', async () => {
    const months = await invoiced();
    expect(await months.operate('dispute-billing', berit)).toMatchObject({
      level: 1,
      levels: 2,
      who: 'Förhandling mellan parterna',
    });
    await expect(months.operate('dispute-billing', berit)).rejects.toThrow('is disputed already');
    expect(await months.operate('escalate-dispute', berit)).toMatchObject({ level: 2 });
    await expect(months.operate('escalate-dispute', berit)).rejects.toThrow(
      'the last level of the agreement is reached',
    );
    expect(await months.standing()).toMatchObject({
      state: 'disputed',
      invoices: [{ state: 'disputed', dispute: { level: 2, reason: 'because of the test' } }],
    });
  });

  test('ends with the invoice as it is', async () => {
    const months = await invoiced();
    await expect(months.operate('uphold-invoice', berit)).rejects.toThrow('is not disputed');
    await months.operate('dispute-billing', berit);
    await months.operate('uphold-invoice', berit);
    expect((await months.standing()).state).toBe('issued');
    await months.operate('dispute-billing', berit);
    expect((await months.standing()).state).toBe('disputed');
  });

  test('ends with a credit note over some lines, which are not asked for again', async () => {
    const months = await invoiced();
    await months.operate('dispute-billing', berit);
    await expect(months.operate('credit-billing', berit)).rejects.toThrow('may not credit-billing');
    expect(await months.operate('credit-billing', { ...anna, lines: [2] })).toMatchObject({
      creditNote: '13000002',
      totalOre: 3_600_000,
      lines: [2],
    });
    expect(await months.standing()).toMatchObject({
      state: 'issued',
      invoices: [{ leftOre: 2_400_000 }, { kind: 'credit-note' }],
    });
    await expect(months.operate('credit-billing', { ...anna, lines: [2] })).rejects.toThrow(
      'those that are left: --lines 1',
    );
    // c2 is still in the record, c1 is two days longer: c2 was credited by a person and stays so.
    await months.record(halland, [line('c1', 4), line('c2', 3)], 2);
    expect(await months.approve(halland, 2)).toMatchObject({ documentOre: 2_400_000 });
    // And where the record comes to see it so too, nothing is credited twice.
    await months.record(halland, [line('c1', 4)], 3);
    expect(await months.approve(halland, 3)).toMatchObject({ outcome: 'nothing-due' });
  });

  test('ends with a credit note over the whole invoice', async () => {
    const months = await invoiced();
    await months.operate('dispute-billing', berit);
    expect(await months.operate('credit-billing', anna)).toMatchObject({ totalOre: 6_000_000 });
    expect((await months.standing()).state).toBe('credited');
    await expect(months.operate('credit-billing', anna)).rejects.toThrow('nothing is left');
  });

  test('under the statute has no levels: it is for a court', async () => {
    const months = await open({
      now: afterInvoiceDay,
      billing: {
        sellers: [{ ...seller, county: '05' }],
        buyers: [buyerOf('0580')],
      },
      overlays: [statuteDueDays()],
    });
    const period = { county: '05', municipality: '0580', month: '2027-02' };
    await months.record(period, [line('c1', 2)]);
    await months.approve(period);
    const asked = { token: userTokens.ANNA, number: '05000001' };
    expect(await months.operate('dispute-billing', asked)).toMatchObject({ levels: 0 });
    await expect(months.operate('escalate-dispute', asked)).rejects.toThrow('it is for a court');
  });

  test('of a number there is not, or of a credit note, is refused', async () => {
    const months = await invoiced();
    await expect(
      months.operate('dispute-billing', { ...berit, number: '13000009' }),
    ).rejects.toThrow('there is no invoice 13000009');
    await months.operate('credit-billing', anna);
    await expect(
      months.operate('dispute-billing', { ...berit, number: '13000002' }),
    ).rejects.toThrow('13000002 is a credit note');
  });
});

function statuteDueDays(): string {
  const path = newFolder();
  mkdirSync(join(path, 'law'), { recursive: true });
  writeFileSync(
    join(path, 'law', 'settlement.yaml'),
    `parameters:
  dueDays:
    values:
      2018-01-01: { value: 30, reference: Beslut 1 }
`,
  );
  return path;
}

describe('what comes next of an invoice', () => {
  const number = '13000001';
  const berit = { token: userTokens.BERIT, number };

  async function delivered(values: Readonly<Record<string, number>>): Promise<BilledMonths> {
    const out = newFolder();
    const to = (id: string, takes: 'invoice' | 'specification') =>
      ({ id, takes, channel: 'file', folder: join(out, id), mode: 'live' }) as const;
    const months = await open({
      now: afterInvoiceDay,
      overlays: withDueDays('halland', values),
      billing: { receivers: [to('ap', 'invoice'), to('care', 'specification')] },
    });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    await months.rest();
    return months;
  }

  test('is that it is paid by its due date, and may be disputed as long as is agreed', async () => {
    const months = await delivered({ disputeDays: 10 });
    expect(await months.invoices()).toMatchObject([
      {
        next: 'to be paid; may be disputed until 2027-04-04',
        nextBy: '2027-04-24',
        isOverdue: false,
      },
    ]);
    months.clock.advanceTo('2027-04-05T10:00:00.000Z');
    expect(await months.invoices()).toMatchObject([{ next: 'to be paid', nextBy: '2027-04-24' }]);
    months.clock.advanceTo('2027-04-25T10:00:00.000Z');
    expect(await months.invoices()).toMatchObject([
      { next: expect.stringContaining('ask the ledger'), nextBy: '2027-04-24', isOverdue: true },
    ]);
  });

  test('is an answer by the day agreed for the level; unanswered it is an incident, until it goes on or ends', async () => {
    const months = await delivered({ disputeAnswerDays: 7 });
    const logged: string[] = [];
    const look = (): ReturnType<typeof lookForIncidents> =>
      lookForIncidents({
        journal: months.journal,
        clock: months.clock,
        log: createLog({
          level: 'info',
          json: true,
          destination: { write: (text) => void logged.push(text) },
        }),
        config: () => months.config,
      });
    expect(await months.operate('dispute-billing', berit)).toMatchObject({
      level: 1,
      answerBy: '2027-04-01',
      answerReference: 'Brev 1',
    });
    await months.passUntil('2027-04-01T21:59:59.000Z');
    expect(await months.invoices()).toMatchObject([{ nextBy: '2027-04-01', isOverdue: false }]);
    expect(await look()).toEqual([]);
    await months.passUntil('2027-04-01T22:00:00.000Z');
    expect(await months.invoices()).toMatchObject([
      { next: expect.stringMatching(/^not answered in time: hemgang billing/), isOverdue: true },
    ]);
    expect(await look()).toMatchObject([
      { turn: 'started', incident: { cause: 'unanswered', about: '1380', count: 1 } },
    ]);
    expect(logged.join('')).toContain('hemgang billing list --municipality 1380');
    expect(await months.operate('escalate-dispute', berit)).toMatchObject({
      level: 2,
      answerBy: '2027-04-09',
    });
    expect(await look()).toMatchObject([{ turn: 'ended' }]);
    await months.passUntil('2027-04-10T00:00:00.000Z');
    expect(await look()).toMatchObject([{ incident: { count: 1, endedAt: undefined } }]);
    await months.operate('uphold-invoice', berit);
    expect(await look()).toMatchObject([{ turn: 'ended' }]);
    await months.passUntil('2027-05-10T00:00:00.000Z');
    expect(await look()).toEqual([]);
  });

  test('has no day where none is agreed, and is never overdue', async () => {
    const months = await delivered({});
    await months.operate('dispute-billing', berit);
    await months.passUntil('2028-04-01T00:00:00.000Z');
    const [invoice] = await months.invoices();
    expect(invoice).toMatchObject({ state: 'disputed', isOverdue: false });
    expect(invoice?.nextBy).toBeUndefined();
    expect(await months.journal.incidents.unanswered(10)).toEqual([]);
  });
});

describe('documents', () => {
  test('go to a folder as an invoice and its specification, once, however often it is looked at', async () => {
    const out = newFolder();
    const months = await open({
      now: afterInvoiceDay,
      billing: {
        receivers: [
          { id: 'ap', takes: 'invoice', channel: 'file', folder: join(out, 'ap'), mode: 'live' },
          {
            id: 'care',
            takes: 'specification',
            channel: 'file',
            folder: join(out, 'care'),
            mode: 'live',
          },
        ],
      },
    });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    await months.rest();
    expect(readdirSync(join(out, 'ap'))).toEqual(['13000001.xml']);
    const xml = readFileSync(join(out, 'ap', '13000001.xml'), 'utf8');
    expect(xml).toContain('<cbc:ID>13000001</cbc:ID>');
    expect(xml).toContain('13-1380-2027-02-r1');
    expect(readdirSync(join(out, 'care', '2027-02'))).toEqual([
      '13-1380-2027-02-r1-13000001.csv',
      '13-1380-2027-02-r1-13000001.json',
      '13-1380-2027-02-r1-13000001.pdf',
    ]);
    expect(await months.standing()).toMatchObject({ invoices: [{ state: 'delivered' }] });
    await months.approve(halland);
    await months.rest();
    const rows = await months.journal.deliveries.ofLane(streamOf(halland));
    expect(rows.map(({ receiver, attempts }) => [receiver, attempts])).toEqual([
      ['billing', 1],
      ['care', 1],
      ['ap', 1],
    ]);
  });

  test('that a receiver cannot take now hold nobody else back, and go when it can', async () => {
    const server = await receiving(() => (isUp ? 202 : 503));
    let isUp = false;
    const out = newFolder();
    const months = await open({
      now: afterInvoiceDay,
      billing: {
        receivers: [
          { id: 'care', takes: 'specification', url: `${server.url}/care`, ...http },
          { id: 'ap', takes: 'invoice', channel: 'file', folder: out, mode: 'live' },
        ],
      },
    });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    await months.rest();
    expect(readdirSync(out)).toEqual(['13000001.xml']);
    expect((await months.standing()).invoices[0]?.state).toBe('issued');
    isUp = true;
    await months.passUntil('2027-03-25T11:02:00.000Z');
    expect((await months.standing()).invoices[0]?.state).toBe('delivered');
    const [first, second] = server.requests;
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    expect(second?.body).toBe(first?.body);
    expect(JSON.parse(second?.body ?? '')).toMatchObject({
      data: { invoice: { number: '13000001' }, lines: [{ caseReference: 'c1', days: 2 }] },
    });
  });

  test('by POST are the invoice as it is, with the token of the receiver', async () => {
    const server = await receiving(() => 200);
    const months = await open({
      now: afterInvoiceDay,
      billing: {
        receivers: [
          { id: 'ap', takes: 'invoice', url: `${server.url}/send`, ...http, tokenEnv: 'RECORDS' },
        ],
      },
    });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    await months.rest();
    const [request] = server.requests;
    expect(request?.path).toBe('/send');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/xml',
      authorization: `Bearer ${userTokens.RECORDS}`,
    });
    expect(checkInvoice(request?.body ?? '').filter(({ isFatal }) => isFatal)).toEqual([]);
  });

  test('that have no receiver go by themselves to one that is entered later', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    await months.rest();
    const out = newFolder();
    await months.reload({
      receivers: [{ id: 'ap', takes: 'invoice', channel: 'file', folder: out, mode: 'live' }],
    });
    expect(readdirSync(out)).toEqual(['13000001.xml']);
  });

  test('that have no receiver say so, and where to enter one', async () => {
    const months = await open({ now: afterInvoiceDay });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    await months.rest();
    const [invoice] = (await months.standing()).invoices;
    expect(invoice?.state).toBe('not-delivered');
    expect(invoice?.deliveries.map(({ detail }) => detail)).toEqual([
      'no receiver of specifications for 1380: enter one in billing.receivers',
      'no receiver of invoices for 1380: enter one in billing.receivers',
    ]);
  });
});

describe('billing records', () => {
  const municipalities = ['1380', '1382', '1383'];

  /** Each municipality's own platform. */
  const platforms = (url: string, statuses: readonly Status[]): BillingSettings['receivers'] =>
    municipalities.map((municipality) => ({
      id: `platform-${municipality}`,
      takes: 'record',
      url,
      ...http,
      municipality,
      category: 'PAYMENT_LIABILITY',
      customerId: '16',
      statuses: [...statuses],
      tokenEnv: 'RECORDS',
    }));

  test('that a platform refuses are told with the next step, and the invoice has still arrived', async () => {
    const server = await receiving(({ path }) => (path === '/send' ? 200 : 422));
    const months = await open({
      now: afterInvoiceDay,
      billing: {
        receivers: [
          ...platforms(server.url, ['APPROVED', 'INVOICED']),
          { id: 'ap', takes: 'invoice', url: `${server.url}/send`, ...http },
          { id: 'care', takes: 'specification', url: `${server.url}/send`, ...http },
        ],
      },
    });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    await months.rest();
    const { invoices, records } = await months.listed();
    expect(invoices).toMatchObject([{ state: 'delivered', nextBy: '2027-04-24' }]);
    expect(records.map(({ receiver, of, state, detail }) => [receiver, of, state, detail])).toEqual(
      ['revision 1', 'invoice 13000001'].map((of) => [
        'platform-1380',
        of,
        'refused',
        expect.stringContaining('HTTP 422'),
      ]),
    );
    expect(records[0]?.next).toContain(
      'hemgang resend --since 2027-03-25 --to platform-1380 --where state=refused',
    );
  });

  test('go one by one: one that is refused holds no other back', async () => {
    const server = await receiving(({ path }) => (path?.includes('/1382/') ? 400 : 201));
    const months = await open({
      now: afterInvoiceDay,
      billing: { receivers: platforms(server.url, ['APPROVED']) },
    });
    for (const municipality of municipalities) {
      await months.record({ ...halland, municipality }, [line('c1', 2)]);
      await months.approve({ ...halland, municipality });
    }
    await months.rest();
    expect(
      server.requests.map(({ path = '' }) => path).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['/1380/billingrecords', '/1382/billingrecords', '/1383/billingrecords']);
    const states = [];
    for (const municipality of municipalities) {
      const rows = await months.journal.deliveries.ofLane(streamOf({ ...halland, municipality }));
      states.push(rows.find(({ receiver }) => receiver?.startsWith('platform'))?.state);
    }
    expect(states).toEqual(['delivered', 'refused', 'delivered']);
  });

  test('say that a claim is withdrawn whose approval was taken back', async () => {
    const server = await receiving(() => 201);
    const months = await open({
      billing: { receivers: platforms(server.url, ['APPROVED', 'REJECTED']) },
    });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    const withdrawn = { token: userTokens.ANNA, ...halland, revision: 1 };
    await months.operate('withdraw-approval', withdrawn);
    await months.rest();
    const records = server.requests.map(({ body }) => JSON.parse(body));
    expect(records.map(({ status }) => status)).toEqual(['APPROVED', 'REJECTED']);
    expect(records[1].invoice).toEqual(records[0].invoice);
  });

  test('say how far a claim has come, and name no person', async () => {
    const server = await receiving(() => 201);
    const months = await open({
      now: afterInvoiceDay,
      billing: { receivers: platforms(server.url, ['NEW', 'APPROVED', 'INVOICED', 'REJECTED']) },
    });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    await months.operate('dispute-billing', { token: userTokens.BERIT, number: '13000001' });
    await months.rest();
    const records = server.requests.map(({ body }) => JSON.parse(body));
    expect(records.map(({ status }) => status)).toEqual([
      'NEW',
      'APPROVED',
      'INVOICED',
      'REJECTED',
    ]);
    expect(records[2]).toEqual({
      category: 'PAYMENT_LIABILITY',
      type: 'EXTERNAL',
      status: 'INVOICED',
      certifiedBy: 'anna',
      recipient: {
        legalId: '2120001215',
        organizationName: 'Kommun 1380',
        addressDetails: { postalCode: '301 80', city: 'Halmstad' },
      },
      invoice: {
        customerId: '16',
        description: 'Faktura 13000001',
        ourReference: 'Region Halland',
        customerReference: 'ref-4711',
        referenceId: '13-1380-2027-02-r1',
        date: '2027-03-25',
        dueDate: '2027-04-24',
        invoiceRows: [
          {
            descriptions: ['Vårddygn'],
            detailedDescriptions: [
              'Ärende c1',
              'Från 2027-02-01 till 2027-02-03, den dagen ej medräknad',
            ],
            costPerUnit: 12_000,
            quantity: 2,
          },
        ],
      },
    });
  });
});

describe.each(journalForms)('the numbers of a series in $name', ({ place }) => {
  const municipalities = ['1315', '1380', '1381', '1382', '1383', '1384'];

  test('have no gap and no double where two instances approve at once', async () => {
    const at = place(newFolder());
    closing.push(() => at.remove());
    const first = await at.open();
    closing.push(() => first.close());
    // The embedded journal belongs to one process: there two share its connection.
    const second = first.leases.isShared ? await at.open() : first;
    if (second !== first) closing.push(() => second.close());
    const settings = { now: afterInvoiceDay };
    const instances = [
      await open({ ...settings, journal: first }),
      await open({ ...settings, journal: second }),
    ] as const;
    for (const municipality of municipalities) {
      await instances[0].record({ ...halland, municipality }, [line('c1', 2)]);
    }
    const outcomes = await Promise.all(
      municipalities.flatMap((municipality) =>
        instances.map((one) => one.approve({ ...halland, municipality })),
      ),
    );
    const issued = outcomes.filter(({ outcome }) => outcome === 'issued');
    const repeats = outcomes.filter(({ outcome }) => outcome === 'repeat');
    expect([issued.length, repeats.length]).toEqual([6, 6]);
    const numbers = (await instances[1].invoices()).map(({ number }) => number);
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6].map((number) => `1300000${number}`));
  });

  test('are taken by the invoices of a day that are issued together', async () => {
    const at = place(newFolder());
    closing.push(() => at.remove());
    const journal = await at.open();
    closing.push(() => journal.close());
    const months = await open({ journal });
    for (const municipality of municipalities) {
      await months.record({ ...halland, municipality }, [line('c1', 2)]);
      await months.approve({ ...halland, municipality });
    }
    months.clock.advanceTo('2027-03-20T00:00:00.000Z');
    const { clock, profiles } = months;
    const advance = createAdvance({ journal, clock, profiles, isSenderLive: () => true });
    await Promise.all(
      municipalities.map((municipality) => {
        const streamId = streamOf({ ...halland, municipality });
        const nudge = { type: 'deadline.reached', lane: streamId, streamId, position: 0 };
        return advance(streamId, [nudge as never]);
      }),
    );
    const numbers = (await months.invoices()).map(({ number }) => number);
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6].map((number) => `1300000${number}`));
  });

  test.each([
    ['the series', 'lastEvent', 1],
    ['the month', 'loadSettlement', 1],
    ['the month once more', 'loadSettlement', 2],
  ] as const)(
    'are given once to an approval that two issue, where one is done when the other has read %s',
    async (_, read, time) => {
      const at = place(newFolder());
      closing.push(() => at.remove());
      const journal = await at.open();
      closing.push(() => journal.close());
      const months = await open({ journal });
      await months.record(halland, [line('c1', 2)]);
      await months.approve(halland);
      months.clock.advanceTo('2027-03-20T00:00:00.000Z');
      const { clock, profiles } = months;
      const streamId = streamOf(halland);
      const nudge = { type: 'deadline.reached', lane: streamId, streamId, position: 0 } as never;
      const advanceBy = (by: Journal) =>
        createAdvance({ journal: by, clock, profiles, isSenderLive: () => true })(streamId, [
          nudge,
        ]);
      let reads = 0;
      // The faster one does it all behind such a read of the slower one.
      const slow = async (...args: never[]): Promise<unknown> => {
        const answer = await (journal[read] as (...given: never[]) => Promise<unknown>)(...args);
        reads += 1;
        if (reads === time) await advanceBy(journal);
        return answer;
      };
      await advanceBy(Object.assign(Object.create(journal), { [read]: slow }));
      expect((await months.invoices()).map(({ number }) => number)).toEqual(['13000001']);
      expect(reads).toBeGreaterThanOrEqual(time);
    },
  );

  test('are not given where the series was spoiled: it says so, nothing is written, and other series go on', async () => {
    const at = place(newFolder());
    closing.push(() => at.remove());
    const journal = await at.open();
    closing.push(() => journal.close());
    const other = { county: '14', municipality: '1480', month: '2027-02' };
    const months = await open({
      journal,
      now: afterInvoiceDay,
      billing: {
        sellers: [seller, { ...seller, county: '14' }],
        buyers: [buyerOf('1380'), buyerOf('1480')],
      },
      overlays: [...withDueDays(), ...withDueDays('vastra-gotaland')],
    });
    await months.record(halland, [line('c1', 2)]);
    await months.approve(halland);
    const [issued] = (await journal.loadStream('invoices:13')).events;
    if (issued === undefined) throw new Error('nothing was issued');
    const { stayId: _stayId, ...event } = issued.event;
    const body: EventBody = {
      ...event,
      id: 'spoiled',
      type: 'billing.upheld',
      data: { ...halland, key: 'k', number: '13000001', by: 'x', reason: 'x' },
    };
    const spoil = { streamId: 'invoices:13', lane: 'invoices:13', body };
    await journal.append({ expected: [], events: [spoil], setDeadlines: [], closeDeadlines: [] });
    expect((await months.listed()).faults).toEqual([
      'series 13: billing.upheld (spoiled) does not belong there',
    ]);
    const second = { ...halland, municipality: '1381' };
    months.config = {
      ...months.config,
      billing: {
        ...months.config.billing,
        buyers: [...months.config.billing.buyers, buyerOf('1381')],
      },
    };
    await months.record(second, [line('c2', 2)]);
    const before = await journal.loadStream(streamOf(second));
    await expect(months.approve(second)).rejects.toThrow(
      'nothing is issued of series 13 until the journal is restored',
    );
    expect(await journal.loadStream(streamOf(second))).toEqual(before);
    await months.record(other, [line('c3', 2)]);
    expect(await months.approve(other)).toMatchObject({ number: '14000001' });
  });

  test.each(['before', 'after'] as const)(
    'are not used up, and no invoice comes twice, where the gateway dies %s the commit',
    async (when) => {
      const at = place(newFolder());
      closing.push(() => at.remove());
      const journal = await at.open();
      closing.push(() => journal.close());
      const months = await open({ journal, now: afterInvoiceDay });
      await months.record(halland, [line('c1', 2)]);
      const died = new Error('died');
      const append: Journal['append'] = async (change) => {
        if (when === 'after') await journal.append(change);
        throw died;
      };
      const dying: Journal = Object.assign(Object.create(journal), { append });
      const dies = await open({ journal: dying, now: afterInvoiceDay });
      await expect(dies.approve(halland)).rejects.toThrow();
      expect(await months.invoices()).toHaveLength(when === 'after' ? 1 : 0);
      expect(await months.approve(halland)).toMatchObject({
        number: '13000001',
        outcome: when === 'after' ? 'repeat' : 'issued',
      });
      expect(await months.invoices()).toHaveLength(1);
    },
  );
});

type Status = 'NEW' | 'APPROVED' | 'INVOICED' | 'REJECTED';
const http = {
  channel: 'http',
  mode: 'live',
  timeout: 2000,
  ownNetwork: true,
  recognisesRepeats: true,
} as const;

interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver's server. @param answer the status of each */
async function receiving(
  answer: (request: Received) => number,
): Promise<{ readonly url: string; readonly requests: Received[] }> {
  const requests: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { url: path, headers } = request;
      const received = { path, headers, body: Buffer.concat(parts).toString('utf8') };
      requests.push(received);
      response.writeHead(answer(received)).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { url: `http://127.0.0.1:${port}`, requests };
}
