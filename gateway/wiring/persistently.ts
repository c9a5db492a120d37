/** What a start has to write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asGatewayError } from '../errors.ts';

/** Waits before it is tried again. */
const retryDelaysMs = [200, 1000];

/** A write that fails for a moment does not stop a start; one that goes on failing does. */
export async function persistently(work: () => Promise<void>): Promise<void> {
  for (const delayMs of retryDelaysMs) {
    try {
      return await work();
    } catch (thrown) {
      if (asGatewayError(thrown).fate !== 'transient') throw thrown;
      await sleep(delayMs);
    }
  }
  await work();
}
