/**
 * All checks of what one sender tells, in the order of the answer: before anything is stored, and after it was.
 */
import type { FhirResource } from 'fhir/r4.js';
import type { Finding, Level } from './finding.ts';
import { profileChecks, type ProfileChecks } from './profile-checks.ts';
import { structureQueue, type StartWorker } from './structure-queue.ts';

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
  /** After the commit, off the answer path: at `warn`, what the StructureDefinition finds is kept with the message. */
  readonly after: (place: number, resource: FhirResource, level: Level) => void;
  /** Everything at once, for whoever asks what would come of a resource (`$validate`). */
  readonly validate: (resource: FhirResource) => Promise<readonly Finding[]>;
  /** On the answer path, and without any thread. */
  readonly profiles: ProfileChecks;
  /** Reads the definitions in the other thread before they are asked for: where a sender's level is `refuse`. */
  readonly warm: () => void;
  readonly close: () => Promise<void>;
}

export interface FhirChecksParts {
  /** `startWorker` of the runtime. */
  readonly start: StartWorker;
  /** Keeps what was found with a stored message, by its place in the journal. */
  readonly keep: (place: number, findings: readonly string[]) => Promise<void>;
  /** Too many waited: what came was stored and answered, and not looked at afterwards. */
  readonly onSkipped: (place: number) => void;
}

export function fhirChecks({ start, keep, onSkipped }: FhirChecksParts): FhirChecks {
  const profiles = profileChecks();
  const structures = structureQueue(start);

  const withStructure = async (
    resource: FhirResource,
    found: readonly Finding[],
  ): Promise<readonly Finding[]> => merged(found, await structures.now(resource));

  return {
    before(resource, level) {
      const found = profiles.all(resource, level);
      // What is refused already needs no second opinion.
      if (level !== 'refuse' || found.some(isError)) return found;
      return withStructure(resource, found);
    },
    after(place, resource, level) {
      if (level !== 'warn') return;
      const isWaiting = structures.later(resource, async (findings) => {
        // The sender was told of the others in the answer.
        const known = new Set(profiles.all(resource, level).map(({ expression }) => expression));
        const texts = findings
          .filter((finding) => !known.has(finding.expression) && !isOurRule(finding))
          .map(({ severity, text }) => `${severity} ${text}`);
        if (texts.length > 0) await keep(place, texts);
      });
      if (!isWaiting) onSkipped(place);
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

/** One finding an element: what the first layer said of it says more. */
function merged(first: readonly Finding[], second: readonly Finding[]): readonly Finding[] {
  const known = new Set(first.map(({ expression }) => expression));
  const others = second.filter((finding) => !known.has(finding.expression) && !isOurRule(finding));
  return [...first, ...others];
}

/** Our own invariants: the first layer has them too, and says them of the element that is meant. */
function isOurRule({ text }: Finding): boolean {
  return text.includes(' does not hold hg-');
}
