/** Starts a worker, from the sources (tsx, vitest) as well as from the built program. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * @param stem file of the worker, without its extension
 * @param workerData what the worker gets at its start
 * @param beside `import.meta.url` of a module in the same folder
 */
export function startWorker(stem: string, workerData: unknown, beside: string): Worker {
  if (!beside.endsWith('.ts')) {
    return new Worker(new URL(`./${stem}.js`, beside), { workerData, execArgv: [] });
  }
  const entry = new URL(`./${stem}.ts`, beside);
  return new Worker(fromSources(entry), { eval: true, workerData, execArgv: [] });
}

/** On Node 20 `--import tsx` has no effect in a worker, so the worker calls for the loader itself. */
function fromSources(entry: URL): string {
  // `require.resolve` would give the CommonJS build of the API, which cannot register from here.
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx'));
  const api = new URL('./esm/api/index.mjs', tsx);
  return `import(${JSON.stringify(api.href)})
    .then(({ register }) => (register(), import(${JSON.stringify(entry.href)})));`;
}
