/** Receivers that are reached by a host and a port: their addresses, keys and certificates, from files and the environment. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { mllpNotices } from '../../adapters/outbound/notices/mllp.ts';
import { sftpNotices } from '../../adapters/outbound/notices/sftp.ts';
import type { Outbound } from '../../adapters/adapter.ts';
import type { SftpSettings } from '../../adapters/outbound/ways/sftp.ts';
import { isUsableKey } from '../../adapters/wire/sftp-link.ts';
import { lookupFor } from '../../adapters/wire/target.ts';
import type { MunicipalWords } from '../../mappings/municipal.ts';
import { GatewayError } from '../errors.ts';
import type { SftpServer } from '../runtime/config-line.ts';
import { secretOf, type ReceiverConfig } from '../runtime/config.ts';
import { makePdf } from './pdf.ts';

type Of<C extends ReceiverConfig['channel']> = Extract<ReceiverConfig, { channel: C }>;
type OpenOutbound = Outbound & { close(): Promise<void> };

/** @throws GatewayError configuration-invalid */
export function sftpReceiver(
  receiver: Of<'sftp'>,
  words: MunicipalWords,
  env: NodeJS.ProcessEnv,
): OpenOutbound {
  const { parts } = receiver;
  return sftpNotices({ ...sftpSettings(receiver, env), words, parts, pdf: makePdf });
}

/** A receiver's server, whatever it gets. @throws GatewayError configuration-invalid */
export function sftpSettings(server: SftpServer, env: NodeJS.ProcessEnv): SftpSettings {
  const { host, port, user, hostKey, folder, timeout, ownNetwork, recognisesRepeats } = server;
  return {
    host,
    port,
    lookup: lookupFor(host, 'encrypted', ownNetwork, 'sftp host'),
    user,
    proof: proofOf(server, env),
    hostKeys: hostKey,
    folder,
    timeoutMs: timeout,
    idempotent: recognisesRepeats,
  };
}

function proofOf(
  { keyFile, keyEnv, passwordEnv }: SftpServer,
  env: NodeJS.ProcessEnv,
): { privateKey: string } | { password: string } {
  if (passwordEnv !== undefined) return { password: secretOf(passwordEnv, env) };
  const privateKey =
    keyFile === undefined ? secretOf(keyEnv ?? '', env) : readPem(keyFile).toString('utf8');
  if (!isUsableKey(privateKey)) {
    const what = `${keyFile ?? keyEnv ?? ''} holds no private key without a passphrase`;
    throw new GatewayError('configuration-invalid', what);
  }
  return { privateKey };
}

/** @throws GatewayError configuration-invalid */
export function mllpReceiver(receiver: Of<'mllp'>, words: MunicipalWords): OpenOutbound {
  const { host, tls, timeout, ownNetwork, recognisesRepeats, acknowledgement, ...rest } = receiver;
  const protection = tls === undefined ? 'plain' : 'encrypted';
  return mllpNotices({
    ...rest,
    host,
    lookup: lookupFor(host, protection, ownNetwork, 'mllp host'),
    ...(tls !== undefined && { tls: tlsOf(tls) }),
    timeoutMs: timeout,
    enhanced: acknowledgement === 'enhanced',
    idempotent: recognisesRepeats,
    words,
  });
}

interface TlsParts {
  readonly minVersion: 'TLSv1.2';
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
}

/** What is read of the files that a setting `tls` names. @throws GatewayError configuration-invalid */
export function tlsOf({ ca, cert, key, servername }: NonNullable<Of<'mllp'>['tls']>): TlsParts {
  const options: TlsParts = {
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca: readPem(ca) }),
    ...(cert !== undefined && { cert: readPem(cert) }),
    ...(key !== undefined && { key: readPem(key) }),
    ...(servername !== undefined && { servername }),
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const what = 'tls: ca, cert and key are no certificates with their key in PEM';
    throw new GatewayError('configuration-invalid', what, { cause });
  }
  return options;
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new GatewayError('configuration-invalid', `${file} cannot be read`);
  }
}
