/**
 * A municipality's finance system by HTTP: it takes invoices and credit notes, specifications, and billing records under
 * `/{municipality}/billingrecords`. Our delivery id comes as `Idempotency-Key`.
 */
import type { Behaviour } from './behaviour.ts';
import type { Certificate } from './http-server.ts';
import { hasToken, openPostBox } from './post-box.ts';
import type { Arrival } from './received.ts';

export interface DocumentsSettings {
  readonly token?: string;
  readonly onArrival?: (arrival: Arrival) => void;
  readonly tls?: Certificate;
  readonly host?: string;
  readonly port?: number;
}

export interface SimulatedDocuments {
  /** `/invoices`, `/specifications` and `/{municipality}/billingrecords` stand under it. */
  readonly url: string;
  setBehaviour(behaviour: Behaviour | readonly Behaviour[]): void;
  setCertificate(certificate: Certificate): void;
  close(): Promise<void>;
}

/** Starts one; resolves when it listens. */
export async function simulatedDocuments({
  token,
  ...settings
}: DocumentsSettings): Promise<SimulatedDocuments> {
  const box = await openPostBox<Behaviour>({
    ...settings,
    channel: 'billing',
    isKnown: token === undefined ? undefined : hasToken(token),
    idOf: (headers) => String(headers['idempotency-key']),
    // What was created has a place of its own there.
    heard: (behaviour) => (behaviour === 'accept' ? { status: 201 } : behaviour),
  });
  return {
    url: box.origin,
    setBehaviour: (behaviour) => box.setBehaviour(behaviour),
    setCertificate: (certificate) => box.setCertificate(certificate),
    close: () => box.close(),
  };
}
