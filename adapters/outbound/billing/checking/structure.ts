/**
 * The shape of the document by the schemas of UBL 2.1, for the elements that an invoice of ours has: which there may be, in
 * which order, how often, and of which type. What must be there is asked by the rules of EN 16931. An element beyond these
 * is a breach, so that nothing is sent that no rule here looks at.
 */
import { decimalIn } from './decimal.ts';
import type { Element } from './element.ts';
import { every, rule, theDocument, type Rule } from './rule.ts';

const head = `cbc:Note* cbc:DocumentCurrencyCode cbc:BuyerReference cac:InvoicePeriod* cac:OrderReference
  cac:BillingReference* cac:AdditionalDocumentReference* cac:AccountingSupplierParty cac:AccountingCustomerParty
  cac:PaymentMeans* cac:TaxTotal* cac:LegalMonetaryTotal`;
const line = (quantity: string): string =>
  `cbc:ID ${quantity} cbc:LineExtensionAmount cac:InvoicePeriod* cac:DocumentReference* cac:Item cac:Price`;
const category =
  'cbc:ID cbc:Percent cbc:TaxExemptionReasonCode cbc:TaxExemptionReason* cac:TaxScheme';

/** Children by element, in the order of the schema; `*` where there may be several. */
const children = new Map(
  Object.entries({
    Invoice: `cbc:CustomizationID cbc:ProfileID cbc:ID cbc:IssueDate cbc:DueDate cbc:InvoiceTypeCode ${head} cac:InvoiceLine*`,
    CreditNote: `cbc:CustomizationID cbc:ProfileID cbc:ID cbc:IssueDate cbc:CreditNoteTypeCode ${head} cac:CreditNoteLine*`,
    'cac:InvoicePeriod': 'cbc:StartDate cbc:EndDate',
    'cac:OrderReference': 'cbc:ID',
    'cac:BillingReference': 'cac:InvoiceDocumentReference',
    'cac:InvoiceDocumentReference': 'cbc:ID cbc:IssueDate',
    'cac:AdditionalDocumentReference': 'cbc:ID cbc:DocumentDescription*',
    'cac:AccountingSupplierParty': 'cac:Party',
    'cac:AccountingCustomerParty': 'cac:Party',
    'cac:Party': 'cbc:EndpointID cac:PostalAddress cac:PartyTaxScheme* cac:PartyLegalEntity*',
    'cac:PostalAddress': 'cbc:StreetName cbc:CityName cbc:PostalZone cac:Country',
    'cac:Country': 'cbc:IdentificationCode',
    'cac:PartyTaxScheme': 'cbc:CompanyID cac:TaxScheme',
    'cac:TaxScheme': 'cbc:ID',
    'cac:PartyLegalEntity': 'cbc:RegistrationName cbc:CompanyID',
    'cac:PaymentMeans': 'cbc:PaymentMeansCode cbc:PaymentID* cac:PayeeFinancialAccount',
    'cac:PayeeFinancialAccount': 'cbc:ID cac:FinancialInstitutionBranch',
    'cac:FinancialInstitutionBranch': 'cbc:ID',
    'cac:TaxTotal': 'cbc:TaxAmount cac:TaxSubtotal*',
    'cac:TaxSubtotal': 'cbc:TaxableAmount cbc:TaxAmount cac:TaxCategory',
    'cac:TaxCategory': category,
    'cac:LegalMonetaryTotal':
      'cbc:LineExtensionAmount cbc:TaxExclusiveAmount cbc:TaxInclusiveAmount cbc:PayableAmount',
    'cac:InvoiceLine': line('cbc:InvoicedQuantity'),
    'cac:CreditNoteLine': line('cbc:CreditedQuantity'),
    'cac:DocumentReference': 'cbc:ID cbc:DocumentTypeCode',
    'cac:Item': 'cbc:Description* cbc:Name cac:ClassifiedTaxCategory*',
    'cac:ClassifiedTaxCategory': category,
    'cac:Price': 'cbc:PriceAmount',
  }).map(([name, list]) => [name, placesOf(list)]),
);

interface Place {
  readonly at: number;
  readonly several: boolean;
}

function placesOf(list: string): ReadonlyMap<string, Place> {
  return new Map(
    list.split(/\s+/).map((name, index) => {
      const several = name.endsWith('*');
      return [several ? name.slice(0, -1) : name, { at: index, several }];
    }),
  );
}

/** The names of amounts; `currencyID` is asked of each. */
export const amounts = [
  'cbc:LineExtensionAmount',
  'cbc:TaxExclusiveAmount',
  'cbc:TaxInclusiveAmount',
  'cbc:PayableAmount',
  'cbc:TaxableAmount',
  'cbc:TaxAmount',
  'cbc:PriceAmount',
] as const;
export const quantities = ['cbc:InvoicedQuantity', 'cbc:CreditedQuantity'] as const;

const attributes = new Map<string, readonly string[]>([
  ...amounts.map((name) => [name, ['currencyID']] as const),
  ...quantities.map((name) => [name, ['unitCode']] as const),
  ['cbc:EndpointID', ['schemeID']],
  ['cbc:CompanyID', ['schemeID']],
  ['Invoice', ['xmlns', 'xmlns:cac', 'xmlns:cbc']],
  ['CreditNote', ['xmlns', 'xmlns:cac', 'xmlns:cbc']],
]);

const ubl = 'urn:oasis:names:specification:ubl:schema:xsd:';
const id = 'UBL-2.1';

/** The schemas are no numbered rules: each breach of them is one of `UBL-2.1`. */
export const structure: readonly Rule[] = [
  rule(
    id,
    'BG-2',
    'The root is an Invoice or a CreditNote of UBL 2.1, with the prefixes cac and cbc for its components.',
    theDocument,
    ({ name, attributes: given }) =>
      (name === 'Invoice' || name === 'CreditNote') &&
      given['xmlns'] === `${ubl}${name}-2` &&
      given['xmlns:cac'] === `${ubl}CommonAggregateComponents-2` &&
      given['xmlns:cbc'] === `${ubl}CommonBasicComponents-2`,
  ),
  rule(
    id,
    'BG-2',
    'An element is one that an invoice of ours has, stands in its place in the order of the schema, and no more often than it may.',
    ({ elements }) => elements,
    isInPlace,
  ),
  rule(
    id,
    'BG-2',
    'An element has the attributes it may have, and either text or elements.',
    ({ elements }) => elements,
    (element) =>
      Object.keys(element.attributes).every((name) =>
        attributes.get(element.name)?.includes(name),
      ) && (element.name.startsWith('cbc:') ? element.children.length === 0 : element.text === ''),
  ),
  rule(
    id,
    'BG-2',
    'An amount, a quantity and a rate is a decimal.',
    every(...amounts, ...quantities, 'cbc:Percent'),
    (element) => element.text === '' || decimalIn(element) !== undefined,
  ),
];

function isInPlace(element: Element): boolean {
  const { parent, name, before } = element;
  if (parent === undefined) return true;
  const places = children.get(parent.name);
  const place = places?.get(name);
  if (places === undefined || place === undefined) return false;
  if (before === undefined) return true;
  if (before.name === name) return place.several;
  // A neighbour that has no place is told by itself.
  return (places.get(before.name)?.at ?? -1) < place.at;
}
