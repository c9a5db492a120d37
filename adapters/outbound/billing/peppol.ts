/**
 * An invoice or a credit note as Peppol BIS Billing 3 has it: UBL 2.1, by which every Swedish municipality takes invoices
 * (lag 2018:1277). The elements stand in the order of the UBL schema.
 */
import { create } from 'xmlbuilder2';
import { GatewayError } from '../../../gateway/errors.ts';
import { kronorOf } from './csv.ts';
import { refuseUnsendable } from './invoice-refusal.ts';
import type { Invoice, InvoiceLine, Party, Payment, Period, Vat } from './invoice.ts';
import { decimalOf, quantityText } from './quantity.ts';

/**
 * The document as it is sent, in UTF-8. Pure: the same invoice gives the same bytes.
 * @throws GatewayError invoice-refused for what is no invoice, configuration-invalid for a text that is blank or cannot
 *   stand in XML (`location` names its term), assertion-failed where the figures do not agree
 */
export function renderInvoice(invoice: Invoice): string {
  refuseUnsendable(invoice);
  const root = invoice.kind === 'invoice' ? 'Invoice' : 'CreditNote';
  const document = { [root]: { ...namespacesOf(root), ...headOf(invoice), ...bodyOf(invoice) } };
  return `${create({ encoding: 'UTF-8' }, document).end({ wellFormed: true, prettyPrint: true })}\n`;
}

/** An element's content: text, or children by name with attributes as `@name` and text as `#`. */
type Content = string | { readonly [name: string]: Content | readonly Content[] };
type Elements = Readonly<Record<string, Content | readonly Content[]>>;

const ubl = 'urn:oasis:names:specification:ubl:schema:xsd:';
const namespacesOf = (root: string): Elements => ({
  '@xmlns': `${ubl}${root}-2`,
  '@xmlns:cac': `${ubl}CommonAggregateComponents-2`,
  '@xmlns:cbc': `${ubl}CommonBasicComponents-2`,
});

function headOf(invoice: Invoice): Elements {
  const { number, issueDate, note, buyerReference, orderReference, corrects } = invoice;
  return {
    'cbc:CustomizationID':
      'urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0',
    'cbc:ProfileID': 'urn:fdc:peppol.eu:2017:poacc:billing:01:1.0',
    'cbc:ID': text('BT-1', number),
    'cbc:IssueDate': issueDate,
    ...(invoice.kind === 'invoice'
      ? { 'cbc:DueDate': invoice.dueDate, 'cbc:InvoiceTypeCode': '380' }
      : { 'cbc:CreditNoteTypeCode': '381' }),
    ...(note !== undefined && { 'cbc:Note': text('BT-22', note) }),
    'cbc:DocumentCurrencyCode': 'SEK',
    'cbc:BuyerReference': text('BT-10', buyerReference),
    'cac:InvoicePeriod': periodOf(invoice.period),
    ...(orderReference !== undefined && {
      'cac:OrderReference': { 'cbc:ID': text('BT-13', orderReference) },
    }),
    ...(corrects !== undefined && {
      'cac:BillingReference': {
        'cac:InvoiceDocumentReference': {
          'cbc:ID': text('BT-25', corrects.number),
          'cbc:IssueDate': corrects.issueDate,
        },
      },
    }),
    'cac:AdditionalDocumentReference': {
      'cbc:ID': text('BT-122', invoice.specificationNumber),
      'cbc:DocumentDescription': 'Specifikation per ärende, sänds för sig',
    },
  };
}

function bodyOf(invoice: Invoice): Elements {
  const { seller, buyer, vat, totalOre, lines } = invoice;
  const total = amount(totalOre);
  const subtotal = {
    'cbc:TaxableAmount': total,
    'cbc:TaxAmount': amount(0),
    'cac:TaxCategory': categoryOf(vat, reasonOf(vat)),
  };
  const name = invoice.kind === 'invoice' ? 'Invoice' : 'CreditNote';
  return {
    'cac:AccountingSupplierParty': { 'cac:Party': partyOf(seller, vat, sellerTerms) },
    'cac:AccountingCustomerParty': { 'cac:Party': partyOf(buyer, vat, buyerTerms) },
    ...(invoice.kind === 'invoice' && { 'cac:PaymentMeans': paymentOf(invoice.payment) }),
    'cac:TaxTotal': { 'cbc:TaxAmount': amount(0), 'cac:TaxSubtotal': subtotal },
    'cac:LegalMonetaryTotal': {
      'cbc:LineExtensionAmount': total,
      'cbc:TaxExclusiveAmount': total,
      'cbc:TaxInclusiveAmount': total,
      'cbc:PayableAmount': total,
    },
    [`cac:${name}Line`]: lines.map((line) => lineOf(line, vat, quantityNames[invoice.kind])),
  };
}

const quantityNames = { invoice: 'cbc:InvoicedQuantity', 'credit-note': 'cbc:CreditedQuantity' };

interface PartyTerms {
  readonly name: string;
  readonly street: string;
  readonly postalCode: string;
  readonly city: string;
}
const sellerTerms = { name: 'BT-27', street: 'BT-35', postalCode: 'BT-38', city: 'BT-37' };
const buyerTerms = { name: 'BT-44', street: 'BT-50', postalCode: 'BT-53', city: 'BT-52' };

function partyOf(party: Party, { category }: Vat, terms: PartyTerms): Elements {
  const { endpoint, address, vatId, fSkatt } = party;
  const schemes = [
    // BR-O-02: what is outside the scope of VAT names no VAT number.
    ...(vatId !== undefined && category !== 'O' ? [taxScheme(vatId, 'VAT')] : []),
    ...(fSkatt === true ? [taxScheme('Godkänd för F-skatt', 'TAX')] : []),
  ];
  return {
    'cbc:EndpointID': { '@schemeID': endpoint.scheme, '#': endpoint.id },
    'cac:PostalAddress': {
      ...(address.street !== undefined && {
        'cbc:StreetName': text(terms.street, address.street),
      }),
      'cbc:CityName': text(terms.city, address.city),
      'cbc:PostalZone': text(terms.postalCode, address.postalCode),
      'cac:Country': { 'cbc:IdentificationCode': address.country },
    },
    ...(schemes.length > 0 && { 'cac:PartyTaxScheme': schemes }),
    'cac:PartyLegalEntity': {
      'cbc:RegistrationName': text(terms.name, party.name),
      'cbc:CompanyID': { '@schemeID': '0007', '#': party.organisationNumber },
    },
  };
}

const taxScheme = (companyId: string, scheme: 'VAT' | 'TAX'): Content => ({
  'cbc:CompanyID': companyId,
  'cac:TaxScheme': { 'cbc:ID': scheme },
});

/** SE-R-011: a giro is a credit transfer (30) to an account whose branch says which giro it is. */
const paymentOf = ({ means, account, ocr }: Payment): Elements => ({
  'cbc:PaymentMeansCode': '30',
  'cbc:PaymentID': ocr,
  'cac:PayeeFinancialAccount': {
    'cbc:ID': account,
    'cac:FinancialInstitutionBranch': { 'cbc:ID': `SE:${means.toUpperCase()}` },
  },
});

/** BR-O-05: outside the scope of VAT there is no rate, not even zero. */
const categoryOf = ({ category }: Vat, reason: Elements = {}): Elements => ({
  'cbc:ID': category,
  ...(category === 'E' && { 'cbc:Percent': '0' }),
  ...reason,
  'cac:TaxScheme': { 'cbc:ID': 'VAT' },
});

const reasonOf = ({ reasonCode, reason }: Vat): Elements => ({
  'cbc:TaxExemptionReasonCode': text('BT-121', reasonCode),
  ...(reason !== undefined && { 'cbc:TaxExemptionReason': text('BT-120', reason) }),
});

const periodOf = ({ from, to }: Period): Elements => ({
  'cbc:StartDate': from,
  'cbc:EndDate': to,
});

function lineOf(line: InvoiceLine, vat: Vat, quantityName: string): Elements {
  const { quantity, unit, priceOre, description } = countedAs(line);
  return {
    'cbc:ID': text('BT-126', line.id),
    [quantityName]: { '@unitCode': unit, '#': quantity },
    'cbc:LineExtensionAmount': amount(line.amountOre),
    ...(line.period !== undefined && { 'cac:InvoicePeriod': periodOf(line.period) }),
    ...(line.caseReference !== undefined && {
      'cac:DocumentReference': {
        'cbc:ID': text('BT-128', line.caseReference),
        'cbc:DocumentTypeCode': '130',
      },
    }),
    'cac:Item': {
      ...(description !== undefined && { 'cbc:Description': text('BT-154', description) }),
      'cbc:Name': text('BT-153', line.name),
      'cac:ClassifiedTaxCategory': categoryOf(vat),
    },
    'cac:Price': { 'cbc:PriceAmount': amount(priceOre) },
  };
}

interface Counted extends Pick<InvoiceLine, 'priceOre' | 'description'> {
  readonly quantity: string;
  /** UN/ECE Recommendation 20: a day, or a thing that is counted as one. */
  readonly unit: 'DAY' | 'C62';
}

/**
 * Days as a decimal where they are one exactly. A third is none: rounded it would be a number of days that nobody counted
 * (reading A16), and over many days its product with the price would leave the two öre of PEPPOL-EN16931-R120. Such a line
 * is one thing of its whole amount, and its description says the days.
 */
function countedAs({ quantity, priceOre, amountOre, description }: InvoiceLine): Counted {
  const decimal = decimalOf(quantity);
  const told = description === undefined ? {} : { description };
  if (decimal !== undefined) return { quantity: decimal, unit: 'DAY', priceOre, ...told };
  const days = `${quantityText(quantity)} dygn à ${kronorOf(priceOre)} kr`;
  return {
    quantity: amountOre < 0 ? '-1' : '1',
    unit: 'C62',
    priceOre: Math.abs(amountOre),
    description: description === undefined ? days : `${description}: ${days}`,
  };
}

const amount = (ore: number): Content => ({
  '@currencyID': 'SEK',
  '#': kronorOf(ore).replace(',', '.'),
});

/** White space as one space each; a configured text that says nothing is named and never sent empty (R008). */
function text(term: string, value: string): string {
  const trimmed = value.replace(/\s+/g, ' ').trim();
  if (trimmed === '') throw unfit(term, 'is blank: enter it, or leave it out where it may be');
  // XML 1.0, production [2], and no half of a surrogate pair.
  if (/[^\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(trimmed)) {
    throw unfit(term, 'has a control character, which no invoice can carry');
  }
  return trimmed;
}

const unfit = (term: string, what: string): GatewayError =>
  new GatewayError('configuration-invalid', `${term} of an invoice ${what}`, { location: term });
