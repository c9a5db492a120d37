/** Receivers, routes and what is live, from the configuration. The order of the file decides who gets a notice. */
import { join } from 'node:path';
import { billingFiles } from '../../adapters/outbound/billing/specification.ts';
import { fileNotices } from '../../adapters/outbound/notices/file.ts';
import { webhookNotices } from '../../adapters/outbound/notices/webhook.ts';
import type { Profiles } from '../../profiles/index.ts';
import type { MunicipalWords } from '../../mappings/municipal.ts';
import type { Receiver, Routes } from '../delivery.ts';
import { asGatewayError, GatewayError } from '../errors.ts';
import type { NoticeData } from '../process/events.ts';
import { systemClock } from '../runtime/clock.ts';
import { dataFolder, secretOf, type Config, type ReceiverConfig } from '../runtime/config.ts';

export type OpenReceiver = Receiver & { readonly config: ReceiverConfig; close?(): Promise<void> };

/** One receiver with its way out. @throws GatewayError configuration-invalid */
export function receiverOf(
  receiver: ReceiverConfig,
  config: Config,
  words: MunicipalWords,
  env: NodeJS.ProcessEnv,
  index: number,
): OpenReceiver {
  const isLive = liveFrom(receiver);
  if (receiver.channel === 'file') {
    const folder = receiver.folder ?? join(dataFolder(config), 'notices', receiver.id);
    const proof = receiver.proofReference === undefined ? 'none' : 'receiver-answer';
    const outbound = fileNotices({ folder, words, proof });
    return { id: receiver.id, config: receiver, outbound, isLive };
  }
  const secrets = receiver.secretEnv.map((name) => secretOf(name, env));
  const outbound = openWebhook(index, {
    url: receiver.url,
    secrets,
    timeoutMs: receiver.timeout,
    idempotent: receiver.recognisesRepeats,
    words,
    allowPrivate: receiver.ownNetwork,
    nowSeconds: () => Math.floor(systemClock.nowMs() / 1000),
  });
  return { id: receiver.id, config: receiver, outbound, isLive, close: () => outbound.close() };
}

function openWebhook(
  index: number,
  settings: Parameters<typeof webhookNotices>[0],
): ReturnType<typeof webhookNotices> {
  try {
    return webhookNotices(settings);
  } catch (thrown) {
    const { message } = asGatewayError(thrown);
    throw new GatewayError(
      'configuration-invalid',
      message.replace('allowPrivate', 'ownNetwork: true'),
      { location: `receivers.${index}` },
    );
  }
}

/** @throws GatewayError configuration-invalid for a municipality there is not */
export function checkBilled({ billing }: Config, { nation }: Pick<Profiles, 'nation'>): void {
  const stranger = billing.municipalities?.find(
    (code) => nation.municipalityName(code) === undefined,
  );
  if (stranger === undefined) return;
  const what = `no municipality has the SCB code ${stranger}`;
  throw new GatewayError('configuration-invalid', what, { location: 'billing.municipalities' });
}

/** Where billing specifications go. */
export function billingReceiver(config: Config): Receiver {
  const folder = config.billing.folder ?? join(dataFolder(config), 'billing');
  return { id: 'billing', outbound: billingFiles({ folder }), isLive: liveFrom(config.billing) };
}

function liveFrom(setting: {
  readonly mode: 'live' | 'shadow';
  readonly liveFrom?: string | undefined;
}): (now: string) => boolean {
  return (now) => setting.mode === 'live' && (setting.liveFrom ?? '') <= now;
}

/** The first receiver whose place fits: the order of the file decides. */
export function routesOf(
  config: Config,
  receivers: readonly OpenReceiver[],
  billing: Receiver,
): Routes {
  const byId = new Map<string, Receiver>([[billing.id, billing]]);
  for (const receiver of receivers) byId.set(receiver.id, receiver);
  const senders = new Map(config.senders.map((sender) => [sender.id, liveFrom(sender)]));
  return {
    byId: (id) => byId.get(id),
    ofBilling: () => billing,
    // A sender that is no longer configured sends nothing new; what it left is not sent on.
    isSenderLive: (sender, now) => senders.get(sender)?.(now) ?? false,
    ofNotice: (notice) => receivers.find((receiver) => takes(receiver.config, notice)),
  };
}

/** Whether a receiver's place fits; the first whose does gets the notice. */
export function takes(
  {
    roles,
    municipalities,
    counties,
  }: Pick<ReceiverConfig, 'roles' | 'municipalities' | 'counties'>,
  { role, municipality, county }: Pick<NoticeData, 'role' | 'municipality' | 'county'>,
): boolean {
  return (
    (role === 'region-outpatient' || municipality !== undefined) &&
    (roles?.includes(role) ?? true) &&
    (municipalities === undefined ||
      (municipality !== undefined && municipalities.includes(municipality))) &&
    (counties === undefined || (county !== undefined && counties.includes(county)))
  );
}
