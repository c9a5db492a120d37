/**
 * Every key is made once, where the intent arises, and repeated on retry. All are UUIDv5 (RFC 9562, 5.5) in a namespace
 * of their own, so the same intent always has the same id.
 */
import { hash } from 'node:crypto';

const namespace = Buffer.from('b1f4a1de6d0e5c579e0b6f9a1c2d7e30', 'hex');

/** Id of a fact: a resend of the same bytes gives the same id, other content another. */
export function factId(
  sender: string,
  controlId: string,
  digestHex: string,
  type: string,
  ordinal: number,
  mappingRevision: string,
): string {
  return idOf(`fact|${sender}|${controlId}|${digestHex}|${type}|${ordinal}|${mappingRevision}`);
}

/** Id of a decision: its key and revision. */
export function decisionId(key: string, revision: number): string {
  return idOf(`decision|${key}|${revision}`);
}

/** Id of a delivery: one notice revision to one receiver. It is the idempotency key on the wire. */
export function deliveryIdOf(noticeEventId: string, receiver: string): string {
  return idOf(`delivery|${noticeEventId}|${receiver}`);
}

/** Id of what a delivery led to: `notice.delivered` and its kin, once per delivery and kind. */
export function receiptId(deliveryId: string, type: string): string {
  return idOf(`receipt|${deliveryId}|${type}`);
}

/** Whether something may be the id of an event or a delivery: keys that are random (UUIDv7) and what senders give are not. */
export function isNameBased(id: string): boolean {
  return /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/.test(id);
}

/** UUIDv5 of a name. On the way of every message, so it hashes in one call. */
export function idOf(name: string): string {
  const digest = hash('sha1', Buffer.concat([namespace, Buffer.from(name)]), 'hex');
  const variant = ((Number.parseInt(digest.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(18, 20)}-${digest.slice(20, 32)}`;
}
