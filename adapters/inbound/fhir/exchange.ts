/**
 * The message of FHIR: one resource on its way in, with all that its meaning depends on. A resource refers to others and
 * takes the place of what was told before, so its bytes alone say little; with these it can be stored, and translated
 * again, without asking anybody.
 *
 * As bytes it is one JSON object that ends with the resource exactly as it was sent.
 */
import type { FhirResource } from 'fhir/r4.js';
import { GatewayError } from '../../../gateway/errors.ts';

export interface ExchangeRequest {
  /** Id of the sender's overlay: who a token, a certificate or a configured server is. */
  readonly sender: string;
  /** Logical id of the resource, within the sender. */
  readonly id: string;
  /** Version of ours that stood when it was read, 0 for none. */
  readonly base: number;
  /** `Encounter/123/_history/5`, MessageHeader.id …: the sender's own name for what it tells, or ours where it has none. */
  readonly controlId: string;
  /** When its sender told it: meta.lastUpdated, MessageHeader's Bundle.timestamp; when it came where neither is there. */
  readonly sentAt: string;
  /** A newer version has been told: this one is kept, and says nothing. */
  readonly isOlder?: true;
  /** Written only where no other resource has it: `system|value`. */
  readonly unlessKnown?: string;
}

export interface Exchange {
  readonly request: ExchangeRequest;
  readonly resource: FhirResource;
  /** What stood under the id before. */
  readonly previous?: FhirResource;
  /** What the resource refers to, by the reference as it stands there (`Patient/7`, `urn:uuid:…`); contained ones excluded. */
  readonly related: Readonly<Record<string, FhirResource>>;
}

/**
 * @param text the resource as it was sent
 */
export function writeExchange(
  { request, previous, related }: Omit<Exchange, 'resource'>,
  text: string,
): Uint8Array {
  const before = previous === undefined ? '' : `"previous":${JSON.stringify(previous)},`;
  return Buffer.from(
    `{"request":${JSON.stringify(request)},"related":${JSON.stringify(related)},${before}"resource":${text}}`,
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
