/**
 * Takes what a source tells, with what it refers to: a resource whose references nobody has told yet says too little, so
 * these are read first.
 */
import type { FhirResource } from 'fhir/r4.js';
import { isWithin, localTarget, referencesOf } from '../related.ts';
import { takeFromSource, type Incoming } from '../take.ts';
import { isTakenType, rankOf } from '../taken-types.ts';
import { isPermanent } from './registration.ts';
import type { Notification, ToldResource } from './notification.ts';
import type { SubscriptionSettings } from './settings.ts';
import type { ToDo } from './state.ts';

export interface Taker {
  /**
   * Stores what a notification brings.
   * @returns what it spoke of and did not bring
   * @throws GatewayError where something could not be stored because of us
   */
  takeNotified(notification: Notification): Promise<ToDo>;
  /** Reads one resource with what it refers to, and stores them. @param reference `Type/id` */
  readAndTake(reference: string): Promise<void>;
  /** Stores what a page of a search brings. @returns the latest of their `meta.lastUpdated` */
  takePage(resources: readonly FhirResource[]): Promise<string | undefined>;
  /** What could not be read is tried again from now on. */
  forgetUnreachable(): void;
}

/** Task → CarePlan → Encounter → Patient. */
const deepest = 3;
const mostRemembered = 10_000;

/** What is known of a patient is asked for again after so long: protection must not wait until they are told of. */
const patientFreshMs = 60_000;

type TakerSettings = Pick<SubscriptionSettings, 'taking' | 'source' | 'onEvent' | 'elapsedMs'>;

export function takerOf({ taking, source, onEvent, elapsedMs }: TakerSettings): Taker {
  /** References that the source does not give us: a resource is not held back for them. */
  const unreachable = new Set<string>();
  /** Monotonic, when each patient was last taken, by `Patient/id`. */
  const takenAt = new Map<string, number>();

  async function takeNotified(notification: Notification): Promise<ToDo> {
    const told = ordered(notification.resources.filter(({ resource }) => isTaken(resource)));
    const related = relatedOf(told);
    const brought = new Set(told.map(({ resource }) => `${resource.resourceType}/${resource.id}`));
    const toRead = new Set<string>();
    let mustAsk = false;
    for (const one of told) {
      const { resource } = one;
      if (resource.id === undefined) mustAsk = true;
      else if ((await missingOf(resource, related)).length > 0) {
        toRead.add(`${resource.resourceType}/${resource.id}`);
      } else {
        await takeOne(one, related);
        for (const patient of stalePatientsOf(resource)) toRead.add(patient);
      }
    }
    const gone = new Set(notification.deleted.map(typeAndId));
    for (const { about } of notification.events) {
      if (about.length === 0 && told.length === 0) mustAsk = true;
      for (const reference of about.map(typeAndId)) {
        if (reference === undefined || brought.has(reference) || gone.has(reference)) continue;
        toRead.add(reference);
      }
    }
    return { toRead: [...toRead], mustAsk };
  }

  async function readAndTake(reference: string): Promise<void> {
    const target = takenTarget(reference);
    if (target === undefined) return;
    try {
      const resource = await source.read(target.type, target.id);
      if (resource !== undefined) return await takeWithReferences(resource, 0);
      onEvent('resource-gone', { type: target.type });
    } catch (thrown) {
      // A patient whom we may not read is not asked for again; whatever else was told of is.
      const isWithheld = target.type === 'Patient' && isPermanent(thrown);
      if (!isWithheld || thrown.standardCode !== '403' || !(await isKept(target))) throw thrown;
    }
    setUnreachable(reference);
  }

  async function takePage(resources: readonly FhirResource[]): Promise<string | undefined> {
    const told = ordered(resources.filter(isTaken).map((resource) => ({ resource, text: '' })));
    const related = relatedOf(told);
    let reached: string | undefined;
    for (const { resource } of told) {
      await takeWithReferences(resource, 0, related);
      const at = resource.meta?.lastUpdated;
      if (at !== undefined && (reached === undefined || Date.parse(at) > Date.parse(reached))) {
        reached = at;
      }
    }
    return reached;
  }

  async function takeWithReferences(
    resource: FhirResource,
    depth: number,
    related: Incoming['related'] = {},
  ): Promise<void> {
    if (!isTaken(resource) || resource.id === undefined) return;
    const missing = depth < deepest ? await missingOf(resource, related) : [];
    for (const reference of new Set([...missing, ...stalePatientsOf(resource)]))
      await takeReferred(reference, depth + 1);
    await takeOne({ resource, text: JSON.stringify(resource) }, related);
  }

  async function takeReferred(reference: string, depth: number): Promise<void> {
    const target = takenTarget(reference);
    if (target === undefined) return;
    try {
      const resource = await source.read(target.type, target.id);
      if (resource !== undefined) return await takeWithReferences(resource, depth);
    } catch (thrown) {
      // Whoever is not let in at all learns nothing of one resource.
      if (!isPermanent(thrown) || thrown.standardCode === '401') throw thrown;
    }
    setUnreachable(reference);
  }

  function setUnreachable(reference: string): void {
    if (unreachable.size > mostRemembered) unreachable.clear();
    unreachable.add(reference);
  }

  /** As they stand in the reference: one that is not of this source is left. */
  function stalePatientsOf(resource: FhirResource): readonly string[] {
    return referencesOf(resource).flatMap((reference) => {
      const patient = /(?:^|\/)Patient\/[^/]+/.test(reference) ? typeAndId(reference) : undefined;
      if (patient === undefined || !isWithin(reference, source.base) || unreachable.has(patient))
        return [];
      const at = takenAt.get(patient);
      return at === undefined || elapsedMs() - at > patientFreshMs ? [patient] : [];
    });
  }

  async function isKept(target: { type: string; id: string }): Promise<boolean> {
    const { sender, store } = taking;
    return (await store.read({ sender, ...target })) !== undefined;
  }

  async function takeOne(
    { resource, text }: ToldResource,
    related: Incoming['related'] = {},
  ): Promise<void> {
    const { id, resourceType } = resource;
    const referred = referencesOf(resource).flatMap((reference) => {
      const other = related[reference];
      return other === undefined ? [] : [[reference, other] as const];
    });
    const reply = await takeFromSource(taking, resource, text, Object.fromEntries(referred));
    if (resourceType === 'Patient') {
      if (takenAt.size > mostRemembered) takenAt.clear();
      takenAt.set(`Patient/${id}`, elapsedMs());
    }
    // It is kept for the operator; the source cannot mend it by telling it again.
    if (reply.outcome === 'refused') {
      onEvent('resource-refused', { type: resourceType, err: reply.error });
    }
  }

  /** References worth reading that neither the store has nor what came with it. */
  async function missingOf(
    resource: FhirResource,
    related: Incoming['related'] = {},
  ): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const reference of referencesOf(resource)) {
      const target = takenTarget(reference);
      if (related[reference] !== undefined || target === undefined) continue;
      if (!isWithin(reference, source.base) || unreachable.has(reference)) continue;
      if (!(await isKept(target))) missing.push(reference);
    }
    return missing;
  }

  return { takeNotified, readAndTake, takePage, forgetUnreachable: () => unreachable.clear() };
}

const isTaken = ({ resourceType }: FhirResource): boolean => isTakenType(resourceType);

/** What others refer to comes first. */
function ordered(told: readonly ToldResource[]): readonly ToldResource[] {
  const rank = ({ resource }: ToldResource): number => rankOf(resource.resourceType);
  return told.toSorted((left, right) => rank(left) - rank(right));
}

/** What came together, by each way in which one may refer to the other. */
function relatedOf(told: readonly ToldResource[]): Readonly<Record<string, FhirResource>> {
  return Object.fromEntries(
    told.flatMap(({ resource, fullUrl }) => [
      ...(fullUrl === undefined ? [] : [[fullUrl, resource] as const]),
      ...(resource.id === undefined
        ? []
        : [[`${resource.resourceType}/${resource.id}`, resource] as const]),
    ]),
  );
}

function typeAndId(reference: string): string | undefined {
  const target = takenTarget(reference);
  return target && `${target.type}/${target.id}`;
}

/** Type and id of a reference to a resource that we have use for. */
function takenTarget(reference: string): ReturnType<typeof localTarget> {
  const target = localTarget(reference);
  return target !== undefined && isTakenType(target.type) ? target : undefined;
}
