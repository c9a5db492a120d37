/**
 * What a municipality is asked to pay, as its finance system reads it: each folder of corpus/municipal with an invoice.json
 * has the invoice and the document that leaves the house (expected.xml), or why none does (refused.json).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkInvoice } from '../adapters/outbound/billing/checking/index.ts';
import { all, first, textAt, type Element } from '../adapters/outbound/billing/checking/element.ts';
import { readXml } from '../adapters/outbound/billing/checking/read.ts';
import type { Invoice, InvoiceLine, Party } from '../adapters/outbound/billing/invoice.ts';
import { luhnDigit, ocrOf } from '../adapters/outbound/billing/ocr.ts';
import { renderInvoice } from '../adapters/outbound/billing/peppol.ts';
import { withoutPersonNumbers } from '../adapters/person-numbers.ts';
import { creditNote, exemptInvoice, outsideInvoice } from './support/invoices.ts';

const corpus = join(import.meta.dirname, 'corpus', 'municipal');
const folders = readdirSync(corpus).filter((name) =>
  existsSync(join(corpus, name, 'invoice.json')),
);
const has = (name: string, file: string): boolean => existsSync(join(corpus, name, file));
const readText = (name: string, file: string): string =>
  readFileSync(join(corpus, name, file), 'utf8');
const invoiceFile = z.custom<Invoice>((value) => typeof value === 'object' && value !== null);
const invoiceOf = (name: string): Invoice =>
  invoiceFile.parse(JSON.parse(readText(name, 'invoice.json')));

/** The document as its receiver has it. */
function rootOf(xml: string): Element {
  const reading = readXml(xml);
  if ('fault' in reading) throw new Error(reading.fault);
  return reading.root;
}

describe('the municipal corpus of invoices', () => {
  test.each(folders.filter((name) => has(name, 'expected.xml')))(
    '%s is rendered as its folder says, byte by byte, and breaks no rule',
    (name) => {
      const xml = renderInvoice(invoiceOf(name));
      expect(xml).toBe(readText(name, 'expected.xml'));
      expect(renderInvoice(invoiceOf(name))).toBe(xml);
      expect(checkInvoice(xml)).toEqual([]);
    },
  );

  test.each(folders.filter((name) => has(name, 'refused.json')))(
    '%s is refused as its folder says',
    (name) => {
      const refusal = z
        .record(z.string(), z.string())
        .parse(JSON.parse(readText(name, 'refused.json')));
      expect(() => renderInvoice(invoiceOf(name))).toThrow(expect.objectContaining(refusal));
    },
  );

  test.each(folders)('%s is told', (name) => {
    expect(has(name, 'expected.xml')).not.toBe(has(name, 'refused.json'));
    expect(readText(name, 'notes.md').length).toBeGreaterThan(20);
  });

  test('pays by the OCR reference of the number', () => {
    for (const name of folders) {
      const invoice = invoiceOf(name);
      if (invoice.kind === 'invoice') expect(invoice.payment.ocr).toBe(ocrOf(invoice.number));
    }
  });
});

describe('an invoice', () => {
  const [line] = exemptInvoice.lines;
  if (line === undefined) throw new Error('the sample has a line');
  const changed = (change: Partial<InvoiceLine>, totalOre: number): Invoice => ({
    ...exemptInvoice,
    lines: [{ ...line, ...change }],
    totalOre,
  });

  test.each<[string, Invoice, string, string]>([
    ['nothing', { ...exemptInvoice, lines: [], totalOre: 0 }, 'invoice-refused', 'BG-25'],
    ['zero', changed({ priceOre: 0, amountOre: 0 }, 0), 'invoice-refused', 'BT-115'],
    ['no number', changed({ priceOre: Number.NaN }, 2100200), 'invoice-refused', 'BT-131'],
    ['half an öre', changed({ priceOre: 0.5, amountOre: 1 }, 1), 'invoice-refused', 'BT-131'],
    [
      'a price below zero',
      changed({ priceOre: -1, amountOre: -2 }, -2),
      'invoice-refused',
      'BT-146',
    ],
    ['no total', { ...exemptInvoice, totalOre: Number.NaN }, 'invoice-refused', 'BT-115'],
    ['credit of zero', { ...creditNote, lines: [], totalOre: 0 }, 'invoice-refused', 'BG-25'],
    ['yesterday', { ...exemptInvoice, dueDate: '2027-03-19' }, 'invoice-refused', 'BT-9'],
  ])('of %s is refused', (_, invoice, code, location) => {
    expect(() => renderInvoice(invoice)).toThrow(expect.objectContaining({ code, location }));
  });

  test.each<[string, Invoice]>([
    ['whose lines are not its total', { ...exemptInvoice, totalOre: 2625251 }],
    ['with a line that is not its days times its price', changed({ amountOre: 2100201 }, 2100201)],
  ])('%s is our own bug', (_, invoice) => {
    expect(() => renderInvoice(invoice)).toThrow(
      expect.objectContaining({ code: 'assertion-failed' }),
    );
  });

  test.each<[string, Invoice]>([
    ['BT-22', { ...exemptInvoice, note: 'Avser 19500907-2553' }],
    ['BT-10', { ...exemptInvoice, buyerReference: '500907-2553' }],
    ['BT-153', changed({ name: 'Vårddygn 195009072553' }, 2100200)],
    ['BT-154', changed({ description: '195009072553' }, 2100200)],
    ['BT-128', changed({ caseReference: '195009072553' }, 2100200)],
  ])('never carries a person number in %s', (location, invoice) => {
    expect(() => renderInvoice(invoice)).toThrow(
      expect.objectContaining({ code: 'invoice-refused', location }),
    );
  });

  test.each<[string, string, Invoice]>([
    ['a blank name', 'BT-27', { ...exemptInvoice, seller: { ...exemptInvoice.seller, name: ' ' } }],
    [
      'a control character',
      'BT-44',
      { ...exemptInvoice, buyer: { ...exemptInvoice.buyer, name: 'A\u0001' } },
    ],
    [
      'half a character',
      'BT-44',
      { ...exemptInvoice, buyer: { ...exemptInvoice.buyer, name: 'A\uD83D' } },
    ],
    ['a blank reference', 'BT-10', { ...exemptInvoice, buyerReference: '\t' }],
  ])('with %s is refused by the name of its term', (_, location, invoice) => {
    expect(() => renderInvoice(invoice)).toThrow(
      expect.objectContaining({ code: 'configuration-invalid', location }),
    );
  });

  test('has its texts on one line each', () => {
    const xml = renderInvoice({ ...exemptInvoice, note: ' Avser\r\n\tfebruari ' });
    expect(textAt(rootOf(xml), 'cbc:Note')).toBe('Avser februari');
  });

  test('outside the scope of VAT names no VAT number and no rate, though one is configured', () => {
    const xml = renderInvoice(outsideInvoice);
    expect(outsideInvoice.seller.vatId).toBeDefined();
    expect(xml).not.toMatch(/SE232999999501|Percent/);
  });

  test('of days that are no decimal is of one thing, and says the days', () => {
    const thirds = { quantity: { numerator: -1, denominator: 3 }, priceOre: 300, amountOre: -100 };
    const lines = [line, { ...line, ...thirds }];
    const xml = renderInvoice({ ...exemptInvoice, lines, totalOre: 2100100 });
    const [, second] = all(rootOf(xml), 'cac:InvoiceLine');
    expect(textAt(second, 'cbc:InvoicedQuantity')).toBe('-1');
    expect(first(second, 'cbc:InvoicedQuantity')?.attributes).toEqual({ unitCode: 'C62' });
    expect(textAt(second, 'cac:Price', 'cbc:PriceAmount')).toBe('1.00');
    expect(textAt(second, 'cac:Item', 'cbc:Description')).toMatch(/: -0 1\/3 dygn à 3,00 kr$/);
  });
});

// ---------------------------------------------------------------- any lawful one

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 200 })
  .filter((value) => value.trim() !== '' && withoutPersonNumbers(value) === value);
const digits = (length: number): fc.Arbitrary<string> =>
  fc.array(fc.nat(9), { minLength: length, maxLength: length }).map((each) => each.join(''));
const organisationNumber = digits(9).map((nine) => `${nine}${luhnDigit(nine)}`);
const party: fc.Arbitrary<Party> = fc.record(
  {
    name: text,
    organisationNumber,
    endpoint: organisationNumber.map((id) => ({ scheme: '0007' as const, id })),
    address: fc.record(
      { street: text, postalCode: text, city: text, country: fc.constant('SE' as const) },
      { requiredKeys: ['postalCode', 'city', 'country'] },
    ),
    fSkatt: fc.boolean(),
  },
  { requiredKeys: ['name', 'organisationNumber', 'endpoint', 'address'] },
);
/** Any share of a day at a price that leaves whole öre. */
const line: fc.Arbitrary<InvoiceLine> = fc
  .record({
    id: fc.nat(9999).map(String),
    name: text,
    more: fc.record({ description: text, caseReference: fc.uuid() }, { requiredKeys: [] }),
    numerator: fc.integer({ min: -400, max: 4000 }),
    denominator: fc.constantFrom(1, 2, 3, 4, 6, 7, 8, 31, 64),
    share: fc.integer({ min: 1, max: 2_000_000 }),
  })
  .map(({ id, name, more, numerator, denominator, share }) => ({
    ...more,
    id,
    name,
    quantity: { numerator, denominator },
    priceOre: share * denominator,
    amountOre: share * numerator,
  }));
const lawful: fc.Arbitrary<Invoice> = fc
  .record({
    seller: party,
    buyer: party,
    buyerReference: text,
    number: digits(9),
    isCredit: fc.boolean(),
    isOutside: fc.boolean(),
    lines: fc.array(line, { minLength: 1, maxLength: 30 }),
    note: fc.option(text, { nil: undefined }),
  })
  .map(({ isCredit, isOutside, note, seller, ...rest }): Invoice => {
    const content = {
      ...rest,
      ...(note !== undefined && { note }),
      seller: { ...seller, vatId: `SE${seller.organisationNumber}01` },
      issueDate: '2027-03-20',
      period: { from: '2027-02-01', to: '2027-02-28' },
      specificationNumber: 'S-1',
      totalOre: rest.lines.reduce((sum, { amountOre }) => sum + amountOre, 0),
      vat: isOutside
        ? { category: 'O' as const, reasonCode: 'VATEX-EU-O' }
        : { category: 'E' as const, reasonCode: 'VATEX-EU-132-1B' },
    };
    if (isCredit) {
      const corrects = { number: '1', issueDate: '2027-03-01' };
      return { ...content, kind: 'credit-note', corrects };
    }
    const payment = { means: 'bankgiro' as const, account: '9912346', ocr: ocrOf(rest.number) };
    return { ...content, kind: 'invoice', dueDate: '2027-04-19', payment };
  })
  .filter(({ totalOre }) => totalOre > 0);

test('any lawful invoice passes every rule, with its amounts to the öre and its names as they are', () => {
  const oreOf = (element: Element | undefined, ...path: readonly string[]): number =>
    Number(textAt(element, ...path).replace('.', ''));
  const asRead = (name: string): string => name.replace(/\s+/g, ' ').trim();
  fc.assert(
    fc.property(lawful, (invoice) => {
      const xml = renderInvoice(invoice);
      expect(checkInvoice(xml)).toEqual([]);
      const root = rootOf(xml);
      expect(oreOf(root, 'cac:LegalMonetaryTotal', 'cbc:PayableAmount')).toBe(invoice.totalOre);
      const amounts = all(root, `cac:${root.name}Line`, 'cbc:LineExtensionAmount');
      expect(amounts.map((each) => oreOf(each))).toEqual(
        invoice.lines.map(({ amountOre }) => amountOre),
      );
      const buyer = first(root, 'cac:AccountingCustomerParty', 'cac:Party', 'cac:PartyLegalEntity');
      expect(textAt(buyer, 'cbc:RegistrationName')).toBe(asRead(invoice.buyer.name));
    }),
    { numRuns: 300 },
  );
});

describe('the OCR reference', () => {
  test('is the digits of the invoice number, a length digit and a check digit', () => {
    // By hand: 123457 from the right, every other doubled: 5 + 5 + 8 + 3 + 4 + 1 = 26, and 4 to the next ten.
    expect(ocrOf('12345')).toBe('1234574');
    // Twelve digits in all: the length digit is 2. 4 + 3 + 4 + 1 + 7 + 4 + 4 = 27, and 3 to the next ten.
    expect(ocrOf('2027-000123')).toBe('202700012323');
  });

  test.each(['', 'A12', '12 34', '-12', '12--34', '1'.repeat(24)])(
    'is refused for %j',
    (number) => {
      expect(() => ocrOf(number)).toThrow(
        expect.objectContaining({ code: 'configuration-invalid' }),
      );
    },
  );

  test('has 25 digits at most', () => {
    expect(ocrOf('1'.repeat(23))).toMatch(/^1{23}5\d$/);
  });
});
