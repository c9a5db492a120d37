/**
 * What CarePlan, Task, Communication and Observation have in common: each states acts of the discharge process, is about a
 * stay that it refers to, and takes all of it back when it was entered in error.
 */
import type { FhirResource, Identifier, PractitionerRole, Reference } from 'fhir/r4.js';
import { GatewayError } from '../../../../gateway/errors.ts';
import type { MappedType } from '../../../../mappings/index.ts';
import type { StayReference, Translation } from '../../../adapter.ts';
import type { Reading } from './compile.ts';
import { allTakenBack, newFacts } from './facts.ts';
import type { EventFunctions, Scene } from './facts.ts';
import { follow } from './references.ts';
import { stayNamedBy, stayReferredTo } from './stay.ts';
import { malformed, newWork } from './work.ts';
import type { Work } from './work.ts';

/** How one type of resource says what it states. */
export interface Stating<R extends FhirResource> {
  readonly type: MappedType & R['resourceType'];
  /** Who acts in it: the role of the caller. */
  readonly actor: (resource: R) => Reference | undefined;
  readonly functions: EventFunctions;
  /** Where it names its stay, best first. */
  readonly stay: (resource: R) => {
    readonly references: readonly (Reference | undefined)[];
    readonly identifiers?: readonly Identifier[] | undefined;
    /** FHIRPath of the first, for the error. */
    readonly expression: string;
  };
  /** Why it states nothing, whatever else it says; undefined where it may. */
  readonly silent?: (resource: R, work: Work) => string | undefined;
}

/**
 * What a resource states that its version before did not.
 * @throws GatewayError malformed-message for what a statement needs and lacks, and where it leads to no stay
 */
export function statementsOf<R extends FhirResource>(
  work: Work,
  resource: R,
  previous: R | undefined,
  stating: Stating<R>,
): Translation {
  const { type, functions } = stating;
  const silence = silenceOf(work, resource, stating);
  const before = stated(work, previous, stating);
  const stood =
    previous === undefined || isInError(previous) ? undefined : sceneOf(work, previous, stating);
  const facts =
    silence === undefined
      ? newFacts(work, type, sceneOf(work, resource, stating), before, functions, stood)
      : before === undefined
        ? []
        : allTakenBack(work, type, before, functions);
  if (silence === undefined && previous !== undefined && before !== undefined) {
    checkSameStay(work, resource, previous, before, stating);
  }
  const { unmapped, warnings, understood } = work;
  if (facts.length === 0 && unmapped.length === 0) {
    const because = [...new Set(understood)].join(', ');
    const ignored =
      silence ??
      `${type} states nothing new of a discharge by the mapping of this sender${because && `: ${because}`}`;
    return { facts, unmapped, warnings, ignored };
  }
  // What was entered in error is taken back where it was said, whatever stay it names now.
  if (silence !== undefined && previous !== undefined) {
    return { stay: stayFor(work, previous, stating), facts, unmapped, warnings };
  }
  return { stay: stayFor(work, resource, stating), facts, unmapped, warnings };
}

/**
 * What was stated of one stay is not moved to another by an update: there it would go on standing, and here it would
 * count as said before.
 */
function checkSameStay<R extends FhirResource>(
  work: Work,
  resource: R,
  previous: R,
  before: Scene,
  stating: Stating<R>,
): void {
  const quiet = newWork(work.exchange, work.sender);
  const [was, stay] = [previous, resource].map((one) =>
    quietly(() => stayFor(quiet, one, stating), undefined),
  );
  // Two names may be of one stay; two names of one kind are not.
  if (was === undefined || stay === undefined || was.by !== stay.by) return;
  if (JSON.stringify(was) === JSON.stringify(stay)) return;
  const { type, functions } = stating;
  if (allTakenBack(quiet, type, before, functions).length === 0) return;
  const { expression } = stating.stay(previous);
  throw malformed(
    'business-rule',
    `another stay than the version before: send this ${type} as entered-in-error, and a new one of the other stay`,
    expression,
  );
}

/** The reading of a code that a function asks for, by its name in the mapping's `codes`; undefined where the resource has none. */
export function codeOf(
  work: Work,
  type: MappedType,
  name: string,
  scene: Scene,
): Reading | undefined {
  return work.sender.types.get(type)?.codes.get(name)?.(scene.roots);
}

/** The version as paths read it, with the role of who acts in it. */
function sceneOf<R extends FhirResource>(
  work: Work,
  resource: R,
  { type, actor }: Stating<R>,
): Scene {
  return { roots: { [type]: resource, PractitionerRole: roleOf(work, actor(resource), resource) } };
}

export function roleOf(
  { exchange }: Work,
  reference: Reference | undefined,
  owner: FhirResource,
): PractitionerRole | undefined {
  const { resource } = follow(reference, owner, exchange.related);
  return resource?.resourceType === 'PractitionerRole' ? resource : undefined;
}

/** Why a version states nothing; undefined where it may. */
function silenceOf<R extends FhirResource>(
  work: Work,
  resource: R,
  { type, silent }: Stating<R>,
): string | undefined {
  return isInError(resource) ? `${type}.status is entered-in-error` : silent?.(resource, work);
}

/** The version before, where it stated something: one that could not be read, or was silent, did not. */
function stated<R extends FhirResource>(
  { exchange, sender }: Work,
  previous: R | undefined,
  stating: Stating<R>,
): Scene | undefined {
  if (previous === undefined) return undefined;
  const was = newWork(exchange, sender);
  const isSilent = quietly(() => silenceOf(was, previous, stating) !== undefined, true);
  return isSilent ? undefined : sceneOf(was, previous, stating);
}

function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof GatewayError) return otherwise;
    throw thrown;
  }
}

function isInError(resource: FhirResource): boolean {
  return 'status' in resource && resource.status === 'entered-in-error';
}

// ---------------------------------------------------------------- the stay

function stayFor<R extends FhirResource>(
  work: Work,
  resource: R,
  stating: Stating<R>,
): StayReference {
  const { references, identifiers = [], expression } = stating.stay(resource);
  const named = references.flatMap((reference) => {
    const { resource: target, identifier } = follow(reference, resource, work.exchange.related);
    const own = target?.resourceType === 'Encounter' ? (target.identifier ?? []) : [];
    return [...own, identifier];
  });
  const stay = stayNamedBy([...named, ...identifiers], work);
  const first = references.find((reference) => reference !== undefined);
  return stay ?? stayReferredTo(first, resource, work, expression);
}
