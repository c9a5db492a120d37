/** Receivers, routes and what is live, from the configuration. */
import { join } from 'node:path';
import type { Outbound } from '../../adapters/adapter.ts';
import {
  documentFiles,
  postedDocuments,
  sftpDocuments,
} from '../../adapters/outbound/billing/documents.ts';
import { billingRecords } from '../../adapters/outbound/billing/records.ts';
import { billingFiles } from '../../adapters/outbound/billing/specification-files.ts';
import { fileNotices } from '../../adapters/outbound/notices/file.ts';
import { webhookNotices } from '../../adapters/outbound/notices/webhook.ts';
import type { Profiles } from '../../profiles/index.ts';
import type { MunicipalWords } from '../../mappings/municipal.ts';
import type { Receiver, Routes } from '../delivery.ts';
import { asGatewayError, GatewayError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import type { BillingReceiverConfig } from '../runtime/config-billing.ts';
import { dataFolder, secretOf, type Config, type ReceiverConfig } from '../runtime/config.ts';
import { fhirReceiver } from './fhir-receiver.ts';
import { mllpReceiver, sftpReceiver, sftpSettings, tlsOf } from './line-receivers.ts';
import { makePdf } from './pdf.ts';
import { takes } from './routing.ts';
import { sdkDocuments, sdkOutbound } from './sdk.ts';

export type OpenReceiver = Receiver & { readonly config: ReceiverConfig; close?(): Promise<void> };

/** One receiver with its way out. @throws GatewayError configuration-invalid */
export function receiverOf(
  receiver: ReceiverConfig,
  config: Config,
  words: MunicipalWords,
  env: NodeJS.ProcessEnv,
  index: number,
): OpenReceiver {
  const { id } = receiver;
  const common = {
    id,
    isLive: liveFrom(receiver),
    isForProtected: receiver.protectedIdentity === true,
    hasProtectedAddress: receiver.protectedAddress !== undefined,
  };
  if (receiver.channel === 'file') {
    const folder = receiver.folder ?? join(dataFolder(config), 'notices', receiver.id);
    const proof = receiver.proofReference === undefined ? 'none' : 'receiver-answer';
    const outbound = fileNotices({ folder, words, proof });
    return { ...common, config: receiver, outbound };
  }
  if (receiver.channel === 'sdk') {
    const outbound = sdkOutbound(receiver, config, words, env);
    return { ...common, config: receiver, outbound, close: () => outbound.close() };
  }
  if (receiver.channel === 'fhir') {
    const outbound = fhirReceiver(receiver, config, words, env, `receivers.${index}`);
    return { ...common, config: receiver, outbound, close: () => outbound.close() };
  }
  if (receiver.channel === 'sftp' || receiver.channel === 'mllp') {
    const outbound = placedIn(`receivers.${index}`, () =>
      receiver.channel === 'sftp'
        ? sftpReceiver(receiver, words, env)
        : mllpReceiver(receiver, words),
    );
    return { ...common, config: receiver, outbound, close: () => outbound.close() };
  }
  const secrets = receiver.secretEnv.map((name) => secretOf(name, env));
  const { tls } = receiver;
  const outbound = placedIn(`receivers.${index}`, () =>
    webhookNotices({
      ...(tls !== undefined && { tls: tlsOf(tls) }),
      url: receiver.url,
      secrets,
      timeoutMs: receiver.timeout,
      idempotent: receiver.recognisesRepeats,
      ...(receiver.connections !== undefined && { connections: receiver.connections }),
      words,
      allowPrivate: receiver.ownNetwork,
      nowSeconds: () => Math.floor(systemClock.nowMs() / 1000),
    }),
  );
  return { ...common, config: receiver, outbound, close: () => outbound.close() };
}

/** Whether a receiver takes the same delivery twice as once, by its configuration. */
export function recognisesRepeats(
  receiver: ReceiverConfig | BillingReceiverConfig,
  { sdk }: Pick<Config, 'sdk'>,
): boolean {
  if (receiver.channel === 'file') return true;
  if (receiver.channel !== 'sdk') return receiver.recognisesRepeats;
  return sdk === undefined || 'folder' in sdk.accessPoint || sdk.accessPoint.recognisesRepeats;
}

/** @throws GatewayError configuration-invalid, with the setting it is about */
function placedIn<T>(location: string, open: () => T): T {
  try {
    return open();
  } catch (thrown) {
    const { message } = asGatewayError(thrown);
    throw new GatewayError(
      'configuration-invalid',
      message.replace('allowPrivate', 'ownNetwork: true'),
      { location },
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
export function billingReceiver(
  config: Config,
  { nation: places }: Pick<Profiles, 'nation'>,
): Receiver {
  const folder = config.billing.folder ?? join(dataFolder(config), 'billing');
  return {
    id: 'billing',
    outbound: billingFiles({ folder, places, pdf: makePdf }),
    isLive: liveFrom(config.billing),
  };
}

/** Receivers of invoices, specifications and billing records. @throws GatewayError configuration-invalid */
export function documentReceivers(
  config: Pick<Config, 'billing' | 'sdk'>,
  { nation }: Pick<Profiles, 'nation'>,
  env: NodeJS.ProcessEnv,
): readonly DocumentReceiver[] {
  return config.billing.receivers.map((receiver, index) => {
    const outbound = documentOutbound(receiver, index, config, nation, env);
    const { id } = receiver;
    const close = outbound.close?.bind(outbound);
    return { id, config: receiver, isLive: liveFrom(receiver), outbound, ...(close && { close }) };
  });
}

/** One receiver of a kind of document. */
export type DocumentReceiver = Receiver & {
  readonly config: BillingReceiverConfig;
  close?(): Promise<void>;
};

function documentOutbound(
  receiver: BillingReceiverConfig,
  index: number,
  config: Pick<Config, 'sdk'>,
  places: Profiles['nation'],
  env: NodeJS.ProcessEnv,
): Outbound & { close?(): Promise<void> } {
  const making = { places, pdf: makePdf };
  const location = `billing.receivers.${index}`;
  switch (receiver.channel) {
    case 'file':
      return documentFiles({ folder: receiver.folder, ...making });
    case 'sftp':
      return placedIn(location, () =>
        sftpDocuments({ ...sftpSettings(receiver, env), ...making, parts: receiver.parts }),
      );
    case 'sdk':
      return sdkDocuments(receiver, config, places, env);
    case 'http': {
      const { url, tokenEnv, secretEnv, timeout, tls, recognisesRepeats: idempotent } = receiver;
      const post = {
        url,
        ...(tls !== undefined && { tls: tlsOf(tls) }),
        token: tokenEnv === undefined ? undefined : secretOf(tokenEnv, env),
        secrets: secretEnv?.map((name) => secretOf(name, env)),
        timeoutMs: timeout,
        idempotent,
        allowPrivate: receiver.ownNetwork,
        nowSeconds: () => Math.floor(systemClock.nowMs() / 1000),
      };
      return placedIn(location, () => {
        if (receiver.takes !== 'record') return postedDocuments(post);
        const { category, customerId, municipality } = receiver;
        return billingRecords({ ...post, category, customerId, municipality });
      });
    }
  }
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
  documents: readonly DocumentReceiver[] = [],
): Routes {
  const byId = new Map<string, Receiver>([[billing.id, billing]]);
  for (const receiver of [...receivers, ...documents]) byId.set(receiver.id, receiver);
  const senders = new Map(config.senders.map((sender) => [sender.id, liveFrom(sender)]));
  return {
    byId: (id) => byId.get(id),
    ofBilling: () => billing,
    ofDocument: (document, to) =>
      documents.find(
        ({ config: one }) =>
          one.takes === document &&
          isOfPlace(one, to) &&
          (one.takes !== 'record' || one.statuses.includes(to.status)),
      ),
    // A sender that is no longer configured sends nothing new; what it left is not sent on.
    isSenderLive: (sender, now) => senders.get(sender)?.(now) ?? false,
    ofNotice: (notice, now) => receivers.find(({ config: place }) => takes(place, notice, now)),
  };
}

/** Whether a receiver of documents is for a place. */
function isOfPlace(
  receiver: BillingReceiverConfig,
  { county, municipality }: { readonly county: string; readonly municipality: string },
): boolean {
  if (receiver.counties?.includes(county) === false) return false;
  if (receiver.takes === 'record') return receiver.municipality === municipality;
  return receiver.municipalities?.includes(municipality) ?? true;
}
