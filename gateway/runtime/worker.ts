/** Starts a worker of the built program. */
import { Worker } from 'node:worker_threads';

/**
 * @param stem file of the worker, without its extension
 * @param workerData what the worker gets at its start
 * @param beside `import.meta.url` of a module in the same folder
 */
export function startWorker(stem: string, workerData: unknown, beside: string): Worker {
  return new Worker(new URL(`./${stem}.js`, beside), { workerData, execArgv: [] });
}
