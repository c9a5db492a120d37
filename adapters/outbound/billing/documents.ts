/** The forms in which invoices and their specifications go out, and the ways: a folder, SFTP, or a POST. */
import { asGatewayError, GatewayError } from '../../../gateway/errors.ts';
import type { IssuedInvoice } from '../../../gateway/process/events.ts';
import type { Outbound, OutboundMessage, Rendered } from '../../adapter.ts';
import { byFolder } from '../ways/folder.ts';
import { byPost, type PostSettings } from '../ways/post.ts';
import { bySftp, type SftpSettings } from '../ways/sftp.ts';
import { checkInvoice, type Breach } from './checking/index.ts';
import { invoiceOf } from './issued.ts';
import { renderInvoice } from './peppol.ts';
import {
  renderSpecificationFiles,
  type Making,
  type SpecificationPart,
} from './specification-files.ts';
import { renderSpecification } from './specification.ts';

/** What a receiver's system would refuse of an invoice; nothing where it may be sent. Warnings are no breach. */
export function breachesOf(issued: IssuedInvoice): readonly Breach[] {
  return checkInvoice(renderInvoice(invoiceOf(issued))).filter(({ isFatal }) => isFatal);
}

/**
 * An invoice as it is sent.
 * @throws GatewayError delivery-refused, naming the rules, for one that the receiver's system would not take
 */
function renderIssued(issued: IssuedInvoice): Rendered {
  const body = xmlOf(issued);
  const fatal = checkInvoice(body).filter(({ isFatal }) => isFatal);
  if (fatal.length > 0) {
    const told = fatal.map(({ rule, term }) => `${rule} (${term})`).join(', ');
    throw new GatewayError('delivery-refused', `invoice ${issued.number} breaks ${told}`);
  }
  return { contentType: 'application/xml', parts: [{ name: `${issued.number}.xml`, body }] };
}

function xmlOf(issued: IssuedInvoice): string {
  try {
    return renderInvoice(invoiceOf(issued));
  } catch (thrown) {
    const { code, message } = asGatewayError(thrown);
    if (code === 'assertion-failed') throw thrown;
    throw new GatewayError('delivery-refused', `invoice ${issued.number}: ${message}`, {
      cause: thrown,
    });
  }
}

/**
 * An invoice, or the files of its specification.
 * @throws GatewayError as `renderIssued` and `renderSpecificationFiles`
 */
async function renderFiles(
  message: OutboundMessage,
  making: Making,
  parts?: readonly SpecificationPart[],
): Promise<Rendered> {
  if (message.kind === 'invoice') return renderIssued(message.invoice);
  return await renderSpecificationFiles(message, making, parts);
}

/** Documents in a folder that an access point, or the receiver's system, empties. */
export function documentFiles({
  folder,
  ...making
}: { readonly folder: string } & Making): Outbound {
  return {
    ...byFolder(folder),
    channel: 'billing-file',
    render: (message) => renderFiles(message, making),
  };
}

/** Documents on the receiver's SFTP server, by the names they have in a folder, without its months. */
export function sftpDocuments(
  settings: SftpSettings & Making & { readonly parts: readonly SpecificationPart[] },
): Outbound & { close(): Promise<void> } {
  return {
    ...bySftp(settings),
    channel: 'billing-sftp',
    render: (message) => renderFiles(message, settings, settings.parts),
  };
}

/**
 * Documents by POST, our delivery id as `Idempotency-Key`: an invoice as it is, a specification as JSON.
 * @throws GatewayError configuration-invalid for an address that is not allowed
 */
export function postedDocuments(settings: PostSettings): Outbound & { close(): Promise<void> } {
  return {
    ...byPost(settings, { name: 'document', isKeyed: true }),
    channel: 'billing-http',
    render: async (message) =>
      message.kind === 'invoice'
        ? renderIssued(message.invoice)
        : renderSpecification(message, ['json']),
  };
}
