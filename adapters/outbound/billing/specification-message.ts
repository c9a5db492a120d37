/** The specification of an invoice as an SDK message: what it comes to, to be read at once, and its files. */
import { assert } from '../../../gateway/errors.ts';
import type { Outbound, OutboundMessage, Rendered } from '../../adapter.ts';
import { renderSdk, type SdkAddresses } from '../sdk/envelope.ts';
import { byAccessPoint, type HandOver } from '../ways/access-point.ts';
import { specificationDocument } from './specification-document.ts';
import {
  renderSpecificationFiles,
  specificationParts,
  type Making,
  type SpecificationPart,
} from './specification-files.ts';
import { documentNames } from './specification.ts';

export interface SdkSpecificationSettings extends Making {
  readonly addresses: SdkAddresses;
  /** A system of the federation has to take PDF; whether it takes more is agreed on. */
  readonly parts: readonly SpecificationPart[];
  readonly handOver: HandOver;
  /** How long to wait for the receiver's receipt; then a person finds out. */
  readonly receiptWithinMs: number;
}

/**
 * One receiver reached by SDK.
 * @throws GatewayError configuration-invalid
 */
export function sdkSpecifications(
  settings: SdkSpecificationSettings,
): Outbound & { close(): Promise<void> } {
  return {
    ...byAccessPoint(settings.handOver, settings.receiptWithinMs),
    channel: 'billing-sdk',
    render: (message) => renderSdkSpecification(message, settings),
  };
}

type Content = Pick<SdkSpecificationSettings, 'addresses' | 'parts' | 'places' | 'pdf'>;

/** Pure. @throws GatewayError as `renderSpecificationFiles` and `renderSdk` */
export async function renderSdkSpecification(
  message: OutboundMessage,
  content: Content,
): Promise<Rendered> {
  assert(message.kind === 'specification', 'by SDK goes the specification of an invoice');
  const { deliveryId, event, invoice } = message;
  const { addresses, parts, places } = content;
  const { title, subtitle, blocks } = specificationDocument(message, places);
  const [head] = blocks;
  assert(head?.kind === 'values', 'a specification begins with what it comes to');
  const { parts: files } = await renderSpecificationFiles(message, content, parts);
  return renderSdk(
    {
      id: deliveryId,
      conversationId: deliveryId,
      createdAt: event.occurredAt,
      label: title,
      reference: { label: documentNames[invoice.kind], value: invoice.number },
      text: [
        ...(subtitle === undefined ? [] : [subtitle]),
        ...head.rows.map(([label, value]) => `${label}: ${value}`),
        'Rader, orsaker och hur det är räknat: se bifogad fil.',
      ].join('\n'),
      files: files.map(({ name, body, encoding }) => ({
        name: name.slice(name.lastIndexOf('/') + 1),
        kind: kindOf(name),
        body: Buffer.from(body, encoding ?? 'utf8'),
      })),
    },
    addresses,
  );
}

function kindOf(name: string): SpecificationPart {
  const kind = specificationParts.find((part) => name.endsWith(`.${part}`));
  assert(kind, 'a file of a specification is named by its kind');
  return kind;
}
