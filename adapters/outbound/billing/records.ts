/**
 * Billing records, as municipal finance platforms take them over HTTP: `POST /{municipalityId}/billingrecords`, one record a
 * request, so that one that is refused never holds the others back. The platform gives each an id of its own; ours is the
 * `Idempotency-Key`, and `referenceId` says which record of the month it is about, in every state it goes through.
 *
 * The shape is that of Sundsvall's open source `api-service-billing-preprocessor`: category, type, status, certifiedBy,
 * recipient, invoice with rows. Amounts are in kronor there. It names cases by their reference and never a person.
 */
import { assert } from '../../../gateway/errors.ts';
import type {
  BillingData,
  InvoiceDraft,
  InvoicedLine,
  IssuedInvoice,
} from '../../../gateway/process/events.ts';
import type { Outbound, OutboundMessage, OutboundRecord, Rendered } from '../../adapter.ts';
import { byPost, type PostSettings } from '../ways/post.ts';
import { lineNames } from './specification.ts';

export interface RecordSettings extends Omit<PostSettings, 'url'> {
  /** Of the platform; `/{municipalityId}/billingrecords` follows it. */
  readonly url: string;
  readonly municipality: string;
  /** What the platform calls this kind of claim. */
  readonly category: string;
  /** Our number among its customers. */
  readonly customerId: string;
}

/** One platform. @throws GatewayError configuration-invalid */
export function billingRecords(settings: RecordSettings): Outbound & { close(): Promise<void> } {
  const { municipality, url } = settings;
  const address = `${url.replace(/\/$/, '')}/${municipality}/billingrecords`;
  return {
    ...byPost({ ...settings, url: address }, { name: 'document', isKeyed: true }),
    channel: 'billing-records',
    render: async (message) => renderRecord(message, settings),
  };
}

type Named = Pick<RecordSettings, 'category' | 'customerId'>;

/** Pure. */
export function renderRecord(message: OutboundMessage, named: Named): Rendered {
  assert(message.kind === 'record', 'a platform is told of billing records');
  const body = `${JSON.stringify(recordOf(message, named), null, 2)}\n`;
  return { contentType: 'application/json', parts: [{ name: 'record.json', body }] };
}

function recordOf(message: OutboundRecord, { category, customerId }: Named): object {
  const { status } = message;
  const said = 'billing' in message ? ofRecord(message.billing) : ofClaim(message.claim);
  return {
    category,
    type: 'EXTERNAL',
    status,
    ...('by' in message && { certifiedBy: message.by }),
    ...(said.recipient && { recipient: said.recipient }),
    invoice: { customerId, ...said.invoice },
  };
}

function ofRecord(billing: BillingData): Said {
  const { county, municipality, month, revision, lines } = billing;
  const referenceId = `${county}-${municipality}-${month}-r${revision}`;
  return {
    invoice: {
      description: `Betalningsansvar ${month}`,
      referenceId,
      invoiceRows: lines.map((line) => rowOf(line, 1)),
    },
  };
}

function ofClaim(claim: InvoiceDraft | IssuedInvoice): Said {
  const { kind, buyer, seller, buyerReference, specificationNumber, lines } = claim;
  const { name, organisationNumber, address } = buyer;
  const issued = 'number' in claim ? claim : undefined;
  return {
    recipient: {
      legalId: organisationNumber,
      organizationName: name,
      addressDetails: {
        ...(address.street !== undefined && { street: address.street }),
        postalCode: address.postalCode,
        city: address.city,
      },
    },
    invoice: {
      description: issued ? `Faktura ${issued.number}` : `Underlag ${specificationNumber}`,
      ourReference: seller.name,
      customerReference: buyerReference,
      referenceId: specificationNumber,
      ...(issued && { date: issued.issueDate }),
      ...(issued?.dueDate !== undefined && { dueDate: issued.dueDate }),
      invoiceRows: lines.map((line) =>
        rowOf(line, (kind === 'credit-note') === (line.isOpposite === true) ? 1 : -1),
      ),
    },
  };
}

interface Said {
  readonly recipient?: object;
  readonly invoice: object;
}

/** @param sign −1: it is taken back */
function rowOf(line: InvoicedLine, sign: 1 | -1): object {
  const { kind = 'care-days', caseReference, from, until, days, quantity, rateOre } = line;
  const exact = quantity ?? { numerator: days ?? 0, denominator: 1 };
  return {
    descriptions: [lineNames[kind]],
    detailedDescriptions: [
      ...(caseReference === undefined ? [] : [`Ärende ${caseReference}`]),
      `Från ${from} till ${until}, den dagen ej medräknad`,
    ],
    costPerUnit: rateOre / 100,
    quantity: (sign * exact.numerator) / exact.denominator,
  };
}
