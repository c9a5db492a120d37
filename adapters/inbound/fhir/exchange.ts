/**
 * The message of FHIR: one resource on its way in, with all that its meaning depends on. A resource refers to others and
 * takes the place of what was told before, so its bytes alone say little; with these it can be stored, and translated
 * again, without asking anybody.
 *
 * As bytes it is one JSON object that ends with the resource exactly as it was sent.
 */
import type { FhirResource } from 'fhir/r4.js';
import { GatewayError } from '../../../gateway/errors.ts';
import type { FhirSenderKind } from './security/identity.ts';

export interface ExchangeRequest {
  /** Id of the sender's overlay: who a token, a certificate or a configured server is. */
  readonly sender: string;
  /** What kind of system the sender is, so what it can witness; a hospital where left out. */
  readonly kind?: FhirSenderKind;
  /** SCB code of a municipality that speaks: it speaks for itself alone (5 kap. 2 §). */
  readonly municipality?: string;
  /** Receivers that the sender answers for: what it may speak of where it names no stay of its own. */
  readonly receivers?: readonly string[];
  /** Logical id of the resource, within the sender; of a message that of the Encounter in it. */
  readonly id: string;
  /** Version of ours that stood when it was read, 0 for none. */
  readonly base: number;
  /** What stood was read by other mappings than those in force when this came. */
  readonly isReadAnew?: true;
  /** `Encounter/123/_history/5`, MessageHeader.id …: the sender's own name for what it tells, or ours where it has none. */
  readonly controlId: string;
  /** When its sender told it: meta.lastUpdated, MessageHeader's Bundle.timestamp; when it came where neither is there. */
  readonly sentAt: string;
  /** A newer version has been told: this one is kept, and says nothing. */
  readonly isOlder?: true;
  /** Written only where no other resource has it: `system|value`. */
  readonly unlessKnown?: string;
  /**
   * When what the resource tells happened, where the message around it says so (Provenance.occurredDateTime): for what
   * has no time of its own in it.
   */
  readonly occurredAt?: string;
}

/** Where one resource of a message is kept, and what stood there before. */
export interface Part {
  readonly id: string;
  readonly base: number;
  readonly isReadAnew?: true;
  readonly previous?: FhirResource;
}

export interface Exchange {
  readonly request: ExchangeRequest;
  readonly resource: FhirResource;
  /** What stood under the id before. */
  readonly previous?: FhirResource;
  /** What the resource refers to, by the reference as it stands there (`Patient/7`, `urn:uuid:…`); contained ones excluded. */
  readonly related: Readonly<Record<string, FhirResource>>;
  /** Of a message (`resource` is its Bundle): by fullUrl those resources in it that are kept. */
  readonly parts?: Readonly<Record<string, Part>>;
}

/**
 * @param text the resource as it was sent
 */
export function writeExchange(
  { request, previous, related, parts }: Omit<Exchange, 'resource'>,
  text: string,
): Uint8Array {
  const before = previous === undefined ? '' : `"previous":${JSON.stringify(previous)},`;
  const kept = parts === undefined ? '' : `"parts":${JSON.stringify(parts)},`;
  return Buffer.from(
    `{"request":${JSON.stringify(request)},"related":${JSON.stringify(related)},${before}${kept}"resource":${text}}`,
  );
}

/** @throws GatewayError malformed-message for bytes that `writeExchange` has not made */
export function readExchange(raw: Uint8Array): Exchange {
  try {
    const exchange: Exchange = JSON.parse(Buffer.from(raw).toString('utf8'));
    return exchange;
  } catch {
    throw new GatewayError('malformed-message', 'not an exchange of resources');
  }
}

/** Whether the kind of a stored message (`MessageHead.kind`) is one of this standard: a resource type, and not `ADT^A01`. */
export function isFhirKind(kind: string): boolean {
  return /^[A-Z][a-z][A-Za-z]*$/.test(kind);
}
