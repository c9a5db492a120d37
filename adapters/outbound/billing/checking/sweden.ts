/** SE-R: what Peppol asks of a Swedish seller. SE-R-006, on rates of 6, 12 and 25, has no place where there is no VAT. */
import { luhnDigit } from '../ocr.ts';
import { all, textAt, type Element } from './element.ts';
import { rule, theSeller, warning, type Rule, type UblDocument } from './rule.ts';

const isSwedish = (party: Element): boolean =>
  textAt(party, 'cac:PostalAddress', 'cac:Country', 'cbc:IdentificationCode') === 'SE';
const sellers = (document: UblDocument): readonly Element[] =>
  theSeller(document).filter(isSwedish);

/** The numbers a Swedish seller is taxed by, of VAT or of another tax. */
const taxNumbers =
  (isVat: boolean) =>
  (document: UblDocument): readonly Element[] =>
    sellers(document)
      .flatMap((seller) => all(seller, 'cac:PartyTaxScheme'))
      .filter((scheme) => (textAt(scheme, 'cac:TaxScheme', 'cbc:ID') === 'VAT') === isVat)
      .flatMap((scheme) => all(scheme, 'cbc:CompanyID'));

const swedishVatNumbers = (document: UblDocument): readonly Element[] =>
  taxNumbers(true)(document).filter(({ text }) => text.startsWith('SE'));
const organisationNumbers = (document: UblDocument): readonly Element[] =>
  sellers(document).flatMap((seller) => all(seller, 'cac:PartyLegalEntity', 'cbc:CompanyID'));

const means = (document: UblDocument): readonly Element[] =>
  sellers(document).length === 0 ? [] : all(document.root, 'cac:PaymentMeans');
const accountsAt =
  (branch: string) =>
  (document: UblDocument): readonly Element[] =>
    means(document)
      .filter((one) => textAt(one, 'cbc:PaymentMeansCode') === '30')
      .flatMap((one) => all(one, 'cac:PayeeFinancialAccount'))
      .filter((account) => textAt(account, 'cac:FinancialInstitutionBranch', 'cbc:ID') === branch)
      .flatMap((account) => all(account, 'cbc:ID'));

const isNumeric = ({ text }: Element): boolean => /^\d+$/.test(text);

export const sweden: readonly Rule[] = [
  rule(
    'SE-R-001',
    'BT-31',
    'A Swedish VAT number has 14 characters.',
    swedishVatNumbers,
    ({ text }) => text.length === 14,
  ),
  rule(
    'SE-R-002',
    'BT-31',
    'A Swedish VAT number has digits behind SE.',
    swedishVatNumbers,
    ({ text }) => /^\d+$/.test(text.slice(2)),
  ),
  warning(
    'SE-R-003',
    'BT-30',
    'A Swedish organisation number has digits alone.',
    organisationNumbers,
    isNumeric,
  ),
  warning(
    'SE-R-004',
    'BT-30',
    'A Swedish organisation number has ten characters.',
    organisationNumbers,
    ({ text }) => text.length === 10,
  ),
  rule(
    'SE-R-005',
    'BT-32',
    'A registration for another tax than VAT reads: Godkänd för F-skatt.',
    taxNumbers(false),
    ({ text }) => text.toUpperCase() === 'GODKÄND FÖR F-SKATT',
  ),
  warning(
    'SE-R-007',
    'BT-84',
    'A plusgiro account has digits alone.',
    accountsAt('SE:PLUSGIRO'),
    isNumeric,
  ),
  warning(
    'SE-R-008',
    'BT-84',
    'A bankgiro account has digits alone.',
    accountsAt('SE:BANKGIRO'),
    isNumeric,
  ),
  warning(
    'SE-R-009',
    'BT-84',
    'A bankgiro account has 7 or 8 characters.',
    accountsAt('SE:BANKGIRO'),
    ({ text }) => text.length === 7 || text.length === 8,
  ),
  warning(
    'SE-R-010',
    'BT-84',
    'A plusgiro account has 2 to 8 characters.',
    accountsAt('SE:PLUSGIRO'),
    ({ text }) => text.length >= 2 && text.length <= 8,
  ),
  warning(
    'SE-R-011',
    'BT-81',
    'A giro is paid by means 30 and its branch, not by 50 or 56.',
    means,
    (one) => !['50', '56'].includes(textAt(one, 'cbc:PaymentMeansCode')),
  ),
  warning(
    'SE-R-012',
    'BT-81',
    'A credit transfer within Sweden is means 30, not 31.',
    (document) => (document.buyer && isSwedish(document.buyer) ? means(document) : []),
    (one) => textAt(one, 'cbc:PaymentMeansCode') !== '31',
  ),
  warning(
    'SE-R-013',
    'BT-30',
    'The last digit of a Swedish organisation number is the check digit of the others.',
    organisationNumbers,
    ({ text }) => !/^\d{10}$/.test(text) || luhnDigit(text.slice(0, 9)) === Number(text[9]),
  ),
];
