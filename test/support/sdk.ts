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

/** As a message service words it, by default long ago. */
export {
  receiptXml,
  type ReceiptWords,
} from '../../adapters/simulated/municipality/sdk-receipt.ts';
