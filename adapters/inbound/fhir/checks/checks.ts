/**
 * All checks of what one sender tells, in the order of the answer: before anything is stored, and after it was.
 */
import type { FhirResource } from 'fhir/r4.js';
import type { Finding, Level } from './finding.ts';
import { profileChecks, type ProfileChecks } from './profile-checks.ts';
import { beyond } from './second-opinion.ts';
import type { StartWorker } from '../../../start-worker.ts';
import { structureQueue } from './structure-queue.ts';

export interface FhirChecks {
  /**
   * Before anything is stored: an error refuses the resource. At `refuse` it is held against its StructureDefinition
   * too, in another thread; at every other level the answer is there at once.
   * @throws GatewayError of a transient fate where it cannot be checked now (`refuse` alone)
   */
  readonly before: (
    resource: FhirResource,
    level: Level,
  ) => readonly Finding[] | Promise<readonly Finding[]>;
  /**
   * After the answer, at `warn`: what the StructureDefinition finds that the answer did not say. One at a time.
   * @param stored the bytes of the message that told it
   * @throws GatewayError of a transient fate where it cannot be checked now, another one where this one cannot be checked
   */
  readonly after: (stored: Uint8Array) => Promise<readonly string[]>;
  /** Everything at once, for whoever asks what would come of a resource (`$validate`). */
  readonly validate: (resource: FhirResource) => Promise<readonly Finding[]>;
  /** On the answer path, and without any thread. */
  readonly profiles: ProfileChecks;
  /** Reads the definitions in the other thread before they are asked for: where a sender's level is `refuse`. */
  readonly warm: () => void;
  readonly close: () => Promise<void>;
}

/** @param start `startWorker` of the runtime */
export function fhirChecks(start: StartWorker): FhirChecks {
  const profiles = profileChecks();
  const structures = structureQueue(start);

  const withStructure = async (
    resource: FhirResource,
    found: readonly Finding[],
  ): Promise<readonly Finding[]> => [...found, ...beyond(found, await structures.now(resource))];

  return {
    before(resource, level) {
      const found = profiles.all(resource, level);
      // What is refused already needs no second opinion.
      if (level !== 'refuse' || found.some(isError)) return found;
      return withStructure(resource, found);
    },
    async after(stored) {
      const findings = await structures.later(stored);
      return findings.map(({ severity, text }) => `${severity} ${text}`);
    },
    validate: async (resource) => withStructure(resource, profiles.all(resource, 'refuse')),
    profiles,
    warm: () => structures.warm(),
    close: () => structures.close(),
  };
}

function isError({ severity }: Finding): boolean {
  return severity === 'error';
}
