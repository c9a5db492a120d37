import type { Worker } from 'node:worker_threads';

/**
 * Starts a worker thread: `startWorker` of the runtime.
 * @param stem file of the worker, without its extension
 * @param beside `import.meta.url` of a module in the same folder
 */
export type StartWorker = (stem: string, workerData: unknown, beside: string) => Worker;
