/**
 * The Subscription at the source: what we ask for, finding ours again, and taking it away.
 *
 * There is one Subscription for each endpoint. It is found by its id where we know it, else by its endpoint (`url`, a
 * search parameter of R4), so a restart between its creation and our knowing it makes no second one.
 */
import { createHash } from 'node:crypto';
import type { FhirResource, Subscription } from 'fhir/r4.js';
import { GatewayError } from '../../../../gateway/errors.ts';
import type { SubscriptionWish } from './settings.ts';
import type { SubscriptionSource, WrittenSubscription } from './source.ts';

const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
const tagSystem = 'http://hemgang.se/fhir/sid/subscription';
const contentType = 'application/fhir+json';
/** Two renewals may fail before the source ends it. */
const livesRenewals = 3;

/** The Subscription as we ask for it. @param end ISO 8601 UTC */
export function wantedSubscription(
  wish: SubscriptionWish,
  sender: string,
  end: string,
): Subscription {
  const { form, endpoint, secrets, criteria, topic = '', payload, heartbeatMs } = wish;
  const tag = [{ system: tagSystem, code: `${sender}.${wish.name}` }];
  const common = {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'Hemgång: discharge of patients from inpatient care (lag 2017:612)',
    end,
  } as const;
  const header = secrets.slice(0, 1).map((secret) => `Authorization: Bearer ${secret}`);
  if (form === 'r4') {
    return {
      ...common,
      meta: { tag },
      criteria: criteria[0] ?? '',
      channel: {
        type: 'rest-hook',
        endpoint,
        header,
        ...(payload !== 'empty' && { payload: contentType }),
      },
    };
  }
  return {
    ...common,
    meta: { tag, profile: [`${backport}/backport-subscription`] },
    criteria: topic,
    ...(criteria.length > 0 && {
      _criteria: {
        extension: criteria.map((filter) => ({
          url: `${backport}/backport-filter-criteria`,
          valueString: filter,
        })),
      },
    }),
    channel: {
      type: 'rest-hook',
      endpoint,
      header,
      payload: contentType,
      _payload: {
        extension: [{ url: `${backport}/backport-payload-content`, valueCode: payload }],
      },
      ...(heartbeatMs !== undefined && {
        extension: [
          {
            url: `${backport}/backport-heartbeat-period`,
            valueUnsignedInt: Math.max(1, Math.round(heartbeatMs / 1000)),
          },
        ],
      }),
    },
  };
}

/** When the source shall end it unless it is renewed. @param nowMs milliseconds since 1970 */
export function endOf({ renewEveryMs }: SubscriptionWish, nowMs: number): string {
  return new Date(nowMs + livesRenewals * renewEveryMs).toISOString();
}

/** A digest of what is asked for, the secret in it: where it is another one, the Subscription must be written anew. */
export function digestOf(wish: SubscriptionWish, sender: string): string {
  const wanted = wantedSubscription(wish, sender, '');
  return createHash('sha256').update(JSON.stringify(wanted)).digest('base64url');
}

/**
 * Puts the Subscription at the source as it is wanted: in the place of ours where there is one.
 * @param id what we know it by
 * @returns as the source has it now
 * @throws GatewayError
 */
export async function register(
  source: SubscriptionSource,
  id: string | undefined,
  wanted: Subscription,
): Promise<{ readonly subscription: Subscription & { id: string }; readonly isNew: boolean }> {
  const known = id === undefined ? undefined : await source.read('Subscription', id);
  const [own, ...others] = isOwn(known, wanted) ? [known] : await ownOf(source, wanted);
  const written =
    own?.id === undefined
      ? await create(source, wanted)
      : await source.update({ ...wanted, id: own.id });
  // Two of ours would tell everything twice.
  for (const { id: other } of others) if (other !== undefined) await unregister(source, other);
  const standing = written.resource ?? (await source.read('Subscription', written.id));
  if (standing === undefined || !isSubscription(standing)) {
    throw new GatewayError('source-unavailable', 'the Subscription is not there once it was made');
  }
  return { subscription: { ...standing, id: written.id }, isNew: own === undefined };
}

/** Takes it away; a source that does not delete is told to turn it off. */
export async function unregister(source: SubscriptionSource, id: string): Promise<void> {
  try {
    await source.delete('Subscription', id);
  } catch (thrown) {
    if (!isPermanent(thrown)) throw thrown;
    const standing = await source.read('Subscription', id);
    if (standing === undefined || !isSubscription(standing)) return;
    if (standing.status !== 'off') await source.update({ ...standing, id, status: 'off' });
  }
}

/** Where the source knows this condition nothing is made twice, even when an answer was lost. */
async function create(
  source: SubscriptionSource,
  wanted: Subscription,
): Promise<WrittenSubscription> {
  try {
    return await source.create(wanted, `url=${encodeURIComponent(wanted.channel.endpoint ?? '')}`);
  } catch (thrown) {
    if (!isPermanent(thrown) || !conditionRefused.has(thrown.standardCode ?? '')) throw thrown;
    return source.create(wanted);
  }
}

const conditionRefused = new Set(['400', '412', '422', '501']);

/** Ours at the source. It may ignore what it is asked by, so each one is looked at. */
async function ownOf(
  source: SubscriptionSource,
  { channel: { endpoint = '' } }: Subscription,
): Promise<readonly Subscription[]> {
  const own: Subscription[] = [];
  try {
    for await (const { entry = [] } of source.search('Subscription', { url: endpoint })) {
      for (const { resource } of entry) {
        if (resource === undefined || !isSubscription(resource)) continue;
        if (resource.channel.endpoint === endpoint && resource.status !== 'off') own.push(resource);
      }
    }
  } catch (thrown) {
    if (!isPermanent(thrown)) throw thrown;
  }
  return own;
}

/** A source that was set up anew may have given the id to somebody else's. */
function isOwn(known: FhirResource | undefined, wanted: Subscription): known is Subscription {
  if (known === undefined || !isSubscription(known)) return false;
  if (known.channel.endpoint === wanted.channel.endpoint) return true;
  const tags = known.meta?.tag ?? [];
  return tags.some(
    ({ system, code }) => system === tagSystem && code === wanted.meta?.tag?.[0]?.code,
  );
}

function isSubscription(resource: { readonly resourceType: string }): resource is Subscription {
  return resource.resourceType === 'Subscription';
}

export function isPermanent(thrown: unknown): thrown is GatewayError {
  return thrown instanceof GatewayError && thrown.fate === 'permanent';
}
