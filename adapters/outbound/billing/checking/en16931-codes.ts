/** EN 16931, BR-CL: codes of their lists. A list here has the codes that an invoice of ours may use, and no more. */
import { amounts, quantities } from './structure.ts';
import { every, rule, type Rule } from './rule.ts';
import type { Element } from './element.ts';

/** VATEX: care exempt by article 132 of directive 2006/112/EC, and what is outside the scope of VAT. */
export const reasonCodes: ReadonlySet<string> = new Set([
  'VATEX-EU-132',
  ...'ABCDEFGHIJKLMNOPQ'.split('').map((letter) => `VATEX-EU-132-1${letter}`),
  'VATEX-EU-O',
]);

const textIn =
  (...codes: readonly string[]) =>
  ({ text }: Element): boolean =>
    codes.includes(text);
const attributeIn =
  (name: string, ...codes: readonly string[]) =>
  ({ attributes }: Element): boolean => {
    const code = attributes[name];
    // That it is there is asked by another rule.
    return code === undefined || codes.includes(code);
  };

export const codes: readonly Rule[] = [
  rule(
    'BR-CL-01',
    'BT-3',
    'The type is 380 of an invoice, 381 of a credit note (UNTDID 1001).',
    every('cbc:InvoiceTypeCode', 'cbc:CreditNoteTypeCode'),
    ({ name, text }) => text === (name === 'cbc:InvoiceTypeCode' ? '380' : '381'),
  ),
  rule(
    'BR-CL-03',
    'BT-5',
    'The currency of an amount is SEK (ISO 4217).',
    every(...amounts),
    attributeIn('currencyID', 'SEK'),
  ),
  rule(
    'BR-CL-04',
    'BT-5',
    'The currency is SEK (ISO 4217).',
    every('cbc:DocumentCurrencyCode'),
    textIn('SEK'),
  ),
  rule(
    'BR-CL-11',
    'BT-30',
    'A registration number is of scheme 0007, the Swedish organisation number (ISO 6523).',
    every('cbc:CompanyID'),
    attributeIn('schemeID', '0007'),
  ),
  rule(
    'BR-CL-14',
    'BT-40',
    'A country is SE (ISO 3166-1).',
    every('cbc:IdentificationCode'),
    textIn('SE'),
  ),
  rule(
    'BR-CL-16',
    'BT-81',
    'The means of payment is 30, a credit transfer (UNTDID 4461).',
    every('cbc:PaymentMeansCode'),
    textIn('30'),
  ),
  rule(
    'BR-CL-17',
    'BT-118',
    'The VAT category of a breakdown is E or O (UNTDID 5305).',
    every('cac:TaxCategory'),
    isExemptOrOutside,
  ),
  rule(
    'BR-CL-18',
    'BT-151',
    'The VAT category of a line is E or O (UNTDID 5305).',
    every('cac:ClassifiedTaxCategory'),
    isExemptOrOutside,
  ),
  rule(
    'BR-CL-22',
    'BT-121',
    'The reason for no VAT is of article 132, or VATEX-EU-O (VATEX).',
    every('cbc:TaxExemptionReasonCode'),
    ({ text }) => reasonCodes.has(text.toUpperCase()),
  ),
  rule(
    'BR-CL-23',
    'BT-130',
    'A unit is DAY, or C62 for a thing counted as one (UN/ECE Recommendation 20).',
    every(...quantities),
    attributeIn('unitCode', 'DAY', 'C62'),
  ),
  rule(
    'BR-CL-25',
    'BT-34',
    'An electronic address is of scheme 0007 or 0088 (EAS).',
    every('cbc:EndpointID'),
    attributeIn('schemeID', '0007', '0088'),
  ),
];

function isExemptOrOutside({ children }: Element): boolean {
  const code = children.find(({ name }) => name === 'cbc:ID')?.text ?? '';
  return code === '' || code === 'E' || code === 'O';
}
