/**
 * Every key is made once, where the intent arises, and repeated on retry. All are UUIDv5 in a namespace of their own,
 * so the same intent always has the same id.
 */
import { v5 } from 'uuid';

const namespace = 'b1f4a1de-6d0e-5c57-9e0b-6f9a1c2d7e30';

/** Id of a fact: a resend of the same bytes gives the same id, other content another. */
export function factId(
  sender: string,
  controlId: string,
  digestHex: string,
  type: string,
  ordinal: number,
  mappingRevision: string,
): string {
  return v5(
    `fact|${sender}|${controlId}|${digestHex}|${type}|${ordinal}|${mappingRevision}`,
    namespace,
  );
}

/** Id of a decision: its key and revision. */
export function decisionId(key: string, revision: number): string {
  return v5(`decision|${key}|${revision}`, namespace);
}

/** Id of a delivery: one notice revision to one receiver. It is the idempotency key on the wire. */
export function deliveryIdOf(noticeEventId: string, receiver: string): string {
  return v5(`delivery|${noticeEventId}|${receiver}`, namespace);
}

/** Id of what a delivery led to: `notice.delivered` and its kin, once per delivery and kind. */
export function receiptId(deliveryId: string, type: string): string {
  return v5(`receipt|${deliveryId}|${type}`, namespace);
}
