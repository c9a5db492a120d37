/** EN 16931, BR-CO and BR-DEC: what hangs together, above all the sums, and how exact amounts are. */
import { agree, decimalIn, decimalsOf, one, sumOf } from './decimal.ts';
import { all, first, textAt } from './element.ts';
import {
  at,
  every,
  has,
  rule,
  theBreakdowns,
  theDocument,
  theLines,
  theSeller,
  theTotals,
  type Rule,
} from './rule.ts';

/** The rule that an amount has two decimals at most. */
const toTheOre = (id: string, term: string, ...path: readonly string[]): Rule =>
  rule(
    id,
    term,
    'An amount has two decimals at most.',
    at(...path),
    (amount) => decimalsOf(amount) <= 2,
  );

/** A rate's share of an amount, to the öre: half an öre is rounded up. */
function taxOn(amount: bigint, percent: bigint): bigint {
  const ore = one / 100n;
  const exact = (amount * percent) / (100n * one);
  const up = exact < 0n ? -(ore / 2n) : ore / 2n;
  return ((exact + up) / ore) * ore;
}

const coherence: readonly Rule[] = [
  rule('BR-CO-04', 'BT-151', 'A line has a VAT category.', theLines, (line) =>
    has(line, 'cac:Item', 'cac:ClassifiedTaxCategory', 'cbc:ID'),
  ),
  rule(
    'BR-CO-09',
    'BT-31',
    'A VAT number begins with the code of its country.',
    every('cac:PartyTaxScheme'),
    (scheme) =>
      textAt(scheme, 'cac:TaxScheme', 'cbc:ID') !== 'VAT' ||
      /^[A-Z]{2}/.test(textAt(scheme, 'cbc:CompanyID')),
  ),
  rule(
    'BR-CO-10',
    'BT-106',
    'The sum of the lines is that of their net amounts.',
    theTotals,
    (totals, { lines }) =>
      agree(
        decimalIn(first(totals, 'cbc:LineExtensionAmount')),
        sumOf(lines.flatMap((line) => all(line, 'cbc:LineExtensionAmount'))),
      ),
  ),
  rule(
    'BR-CO-13',
    'BT-109',
    'The total without VAT is the sum of the lines.',
    theTotals,
    (totals) =>
      agree(
        decimalIn(first(totals, 'cbc:TaxExclusiveAmount')),
        decimalIn(first(totals, 'cbc:LineExtensionAmount')),
      ),
  ),
  rule(
    'BR-CO-14',
    'BT-110',
    'The VAT total is the sum of its breakdowns.',
    at('cac:TaxTotal'),
    (total) =>
      !has(total, 'cac:TaxSubtotal') ||
      agree(
        decimalIn(first(total, 'cbc:TaxAmount')),
        sumOf(all(total, 'cac:TaxSubtotal', 'cbc:TaxAmount')),
      ),
  ),
  rule(
    'BR-CO-15',
    'BT-112',
    'The total with VAT is the total without it and the VAT together.',
    theTotals,
    (totals, { root }) => {
      const without = decimalIn(first(totals, 'cbc:TaxExclusiveAmount'));
      const tax = decimalIn(first(root, 'cac:TaxTotal', 'cbc:TaxAmount')) ?? 0n;
      return agree(
        decimalIn(first(totals, 'cbc:TaxInclusiveAmount')),
        without === undefined ? undefined : without + tax,
      );
    },
  ),
  rule('BR-CO-16', 'BT-115', 'The amount due is the total with VAT.', theTotals, (totals) =>
    agree(
      decimalIn(first(totals, 'cbc:PayableAmount')),
      decimalIn(first(totals, 'cbc:TaxInclusiveAmount')),
    ),
  ),
  rule(
    'BR-CO-17',
    'BT-117',
    'The tax of a breakdown is its taxable amount times its rate.',
    theBreakdowns,
    (breakdown) => {
      const amount = decimalIn(first(breakdown, 'cbc:TaxableAmount'));
      const percent = decimalIn(first(breakdown, 'cac:TaxCategory', 'cbc:Percent'));
      const tax = decimalIn(first(breakdown, 'cbc:TaxAmount'));
      if (amount === undefined || percent === undefined) return true;
      return agree(tax, taxOn(amount, percent));
    },
  ),
  rule(
    'BR-CO-18',
    'BG-23',
    'There is a VAT breakdown.',
    theDocument,
    (_, { breakdowns }) => breakdowns.length > 0,
  ),
  rule(
    'BR-CO-19',
    'BG-14',
    'The period has a first or a last day.',
    at('cac:InvoicePeriod'),
    hasDay,
  ),
  rule(
    'BR-CO-20',
    'BG-26',
    "A line's period has a first or a last day.",
    every('cac:InvoicePeriod'),
    (period) => period.parent?.parent === undefined || hasDay(period),
  ),
  rule(
    'BR-CO-25',
    'BT-9',
    'An invoice with an amount due says when it is due.',
    theDocument,
    (root) =>
      root.name !== 'Invoice' ||
      (decimalIn(first(root, 'cac:LegalMonetaryTotal', 'cbc:PayableAmount')) ?? 0n) <= 0n ||
      has(root, 'cbc:DueDate'),
  ),
  rule(
    'BR-CO-26',
    'BT-30',
    'The seller has a legal registration number or a VAT number.',
    theSeller,
    (seller) =>
      has(seller, 'cac:PartyLegalEntity', 'cbc:CompanyID') ||
      all(seller, 'cac:PartyTaxScheme').some(
        (scheme) =>
          textAt(scheme, 'cac:TaxScheme', 'cbc:ID') === 'VAT' && has(scheme, 'cbc:CompanyID'),
      ),
  ),
];

function hasDay(period: Parameters<typeof has>[0]): boolean {
  return has(period, 'cbc:StartDate') || has(period, 'cbc:EndDate');
}

const precision: readonly Rule[] = [
  toTheOre('BR-DEC-09', 'BT-106', 'cac:LegalMonetaryTotal', 'cbc:LineExtensionAmount'),
  toTheOre('BR-DEC-12', 'BT-109', 'cac:LegalMonetaryTotal', 'cbc:TaxExclusiveAmount'),
  toTheOre('BR-DEC-13', 'BT-110', 'cac:TaxTotal', 'cbc:TaxAmount'),
  toTheOre('BR-DEC-14', 'BT-112', 'cac:LegalMonetaryTotal', 'cbc:TaxInclusiveAmount'),
  toTheOre('BR-DEC-18', 'BT-115', 'cac:LegalMonetaryTotal', 'cbc:PayableAmount'),
  toTheOre('BR-DEC-19', 'BT-116', 'cac:TaxTotal', 'cac:TaxSubtotal', 'cbc:TaxableAmount'),
  toTheOre('BR-DEC-20', 'BT-117', 'cac:TaxTotal', 'cac:TaxSubtotal', 'cbc:TaxAmount'),
  rule('BR-DEC-23', 'BT-131', 'An amount has two decimals at most.', theLines, (line) =>
    all(line, 'cbc:LineExtensionAmount').every((amount) => decimalsOf(amount) <= 2),
  ),
];

export const sums: readonly Rule[] = [...coherence, ...precision];
