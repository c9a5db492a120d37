/** FHIR servers of senders that tell us what is new: their subscriptions, and where their notifications come in. */
import express, { type Router } from 'express';
import {
  openSubscriptions,
  ordinaryPace,
  sourceBy,
  subscriptionRouter,
  type SubscriptionEvent,
  type SubscriptionReport,
  type Subscriptions,
  type SubscriptionSettings,
  type SubscriptionSource,
} from '../../adapters/inbound/fhir/subscriptions/index.ts';
import { identifyBy } from '../../adapters/inbound/fhir/security/identify.ts';
import type { FhirClient } from '../../adapters/wire/fhir-client.ts';
import { GatewayError } from '../errors.ts';
import type { ReceiveParts } from '../receive.ts';
import type { FhirSubscriptionsConfig } from '../runtime/config-fhir-subscriptions.ts';
import { systemClock } from '../runtime/clock.ts';
import { secretOf, type Config } from '../runtime/config.ts';
import type { Keeper } from '../runtime/instance/keeper.ts';
import type { FhirSenders } from './fhir-senders.ts';
import { connectFhirServer } from './fhir-server.ts';
import { takingOf } from './fhir-sources.ts';
import type { Intake } from './intake.ts';

export interface FhirSubscriptions {
  /** For the root of the server: `/fhir-notifications/<name>`. */
  readonly router: Router;
  reports(): readonly SubscriptionReport[];
  /** 1 where something is being heard or fetched, or is due. */
  inHand(): number;
  /** Legal time was set by hand: looks at once for what is due. */
  wake(): void;
}

/** A notification that came to an instance which does not have the subscriptions: the source, or a balancer, tries again. */
const retryAfterSeconds = '5';
const leaseName = 'subscriptions';

type SubscriptionConfig = FhirSubscriptionsConfig['list'][number];

/**
 * Takes up every configured subscription: one instance at a time has them.
 * @param senders who is known by certificate may notify for its own without a secret
 * @throws GatewayError configuration-invalid naming the setting
 */
export async function openFhirSubscriptions(
  config: Config,
  intake: Intake,
  parts: ReceiveParts,
  env: NodeJS.ProcessEnv,
  senders: FhirSenders,
  keeper: Keeper,
): Promise<FhirSubscriptions> {
  const { log } = parts;
  const { cursors } = keeper.under(leaseName);
  const onEvent = (event: SubscriptionEvent, detail: Readonly<Record<string, unknown>>): void => {
    log[levels[event]](detail, `FHIR subscription ${event}`);
  };
  const connect = () => connectAll(config, intake, parts, env, { cursors, onEvent });
  // What is wrong with them is told at the start, whoever has them then.
  await (await connect()).close();
  let live: { readonly subscriptions: Subscriptions; readonly router: Router } | undefined;
  keeper.undertake(leaseName, async () => {
    const { wanted, sources, close } = await connect();
    const subscriptions = await openSubscriptions({
      wanted,
      cursors,
      sourceAt: (sender, base) => sources.get(`${sender} ${base}`),
      onEvent,
    });
    const { maxBodyBytes, requestsPerMinute } = config.fhir;
    const router = subscriptionRouter({
      subscriptions: subscriptions.list,
      identify: identifyBy(senders.list, () => systemClock.nowMs()),
      maxBodyBytes,
      requestsPerMinute,
      onAnswered: (subscription, status) => {
        log[status < 400 ? 'debug' : 'warn'](
          { subscription, status },
          'FHIR notification answered',
        );
      },
    });
    live = { subscriptions, router };
    subscriptions.begin();
    return {
      async close() {
        live = undefined;
        await close(() => subscriptions.close());
      },
    };
  });
  const router = express.Router();
  router.use((request, response, next) => {
    if (live !== undefined) live.router(request, response, next);
    else if (!request.path.startsWith('/fhir-notifications')) next();
    else response.status(503).set('Retry-After', retryAfterSeconds).end();
  });
  return {
    router,
    reports: () => live?.subscriptions.reports() ?? [],
    inHand: () => (live?.subscriptions.isQuiet() === false ? 1 : 0),
    wake: () => live?.subscriptions.wake(),
  };
}

interface Connected {
  readonly wanted: readonly SubscriptionSettings[];
  /** By sender and base. */
  readonly sources: ReadonlyMap<string, SubscriptionSource>;
  /** Cuts off what is under way, waits for what else ends with it, and ends the lines. */
  readonly close: (end?: () => Promise<void>) => Promise<void>;
}

/** Lines to every configured source, and what is wanted of it. @throws GatewayError configuration-invalid */
async function connectAll(
  config: Config,
  intake: Intake,
  parts: ReceiveParts,
  env: NodeJS.ProcessEnv,
  shared: Pick<SubscriptionSettings, 'cursors' | 'onEvent'>,
): Promise<Connected> {
  const { clock } = parts;
  const stopping = new AbortController();
  const lines: FhirClient[] = [];
  const close: Connected['close'] = async (end) => {
    stopping.abort();
    await end?.();
    for (const line of lines.splice(0)) await line.close();
  };
  const wanted: SubscriptionSettings[] = [];
  const sources = new Map<string, SubscriptionSource>();
  try {
    for (const [index, sender] of config.senders.entries()) {
      const { subscriptions } = sender.fhir ?? {};
      if (subscriptions === undefined) continue;
      const setting = `senders.${index}.fhir.subscriptions`;
      const client = connectFhirServer(subscriptions, setting, env, stopping.signal);
      lines.push(client);
      const source = sourceBy(client);
      sources.set(`${sender.id} ${source.base}`, source);
      for (const one of subscriptions.list) {
        wanted.push({
          ...shared,
          wish: wishOf(one, env),
          source,
          taking: takingOf(sender, intake, parts),
          pace: ordinaryPace,
          nowMs: () => clock.nowMs(),
          elapsedMs: () => clock.elapsedMs(),
        });
      }
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { wanted, sources, close };
}

const levels: Readonly<Record<SubscriptionEvent, 'debug' | 'info' | 'warn'>> = {
  registered: 'info',
  renewed: 'debug',
  removed: 'info',
  active: 'info',
  gap: 'warn',
  'gap-mended': 'info',
  silent: 'warn',
  gone: 'warn',
  'resource-refused': 'warn',
  'resource-gone': 'info',
  failed: 'warn',
};

/** @throws GatewayError configuration-invalid where a secret is not set */
export function wishOf(
  one: SubscriptionConfig,
  env: NodeJS.ProcessEnv,
): SubscriptionSettings['wish'] {
  const { name, form, topic, criteria, catchUp = criteria, payload, endpoint, since } = one;
  return {
    name,
    form,
    ...(topic !== undefined && { topic }),
    criteria,
    catchUp,
    payload,
    endpoint,
    secrets: one.secretEnv.map((variable) => notificationSecret(variable, env)),
    heartbeatMs: one.heartbeat,
    renewEveryMs: one.renewEvery,
    ...(since !== undefined && { since }),
  };
}

/** It stands in a header: what could end that header, or be guessed, is none. */
function notificationSecret(variable: string, env: NodeJS.ProcessEnv): string {
  const secret = secretOf(variable, env);
  if (/^[A-Za-z0-9._~+/-]{22,1024}=*$/.test(secret)) return secret;
  throw new GatewayError(
    'configuration-invalid',
    `environment: ${variable} is no secret of 22 characters or more (letters, digits, . _ ~ + / -)\n  next: make one with: openssl rand -base64 32`,
  );
}
