/** EN 16931, BR-E and BR-O: a claim that is exempt from VAT, or outside its scope. */
import { agree, decimalIn, sumOf } from './decimal.ts';
import { all, first, textAt, type Element } from './element.ts';
import {
  has,
  rule,
  theBreakdowns,
  theDocument,
  theLines,
  type Rule,
  type UblDocument,
} from './rule.ts';

const categoryOf = (element: Element): string =>
  textAt(element, ...categoryPath(element), 'cbc:ID');
const categoryPath = ({ name }: Element): readonly string[] =>
  name === 'cac:TaxSubtotal' ? ['cac:TaxCategory'] : ['cac:Item', 'cac:ClassifiedTaxCategory'];
const of =
  (code: string) =>
  (element: Element): boolean =>
    categoryOf(element) === code;

const linesOf =
  (code: string) =>
  ({ lines }: UblDocument): readonly Element[] =>
    lines.filter(of(code));
const breakdownsOf =
  (code: string) =>
  ({ breakdowns }: UblDocument): readonly Element[] =>
    breakdowns.filter(of(code));

const isVat = (scheme: Element): boolean => textAt(scheme, 'cac:TaxScheme', 'cbc:ID') === 'VAT';
const vatNumbersOf = (party: Element | undefined): readonly Element[] =>
  all(party, 'cac:PartyTaxScheme').filter(
    (scheme) => isVat(scheme) && has(scheme, 'cbc:CompanyID'),
  );

/** What both categories ask, each by a rule of its own. */
function common(code: 'E' | 'O', words: string): readonly Rule[] {
  return [
    rule(
      `BR-${code}-01`,
      'BT-118',
      `Where a line is ${words}, there is one VAT breakdown that is.`,
      theDocument,
      (_, document) => {
        const count = breakdownsOf(code)(document).length;
        return linesOf(code)(document).length > 0 ? count === 1 : count <= 1;
      },
    ),
    rule(
      `BR-${code}-08`,
      'BT-116',
      `The taxable amount that is ${words} is the sum of the lines that are.`,
      breakdownsOf(code),
      (breakdown, document) =>
        agree(
          decimalIn(first(breakdown, 'cbc:TaxableAmount')),
          sumOf(linesOf(code)(document).flatMap((line) => all(line, 'cbc:LineExtensionAmount'))),
        ),
    ),
    rule(
      `BR-${code}-09`,
      'BT-117',
      `There is no tax on what is ${words}.`,
      breakdownsOf(code),
      (breakdown) => agree(decimalIn(first(breakdown, 'cbc:TaxAmount')), 0n),
    ),
    rule(
      `BR-${code}-10`,
      'BT-121',
      `What is ${words} has a reason, as a code or as text.`,
      breakdownsOf(code),
      (breakdown) =>
        has(breakdown, 'cac:TaxCategory', 'cbc:TaxExemptionReasonCode') ||
        has(breakdown, 'cac:TaxCategory', 'cbc:TaxExemptionReason'),
    ),
  ];
}

export const vat: readonly Rule[] = [
  ...common('E', 'exempt from VAT'),
  rule(
    'BR-E-02',
    'BT-31',
    'Where a line is exempt from VAT, the seller has a VAT number or a tax registration.',
    theDocument,
    (_, document) =>
      linesOf('E')(document).length === 0 ||
      all(document.seller, 'cac:PartyTaxScheme', 'cbc:CompanyID').length > 0,
  ),
  rule(
    'BR-E-05',
    'BT-152',
    'A line that is exempt from VAT has the rate 0.',
    linesOf('E'),
    (line) => {
      const percent = first(line, 'cac:Item', 'cac:ClassifiedTaxCategory', 'cbc:Percent');
      return decimalIn(percent) === 0n;
    },
  ),
  ...common('O', 'outside the scope of VAT'),
  rule(
    'BR-O-02',
    'BT-31',
    'Where a line is outside the scope of VAT, neither seller nor buyer has a VAT number.',
    theDocument,
    (_, document) =>
      linesOf('O')(document).length === 0 ||
      [document.seller, document.buyer].every((party) => vatNumbersOf(party).length === 0),
  ),
  rule(
    'BR-O-05',
    'BT-152',
    'A line that is outside the scope of VAT has no rate.',
    linesOf('O'),
    (line) => !has(line, 'cac:Item', 'cac:ClassifiedTaxCategory', 'cbc:Percent'),
  ),
  rule(
    'BR-O-11',
    'BG-23',
    'Beside a breakdown that is outside the scope of VAT there is no other.',
    theBreakdowns,
    (breakdown, document) => of('O')(breakdown) || breakdownsOf('O')(document).length === 0,
  ),
  rule(
    'BR-O-12',
    'BT-151',
    'With a breakdown that is outside the scope of VAT every line is.',
    theLines,
    (line, document) => of('O')(line) || breakdownsOf('O')(document).length === 0,
  ),
];
