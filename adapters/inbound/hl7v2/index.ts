/**
 * HL7 v2 in: bytes → message → facts, and the answer.
 */
import { asGatewayError, GatewayError } from '../../../gateway/errors.ts';
import { pathOf } from '../../../mappings/index.ts';
import type { Hl7Path, Mappings } from '../../../mappings/index.ts';
import type { Inbound, MessageHead, Translation, Verdict } from '../../adapter.ts';
import { acknowledge, hasByteOrderMark, readHeader } from './answers/acknowledge.ts';
import { charsetOf, decode } from './message/charset.ts';
import { compileSender } from './meaning/compile.ts';
import type { CompiledSender } from './meaning/compile.ts';
import { Hl7Message } from './message/message.ts';
import { withoutPersonNumbers } from '../../person-numbers.ts';
import { sentAtOf, translate } from './meaning/translate.ts';

export { createHl7v2Server } from './server.ts';
export type { Hl7v2Server, Hl7v2ServerOptions } from './server.ts';

/** A message whose sender we know. */
export interface KnownMessage {
  readonly message: Hl7Message;
  /** MSH alone, byte by byte: what the answer is made from. */
  readonly header: Hl7Message;
  readonly sender: CompiledSender;
  readonly head: MessageHead;
}

/** Finds the overlay that a message belongs to: exact names before `*`. */
export function senderFinder(
  mappings: Mappings,
): (header: Hl7Message) => CompiledSender | undefined {
  const senders = new Map<string, CompiledSender>();
  for (const mapping of mappings.senders) {
    const { match } = mapping;
    if (match === undefined) continue; // it speaks FHIR alone
    senders.set(`${match['MSH-3']}|${match['MSH-4']}`, compileSender(mappings, mapping));
  }
  return (header) => {
    const application = header.valueOf(sendingApplication) ?? '';
    const facility = header.valueOf(sendingFacility) ?? '';
    return (
      senders.get(`${application}|${facility}`) ??
      senders.get(`${application}|*`) ??
      senders.get(`*|${facility}`) ??
      senders.get('*|*')
    );
  };
}

/** The mappings with one sender, which matches everything: what it sends is read as its own whatever MSH-3 says. */
export function mappingsOfOne(mappings: Mappings, senderId: string): Mappings {
  const senders = mappings.senders
    .filter(({ id }) => id === senderId)
    .filter(({ charset }) => charset !== undefined)
    .map((sender) => ({ ...sender, match: { 'MSH-3': '*', 'MSH-4': '*' } }));
  return { ...mappings, senders };
}

/** The adapter for each sender by its id, made when first asked for: what it reads is that sender's. */
export function hl7v2InboundOf(mappings: Mappings): (senderId: string) => Inbound<KnownMessage> {
  const made = new Map<string, Inbound<KnownMessage>>();
  return (senderId) => {
    const known = made.get(senderId);
    if (known !== undefined) return known;
    const adapter = hl7v2Inbound(mappingsOfOne(mappings, senderId));
    made.set(senderId, adapter);
    return adapter;
  };
}

/** The inbound adapter for HL7 v2 over the mappings. */
export function hl7v2Inbound(mappings: Mappings): Inbound<KnownMessage> {
  const findSender = senderFinder(mappings);
  return {
    name: 'hl7v2',
    mappingRevision: mappings.revision,
    read: (raw) => read(raw, findSender),
    head: ({ head }) => head,
    translate: ({ message, sender, head }) => translate(message, head.kind, sender),
    acknowledge: (message, raw, verdict, context) => {
      const header = message?.header ?? readHeader(raw);
      if (header === undefined) return undefined;
      const sender = message?.sender ?? senderOfRefused(header, findSender);
      return acknowledge(header, sender?.mapping, verdict, context);
    },
  };
}

/** Whose ways the answer to a refused message follows; nobody's where even the name in MSH-3 cannot be read. */
function senderOfRefused(
  header: Hl7Message,
  findSender: (header: Hl7Message) => CompiledSender | undefined,
): CompiledSender | undefined {
  try {
    return findSender(header);
  } catch {
    return undefined;
  }
}

/** A message read and translated without anything being stored: what it means or why it cannot be taken, and the verdict. */
export interface Meaning {
  readonly message?: KnownMessage;
  readonly translation?: Translation;
  readonly error?: GatewayError;
  readonly verdict: Verdict;
}

/** What bytes mean by an adapter. It never throws: what is wrong is the error. */
export function meaningOf(inbound: Inbound<KnownMessage>, raw: Uint8Array): Meaning {
  let message: KnownMessage | undefined;
  try {
    message = inbound.read(raw);
    const translation = inbound.translate(message);
    const verdict = { accepted: true, warnings: translation.warnings } as const;
    return { message, translation, verdict };
  } catch (thrown) {
    const error = asGatewayError(thrown);
    return { ...(message && { message }), error, verdict: { accepted: false, error } };
  }
}

const sendingApplication = pathOf('MSH-3');
const sendingFacility = pathOf('MSH-4');
const messageType = pathOf('MSH-9.1');
const triggerEvent = pathOf('MSH-9.2');
const eventTypeCode = pathOf('EVN-1');
const controlId = pathOf('MSH-10');
const sequenceNumber = pathOf('MSH-13');
const characterSet = pathOf('MSH-18');
/** Where senders begin at 1 again, by 0 or -1. */
const largestSequence = 2_000_000_000;

function read(
  raw: Uint8Array,
  findSender: (header: Hl7Message) => CompiledSender | undefined,
): KnownMessage {
  const header = readHeader(raw);
  if (header === undefined) {
    throw new GatewayError('malformed-message', 'does not begin with MSH and its separators', {
      location: 'MSH',
      standardCode: '100',
    });
  }
  const sender = findSender(header);
  if (sender === undefined) {
    const name = `${shown(header, sendingApplication)} and ${shown(header, sendingFacility)}`;
    throw new GatewayError('unknown-sender', `no sender overlay matches ${name}`, {
      location: 'MSH-3',
      standardCode: '204',
    });
  }
  const declared = charsetOf(header.valueOf(characterSet) ?? '', sender.mapping.charset ?? 'ASCII');
  // A byte order mark proves UTF-8, whatever MSH-18 says: an editor saved the file.
  const charset = hasByteOrderMark(raw) ? 'utf8' : declared;
  const message = new Hl7Message(raw, decode(raw, charset), charset);
  if (message.hasSecond('MSH')) {
    // Read as one message, all but the first would be lost under a positive answer.
    const text =
      'a second message in one frame; each needs a frame of its own, or all a batch (BHS)';
    throw new GatewayError('malformed-message', text, { location: 'MSH[2]', standardCode: '100' });
  }
  const id = message.valueOf(controlId);
  const type = message.valueOf(messageType);
  const sequence = sender.mapping.sequenceNumbers === true ? sequenceOf(message) : undefined;
  if (id === undefined) throw missing('MSH-10');
  // What starts a link anew says nothing else, and needs no type.
  if (type === undefined && !isLinkStart(sequence)) throw missing('MSH-9');
  const trigger = message.valueOf(triggerEvent) ?? message.valueOf(eventTypeCode);
  const sentAt = sentAtOf(message, sender);
  const head: MessageHead = {
    sender: sender.mapping.id,
    controlId: id,
    kind: kindOf(type, trigger),
    ...(sentAt !== undefined && { sentAt }),
    controlIdReuse: sender.mapping.controlIdReuse ?? 'refused',
    ...(sequence !== undefined && { sequence }),
  };
  return { message, header, sender, head };
}

function kindOf(type: string | undefined, trigger: string | undefined): string {
  if (type === undefined) return 'link';
  return trigger === undefined ? type : `${type}^${trigger}`;
}

/** MSH-13 of a sender that numbers its messages. */
function sequenceOf(message: Hl7Message): number {
  const written = message.valueOf(sequenceNumber);
  if (written === undefined) throw missing('MSH-13');
  const number = Number(written);
  if (/^(?:-1|\+?\d{1,10})$/.test(written) && number <= largestSequence) return number;
  throw new GatewayError('malformed-message', 'MSH-13: not a sequence number', {
    location: 'MSH-13',
    standardCode: '102',
  });
}

function isLinkStart(sequence: number | undefined): boolean {
  return sequence !== undefined && sequence < 1;
}

/** A system's name as it may stand in a log. */
function shown(header: Hl7Message, where: Hl7Path): string {
  const name = (header.valueOf(where) ?? '').replace(/[^ -~]/g, '?').slice(0, 60);
  return `${where.text} '${withoutPersonNumbers(name)}'`;
}

function missing(location: string): GatewayError {
  return new GatewayError('malformed-message', `${location}: required field missing`, {
    location,
    standardCode: '101',
  });
}
