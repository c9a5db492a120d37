/** The thread of structure-queue.ts: it reads all definitions once and holds resource after resource against them. */
import { parentPort } from 'node:worker_threads';
import type { FhirResource } from 'fhir/r4.js';
import { fhirDefinitions } from '../../../../profiles/index.ts';
import { readExchange } from '../exchange.ts';
import type { Finding } from './finding.ts';
import { isResource } from '../content.ts';
import { profileChecks, type ProfileChecks } from './profile-checks.ts';
import { beyond } from './second-opinion.ts';
import { structureCheck } from './structure.ts';
import type { FromStructureWorker, StructureQuestion } from './structure-queue.ts';

const definitions = fhirDefinitions();
const check = structureCheck(definitions);
let profiles: ProfileChecks | undefined;

/** What the sender did not hear in the answer. */
function unsaid(resource: FhirResource): readonly Finding[] {
  profiles ??= profileChecks(definitions);
  return beyond(profiles.all(resource, 'warn'), check(resource));
}

function resourceIn(stored: Uint8Array): FhirResource | undefined {
  try {
    const { resource } = readExchange(stored);
    return isResource(resource) ? resource : undefined;
  } catch {
    return undefined;
  }
}

function answerTo(question: StructureQuestion): FromStructureWorker {
  const { id } = question;
  if ('resource' in question) return { id, findings: check(question.resource) };
  const resource = resourceIn(question.stored);
  return resource === undefined ? { id, unreadable: true } : { id, findings: unsaid(resource) };
}

const say = (told: FromStructureWorker): void => parentPort?.postMessage(told, []);
parentPort?.on('message', (question: StructureQuestion) => say(answerTo(question)));
say('ready');
