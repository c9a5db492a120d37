/** An invoice to change in a test: a region that asks two days and a half of a municipality. Every name is invented. */
import type { CreditNote, Demand } from '../../adapters/outbound/billing/invoice.ts';

const asked = {
  number: '2027-000123',
  issueDate: '2027-03-20',
  seller: {
    name: 'Region Exempel',
    organisationNumber: '2329999995',
    endpoint: { scheme: '0007', id: '2329999995' },
    address: { street: 'Exempelgatan 1', postalCode: '100 00', city: 'Exempelstad', country: 'SE' },
    vatId: 'SE232999999501',
    fSkatt: true,
  },
  buyer: {
    name: 'Påhittade kommun',
    organisationNumber: '2129999997',
    endpoint: { scheme: '0007', id: '2129999997' },
    address: { postalCode: '200 00', city: 'Påhittad', country: 'SE' },
  },
  buyerReference: 'REF-4711',
  orderReference: 'B-88',
  period: { from: '2027-02-01', to: '2027-02-28' },
  specificationNumber: '13-1380-2027-02-r1',
  lines: [
    {
      id: '1',
      name: 'Vårddygn',
      description: 'Utskrivningsklar, 5 kap. 6 § lag (2017:612)',
      caseReference: 'case-1',
      quantity: { numerator: 2, denominator: 1 },
      priceOre: 1050100,
      amountOre: 2100200,
      period: { from: '2027-02-03', to: '2027-02-04' },
    },
    {
      id: '2',
      name: 'Överskjutande dygn',
      quantity: { numerator: 1, denominator: 2 },
      priceOre: 1050100,
      amountOre: 525050,
    },
  ],
  totalOre: 2625250,
  vat: { category: 'E', reasonCode: 'VATEX-EU-132-1B', reason: 'Sjukvård' },
  note: 'Betalningsansvar enligt lag (2017:612)',
} as const;

/** Exempt (E), with all an invoice may have. */
export const exemptInvoice: Demand = {
  ...asked,
  kind: 'invoice',
  dueDate: '2027-04-19',
  payment: { means: 'bankgiro', account: '9912346', ocr: '202700012323' },
};

/** Outside the scope of VAT (O), with no more than an invoice must have. */
export const outsideInvoice: Demand = {
  kind: 'invoice',
  number: '124',
  issueDate: '2027-03-20',
  dueDate: '2027-04-19',
  seller: asked.seller,
  buyer: asked.buyer,
  buyerReference: 'REF-4711',
  period: asked.period,
  specificationNumber: '13-1380-2027-02-r1',
  lines: [asked.lines[1]],
  totalOre: 525050,
  vat: { category: 'O', reasonCode: 'VATEX-EU-O' },
  payment: { means: 'plusgiro', account: '12345', ocr: '12450' },
};

/** What takes the first one back as a whole. */
export const creditNote: CreditNote = {
  ...asked,
  kind: 'credit-note',
  number: '2027-000131',
  issueDate: '2027-05-04',
  corrects: { number: '2027-000123', issueDate: '2027-03-20' },
};
