/** Peppol BIS Billing 3.0.19: what the network asks beyond EN 16931. */
import { luhnDigit } from '../ocr.ts';
import { decimalIn, one } from './decimal.ts';
import { all, first, textAt } from './element.ts';
import {
  at,
  every,
  has,
  rule,
  theBuyer,
  theDocument,
  theLines,
  theSeller,
  type Rule,
} from './rule.ts';
import { amounts } from './structure.ts';

const specification = 'urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0';

const ofTheDocument: readonly Rule[] = [
  rule('PEPPOL-EN16931-R001', 'BT-23', 'There is a business process.', theDocument, (root) =>
    has(root, 'cbc:ProfileID'),
  ),
  rule(
    'PEPPOL-EN16931-R002',
    'BT-22',
    'There is one note at most.',
    theDocument,
    (root) => all(root, 'cbc:Note').length <= 1,
  ),
  rule(
    'PEPPOL-EN16931-R003',
    'BT-10',
    'There is a buyer reference or a purchase order reference.',
    theDocument,
    (root) => has(root, 'cbc:BuyerReference') || has(root, 'cac:OrderReference', 'cbc:ID'),
  ),
  rule(
    'PEPPOL-EN16931-R004',
    'BT-24',
    'The specification is that of Peppol BIS Billing 3.',
    every('cbc:CustomizationID'),
    ({ text }) => text === '' || text === specification,
  ),
  rule(
    'PEPPOL-EN16931-R007',
    'BT-23',
    'The business process is one of Peppol billing: urn:fdc:peppol.eu:2017:poacc:billing:NN:1.0.',
    every('cbc:ProfileID'),
    ({ text }) => text === '' || /^urn:fdc:peppol\.eu:2017:poacc:billing:\d{2}:1\.0$/.test(text),
  ),
  rule(
    'PEPPOL-EN16931-R008',
    'BG-2',
    'No element is empty.',
    ({ elements }) => elements,
    ({ children, text }) => children.length > 0 || text !== '',
  ),
  rule('PEPPOL-EN16931-R010', 'BT-49', 'The buyer has an electronic address.', theBuyer, (buyer) =>
    has(buyer, 'cbc:EndpointID'),
  ),
  rule(
    'PEPPOL-EN16931-R020',
    'BT-34',
    'The seller has an electronic address.',
    theSeller,
    (seller) => has(seller, 'cbc:EndpointID'),
  ),
  rule(
    'PEPPOL-EN16931-R051',
    'BT-5',
    'Every amount is in the currency of the invoice.',
    every(...amounts),
    ({ attributes }, { root }) => {
      const currency = textAt(root, 'cbc:DocumentCurrencyCode');
      return currency === '' || attributes['currencyID'] === currency;
    },
  ),
  rule(
    'PEPPOL-EN16931-R053',
    'BG-23',
    'One VAT total has breakdowns.',
    theDocument,
    (root) =>
      all(root, 'cac:TaxTotal').filter((total) => has(total, 'cac:TaxSubtotal')).length <= 1,
  ),
  rule(
    'PEPPOL-EN16931-R054',
    'BT-111',
    'No VAT total is without breakdowns, for there is one currency.',
    at('cac:TaxTotal'),
    (total) => has(total, 'cac:TaxSubtotal'),
  ),
];

const ofTheLines: readonly Rule[] = [
  rule(
    'PEPPOL-EN16931-R100',
    'BT-128',
    'A line is of one object at most.',
    theLines,
    (line) => all(line, 'cac:DocumentReference').length <= 1,
  ),
  rule(
    'PEPPOL-EN16931-R101',
    'BT-128',
    'A document that a line refers to is its object, of type 130.',
    every('cac:DocumentReference'),
    (reference) => textAt(reference, 'cbc:DocumentTypeCode') === '130',
  ),
  rule(
    'PEPPOL-EN16931-R110',
    'BT-134',
    "A line's period starts no earlier than the invoice's.",
    theLines,
    (line, { root }) => {
      const whole = textAt(root, 'cac:InvoicePeriod', 'cbc:StartDate');
      const part = textAt(line, 'cac:InvoicePeriod', 'cbc:StartDate');
      return part === '' || part >= whole;
    },
  ),
  rule(
    'PEPPOL-EN16931-R111',
    'BT-135',
    "A line's period ends no later than the invoice's.",
    theLines,
    (line, { root }) => {
      const whole = textAt(root, 'cac:InvoicePeriod', 'cbc:EndDate');
      return whole === '' || textAt(line, 'cac:InvoicePeriod', 'cbc:EndDate') <= whole;
    },
  ),
  rule(
    'PEPPOL-EN16931-R120',
    'BT-131',
    'The net amount of a line is its quantity times its net price, to within two öre.',
    theLines,
    (line) => {
      const quantity = first(line, 'cbc:InvoicedQuantity') ?? first(line, 'cbc:CreditedQuantity');
      const counted = decimalIn(quantity);
      const price = decimalIn(first(line, 'cac:Price', 'cbc:PriceAmount'));
      const amount = decimalIn(first(line, 'cbc:LineExtensionAmount'));
      if (counted === undefined || price === undefined || amount === undefined) return true;
      const difference = counted * price - amount * one;
      const slack = (2n * one * one) / 100n;
      return difference <= slack && -difference <= slack;
    },
  ),
];

const ofCodes: readonly Rule[] = [
  rule(
    'PEPPOL-EN16931-CL007',
    'BT-5',
    'The currency of an amount is SEK.',
    every(...amounts),
    ({ attributes }) => attributes['currencyID'] === 'SEK',
  ),
  rule(
    'PEPPOL-EN16931-CL008',
    'BT-34',
    'An electronic address is of scheme 0007 or 0088.',
    every('cbc:EndpointID'),
    ({ attributes: { schemeID } }) => schemeID === undefined || /^(?:0007|0088)$/.test(schemeID),
  ),
  rule(
    'PEPPOL-EN16931-F001',
    'BT-2',
    'A date is a day of the calendar, written YYYY-MM-DD.',
    every('cbc:IssueDate', 'cbc:DueDate', 'cbc:StartDate', 'cbc:EndDate'),
    ({ text }) => text === '' || isDate(text),
  ),
  rule(
    'PEPPOL-EN16931-P0100',
    'BT-3',
    'The type of an invoice in billing is 380.',
    every('cbc:InvoiceTypeCode'),
    ({ text }) => text === '380',
  ),
  rule(
    'PEPPOL-EN16931-P0101',
    'BT-3',
    'The type of a credit note in billing is 381.',
    every('cbc:CreditNoteTypeCode'),
    ({ text }) => text === '381',
  ),
  rule(
    'PEPPOL-EN16931-P0105',
    'BT-121',
    'VATEX-EU-O stands with category O alone.',
    every('cac:TaxCategory'),
    (category) =>
      textAt(category, 'cbc:TaxExemptionReasonCode').toUpperCase() !== 'VATEX-EU-O' ||
      textAt(category, 'cbc:ID') === 'O',
  ),
];

/** `2027-02-29` is none. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const milliseconds = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().slice(0, 10) === text;
}

const ofIdentifiers: readonly Rule[] = [
  rule(
    'PEPPOL-COMMON-R040',
    'BT-34',
    'A GLN (0088) is thirteen digits, the last of which is their check digit.',
    every('cbc:EndpointID', 'cbc:CompanyID'),
    ({ attributes, text }) => attributes['schemeID'] !== '0088' || isGln(text),
  ),
  rule(
    'PEPPOL-COMMON-R049',
    'BT-34',
    'A Swedish organisation number (0007) is ten digits, the last of which is their check digit.',
    every('cbc:EndpointID', 'cbc:CompanyID'),
    ({ attributes, text }) => attributes['schemeID'] !== '0007' || isOrganisationNumber(text),
  ),
];

/** GS1 General Specifications 7.9: from the right, digits count three times and once by turns. */
function isGln(text: string): boolean {
  if (!/^\d{13}$/.test(text)) return false;
  let sum = 0;
  for (let place = 0; place < 12; place += 1)
    sum += Number(text[place]) * (place % 2 === 0 ? 1 : 3);
  return (10 - (sum % 10)) % 10 === Number(text[12]);
}

function isOrganisationNumber(text: string): boolean {
  return /^\d{10}$/.test(text) && luhnDigit(text.slice(0, 9)) === Number(text[9]);
}

export const peppol: readonly Rule[] = [
  ...ofTheDocument,
  ...ofTheLines,
  ...ofCodes,
  ...ofIdentifiers,
];
