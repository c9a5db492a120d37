/** Receipts as files in a folder that the access point fills. A file moves when its receipt is stored. */
import type { TakeReceipt } from '../../adapter.ts';
import {
  watchFolder,
  type FolderSettings,
  type Taken,
  type WatchedFolder,
} from '../../wire/watched-folder.ts';
import { maxReceiptBytes } from './application-response.ts';
import { refusalText, takeSdkReceipt } from './take.ts';

export interface ReceiptFolderSettings extends Omit<FolderSettings, 'take' | 'maxFileBytes'> {
  readonly takeReceipt: TakeReceipt;
}

/**
 * Begins to watch.
 * @throws GatewayError configuration-invalid where a folder cannot be used
 */
export async function watchSdkReceipts(settings: ReceiptFolderSettings): Promise<WatchedFolder> {
  const { takeReceipt } = settings;
  return await watchFolder({
    ...settings,
    maxFileBytes: maxReceiptBytes,
    take: async (bytes) => {
      if (bytes === undefined) return refused(`larger than ${maxReceiptBytes} bytes: not taken`);
      const came = await takeSdkReceipt(bytes, takeReceipt);
      if (came.outcome === 'refused') return refused(refusalText(came.error));
      if (came.outcome === 'waits') return { waits: { reason: came.reason } };
      return { problems: [], answers: nothing, detail: { receipts: 1 } };
    },
  });
}

const nothing = new Uint8Array();

function refused(problem: string): Taken {
  return { problems: [problem], answers: nothing, detail: { receipts: 0, problems: 1 } };
}
