/** FHIR servers of senders that tell us what is new: their subscriptions, and where their notifications come in. */
import type { Router } from 'express';
import {
  openSubscriptions,
  ordinaryPace,
  sourceBy,
  subscriptionRouter,
  type SubscriptionEvent,
  type SubscriptionReport,
  type SubscriptionSettings,
  type SubscriptionSource,
} from '../../adapters/inbound/fhir/subscriptions/index.ts';
import { identifyBy } from '../../adapters/inbound/fhir/security/identify.ts';
import { GatewayError } from '../errors.ts';
import type { ReceiveParts } from '../receive.ts';
import type { FhirSubscriptionsConfig } from '../runtime/config-fhir-subscriptions.ts';
import { systemClock } from '../runtime/clock.ts';
import { secretOf, type Config } from '../runtime/config.ts';
import type { FhirSenders } from './fhir-senders.ts';
import { connectFhirServer } from './fhir-server.ts';
import { takingOf } from './fhir-sources.ts';
import type { Intake } from './intake.ts';

export interface FhirSubscriptions {
  /** For the root of the server: `/fhir-notifications/<name>`. */
  readonly router: Router;
  /** Begins to register and to fetch: we listen by now. */
  begin(): void;
  reports(): readonly SubscriptionReport[];
  /** 1 where something is being heard or fetched, or is due. */
  inHand(): number;
  /** Legal time was set by hand: looks at once for what is due. */
  wake(): void;
  /** Finishes what is in hand; what is left is kept. */
  close(): Promise<void>;
}

type SubscriptionConfig = FhirSubscriptionsConfig['list'][number];

/**
 * Takes up every configured subscription.
 * @param senders who is known by certificate may notify for its own without a secret
 * @throws GatewayError configuration-invalid naming the setting
 */
export async function openFhirSubscriptions(
  config: Config,
  intake: Intake,
  parts: ReceiveParts,
  env: NodeJS.ProcessEnv,
  senders: FhirSenders,
): Promise<FhirSubscriptions> {
  const { journal, clock, log } = parts;
  const stopping = new AbortController();
  const closers: (() => Promise<void>)[] = [];
  const closeLines = async (): Promise<void> => {
    for (const closeOne of closers.splice(0)) await closeOne();
  };
  const onEvent = (event: SubscriptionEvent, detail: Readonly<Record<string, unknown>>): void => {
    log[levels[event]](detail, `FHIR subscription ${event}`);
  };
  const wanted: SubscriptionSettings[] = [];
  const sources = new Map<string, SubscriptionSource>();
  try {
    for (const [index, sender] of config.senders.entries()) {
      const { subscriptions } = sender.fhir ?? {};
      if (subscriptions === undefined) continue;
      const setting = `senders.${index}.fhir.subscriptions`;
      const client = await connectFhirServer(subscriptions, setting, env, stopping.signal);
      closers.push(() => client.close());
      const source = sourceBy(client);
      sources.set(`${sender.id} ${source.base}`, source);
      for (const one of subscriptions.list) {
        wanted.push({
          wish: wishOf(one, env),
          source,
          taking: takingOf(sender, intake, parts),
          cursors: journal.cursors,
          pace: ordinaryPace,
          nowMs: () => clock.nowMs(),
          elapsedMs: () => clock.elapsedMs(),
          onEvent,
        });
      }
    }
    const subscriptions = await openSubscriptions({
      wanted,
      cursors: journal.cursors,
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
    return {
      router,
      begin: () => subscriptions.begin(),
      reports: () => subscriptions.reports(),
      inHand: () => (subscriptions.isQuiet() ? 0 : 1),
      wake: () => subscriptions.wake(),
      async close() {
        stopping.abort();
        await subscriptions.close();
        await closeLines();
      },
    };
  } catch (thrown) {
    await closeLines();
    throw thrown;
  }
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

function wishOf(one: SubscriptionConfig, env: NodeJS.ProcessEnv): SubscriptionSettings['wish'] {
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
