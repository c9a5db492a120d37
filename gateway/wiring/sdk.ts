/** SDK from the configuration: the way out by the access point, and the ways in of its receipts. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Router } from 'express';
import type { Outbound, TakeReceipt } from '../../adapters/adapter.ts';
import { watchSdkReceipts } from '../../adapters/inbound/sdk-receipts/folder.ts';
import { sdkReceiptsRouter } from '../../adapters/inbound/sdk-receipts/server.ts';
import type { Places } from '../../adapters/outbound/billing/specification-document.ts';
import {
  sdkSpecifications,
  type SdkSpecificationSettings,
} from '../../adapters/outbound/billing/specification-message.ts';
import { sdkNotices, type SdkNoticeSettings } from '../../adapters/outbound/notices/sdk.ts';
import type { SdkAddresses } from '../../adapters/outbound/sdk/envelope.ts';
import type { HandOver } from '../../adapters/outbound/ways/access-point.ts';
import type { WatchedFolder } from '../../adapters/wire/watched-folder.ts';
import type { MunicipalWords } from '../../mappings/municipal.ts';
import { takeReceipts } from '../carried.ts';
import { asGatewayError, assert, GatewayError } from '../errors.ts';
import type { ReceiveParts } from '../receive.ts';
import { systemClock } from '../runtime/clock.ts';
import type { BillingReceiverConfig } from '../runtime/config-billing.ts';
import type { SdkConfig } from '../runtime/config-sdk.ts';
import { secretOf, type Config, type ReceiverConfig } from '../runtime/config.ts';
import type { Keeper } from '../runtime/instance/keeper.ts';
import { tlsOf } from './line-receivers.ts';
import { makePdf } from './pdf.ts';

type OpenOutbound = Outbound & { close(): Promise<void> };

/** The way out to one receiver of notices. @throws GatewayError configuration-invalid */
export function sdkOutbound(
  receiver: Extract<ReceiverConfig, { channel: 'sdk' }>,
  { sdk }: Pick<Config, 'sdk'>,
  words: MunicipalWords,
  env: NodeJS.ProcessEnv,
): OpenOutbound {
  const confidential = receiver.confidential || receiver.protectedIdentity === true;
  return opened({ ...receiver, confidential }, sdk, env, (settings) =>
    sdkNotices({ ...settings, words, pdf: makePdf }),
  );
}

/** The way out to one receiver of specifications. @throws GatewayError configuration-invalid */
export function sdkDocuments(
  receiver: Extract<BillingReceiverConfig, { channel: 'sdk' }>,
  { sdk }: Pick<Config, 'sdk'>,
  places: Places,
  env: NodeJS.ProcessEnv,
): OpenOutbound {
  const { parts } = receiver;
  return opened(receiver, sdk, env, (settings) =>
    sdkSpecifications({ ...settings, parts, places, pdf: makePdf }),
  );
}

/** Who it is for, and how it is handed over: the same whatever is sent. */
type SdkSettings = Pick<
  SdkNoticeSettings & SdkSpecificationSettings,
  'addresses' | 'handOver' | 'receiptWithinMs'
>;

function opened(
  { id, to, confidential }: Pick<SdkAddresses, 'to' | 'confidential'> & { readonly id: string },
  sdk: SdkConfig | undefined,
  env: NodeJS.ProcessEnv,
  open: (settings: SdkSettings) => OpenOutbound,
): OpenOutbound {
  assert(sdk !== undefined, 'a receiver by SDK was checked against the setting sdk');
  try {
    return open({
      addresses: { receiver: id, from: sdk.from, to, confidential },
      handOver: handOverOf(sdk, env),
      receiptWithinMs: sdk.receiptWithin,
    });
  } catch (thrown) {
    const { message } = asGatewayError(thrown);
    const what = message.replace('allowPrivate', 'ownNetwork: true');
    throw new GatewayError('configuration-invalid', what, { location: 'sdk.accessPoint' });
  }
}

function handOverOf({ accessPoint }: SdkConfig, env: NodeJS.ProcessEnv): HandOver {
  if ('folder' in accessPoint) return { by: 'folder', folder: resolve(accessPoint.folder) };
  const { url, tokenEnv, timeout, tls, ownNetwork, recognisesRepeats } = accessPoint;
  return {
    by: 'http',
    url,
    ...(tokenEnv !== undefined && { token: secretOf(tokenEnv, env) }),
    timeoutMs: timeout,
    ...(tls !== undefined && { tls: tlsOf(tls) }),
    allowPrivate: ownNetwork,
    idempotent: recognisesRepeats,
    nowSeconds: () => Math.floor(systemClock.nowMs() / 1000),
  };
}

export interface SdkReceipts {
  /** What is served at `/sdk-receipts`; absent where no token is configured for it. */
  readonly router: Router | undefined;
  /** Files being taken. */
  inHand(): number;
}

/**
 * Takes receipts in, by folder and by HTTP.
 * @throws GatewayError configuration-invalid where the token is not set
 */
export function openSdkReceipts(
  { sdk, http }: Config,
  parts: ReceiveParts,
  env: NodeJS.ProcessEnv,
  keeper: Keeper,
): SdkReceipts {
  const { folder, tokenEnv } = sdk?.receipts ?? {};
  const takeReceipt = takeReceipts(parts);
  let watched: WatchedFolder | undefined;
  if (folder) {
    const path = resolve(folder.path);
    const seen = folder.shared === true ? path : `${hostname()}:${path}`;
    keeper.undertake(`sdk-receipts:${seen}`, async () => {
      const one = await watchConfigured(folder, parts, takeReceipt);
      watched = one;
      return {
        async close() {
          await one.close();
          watched = undefined;
        },
      };
    });
  }
  const router =
    tokenEnv === undefined
      ? undefined
      : sdkReceiptsRouter({
          tokenSha256: createHash('sha256').update(secretOf(tokenEnv, env)).digest(),
          takeReceipt,
          requestsPerMinute: http.requestsPerMinute,
          onAnswered: (status) => parts.log.debug({ status }, 'sdk receipt answered'),
        });
  return { router, inHand: () => watched?.inHand() ?? 0 };
}

async function watchConfigured(
  { path, done, failed, every }: NonNullable<SdkConfig['receipts']['folder']>,
  { log }: ReceiveParts,
  takeReceipt: TakeReceipt,
): Promise<WatchedFolder> {
  const folder = resolve(path);
  try {
    return await watchSdkReceipts({
      path: folder,
      done: resolve(done ?? join(folder, 'done')),
      failed: resolve(failed ?? join(folder, 'failed')),
      everyMs: every,
      takeReceipt,
      onEvent: (name, detail) => {
        const level = name === 'file-taken' ? 'info' : 'warn';
        log[level]({ ...detail, folder }, `sdk receipts ${name}`);
      },
    });
  } catch (thrown) {
    const { message, location } = asGatewayError(thrown);
    const where = `sdk.receipts.folder.${location ?? 'path'}`;
    throw new GatewayError('configuration-invalid', message, { location: where, cause: thrown });
  }
}
