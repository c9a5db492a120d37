/**
 * Whether receivers and sources can be reached: a connection, and a TLS handshake where there is TLS. A FHIR server that
 * gets notices is asked what it can do, with our token and certificate. No notice is sent.
 */
import { connect as connectPlain } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { readFileSync } from 'node:fs';
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
  return await Promise.all(
    receivers.flatMap((receiver, index) => {
      const name = `receiver ${receiver.id}`;
      if (receiver.channel === 'webhook') return [reach(name, receiver.url)];
      if (receiver.channel !== 'fhir') return [];
      const line = reach(name, receiver.base, receiver.tls?.ca);
      return [line.then((found) => fhirReach(found, receiver, `receivers.${index}`, env))];
    }),
  );
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

async function reach(name: string, url: string, ca?: string): Promise<Check> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const at = { host, port: Number(port || (isTls ? 443 : 80)), timeout: timeoutMs };
  try {
    const endsAt = await new Promise<string | undefined>((resolve, reject) => {
      const socket = isTls
        ? connectTls({
            ...at,
            servername: host,
            ...(ca !== undefined && { ca: readFileSync(ca) }),
          })
        : connectPlain(at);
      const end = (then: () => void): void => {
        socket.destroy();
        then();
      };
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
        end(() => resolve(certificate?.valid_to));
      });
      socket.once('error', (thrown) => end(() => reject(thrown)));
      socket.once('timeout', () => end(() => reject(new RangeError('timeout'))));
    });
    return answered(name, `${at.host}:${at.port} answers`, endsAt);
  } catch (thrown) {
    const next = 'see that it runs, that the firewall lets us through, and that its address holds';
    return failed(name, `${at.host}:${at.port} cannot be reached (${codeOf(thrown)})`, next);
  }
}

/** @param endsAt when the certificate of who answers ends, as it says */
function answered(name: string, what: string, endsAt: string | undefined): Check {
  if (endsAt === undefined) return ok(name, what);
  const days = Math.floor((Date.parse(endsAt) - systemClock.nowMs()) / dayMs);
  const told = `${what}, its certificate holds for ${days} days`;
  return days < warnDays ? warn(name, told, 'ask who runs it to renew it') : ok(name, told);
}
