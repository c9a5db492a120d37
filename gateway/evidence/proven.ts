/** A delivery as a bundle has it: its course, and digests in the place of what was sent and of the receipt. */
import type { Rendered } from '../../adapters/adapter.ts';
import type { DeliveryRow } from '../runtime/journal/journal.ts';
import { sha256 } from './canonical.ts';

/** A file or body by its name, its length in bytes and its SHA-256. */
export interface Sent {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}
export type ProvenDelivery = Omit<DeliveryRow, 'rendered' | 'receipt'> & {
  readonly contentType?: string;
  readonly sent: readonly Sent[];
  readonly receipt?: Omit<Sent, 'name'>;
};

export function provenDelivery({ rendered, receipt, ...row }: DeliveryRow): ProvenDelivery {
  const sent = renderedOf(rendered);
  return {
    ...row,
    ...(sent && { contentType: sent.contentType }),
    sent: (sent?.parts ?? []).map(({ name, body, encoding }) => ({
      name,
      ...measured(Buffer.from(body, encoding ?? 'utf8')),
    })),
    ...(receipt !== undefined && { receipt: measured(Buffer.from(receipt)) }),
  };
}

/** Of the bytes as they went. */
const measured = (bytes: Buffer): Omit<Sent, 'name'> => ({
  bytes: bytes.length,
  sha256: sha256(bytes),
});

/** What was sent, as the journal keeps it. */
export function renderedOf(text: string | undefined): Rendered | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}
