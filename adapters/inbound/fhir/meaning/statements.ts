/**
 * What CarePlan, Task, Communication and Observation have in common: each states acts of the discharge process, is about a
 * stay that it refers to, and takes all of it back when it was entered in error.
 */
import type { FhirResource, Identifier, PractitionerRole, Reference } from 'fhir/r4.js';
import { GatewayError } from '../../../../gateway/errors.ts';
import { checkData } from '../../../../gateway/process/events.ts';
import type { EventType } from '../../../../gateway/process/events.ts';
import type { MappedType } from '../../../../mappings/index.ts';
import type { Fact, StayReference, Translation } from '../../../adapter.ts';
import type { Reading } from './compile.ts';
import { factOf, newFacts, timeOfTelling, timeTold } from './facts.ts';
import type { EventFunctions, Scene } from './facts.ts';
import { follow } from './references.ts';
import { stayNamedBy, stayReferredTo } from './stay.ts';
import { newWork, warnOnce } from './work.ts';
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
  const facts =
    silence === undefined
      ? newFacts(work, type, sceneOf(work, resource, stating), before, functions)
      : takenBack(work, stating, before);
  const { unmapped, warnings, understood } = work;
  if (facts.length === 0 && unmapped.length === 0) {
    const because = [...new Set(understood)].join(', ');
    const ignored =
      silence ??
      `${type} states nothing new of a discharge by the mapping of this sender${because && `: ${because}`}`;
    return { facts, unmapped, warnings, ignored };
  }
  return { stay: stayFor(work, resource, stating), facts, unmapped, warnings };
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

// ---------------------------------------------------------------- what never was

/** Assessments end, by an event of their own that has their own time: no day of them counts. */
const ends: Partial<Record<EventType, EventType>> = {
  'patient.discharge-ready': 'discharge-readiness.withdrawn',
  'need.assessed': 'need.withdrawn',
};

/** All that the version before stated, taken back. */
function takenBack<R extends FhirResource>(
  work: Work,
  { type, functions }: Stating<R>,
  before: Scene | undefined,
): Fact[] {
  if (before === undefined) return [];
  const was = newWork(work.exchange, work.sender);
  const facts = quietly(() => newFacts(was, type, before, undefined, functions), []);
  return facts.flatMap((fact) => withdrawal(work, fact));
}

function withdrawal(work: Work, fact: Fact): Fact[] {
  const { type, occurredAt, precision, warnings = [] } = fact;
  if (warnings.includes(timeOfTelling)) {
    warnOnce(work, `${type}: it had no time of its own, so it cannot be taken back, and stands`);
    return [];
  }
  const end = ends[type];
  if (end !== undefined) {
    const time = { instant: occurredAt, ...(precision !== undefined && { precision }) };
    return [factOf(work, end, time, checkData(end, {}))];
  }
  const of = Object.fromEntries(
    Object.entries(fact.data).filter(
      ([key, value]) => key !== 'unit' && ['string', 'boolean'].includes(typeof value),
    ),
  );
  const data = {
    statement: type,
    at: occurredAt,
    ...(Object.keys(of).length > 0 && { of }),
  };
  const taken = 'statement.withdrawn';
  return [factOf(work, taken, timeTold(work), checkData(taken, data))];
}
