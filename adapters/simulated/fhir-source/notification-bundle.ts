/** Notifications as a server writes them: a Bundle whose first entry says how the subscription stands. */
import type { Bundle, BundleEntry, FhirResource, Parameters, Subscription } from 'fhir/r4.js';
import type { Shelved } from './shelf.ts';

/** `r4`: Parameters by backport-subscription-status-r4; `r4b`: SubscriptionStatus. */
export type Release = 'r4' | 'r4b';

export interface NotifiedEvent {
  readonly number: number;
  readonly at: string;
  readonly resource: Shelved;
}

export interface Notified {
  readonly release: Release;
  readonly base: string;
  /** When it is made. */
  readonly at: string;
  /** Of the status. */
  readonly id: string;
  readonly subscription: Subscription;
  readonly content: string;
  /** Events since the subscription began. */
  readonly count: number;
  readonly kind: string;
  readonly events: readonly NotifiedEvent[];
}

const extensions = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';

/** Its criteria are the canonical of a topic, and not a search. */
export function isTopicBased({ criteria }: Subscription): boolean {
  return /^https?:|^urn:/.test(criteria);
}

/** `empty`, `id-only` or `full-resource`. */
export function contentOf({ channel }: Subscription): string {
  const { _payload: payload } = channel;
  const asked = payload?.extension?.find(
    ({ url }) => url === `${extensions}/backport-payload-content`,
  );
  return asked?.valueCode ?? 'empty';
}

export function notificationBundle(notified: Notified): Bundle {
  const { at, base, content, events } = notified;
  return {
    resourceType: 'Bundle',
    type: 'history',
    timestamp: at,
    entry: [
      statusEntry(notified),
      ...(content === 'full-resource' ? events.map(({ resource }) => entryOf(resource, base)) : []),
    ],
  };
}

function entryOf(resource: Shelved, base: string): BundleEntry {
  const place = `${resource.resourceType}/${resource.id}`;
  return {
    fullUrl: `${base}/${place}`,
    resource,
    request: { method: 'PUT', url: place },
    response: { status: '200' },
  };
}

export function statusEntry(notified: Notified): BundleEntry {
  const { id, base, subscription, release } = notified;
  const url = `${base}/Subscription/${subscription.id}/$status`;
  const resource = release === 'r4' ? asParameters(notified) : asSubscriptionStatus(notified);
  return {
    fullUrl: `urn:uuid:${id}`,
    resource,
    request: { method: 'GET', url },
    response: { status: '200' },
  };
}

function asParameters(notified: Notified): Parameters {
  const { id, base, subscription, count, kind, events, content } = notified;
  return {
    resourceType: 'Parameters',
    id,
    meta: { profile: [`${extensions}/backport-subscription-status-r4`] },
    parameter: [
      {
        name: 'subscription',
        valueReference: { reference: `${base}/Subscription/${subscription.id}` },
      },
      { name: 'topic', valueCanonical: subscription.criteria },
      { name: 'status', valueCode: subscription.status },
      { name: 'type', valueCode: kind },
      { name: 'events-since-subscription-start', valueString: String(count) },
      ...events.map(({ number, at, resource }) => ({
        name: 'notification-event',
        part: [
          { name: 'event-number', valueString: String(number) },
          { name: 'timestamp', valueInstant: at },
          ...(content === 'empty'
            ? []
            : [{ name: 'focus', valueReference: { reference: focusOf(resource, base) } }]),
        ],
      })),
    ],
  };
}

/** A resource of R4B: the types of R4 do not know it. */
function asSubscriptionStatus(notified: Notified): FhirResource {
  const { id, base, subscription, count, kind, events, content } = notified;
  const status = {
    resourceType: 'SubscriptionStatus',
    id,
    status: subscription.status,
    type: kind,
    eventsSinceSubscriptionStart: String(count),
    notificationEvent: events.map(({ number, at, resource }) => ({
      eventNumber: String(number),
      timestamp: at,
      ...(content !== 'empty' && { focus: { reference: focusOf(resource, base) } }),
    })),
    subscription: { reference: `${base}/Subscription/${subscription.id}` },
    topic: subscription.criteria,
  };
  const resource: FhirResource = JSON.parse(JSON.stringify(status));
  return resource;
}

function focusOf({ resourceType, id }: Shelved, base: string): string {
  return `${base}/${resourceType}/${id}`;
}
