/** The inbound adapters of one revision of the mappings, by sender and by standard. */
import type { Inbound } from '../../adapters/adapter.ts';
import { isFhirKind, type Exchange } from '../../adapters/inbound/fhir/exchange.ts';
import { fhirInbound } from '../../adapters/inbound/fhir/index.ts';
import { hl7v2InboundOf, type KnownMessage } from '../../adapters/inbound/hl7v2/index.ts';
import type { Mappings } from '../../mappings/index.ts';
import type { AdapterOf } from '../retranslate.ts';

export interface Inbounds {
  readonly hl7v2Of: (senderId: string) => Inbound<KnownMessage>;
  readonly fhirOf: (senderId: string) => Inbound<Exchange>;
  /** For a stored message: its sender, and the standard that its kind is of. */
  readonly ofKind: AdapterOf;
}

export function inboundsOf(mappings: Mappings): Inbounds {
  const hl7v2Of = hl7v2InboundOf(mappings);
  const fhirOf = madeOnce((senderId) => fhirInbound(mappings, senderId));
  return {
    hl7v2Of,
    fhirOf,
    ofKind: (senderId, kind) => (isFhirKind(kind) ? fhirOf(senderId) : hl7v2Of(senderId)),
  };
}

function madeOnce<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
}
