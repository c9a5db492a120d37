/** What a message is bound to: the same key again is the same message. */

/** By its control id. */
export const keyById = (sender: string, controlId: string): string => `${sender}\n${controlId}`;

/** By its content too, where its sender may use a control id again. */
export const keyByContent = (sender: string, controlId: string, digest: Uint8Array): string =>
  `${keyById(sender, controlId)}\n${Buffer.from(digest).toString('hex')}`;

/** One of them is the key of the message. */
export function dedupeKeysOf(
  sender: string,
  controlId: string,
  digest: Uint8Array,
): readonly string[] {
  return [keyById(sender, controlId), keyByContent(sender, controlId, digest)];
}
