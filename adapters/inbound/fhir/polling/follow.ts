/**
 * What polled resources refer to. A source gives out an Encounter without its Patient, so whatever its meaning needs is
 * read from the source too: once a round, and taken before what refers to it.
 */
import type { FhirResource } from 'fhir/r4.js';
import { asGatewayError, type GatewayError } from '../../../../gateway/errors.ts';
import { isId, type FhirClient } from '../../../wire/fhir-client.ts';
import { isWithin, localTarget, referencesOf } from '../related.ts';
import type { FhirStore } from '../store.ts';
import { isTakenType } from '../taken-types.ts';

/** A Task's Encounter's Patient. */
const deepest = 3;
/** Answers that are remembered at a time; one that was forgotten is asked for again. */
const mostRemembered = 5000;

export interface Following {
  readonly client: FhirClient;
  readonly sender: string;
  readonly store: FhirStore;
  /** Types of which this round has taken all that is new: what is kept of them is as the source has it. */
  readonly isFresh: (type: string) => boolean;
  /** Takes what was read, as it takes what was polled. */
  readonly take: (resource: FhirResource, related: Related) => Promise<void>;
  /** A reference could not be read: told once a round and type. */
  readonly onUnread: (type: string, error: GatewayError) => void;
}

export type Related = Readonly<Record<string, FhirResource>>;

export interface Followed {
  /** What is not kept as a message of its own, by reference. */
  readonly related: Related;
  /** Everything that is referred to within the source was there. */
  readonly isWhole: boolean;
}

interface Target {
  readonly type: string;
  readonly id: string;
}

/** One round's. Its methods are called one after the other: what is being followed is always on the trail. */
export class Follower {
  readonly #following: Following;
  /** What the source answered, by `Patient/7`. */
  readonly #answers = new Map<string, Promise<FhirResource | undefined>>();
  readonly #taken = new Set<string>();
  readonly #toldTypes = new Set<string>();

  constructor(following: Following) {
    this.#following = following;
  }

  /**
   * Reads what the resources of a page refer to and what is not kept, or not as it is now, and takes it.
   * @throws GatewayError source-unavailable: without them a resource would not say what it means
   */
  async relatedOf(resources: readonly FhirResource[]): Promise<readonly Followed[]> {
    const wanted: Target[] = [];
    for (const resource of resources) {
      for (const { target } of await this.#missing(resource)) wanted.push(target);
    }
    await inParallel(wanted, readsAtOnce, async (target) => void (await this.#read(target)));
    const followed: Followed[] = [];
    for (const resource of resources) followed.push(await this.#follow(resource, []));
    return followed;
  }

  async #follow(resource: FhirResource, trail: readonly string[]): Promise<Followed> {
    const related: Record<string, FhirResource> = {};
    let isWhole = true;
    const here = [...trail, nameOf(resource.resourceType, resource.id ?? '')];
    for (const { reference, target } of await this.#missing(resource)) {
      const name = nameOf(target.type, target.id);
      // A circle of references ends where it began.
      if (here.includes(name)) continue;
      const found = await this.#read(target);
      if (found === undefined) isWhole = false;
      else if (!isTakenType(target.type)) related[reference] = found;
      else if (!this.#taken.has(name)) {
        const deep = here.length < deepest ? await this.#follow(found, here) : undefined;
        await this.#following.take(found, deep?.related ?? {});
        this.#taken.add(name);
      }
    }
    return { related, isWhole };
  }

  async #missing(resource: FhirResource): Promise<{ reference: string; target: Target }[]> {
    const missing: { reference: string; target: Target }[] = [];
    for (const reference of referencesOf(resource)) {
      const target = this.#targetOf(reference);
      if (target === undefined || (await this.#isKept(target))) continue;
      missing.push({ reference, target });
    }
    return missing;
  }

  /** Within the source: another server's resources are not ours to ask for. */
  #targetOf(reference: string): Target | undefined {
    if (!isWithin(reference, this.#following.client.base.href)) return undefined;
    const target = localTarget(reference);
    return target !== undefined && isId(target.id) ? target : undefined;
  }

  async #isKept({ type, id }: Target): Promise<boolean> {
    const { isFresh, store, sender } = this.#following;
    return isFresh(type) && (await store.read({ sender, type, id })) !== undefined;
  }

  /** Once a round. */
  async #read({ type, id }: Target): Promise<FhirResource | undefined> {
    const name = nameOf(type, id);
    const known = this.#answers.get(name);
    if (known !== undefined) return await known;
    if (this.#answers.size >= mostRemembered) this.#answers.clear();
    const answer = this.#following.client
      .readAny(type, id)
      .catch((thrown: unknown) => this.#without(type, asGatewayError(thrown)));
    this.#answers.set(name, answer);
    try {
      return await answer;
    } catch (thrown) {
      this.#answers.delete(name);
      throw thrown;
    }
  }

  /** What the source will not give us, or gives us in a form nobody can read, is left out. */
  #without(type: string, error: GatewayError): undefined {
    const isForNow = error.code !== 'source-refused' && error.code !== 'malformed-message';
    if (isForNow || error.standardCode === '401') throw error;
    if (!this.#toldTypes.has(type)) this.#following.onUnread(type, error);
    this.#toldTypes.add(type);
    return undefined;
  }
}

const readsAtOnce = 8;

function nameOf(type: string, id: string): string {
  return `${type}/${id}`;
}

/**
 * Works through a list, some at a time, in its order.
 * @throws what was thrown first; what is under way then is waited for, and nothing more is begun
 */
export async function inParallel<T>(
  list: readonly T[],
  atOnce: number,
  work: (one: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { readonly thrown: unknown } | undefined;
  const run = async (): Promise<void> => {
    while (next < list.length && failure === undefined) {
      const index = next;
      const one = list[index];
      next += 1;
      try {
        if (one !== undefined) await work(one, index);
      } catch (thrown) {
        failure ??= { thrown };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, list.length) }, run));
  if (failure !== undefined) throw asGatewayError(failure.thrown);
}
