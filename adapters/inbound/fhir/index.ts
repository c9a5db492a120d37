/**
 * FHIR R4 in: a resource with what it refers to → facts, and the answer.
 */
import type { Mappings } from '../../../mappings/index.ts';
import type { Inbound } from '../../adapter.ts';
import { answerBytes } from './answers/answer.ts';
import type { Level } from './checks/finding.ts';
import { canonicalJson } from './content.ts';
import { readExchange, type Exchange } from './exchange.ts';
import { compileSender } from './meaning/compile.ts';
import type { CompiledSender } from './meaning/compile.ts';
import { translate } from './meaning/translate.ts';
import { isMessage, messageContent } from './message.ts';

/** The inbound adapter for what one sender tells in FHIR: who it is was known before its bytes were read. */
export function fhirInbound(mappings: Mappings, senderId: string): Inbound<Exchange> {
  let sender: CompiledSender | undefined;
  return {
    name: 'fhir',
    mappingRevision: mappings.revision,
    read: readExchange,
    head: ({ request, resource }) => ({
      sender: senderId,
      controlId: request.controlId,
      kind: resource.resourceType,
      sentAt: request.sentAt,
      content: contentOf(resource),
      controlIdReuse: 'refused',
    }),
    translate: (exchange) => {
      sender ??= compileSender(mappings, senderId);
      return translate(exchange, sender);
    },
    acknowledge: (exchange, _raw, verdict, context) => [answerBytes(exchange, verdict, context)],
  };
}

/** What must be the same in a repeat. */
function contentOf(resource: Exchange['resource']): Uint8Array {
  return isMessage(resource) ? messageContent(resource) : Buffer.from(canonicalJson(resource));
}

/**
 * What a stored message is recognised by.
 * @param raw bytes that `writeExchange` has made
 * @returns undefined for other bytes
 */
export function contentOfStored(raw: Uint8Array): Uint8Array | undefined {
  try {
    return contentOf(readExchange(raw).resource);
  } catch {
    return undefined;
  }
}

/** How strictly a sender's resources are held to our profiles: what is not said is a warning. */
export function levelOf({ senders }: Mappings, senderId: string): Level {
  return senders.find(({ id }) => id === senderId)?.fhir?.level ?? 'warn';
}
