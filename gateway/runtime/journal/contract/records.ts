/** What proves what was done in a case, as it was recorded: messages by their digests, deliveries whole. */
import type { DeliveryRow } from './deliveries.ts';

/** A message that a case rests on, without its bytes. */
export interface RecordedMessage {
  readonly messageId: string;
  readonly sender: string | undefined;
  readonly controlId: string | undefined;
  readonly kind: string | undefined;
  readonly state: string;
  readonly receivedAt: string;
  readonly mappingRevision: string | undefined;
  /** SHA-256 in hex as it was made at receipt: of the bytes, or of what a repeat must have in common with them. */
  readonly digest: string;
  /** How many bytes it has, and their SHA-256 in hex as they stand now; none where they were weeded out. */
  readonly bytes: number;
  readonly sha256: string | undefined;
  /** SHA-256 in hex of the answer that was given. */
  readonly answerSha256: string | undefined;
}

/** Asked seldom, by a person, of one case: it may look through a whole table. */
export interface Records {
  /** Messages by their ids, and those of the stays, in the order of their coming. */
  messagesOf(ids: readonly string[], stays: readonly string[]): Promise<readonly RecordedMessage[]>;
  /** Deliveries of what stands in these streams, in the order in which they were opened. */
  deliveriesOf(streams: readonly string[]): Promise<readonly DeliveryRow[]>;
}
