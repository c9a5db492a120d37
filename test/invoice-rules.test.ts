/** The rules an invoice is held against before it is sent: what each refuses, and that it refuses nothing else. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkInvoice, rules } from '../adapters/outbound/billing/checking/index.ts';
import { renderInvoice } from '../adapters/outbound/billing/peppol.ts';
import { creditNote, exemptInvoice, outsideInvoice } from './support/invoices.ts';

const good = {
  exempt: renderInvoice(exemptInvoice),
  outside: renderInvoice(outsideInvoice),
  credit: renderInvoice(creditNote),
};

// ---------------------------------------------------------------- how a good one is spoilt

type Change = (xml: string) => string;

const swap =
  (from: string | RegExp, to: string): Change =>
  (xml) =>
    xml.replace(from, to);
/** Without its first element of the name. */
const cut = (name: string): Change =>
  swap(new RegExp(`\\s*<${name}(?: [^>]*)?>[\\s\\S]*?</${name}>`), '');
/** With its first element of the name twice. */
const twice = (name: string): Change =>
  swap(new RegExp(`\\s*<${name}(?: [^>]*)?>[\\s\\S]*?</${name}>`), '$&$&');
/** With another text in its first element of the name. */
const fill = (name: string, text: string): Change =>
  swap(new RegExp(`(<${name}(?: [^>]*)?>)[^<]*`), `$1${text}`);
/** Changed within its first element of the name alone. */
const within =
  (name: string, ...changes: readonly Change[]): Change =>
  (xml) =>
    xml.replace(new RegExp(`<${name}>[\\s\\S]*?</${name}>`), (part) => all(...changes)(part));
const all =
  (...changes: readonly Change[]): Change =>
  (xml) =>
    changes.reduce((before, change) => change(before), xml);

const seller = (...changes: readonly Change[]): Change =>
  within('cac:AccountingSupplierParty', ...changes);
const buyer = (...changes: readonly Change[]): Change =>
  within('cac:AccountingCustomerParty', ...changes);
const line = (...changes: readonly Change[]): Change => within('cac:InvoiceLine', ...changes);
const breakdown = (...changes: readonly Change[]): Change => within('cac:TaxSubtotal', ...changes);
const totals = (...changes: readonly Change[]): Change =>
  within('cac:LegalMonetaryTotal', ...changes);

interface Spoilt {
  readonly rule: string;
  readonly of?: keyof typeof good;
  readonly by: Change;
  /** Rules that say the same, or that cannot hold either. */
  readonly also?: readonly string[];
}

/** An element that is needed is taken away; a code is one the list has not; a sum is an öre too much. */
const counterExamples: readonly Spoilt[] = [
  { rule: 'UBL-2.1', by: swap('<?xml', '<!DOCTYPE a><?xml') },
  { rule: 'UBL-2.1', by: swap('xsd:Invoice-2', 'xsd:Order-2') },
  {
    rule: 'UBL-2.1',
    by: swap('<cbc:DueDate>', '<cbc:TaxPointDate>2027-03-01</cbc:TaxPointDate><cbc:DueDate>'),
  },
  {
    rule: 'UBL-2.1',
    by: all(
      cut('cbc:DueDate'),
      swap('<cbc:BuyerReference>', '<cbc:DueDate>2027-04-19</cbc:DueDate><cbc:BuyerReference>'),
    ),
  },
  { rule: 'UBL-2.1', by: twice('cbc:BuyerReference') },
  { rule: 'UBL-2.1', by: swap('<cbc:Note>', '<cbc:Note languageID="sv">') },
  { rule: 'UBL-2.1', by: totals(fill('cbc:PayableAmount', '26 252,50')) },
  { rule: 'BR-01', by: cut('cbc:CustomizationID') },
  { rule: 'BR-02', by: cut('cbc:ID') },
  { rule: 'BR-03', by: cut('cbc:IssueDate') },
  { rule: 'BR-04', by: cut('cbc:InvoiceTypeCode') },
  { rule: 'BR-05', by: cut('cbc:DocumentCurrencyCode') },
  { rule: 'BR-06', by: seller(cut('cbc:RegistrationName')) },
  { rule: 'BR-07', by: buyer(cut('cbc:RegistrationName')) },
  { rule: 'BR-08', by: seller(cut('cac:PostalAddress')) },
  { rule: 'BR-09', by: seller(cut('cac:Country')) },
  { rule: 'BR-10', by: buyer(cut('cac:PostalAddress')) },
  { rule: 'BR-11', by: buyer(cut('cac:Country')) },
  { rule: 'BR-12', by: totals(cut('cbc:LineExtensionAmount')) },
  { rule: 'BR-13', by: totals(cut('cbc:TaxExclusiveAmount')) },
  { rule: 'BR-14', by: totals(cut('cbc:TaxInclusiveAmount')) },
  { rule: 'BR-15', by: totals(cut('cbc:PayableAmount')) },
  {
    rule: 'BR-16',
    by: all(cut('cac:InvoiceLine'), cut('cac:InvoiceLine')),
    also: ['BR-CO-10', 'BR-E-08'],
  },
  { rule: 'BR-21', by: line(cut('cbc:ID')) },
  { rule: 'BR-22', by: line(cut('cbc:InvoicedQuantity')) },
  { rule: 'BR-23', by: swap(' unitCode="DAY"', '') },
  { rule: 'BR-24', by: line(cut('cbc:LineExtensionAmount')), also: ['BR-CO-10', 'BR-E-08'] },
  { rule: 'BR-25', by: line(cut('cbc:Name')) },
  { rule: 'BR-26', by: line(cut('cac:Price')) },
  {
    rule: 'BR-27',
    by: line(fill('cbc:PriceAmount', '-10501.00'), fill('cbc:InvoicedQuantity', '-2')),
  },
  { rule: 'BR-29', by: fill('cbc:EndDate', '2027-01-31'), also: ['PEPPOL-EN16931-R111'] },
  { rule: 'BR-30', by: line(fill('cbc:EndDate', '2027-02-02')) },
  { rule: 'BR-45', by: breakdown(cut('cbc:TaxableAmount')) },
  { rule: 'BR-46', by: breakdown(cut('cbc:TaxAmount')) },
  { rule: 'BR-47', by: breakdown(cut('cbc:ID')), also: ['BR-E-01'] },
  { rule: 'BR-48', by: breakdown(cut('cbc:Percent')) },
  { rule: 'BR-49', by: cut('cbc:PaymentMeansCode') },
  { rule: 'BR-50', by: within('cac:PayeeFinancialAccount', cut('cbc:ID')), also: ['BR-61'] },
  { rule: 'BR-52', by: within('cac:AdditionalDocumentReference', cut('cbc:ID')) },
  { rule: 'BR-55', of: 'credit', by: within('cac:BillingReference', cut('cbc:ID')) },
  { rule: 'BR-61', by: cut('cac:PayeeFinancialAccount') },
  { rule: 'BR-62', by: seller(swap(' schemeID="0007"', '')) },
  { rule: 'BR-63', by: buyer(swap(' schemeID="0007"', '')) },
  { rule: 'BR-CO-04', by: line(cut('cac:ClassifiedTaxCategory')), also: ['BR-E-08'] },
  { rule: 'BR-CO-09', by: fill('cbc:CompanyID', '232999999501') },
  { rule: 'BR-CO-10', by: line(fill('cbc:LineExtensionAmount', '21002.01')), also: ['BR-E-08'] },
  { rule: 'BR-CO-13', by: totals(fill('cbc:TaxExclusiveAmount', '26252.51')), also: ['BR-CO-15'] },
  { rule: 'BR-CO-14', by: fill('cbc:TaxAmount', '0.01'), also: ['BR-CO-15'] },
  { rule: 'BR-CO-15', by: totals(fill('cbc:TaxInclusiveAmount', '26252.51')), also: ['BR-CO-16'] },
  { rule: 'BR-CO-16', by: totals(fill('cbc:PayableAmount', '26252.51')) },
  { rule: 'BR-CO-17', by: breakdown(fill('cbc:Percent', '25')) },
  { rule: 'BR-CO-18', by: cut('cac:TaxTotal'), also: ['BR-E-01'] },
  {
    rule: 'BR-CO-19',
    by: within('cac:InvoicePeriod', cut('cbc:StartDate'), cut('cbc:EndDate')),
    also: ['PEPPOL-EN16931-R008'],
  },
  {
    rule: 'BR-CO-20',
    by: line(cut('cbc:StartDate'), cut('cbc:EndDate')),
    also: ['PEPPOL-EN16931-R008'],
  },
  { rule: 'BR-CO-25', by: cut('cbc:DueDate') },
  {
    rule: 'BR-CO-26',
    of: 'outside',
    by: seller(within('cac:PartyLegalEntity', cut('cbc:CompanyID'))),
  },
  { rule: 'BR-DEC-09', by: totals(fill('cbc:LineExtensionAmount', '26252.500')) },
  { rule: 'BR-DEC-12', by: totals(fill('cbc:TaxExclusiveAmount', '26252.500')) },
  { rule: 'BR-DEC-13', by: fill('cbc:TaxAmount', '0.000') },
  { rule: 'BR-DEC-14', by: totals(fill('cbc:TaxInclusiveAmount', '26252.500')) },
  { rule: 'BR-DEC-18', by: totals(fill('cbc:PayableAmount', '26252.500')) },
  { rule: 'BR-DEC-19', by: breakdown(fill('cbc:TaxableAmount', '26252.500')) },
  { rule: 'BR-DEC-20', by: breakdown(fill('cbc:TaxAmount', '0.000')) },
  { rule: 'BR-DEC-23', by: line(fill('cbc:LineExtensionAmount', '21002.000')) },
  { rule: 'BR-CL-01', by: fill('cbc:InvoiceTypeCode', '999'), also: ['PEPPOL-EN16931-P0100'] },
  {
    rule: 'BR-CL-03',
    by: line(swap('"SEK"', '"SEC"')),
    also: ['PEPPOL-EN16931-R051', 'PEPPOL-EN16931-CL007'],
  },
  { rule: 'BR-CL-04', by: fill('cbc:DocumentCurrencyCode', 'SEC'), also: ['PEPPOL-EN16931-R051'] },
  { rule: 'BR-CL-11', by: seller(within('cac:PartyLegalEntity', swap('"0007"', '"9999"'))) },
  { rule: 'BR-CL-14', by: buyer(fill('cbc:IdentificationCode', 'ZZ')) },
  { rule: 'BR-CL-16', by: fill('cbc:PaymentMeansCode', '999') },
  { rule: 'BR-CL-17', by: breakdown(fill('cbc:ID', 'X')), also: ['BR-E-01'] },
  {
    rule: 'BR-CL-18',
    by: line(within('cac:ClassifiedTaxCategory', fill('cbc:ID', 'X'))),
    also: ['BR-E-08'],
  },
  { rule: 'BR-CL-22', by: fill('cbc:TaxExemptionReasonCode', 'VATEX-EU-1') },
  { rule: 'BR-CL-23', by: swap('"DAY"', '"DYGN"') },
  { rule: 'BR-CL-25', by: buyer(swap('"0007"', '"0203"')), also: ['PEPPOL-EN16931-CL008'] },
  { rule: 'BR-E-01', by: twice('cac:TaxSubtotal') },
  { rule: 'BR-E-02', by: seller(cut('cac:PartyTaxScheme'), cut('cac:PartyTaxScheme')) },
  { rule: 'BR-E-05', by: line(fill('cbc:Percent', '25')) },
  { rule: 'BR-E-08', by: breakdown(fill('cbc:TaxableAmount', '26252.51')) },
  { rule: 'BR-E-09', by: breakdown(fill('cbc:TaxAmount', '0.01')), also: ['BR-CO-14', 'BR-CO-17'] },
  { rule: 'BR-E-10', by: all(cut('cbc:TaxExemptionReasonCode'), cut('cbc:TaxExemptionReason')) },
  { rule: 'BR-O-01', of: 'outside', by: twice('cac:TaxSubtotal') },
  {
    rule: 'BR-O-02',
    of: 'outside',
    by: buyer(
      swap(
        '<cac:PartyLegalEntity>',
        '<cac:PartyTaxScheme><cbc:CompanyID>SE212999999701</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>$&',
      ),
    ),
  },
  {
    rule: 'BR-O-05',
    of: 'outside',
    by: line(swap('<cbc:ID>O</cbc:ID>', '$&<cbc:Percent>0</cbc:Percent>')),
  },
  { rule: 'BR-O-08', of: 'outside', by: breakdown(fill('cbc:TaxableAmount', '5250.51')) },
  {
    rule: 'BR-O-09',
    of: 'outside',
    by: breakdown(fill('cbc:TaxAmount', '0.01')),
    also: ['BR-CO-14'],
  },
  { rule: 'BR-O-10', of: 'outside', by: cut('cbc:TaxExemptionReasonCode') },
  {
    rule: 'BR-O-11',
    of: 'outside',
    by: swap(
      '</cac:TaxSubtotal>',
      '$&<cac:TaxSubtotal><cbc:TaxableAmount currencyID="SEK">0.00</cbc:TaxableAmount><cbc:TaxAmount currencyID="SEK">0.00</cbc:TaxAmount><cac:TaxCategory><cbc:ID>E</cbc:ID><cbc:Percent>0</cbc:Percent><cbc:TaxExemptionReasonCode>VATEX-EU-132-1B</cbc:TaxExemptionReasonCode><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal>',
    ),
  },
  {
    rule: 'BR-O-12',
    of: 'outside',
    by: line(swap('<cbc:ID>O</cbc:ID>', '<cbc:ID>E</cbc:ID><cbc:Percent>0</cbc:Percent>')),
    also: ['BR-E-01', 'BR-O-08'],
  },
  { rule: 'PEPPOL-EN16931-R001', by: cut('cbc:ProfileID') },
  { rule: 'PEPPOL-EN16931-R002', by: twice('cbc:Note') },
  { rule: 'PEPPOL-EN16931-R003', by: all(cut('cbc:BuyerReference'), cut('cac:OrderReference')) },
  { rule: 'PEPPOL-EN16931-R004', by: fill('cbc:CustomizationID', 'urn:cen.eu:en16931:2017') },
  {
    rule: 'PEPPOL-EN16931-R007',
    by: fill('cbc:ProfileID', 'urn:fdc:peppol.eu:2017:poacc:ordering:01:1.0'),
  },
  { rule: 'PEPPOL-EN16931-R008', by: fill('cbc:Note', ' ') },
  { rule: 'PEPPOL-EN16931-R010', by: buyer(cut('cbc:EndpointID')) },
  { rule: 'PEPPOL-EN16931-R020', by: seller(cut('cbc:EndpointID')) },
  {
    rule: 'PEPPOL-EN16931-R051',
    by: totals(swap('"SEK"', '"EUR"')),
    also: ['BR-CL-03', 'PEPPOL-EN16931-CL007'],
  },
  { rule: 'PEPPOL-EN16931-R053', by: twice('cac:TaxTotal'), also: ['BR-E-01'] },
  {
    rule: 'PEPPOL-EN16931-R054',
    by: swap(
      '</cac:TaxTotal>',
      '$&<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">0.00</cbc:TaxAmount></cac:TaxTotal>',
    ),
  },
  { rule: 'PEPPOL-EN16931-R100', by: twice('cac:DocumentReference') },
  { rule: 'PEPPOL-EN16931-R101', by: fill('cbc:DocumentTypeCode', '50') },
  { rule: 'PEPPOL-EN16931-R110', by: line(fill('cbc:StartDate', '2027-01-31')) },
  { rule: 'PEPPOL-EN16931-R111', by: line(fill('cbc:EndDate', '2027-03-01')) },
  { rule: 'PEPPOL-EN16931-R120', by: line(fill('cbc:InvoicedQuantity', '3')) },
  {
    rule: 'PEPPOL-EN16931-CL007',
    by: line(swap(' currencyID="SEK"', '')),
    also: ['PEPPOL-EN16931-R051'],
  },
  { rule: 'PEPPOL-EN16931-CL008', by: seller(swap('"0007"', '"9955"')), also: ['BR-CL-25'] },
  { rule: 'PEPPOL-EN16931-F001', by: fill('cbc:DueDate', '2027-02-29') },
  { rule: 'PEPPOL-EN16931-P0100', by: fill('cbc:InvoiceTypeCode', '384'), also: ['BR-CL-01'] },
  {
    rule: 'PEPPOL-EN16931-P0101',
    of: 'credit',
    by: fill('cbc:CreditNoteTypeCode', '380'),
    also: ['BR-CL-01'],
  },
  { rule: 'PEPPOL-EN16931-P0105', by: fill('cbc:TaxExemptionReasonCode', 'VATEX-EU-O') },
  { rule: 'PEPPOL-COMMON-R040', by: buyer(swap('"0007">2129999997', '"0088">7350000000008')) },
  { rule: 'PEPPOL-COMMON-R049', by: buyer(fill('cbc:EndpointID', '2129999998')) },
  { rule: 'SE-R-001', by: seller(fill('cbc:CompanyID', 'SE2329999995')) },
  { rule: 'SE-R-002', by: seller(fill('cbc:CompanyID', 'SE2329999995ab')) },
  {
    rule: 'SE-R-003',
    by: seller(within('cac:PartyLegalEntity', fill('cbc:CompanyID', '232999999X'))),
    also: ['PEPPOL-COMMON-R049'],
  },
  {
    rule: 'SE-R-004',
    by: seller(within('cac:PartyLegalEntity', fill('cbc:CompanyID', '162329999995'))),
    also: ['PEPPOL-COMMON-R049'],
  },
  { rule: 'SE-R-005', by: seller(swap('Godkänd för F-skatt', 'F-skatt')) },
  {
    rule: 'SE-R-007',
    of: 'outside',
    by: within('cac:PayeeFinancialAccount', fill('cbc:ID', '1234-5')),
  },
  { rule: 'SE-R-008', by: within('cac:PayeeFinancialAccount', fill('cbc:ID', '991-2346')) },
  { rule: 'SE-R-009', by: within('cac:PayeeFinancialAccount', fill('cbc:ID', '991234')) },
  { rule: 'SE-R-010', of: 'outside', by: within('cac:PayeeFinancialAccount', fill('cbc:ID', '1')) },
  { rule: 'SE-R-011', by: fill('cbc:PaymentMeansCode', '56'), also: ['BR-CL-16'] },
  { rule: 'SE-R-012', by: fill('cbc:PaymentMeansCode', '31'), also: ['BR-CL-16'] },
  {
    rule: 'SE-R-013',
    by: seller(within('cac:PartyLegalEntity', fill('cbc:CompanyID', '2329999996'))),
    also: ['PEPPOL-COMMON-R049'],
  },
];

describe('an invoice is held against', () => {
  test.each(Object.entries(good))('all rules, and passes: %s', (_, xml) => {
    expect(checkInvoice(xml)).toEqual([]);
  });

  test.each(counterExamples.map((one, index) => [one.rule, index, one] as const))(
    '%s, and refused by it (%i)',
    (id, _, { of = 'exempt', by, also = [] }) => {
      const spoilt = by(good[of]);
      expect(spoilt).not.toBe(good[of]);
      const broken = new Set(checkInvoice(spoilt).map((breach) => breach.rule));
      expect([...broken].toSorted()).toEqual([id, ...also].toSorted());
    },
  );

  test('nothing that has no counter-example here', () => {
    const shown = new Set(counterExamples.map(({ rule }) => rule));
    expect([...new Set(rules.map(({ id }) => id))].filter((id) => !shown.has(id))).toEqual([]);
    expect(shown.size).toBeGreaterThan(100);
  });
});

describe('what is no invoice', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['text', 'Faktura'],
    ['half of one', good.exempt.slice(0, 2000)],
    ['two of them', `${good.exempt}${good.exempt.replace(/^<\?xml.*\n/, '')}`],
    ['entities in one another', '<!DOCTYPE a [<!ENTITY b "&c;&c;">]><Invoice>&b;</Invoice>'],
    ['an entity of its own', good.exempt.replace('Exempelstad', '&ouml;')],
    ['a comment', good.exempt.replace('<cbc:Note>', '<!-- --><cbc:Note>')],
    ['a processing instruction', good.exempt.replace('<cbc:Note>', '<?a b?><cbc:Note>')],
    ['a control character', good.exempt.replace('Exempelstad', '\u0001')],
    ['elements in one another without end', '<a>'.repeat(50_000) + '</a>'.repeat(50_000)],
    ['more than anybody reads', `<Invoice>${'a'.repeat(32_000_000)}</Invoice>`],
    ['a name of the language', good.exempt.replaceAll('cbc:Note', '__proto__')],
    ['another name of the language', good.exempt.replaceAll('cbc:Note', 'constructor')],
  ])('is refused as such: %s', (_, xml) => {
    expect(checkInvoice(xml).map((breach) => breach.rule)).toContain('UBL-2.1');
  });

  test('gets an answer, however it is damaged', () => {
    fc.assert(
      fc.property(
        fc.nat(good.exempt.length),
        fc.nat(400),
        fc.string({ unit: 'binary', maxLength: 20 }),
        (from, length, text) => {
          const damaged = good.exempt.slice(0, from) + text + good.exempt.slice(from + length);
          expect(checkInvoice(damaged)).toBeInstanceOf(Array);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('and is wrong in two thousand places is told in twenty', () => {
    const [one = ''] = /<cac:InvoiceLine>[\s\S]*?<\/cac:InvoiceLine>/.exec(good.exempt) ?? [];
    const wrong = one.replace('"DAY"', '"DYGN"');
    const xml = good.exempt.replace('</Invoice>', `${wrong.repeat(2_000)}</Invoice>`);
    const told = checkInvoice(xml).filter((breach) => breach.rule === 'BR-CL-23');
    expect(told).toHaveLength(20);
    expect(told[0]).toEqual({
      rule: 'BR-CL-23',
      term: 'BT-130',
      where: '/Invoice/cac:InvoiceLine[3]/cbc:InvoicedQuantity',
      message: expect.stringMatching(/^A unit is DAY/),
      isFatal: true,
    });
  });

  test('is only remarked on by a rule that the standard marks as a warning', () => {
    const xml = good.exempt.replace('9912346', '991-2346');
    expect(checkInvoice(xml).map(({ rule, isFatal }) => [rule, isFatal])).toEqual([
      ['SE-R-008', false],
    ]);
  });
});
