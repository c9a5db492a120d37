/** Within a test the program runs from the sources; a worker that it starts is the one that was built for the run. */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from 'node:worker_threads';
import { builtFile } from './built-program.ts';

const root = resolve(import.meta.dirname, '..', '..');
const threads: { Worker: typeof import('node:worker_threads').Worker } = createRequire(
  import.meta.url,
)('node:worker_threads');
const { Worker } = threads;

threads.Worker = class extends Worker {
  constructor(entry: string | URL, options?: WorkerOptions) {
    super(isOurs(entry) ? builtFile(fileURLToPath(entry)) : entry, options);
  }
};
syncBuiltinESMExports();

/** A module of the project, asked for beside its sources. */
function isOurs(entry: string | URL): entry is URL {
  return (
    entry instanceof URL &&
    ['gateway', 'adapters'].some((room) => fileURLToPath(entry).startsWith(join(root, room, '/')))
  );
}
