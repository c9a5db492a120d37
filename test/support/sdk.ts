/** SDK in tests: addresses of nobody, a notice of the corpus as it would be sent, and receipts as a message service words them. */
import type {
  OutboundNotice,
  OutboundReminder,
  OutboundSpecification,
} from '../../adapters/adapter.ts';
import {
  specificationParts,
  type SpecificationPart,
} from '../../adapters/outbound/billing/specification-files.ts';
import { renderSdkSpecification } from '../../adapters/outbound/billing/specification-message.ts';
import { sdkNotices } from '../../adapters/outbound/notices/sdk.ts';
import type { SdkAddresses } from '../../adapters/outbound/sdk/envelope.ts';
import { deliveryIdOf } from '../../gateway/process/ids.ts';
import { loadMunicipalWords } from '../../mappings/municipal.ts';
import { loadProfiles } from '../../profiles/index.ts';
import { messageOf, noticeOfCase } from './municipal-case.ts';
import { pdf } from './pdf.ts';

export const addresses: SdkAddresses = {
  receiver: 'goteborg',
  from: {
    organisation: '0203:region.example.se',
    functionAddress: 'sdk.utskrivning.0203:region.example.se',
  },
  to: {
    organisation: '0203:kommun.example.se',
    functionAddress: 'sdk.hemgang.0203:kommun.example.se',
  },
  confidential: true,
};

/** A case of the corpus, its delivery named as dispatch names it. */
export function sdkCase(name: string): OutboundNotice {
  const message = noticeOfCase(name);
  return { ...message, deliveryId: deliveryIdOf(message.event.id, addresses.receiver) };
}

const channel = sdkNotices({
  addresses,
  words: loadMunicipalWords(),
  pdf,
  handOver: { by: 'folder', folder: '/nowhere' },
  receiptWithinMs: 1000,
});

/** The envelope as it is handed over. */
export async function envelopeOf(message: OutboundNotice): Promise<string> {
  return (await channel.render(message)).parts[0]?.body ?? '';
}

/** The envelope of a specification of the corpus, or of another one. */
export async function specificationEnvelope(
  of: string | OutboundSpecification,
  parts: readonly SpecificationPart[] = specificationParts,
): Promise<string> {
  const message = typeof of === 'string' ? messageOf(of) : of;
  const rendered = await renderSdkSpecification(message, { places, pdf, addresses, parts });
  return rendered.parts[0]?.body ?? '';
}

const { nation: places } = loadProfiles();

/** The envelope of a reminder. */
export async function reminderEnvelopeOf(reminder: OutboundReminder): Promise<string> {
  return (await channel.remind?.(reminder))?.parts[0]?.body ?? '';
}

export interface ReceiptWords {
  readonly id: string;
  readonly code?: string;
  /** Reason and the receiver's own status code. */
  readonly lines?: readonly (readonly [reason: string, status: string])[];
  readonly time?: string;
  readonly text?: string;
}

/** UBL ApplicationResponse 2.1 by the federation's profile. */
export function receiptXml({
  id,
  code = 'ACCEPTED',
  lines = [],
  time = '12:00:05Z',
  text = 'Fel',
}: ReceiptWords): string {
  const line = ([reason, status]: readonly [string, string]): string => `
    <cac:LineResponse>
      <cac:LineReference><cbc:LineID>/messagePayload</cbc:LineID></cac:LineReference>
      <cac:Response>
        <cbc:ResponseCode>${reason}</cbc:ResponseCode>
        <cac:Status><cbc:StatusReasonCode>${status}</cbc:StatusReasonCode><cbc:StatusReason>${text}</cbc:StatusReason></cac:Status>
      </cac:Response>
    </cac:LineResponse>`;
  const ubl = 'urn:oasis:names:specification:ubl:schema:xsd:';
  return `<?xml version="1.0" encoding="UTF-8"?>
<ApplicationResponse xmlns="${ubl}ApplicationResponse-2"
  xmlns:cac="${ubl}CommonAggregateComponents-2" xmlns:cbc="${ubl}CommonBasicComponents-2">
  <cbc:CustomizationID>urn:fdc:digg.se:edelivery:messagetype:response:1</cbc:CustomizationID>
  <cbc:ProfileID>bdx:noprocess</cbc:ProfileID>
  <cbc:ID>receipt-1</cbc:ID>
  <cbc:IssueDate>2022-03-07</cbc:IssueDate>
  <cbc:IssueTime>${time}</cbc:IssueTime>
  <cac:SenderParty><cbc:EndpointID schemeID="iso6523-actorid-upis">0203:kommun.example.se</cbc:EndpointID></cac:SenderParty>
  <cac:ReceiverParty><cbc:EndpointID schemeID="iso6523-actorid-upis">0203:region.example.se</cbc:EndpointID></cac:ReceiverParty>
  <cac:DocumentResponse>
    <cac:Response><cbc:ResponseCode>${code}</cbc:ResponseCode></cac:Response>
    <cac:DocumentReference><cbc:ID>${id}</cbc:ID></cac:DocumentReference>${lines.map(line).join('')}
  </cac:DocumentResponse>
</ApplicationResponse>
`;
}
