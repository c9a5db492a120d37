/** The thread of structure-queue.ts: it reads all definitions once and holds resource after resource against them. */
import { parentPort } from 'node:worker_threads';
import { fhirDefinitions } from '../../../../profiles/index.ts';
import { structureCheck } from './structure.ts';
import type { StructureAnswer, StructureQuestion } from './structure-queue.ts';

const check = structureCheck(fhirDefinitions());

parentPort?.on('message', ({ id, resource }: StructureQuestion) => {
  parentPort?.postMessage({ id, findings: check(resource) } satisfies StructureAnswer, []);
});
