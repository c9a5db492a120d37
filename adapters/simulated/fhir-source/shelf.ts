/** What the simulated FHIR server holds: resources by type and id, each put a new version with the server's own time. */
import type { FhirResource } from 'fhir/r4.js';

/** A resource as the server gives it out: with an id, a version and a time. */
export type Shelved = FhirResource & {
  readonly id: string;
  readonly meta: { readonly versionId: string; readonly lastUpdated: string };
};

export class Shelf {
  readonly #current = new Map<string, Shelved>();
  readonly #now: () => string;
  readonly #listeners: ((changed: Shelved) => void)[] = [];

  /** @param now the server's own clock, ISO 8601 with zone */
  constructor(now: () => string) {
    this.#now = now;
  }

  /**
   * Puts a resource in the place of what stood under its id.
   * @param at its meta.lastUpdated; the server's time where left out
   */
  put(resource: FhirResource & { readonly id: string }, at: string = this.#now()): Shelved {
    const key = `${resource.resourceType}/${resource.id}`;
    const version = Number(this.#current.get(key)?.meta.versionId ?? 0) + 1;
    const meta = { ...resource.meta, versionId: String(version), lastUpdated: at };
    const shelved: Shelved = { ...resource, meta };
    this.#current.delete(key);
    this.#current.set(key, shelved);
    for (const listener of this.#listeners) listener(shelved);
    return shelved;
  }

  read(type: string, id: string): Shelved | undefined {
    return this.#current.get(`${type}/${id}`);
  }

  remove(type: string, id: string): void {
    this.#current.delete(`${type}/${id}`);
  }

  /** Those of a type in the order in which they were put. */
  ofType(type: string): readonly Shelved[] {
    return [...this.#current.values()].filter(({ resourceType }) => resourceType === type);
  }

  /** Called after each put: what subscriptions are told of. */
  onPut(listener: (changed: Shelved) => void): void {
    this.#listeners.push(listener);
  }
}
