/** The thread of validation.ts. */
import { parentPort } from 'node:worker_threads';
import type { Answered, Asked } from './validation.ts';

parentPort?.on('message', ({ id, messages }: Asked) => {
  parentPort?.postMessage({ id, remarks: messages.map(() => []) } satisfies Answered, []);
});
