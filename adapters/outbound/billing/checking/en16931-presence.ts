/** EN 16931, BR-01 to BR-63: what an invoice must have, for the groups that ours has. */
import { decimalIn } from './decimal.ts';
import { first, textAt, type Element } from './element.ts';
import {
  at,
  every,
  has,
  rule,
  theBreakdowns,
  theBuyer,
  theDocument,
  theLines,
  theSeller,
  theTotals,
  type Rule,
} from './rule.ts';

/** The rule that there is such an element. */
function needs(
  id: string,
  term: string,
  says: string,
  of: Parameters<typeof rule>[3],
  ...path: readonly string[]
): Rule {
  return rule(id, term, says, of, (element) => has(element, ...path));
}

/** A period that has both days ends no earlier than it starts. */
function isInOrder(period: Element): boolean {
  const [from, to] = [textAt(period, 'cbc:StartDate'), textAt(period, 'cbc:EndDate')];
  return from === '' || to === '' || from <= to;
}

const isCreditTransfer = (means: Element): boolean =>
  textAt(means, 'cbc:PaymentMeansCode') === '30';

export const presence: readonly Rule[] = [
  needs(
    'BR-01',
    'BT-24',
    'There is a specification identifier.',
    theDocument,
    'cbc:CustomizationID',
  ),
  needs('BR-02', 'BT-1', 'There is an invoice number.', theDocument, 'cbc:ID'),
  needs('BR-03', 'BT-2', 'There is an issue date.', theDocument, 'cbc:IssueDate'),
  rule(
    'BR-04',
    'BT-3',
    'There is a type code.',
    theDocument,
    (root) => has(root, 'cbc:InvoiceTypeCode') || has(root, 'cbc:CreditNoteTypeCode'),
  ),
  needs('BR-05', 'BT-5', 'There is a currency.', theDocument, 'cbc:DocumentCurrencyCode'),
  needs(
    'BR-06',
    'BT-27',
    'The seller has a name.',
    theDocument,
    'cac:AccountingSupplierParty',
    'cac:Party',
    'cac:PartyLegalEntity',
    'cbc:RegistrationName',
  ),
  needs(
    'BR-07',
    'BT-44',
    'The buyer has a name.',
    theDocument,
    'cac:AccountingCustomerParty',
    'cac:Party',
    'cac:PartyLegalEntity',
    'cbc:RegistrationName',
  ),
  needs('BR-08', 'BG-5', 'The seller has a postal address.', theSeller, 'cac:PostalAddress'),
  needs(
    'BR-09',
    'BT-40',
    "The seller's address has a country.",
    at('cac:AccountingSupplierParty', 'cac:Party', 'cac:PostalAddress'),
    'cac:Country',
    'cbc:IdentificationCode',
  ),
  needs('BR-10', 'BG-8', 'The buyer has a postal address.', theBuyer, 'cac:PostalAddress'),
  needs(
    'BR-11',
    'BT-55',
    "The buyer's address has a country.",
    at('cac:AccountingCustomerParty', 'cac:Party', 'cac:PostalAddress'),
    'cac:Country',
    'cbc:IdentificationCode',
  ),
  needs('BR-12', 'BT-106', 'There is a sum of the lines.', theTotals, 'cbc:LineExtensionAmount'),
  needs('BR-13', 'BT-109', 'There is a total without VAT.', theTotals, 'cbc:TaxExclusiveAmount'),
  needs('BR-14', 'BT-112', 'There is a total with VAT.', theTotals, 'cbc:TaxInclusiveAmount'),
  needs('BR-15', 'BT-115', 'There is an amount due.', theTotals, 'cbc:PayableAmount'),
  rule('BR-16', 'BG-25', 'There is a line.', theDocument, (_, { lines }) => lines.length > 0),
  needs('BR-21', 'BT-126', 'A line has an identifier.', theLines, 'cbc:ID'),
  rule(
    'BR-22',
    'BT-129',
    'A line has a quantity.',
    theLines,
    (line) => has(line, 'cbc:InvoicedQuantity') || has(line, 'cbc:CreditedQuantity'),
  ),
  rule(
    'BR-23',
    'BT-130',
    'A quantity has a unit.',
    every('cbc:InvoicedQuantity', 'cbc:CreditedQuantity'),
    ({ attributes }) => attributes['unitCode'] !== undefined,
  ),
  needs('BR-24', 'BT-131', 'A line has a net amount.', theLines, 'cbc:LineExtensionAmount'),
  needs('BR-25', 'BT-153', 'A line names its item.', theLines, 'cac:Item', 'cbc:Name'),
  needs('BR-26', 'BT-146', 'A line has a net price.', theLines, 'cac:Price', 'cbc:PriceAmount'),
  rule(
    'BR-27',
    'BT-146',
    'A net price is not below zero.',
    every('cbc:PriceAmount'),
    (price) => (decimalIn(price) ?? 0n) >= 0n,
  ),
  rule(
    'BR-29',
    'BT-74',
    'The period ends no earlier than it starts.',
    at('cac:InvoicePeriod'),
    isInOrder,
  ),
  rule(
    'BR-30',
    'BT-135',
    "A line's period ends no earlier than it starts.",
    every('cac:InvoicePeriod'),
    (period) => period.parent?.parent === undefined || isInOrder(period),
  ),
  needs(
    'BR-45',
    'BT-116',
    'A VAT breakdown has a taxable amount.',
    theBreakdowns,
    'cbc:TaxableAmount',
  ),
  needs('BR-46', 'BT-117', 'A VAT breakdown has a tax amount.', theBreakdowns, 'cbc:TaxAmount'),
  needs(
    'BR-47',
    'BT-118',
    'A VAT breakdown has a category.',
    theBreakdowns,
    'cac:TaxCategory',
    'cbc:ID',
  ),
  rule(
    'BR-48',
    'BT-119',
    'A VAT breakdown has a rate, but where it is outside the scope of VAT.',
    theBreakdowns,
    (breakdown) =>
      has(breakdown, 'cac:TaxCategory', 'cbc:Percent') ||
      textAt(breakdown, 'cac:TaxCategory', 'cbc:ID') === 'O',
  ),
  needs(
    'BR-49',
    'BT-81',
    'A payment says by which means.',
    at('cac:PaymentMeans'),
    'cbc:PaymentMeansCode',
  ),
  needs(
    'BR-50',
    'BT-84',
    'An account to pay to has an identifier.',
    at('cac:PaymentMeans', 'cac:PayeeFinancialAccount'),
    'cbc:ID',
  ),
  needs(
    'BR-52',
    'BT-122',
    'A supporting document has a reference.',
    at('cac:AdditionalDocumentReference'),
    'cbc:ID',
  ),
  needs(
    'BR-55',
    'BT-25',
    'A preceding invoice is named by its number.',
    at('cac:BillingReference'),
    'cac:InvoiceDocumentReference',
    'cbc:ID',
  ),
  rule(
    'BR-61',
    'BT-84',
    'A credit transfer says to which account.',
    at('cac:PaymentMeans'),
    (means) => !isCreditTransfer(means) || has(means, 'cac:PayeeFinancialAccount', 'cbc:ID'),
  ),
  rule('BR-62', 'BT-34', "The seller's electronic address has a scheme.", theSeller, hasScheme),
  rule('BR-63', 'BT-49', "The buyer's electronic address has a scheme.", theBuyer, hasScheme),
];

function hasScheme(party: Element): boolean {
  const endpoint = first(party, 'cbc:EndpointID');
  return endpoint === undefined || endpoint.attributes['schemeID'] !== undefined;
}
