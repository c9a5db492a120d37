/** Fetches what notifications did not bring: by the numbers of events where the source can, else by a query. */
import type { Bundle, FhirResource } from 'fhir/r4.js';
import { GatewayError } from '../../../../gateway/errors.ts';
import { isResource } from '../content.ts';
import { readNotification, type Notification } from './notification.ts';
import type { PayloadContent } from './settings.ts';
import type { SubscriptionSource } from './source.ts';
import type { Gap } from './state.ts';
import type { Taker } from './take-told.ts';

/** What the source can do beyond REST, by its CapabilityStatement. */
export interface Abilities {
  /** `Subscription/[id]/$events` */
  readonly events: boolean;
  /** `Subscription/[id]/$status` */
  readonly status: boolean;
}

const pageSize = '200';

/** A source that does not say what it can do can do neither. */
export async function abilitiesOf(source: SubscriptionSource): Promise<Abilities> {
  const statement = await source.capabilities().catch((thrown: unknown) => {
    if (thrown instanceof GatewayError && thrown.fate === 'permanent') return undefined;
    throw thrown;
  });
  if (statement?.resourceType !== 'CapabilityStatement') return { events: false, status: false };
  const operations = (statement.rest ?? [])
    .flatMap(({ resource = [] }) => resource)
    .filter(({ type }) => type === 'Subscription')
    .flatMap(({ operation = [] }) => operation);
  const has = (name: string): boolean =>
    operations.some(
      (one) =>
        one.name.replace(/^\$/, '') === name ||
        one.definition.includes(`/OperationDefinition/backport-subscription-${name}`),
    );
  return { events: has('events'), status: has('status') };
}

/**
 * The events of a gap, as far as the source still has them.
 * @returns undefined where it refuses: it is then asked by a query
 */
export async function eventsOf(
  source: SubscriptionSource,
  id: string,
  { from, until }: Gap,
  content: PayloadContent,
): Promise<Notification | undefined> {
  const query = {
    eventsSinceNumber: String(from),
    eventsUntilNumber: String(until),
    content: content === 'empty' ? 'id-only' : content,
  };
  try {
    return readNotification(await source.operation('events', id, query));
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.fate === 'permanent') return undefined;
    throw thrown;
  }
}

/**
 * Asks for everything that the searches find changed since an instant, and stores it.
 * @param searches `Encounter?class=IMP`
 * @param since ISO 8601, by the source's time, the overlap taken off already
 * @returns the latest `meta.lastUpdated` of what came
 */
export async function askSource(
  source: SubscriptionSource,
  taker: Taker,
  searches: readonly string[],
  since: string,
): Promise<string | undefined> {
  let reached: string | undefined;
  for (const search of searches) {
    const [type = '', text = ''] = search.split('?');
    for await (const page of source.search(type, queryOf(text, since))) {
      const found = await taker.takePage(resourcesOf(page));
      if (
        found !== undefined &&
        (reached === undefined || Date.parse(found) > Date.parse(reached))
      ) {
        reached = found;
      }
    }
  }
  return reached === undefined ? undefined : new Date(Date.parse(reached)).toISOString();
}

function queryOf(text: string, since: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  const parameters = new URLSearchParams(text);
  for (const name of new Set(parameters.keys())) query[name] = parameters.getAll(name);
  return { ...query, _lastUpdated: `ge${since}`, _sort: '_lastUpdated', _count: pageSize };
}

function resourcesOf({ entry = [] }: Bundle): readonly FhirResource[] {
  return entry.flatMap(({ resource, search }) =>
    isResource(resource) && search?.mode !== 'outcome' ? [resource] : [],
  );
}
