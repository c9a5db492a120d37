/** The FHIR server that a subscription is at, as far as a subscription needs it. */
import type { Bundle, FhirResource, Subscription } from 'fhir/r4.js';
import type { FhirClient } from '../../../wire/fhir-client.ts';

/**
 * Every call throws a GatewayError whose fate says whether it may be made again, with the HTTP status in `standardCode`
 * where there was an answer.
 */
export interface SubscriptionSource {
  readonly base: string;
  /** @returns undefined for 404 and 410 */
  read(type: string, id: string): Promise<FhirResource | undefined>;
  /** Page after page; links that lead elsewhere are not followed. */
  search(
    type: string,
    query: Readonly<Record<string, string | readonly string[]>>,
  ): AsyncIterable<Bundle>;
  /** @param unlessKnown a search: where it finds one, that one stands (`If-None-Exist`) */
  create(subscription: Subscription, unlessKnown?: string): Promise<WrittenSubscription>;
  update(subscription: Subscription & { readonly id: string }): Promise<WrittenSubscription>;
  delete(type: string, id: string): Promise<void>;
  /** `GET [base]/Subscription/[id]/$name?…`. */
  operation(
    name: 'events' | 'status',
    id: string,
    query: Readonly<Record<string, string>>,
  ): Promise<FhirResource>;
  /** The CapabilityStatement. */
  capabilities(): Promise<FhirResource>;
}

export interface WrittenSubscription {
  readonly id: string;
  /** As the source has it now, where it says so. */
  readonly resource?: FhirResource;
}

/** A source by the client that speaks to it. */
export function sourceBy(client: FhirClient): SubscriptionSource {
  return {
    base: client.base.href.replace(/\/+$/, ''),
    read: (type, id) => client.readAny(type, id),
    async *search(type, query) {
      for await (const { bundle } of client.search(type, query)) yield bundle;
    },
    create: (subscription, unlessKnown) => client.create(subscription, unlessKnown),
    update: (subscription) => client.update(subscription),
    delete: (type, id) => client.remove(type, id),
    operation: (name, id, query) =>
      client.operation({ name, type: 'Subscription', id, method: 'GET', query }),
    capabilities: () => client.capabilities(),
  };
}
