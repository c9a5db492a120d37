/**
 * What a notification of a subscription says, in every form in which servers write it. Pure.
 *
 * - R4 (Subscription by criteria): nothing at all, or the resource itself;
 * - topic-based in R4 (Subscriptions R5 Backport 1.1): a Bundle of type `history` whose first entry is a Parameters by
 *   `backport-subscription-status-r4`, with its numbers as strings;
 * - topic-based in R4B and R5: the first entry is a SubscriptionStatus.
 */
import type { FhirResource } from 'fhir/r4.js';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { GatewayError } from '../../../../gateway/errors.ts';
import { isResource } from '../content.ts';

const kinds = [
  'handshake',
  'heartbeat',
  'event-notification',
  'query-status',
  'query-event',
] as const;
const statuses = ['requested', 'active', 'error', 'off'] as const;
export type NotificationKind = (typeof kinds)[number];
export type SourceStatus = (typeof statuses)[number];

/** One event of a subscription: its number where the source numbers, and what it was of where the payload says so. */
export interface NotifiedEvent {
  readonly number?: number;
  /** When it happened, by the source's clock: ISO 8601 UTC. */
  readonly at?: string;
  /** What it was of and what goes with it, as references; none of them in an empty payload. */
  readonly about: readonly string[];
}

/** A resource that a notification carries. */
export interface ToldResource {
  readonly resource: FhirResource;
  /** As it was sent; made anew where it was cut out of a Bundle. */
  readonly text: string;
  readonly fullUrl?: string;
}

export interface Notification {
  readonly kind: NotificationKind;
  /** How the subscription stands at the source. */
  readonly status?: SourceStatus;
  /** Logical id of the Subscription at the source. */
  readonly subscription?: string;
  /** When it was made, by the source's clock. */
  readonly at?: string;
  /** How many events there have been since the subscription began, these included. */
  readonly eventsSinceStart?: number;
  readonly events: readonly NotifiedEvent[];
  readonly resources: readonly ToldResource[];
  /** What the source has deleted, as `Type/id`: a deletion says nothing of a stay, so it is counted and no more. */
  readonly deleted: readonly string[];
}

const count = z
  .union([z.string().regex(/^\d{1,15}$/), z.int().min(0)])
  .transform(Number)
  .optional()
  .catch(undefined);
const reference = z.object({ reference: z.string() });

const subscriptionStatus = z.object({
  resourceType: z.literal('SubscriptionStatus'),
  status: z.enum(statuses).optional().catch(undefined),
  type: z.enum(kinds),
  subscription: z.unknown().optional(),
  eventsSinceSubscriptionStart: count,
  notificationEvent: z
    .array(
      z.object({
        eventNumber: count,
        timestamp: z.string().optional(),
        focus: z.unknown().optional(),
        additionalContext: z.array(z.unknown()).optional(),
      }),
    )
    .default([]),
});
type StatusBody = z.output<typeof subscriptionStatus>;

const parameter = z.looseObject({
  name: z.string(),
  part: z.array(z.looseObject({ name: z.string() })).optional(),
});
type Parameter = z.output<typeof parameter>;
const parameters = z.object({
  resourceType: z.literal('Parameters'),
  parameter: z.array(parameter),
});

const entry = z.object({
  fullUrl: z.string().optional(),
  resource: z.looseObject({ resourceType: z.string() }).optional(),
  request: z.object({ method: z.string(), url: z.string() }).optional(),
});
const bundle = z.object({
  resourceType: z.literal('Bundle'),
  timestamp: z.string().optional(),
  entry: z.array(entry).default([]),
});

/**
 * Reads the Bundle that a topic-based subscription sends, or that `$events` answers with.
 * @param texts each `entry[i].resource` as it was sent, by i; made anew where left out
 * @throws GatewayError malformed-message naming the element that is not as the standard has it
 */
export function readNotification(
  body: unknown,
  texts: readonly (string | undefined)[] = [],
): Notification {
  const { timestamp, entry: entries } = bundleOf(body);
  const status = statusOf(entries[0]?.resource);
  if (status === undefined) {
    throw malformed(
      'Bundle.entry[0].resource',
      'expected the status of the subscription: Parameters by backport-subscription-status-r4, or SubscriptionStatus',
    );
  }
  return {
    ...headOf(status),
    ...atOf(timestamp),
    events: status.notificationEvent.map((event) => ({
      ...(event.eventNumber !== undefined && { number: event.eventNumber }),
      ...atOf(event.timestamp),
      about: [event.focus, ...(event.additionalContext ?? [])].flatMap(referenceOf),
    })),
    resources: entries.flatMap(({ fullUrl, resource }, index) => {
      if (index === 0 || !isResource(resource)) return [];
      const text = texts[index] ?? JSON.stringify(resource);
      return [{ resource, text, ...(fullUrl !== undefined && { fullUrl }) }];
    }),
    deleted: entries.flatMap(({ request }) => (request?.method === 'DELETE' ? [request.url] : [])),
  };
}

/**
 * Reads what `$status` answers: a Bundle with the status of each subscription asked for.
 * @throws GatewayError malformed-message
 */
export function readStatuses(body: unknown): readonly Notification[] {
  return bundleOf(body).entry.flatMap(({ resource }) => {
    const status = statusOf(resource);
    return status === undefined
      ? []
      : [{ ...headOf(status), events: [], resources: [], deleted: [] }];
  });
}

/** What a subscription by criteria sends: the resource, what was deleted, or nothing but that something happened. */
export function plainNotification(told?: ToldResource, deleted?: string): Notification {
  return {
    kind: 'event-notification',
    events: deleted === undefined ? [{ about: [] }] : [],
    resources: told === undefined ? [] : [told],
    deleted: deleted === undefined ? [] : [deleted],
  };
}

/** Whether a body is the Bundle of a topic-based subscription, and not a resource that is told by itself. */
export function isNotificationBundle(body: unknown): boolean {
  return z.object({ resourceType: z.literal('Bundle') }).safeParse(body).success;
}

function bundleOf(body: unknown): z.output<typeof bundle> {
  const read = bundle.safeParse(body);
  if (read.success) return read.data;
  const path = read.error.issues[0]?.path.join('.') ?? '';
  throw malformed(
    path === '' ? 'Bundle' : `Bundle.${path}`,
    'expected the Bundle of a notification',
  );
}

function statusOf(resource: unknown): StatusBody | undefined {
  const told = subscriptionStatus.safeParse(resource);
  if (told.success) return told.data;
  const backport = parameters.safeParse(resource);
  if (!backport.success) return undefined;
  const valueOf = (name: string, among: readonly object[]): unknown =>
    among.flatMap((one) => valuesOf(one, name))[0];
  const all = backport.data.parameter;
  const asStatus = subscriptionStatus.safeParse({
    resourceType: 'SubscriptionStatus',
    status: valueOf('status', all),
    type: valueOf('type', all),
    subscription: valueOf('subscription', all),
    eventsSinceSubscriptionStart: valueOf('events-since-subscription-start', all),
    notificationEvent: all
      .filter(({ name }) => name === 'notification-event')
      .map(({ part = [] }: Parameter) => ({
        eventNumber: valueOf('event-number', part),
        timestamp: valueOf('timestamp', part),
        focus: valueOf('focus', part),
        additionalContext: part.flatMap((one) => valuesOf(one, 'additional-context')),
      })),
  });
  return asStatus.success ? asStatus.data : undefined;
}

/** The `value[x]` of a parameter of that name, whatever its type. */
function valuesOf(one: object, name: string): unknown[] {
  const pairs = Object.entries(one);
  if (!pairs.some(([key, value]) => key === 'name' && value === name)) return [];
  return pairs
    .filter(([key]) => key.startsWith('value'))
    .map(([, value]: [string, unknown]) => value);
}

function headOf(
  status: StatusBody,
): Pick<Notification, 'kind' | 'status' | 'subscription' | 'eventsSinceStart'> {
  const [subscription] = referenceOf(status.subscription);
  const id = /(?:^|\/)Subscription\/([A-Za-z0-9.-]{1,64})(?:\/|$)/.exec(subscription ?? '')?.[1];
  const since = status.eventsSinceSubscriptionStart;
  return {
    kind: status.type,
    ...(status.status !== undefined && { status: status.status }),
    ...(id !== undefined && { subscription: id }),
    ...(since !== undefined && { eventsSinceStart: since }),
  };
}

function referenceOf(value: unknown): string[] {
  const read = reference.safeParse(value);
  return read.success ? [read.data.reference] : [];
}

/** An instant in UTC; one that is none is left out, for the numbers carry the order. */
function atOf(text: string | undefined): { at?: string } {
  if (text === undefined) return {};
  try {
    return { at: Temporal.Instant.from(text).toString({ smallestUnit: 'millisecond' }) };
  } catch {
    return {};
  }
}

function malformed(location: string, text: string): GatewayError {
  return new GatewayError('malformed-message', `${location}: ${text}`, {
    location,
    standardCode: 'structure',
  });
}
