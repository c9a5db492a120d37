/**
 * By SDK (Säker digital kommunikation): to the access point that signs, encrypts and carries an envelope. To hand over is
 * not to deliver: the receiver's message service answers with a receipt of its own (`inbound/sdk-receipts`).
 */
import { byFolder } from './folder.ts';
import { byPost, type PostSettings } from './post.ts';
import type { Way } from './way.ts';

/** How the access point takes envelopes from us. */
export type HandOver =
  | { readonly by: 'folder'; readonly folder: string }
  /** It recognises a message id it has taken, where it is idempotent. */
  | ({ readonly by: 'http' } & PostSettings);

/**
 * @param receiptWithinMs how long to wait for the receiver's receipt; then a person finds out
 * @throws GatewayError configuration-invalid
 */
export function byAccessPoint(handOver: HandOver, receiptWithinMs: number): Way {
  const way =
    handOver.by === 'folder'
      ? byFolder(handOver.folder)
      : byPost(handOver, { name: 'access point', isKeyed: true });
  return {
    ...way,
    async deliver(...given) {
      const { detail } = await way.deliver(...given);
      const how = handOver.by === 'folder' ? 'file' : detail;
      return {
        proof: 'awaited',
        detail: `given to the access point: ${how}`,
        withinMs: receiptWithinMs,
      };
    },
  };
}
