/**
 * Whether receivers and sources can be reached: a connection, and a TLS handshake where there is TLS. A FHIR server that
 * gets notices is asked what it can do, with our token and certificate. No notice is sent.
 */
import { connect as connectPlain } from 'node:net';
import { connect as connectTls, TLSSocket, type ConnectionOptions } from 'node:tls';
import { readFileSync } from 'node:fs';
import { shownHostKey } from '../../../adapters/wire/sftp-link.ts';
import { asGatewayError } from '../../errors.ts';
import type { Config } from '../../runtime/config.ts';
import { systemClock } from '../../runtime/clock.ts';
import { codeOf, failed, ok, warn, type Check } from './check.ts';
import { fhirReach } from './fhir-reach.ts';

const timeoutMs = 5000;
const dayMs = 86_400_000;
const warnDays = 30;

/** Receivers of notices alone. */
export async function receiverChecks(
  { receivers }: Pick<Config, 'receivers'>,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const checks = receivers.flatMap((receiver, index) => {
    const name = `receiver ${receiver.id}`;
    switch (receiver.channel) {
      case 'webhook':
        return [reach(name, receiver.url)];
      case 'fhir': {
        const line = reach(name, receiver.base, receiver.tls?.ca);
        return [line.then((found) => fhirReach(found, receiver, `receivers.${index}`, env))];
      }
      case 'sftp':
        return [reachSftp(name, receiver)];
      case 'mllp': {
        const { host, port, tls } = receiver;
        const named = tls && { ...tls, servername: tls.servername ?? host };
        return [reachAt(name, { host, port }, named)];
      }
      case 'file':
      case 'sdk':
        return [];
    }
  });
  return await Promise.all(checks);
}

export async function reachChecks(
  { receivers, senders, billing }: Config,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const documents = billing.receivers.flatMap((receiver) =>
    receiver.channel === 'http' ? [reach(`receiver ${receiver.id}`, receiver.url)] : [],
  );
  const sources = senders.flatMap(({ id, fhir }) =>
    (['poll', 'subscriptions'] as const).flatMap((kind) => {
      const server = fhir?.[kind];
      return server ? [reach(`${kind} of ${id}`, server.base, server.tls?.ca)] : [];
    }),
  );
  return [
    ...(await receiverChecks({ receivers }, env)),
    ...(await Promise.all([...documents, ...sources])),
  ];
}

/** PEM files as the configuration names them. */
interface TlsFiles {
  readonly servername?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

const next = 'see that it runs, that the firewall lets us through, and that its address holds';

async function reach(name: string, url: string, ca?: string): Promise<Check> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const at = { host, port: Number(port || (isTls ? 443 : 80)) };
  return await reachAt(name, at, isTls ? { servername: host, ca } : undefined);
}

async function reachAt(
  name: string,
  at: { readonly host: string; readonly port: number },
  tls: TlsFiles | undefined,
): Promise<Check> {
  try {
    const endsAt = await new Promise<string | undefined>((resolve, reject) => {
      const timed = { ...at, timeout: timeoutMs };
      const socket =
        tls === undefined ? connectPlain(timed) : connectTls({ ...timed, ...readFiles(tls) });
      const end = (then: () => void): void => {
        socket.destroy();
        then();
      };
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
        end(() => resolve(certificate?.valid_to));
      });
      socket.once('error', (thrown) => end(() => reject(thrown)));
      socket.once('timeout', () => end(() => reject(new RangeError('timeout'))));
    });
    return answered(name, `${at.host}:${at.port} answers`, endsAt);
  } catch (thrown) {
    return failed(name, `${at.host}:${at.port} cannot be reached (${codeOf(thrown)})`, next);
  }
}

function readFiles({ servername, ca, cert, key }: TlsFiles): ConnectionOptions {
  return {
    ...(servername !== undefined && { servername }),
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(cert !== undefined && { cert: readFileSync(cert) }),
    ...(key !== undefined && { key: readFileSync(key) }),
  };
}

/** The host key is looked at, and nobody logs in. */
async function reachSftp(
  name: string,
  {
    host,
    port,
    hostKey,
  }: { readonly host: string; readonly port: number; readonly hostKey: readonly string[] },
): Promise<Check> {
  try {
    const shown = await shownHostKey({ host, port }, timeoutMs);
    if (hostKey.includes(shown)) return ok(name, `${host}:${port} answers, its host key holds`);
    return failed(
      name,
      `${host}:${port} shows the host key ${shown}, which is not in hostKey`,
      'ask the receiver by another way whether the key is theirs; if it is, add it to hostKey',
    );
  } catch (thrown) {
    const { message } = asGatewayError(thrown);
    return failed(name, `${host}:${port} cannot be reached (${message})`, next);
  }
}

/** @param endsAt when the certificate of who answers ends, as it says */
function answered(name: string, what: string, endsAt: string | undefined): Check {
  if (endsAt === undefined) return ok(name, what);
  const days = Math.floor((Date.parse(endsAt) - systemClock.nowMs()) / dayMs);
  const told = `${what}, its certificate holds for ${days} days`;
  return days < warnDays ? warn(name, told, 'ask who runs it to renew it') : ok(name, told);
}
