/** Takes a receipt that came by itself: read, stored, and only then answered for. */
import { asGatewayError, type GatewayError } from '../../../gateway/errors.ts';
import type { TakeReceipt } from '../../adapter.ts';
import { readSdkReceipt } from './application-response.ts';

/** What came of a receipt. */
export type ReceiptOutcome =
  /** Stored, or known, or of a repeat: it is done with. */
  | { readonly outcome: 'taken' }
  /** Not now: bring it again. */
  | { readonly outcome: 'waits'; readonly reason: string }
  /** It is no receipt, or of no delivery of ours. */
  | { readonly outcome: 'refused'; readonly error: GatewayError | undefined };

export async function takeSdkReceipt(
  raw: Uint8Array,
  takeReceipt: TakeReceipt,
): Promise<ReceiptOutcome> {
  try {
    const read = readSdkReceipt(raw);
    if (read.kind === 'duplicate') return { outcome: 'taken' };
    const taken = await takeReceipt(read.receipt);
    if (taken === 'unknown') return { outcome: 'refused', error: undefined };
    return taken === 'not-yet' ? { outcome: 'waits', reason: 'being sent' } : { outcome: 'taken' };
  } catch (thrown) {
    const error = asGatewayError(thrown);
    if (error.code === 'malformed-message' || error.code === 'unsupported-message') {
      return { outcome: 'refused', error };
    }
    return { outcome: 'waits', reason: error.code };
  }
}

/** Why a receipt was refused, for a person; without a value of it. */
export function refusalText(error: GatewayError | undefined): string {
  if (error) return `${error.code}: ${error.message}`;
  return 'no delivery of ours has this id: is it for another system of the region?';
}
