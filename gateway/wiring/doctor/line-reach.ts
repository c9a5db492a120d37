/**
 * One line to another system: a connection, and where there is TLS a handshake, the certificate that is shown, and
 * whether ours is taken. Nothing is said on it.
 */
import type { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LookupFunction, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket, type ConnectionOptions } from 'node:tls';
import { openSocket } from '../../../adapters/wire/connect.ts';
import { targetOf } from '../../../adapters/wire/target.ts';
import { asGatewayError } from '../../errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { codeOf, failed, ok, warn, type Check } from './check.ts';

export const reachTimeoutMs = 5000;
/** Under TLS 1.3 whether our certificate was taken is heard after the handshake, if at all. */
const settleMs = 300;
const dayMs = 86_400_000;
const warnDays = 30;
/** Of what a stranger's certificate says of itself. */
const maxNamesLength = 200;

/** PEM files as the configuration names them. */
export interface TlsFiles {
  readonly servername?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Line {
  readonly host: string;
  readonly port: number;
  /** Resolves its name as a delivery would, and refuses what a delivery would refuse. */
  readonly lookup?: LookupFunction;
  readonly tls?: TlsFiles;
  /** The setting that may name whom to trust; absent where there is none. */
  readonly caSetting?: string;
}

const unreachedNext =
  'see that it runs, that the firewall lets us through, and that its address holds';

/** @returns the line to a URL, as whoever sends to it goes. @throws GatewayError where it may not be connected to */
export function lineTo(
  address: string,
  ownNetwork: boolean,
  tls?: { readonly files: TlsFiles | undefined; readonly caSetting: string },
): Line {
  const { url, lookup } = targetOf(address, ownNetwork, 'its address');
  const isTls = url.protocol === 'https:';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isTls ? 443 : 80)),
    lookup,
    ...(isTls && { tls: tls?.files ?? {} }),
    ...(isTls && tls !== undefined && { caSetting: tls.caSetting }),
  };
}

/** @param line asked for here, so that an address that is not allowed is a finding, too */
export async function lineCheck(name: string, line: () => Line): Promise<Check> {
  try {
    return await lookAt(name, line());
  } catch (thrown) {
    const { message, code } = asGatewayError(thrown);
    const next =
      code === 'configuration-invalid'
        ? 'correct the address, or say ownNetwork: true where it stands in our own network'
        : unreachedNext;
    return failed(name, message.replace('allowPrivate', 'ownNetwork: true'), next);
  }
}

async function lookAt(name: string, line: Line): Promise<Check> {
  const { host, port, lookup, tls } = line;
  const at = `${host}:${port}`;
  let options: ConnectionOptions | undefined;
  try {
    options = tls && readFiles(tls);
  } catch (thrown) {
    const what = `${at} was not tried: a file of its tls cannot be read (${codeOf(thrown)})`;
    return failed(name, what, 'see the certificates above');
  }
  const target = { host, port, ...(lookup && { lookup }), ...(options && { tls: options }) };
  const socket = await openSocket(target, reachTimeoutMs);
  try {
    if (!(socket instanceof TLSSocket)) return ok(name, `${at} answers`);
    const faults = faultOf(socket, line);
    if (faults !== undefined) return failed(name, `${at}: ${faults.what}`, faults.next);
    const refusal = await refusalOf(socket);
    if (refusal !== undefined) {
      const what = `${at} ends the connection after the handshake (${refusal})`;
      const next =
        tls?.cert === undefined
          ? 'it may ask for a certificate of ours: set tls.cert and tls.key'
          : 'ask whether they know our certificate, or who issued it';
      return failed(name, what, next);
    }
    return answered(name, `${at} answers`, socket.getPeerX509Certificate());
  } finally {
    socket.destroy();
  }
}

/** The handshake is let through whatever it shows, to see what is wrong: nothing is ever sent on this line. */
function readFiles({ servername, ca, cert, key }: TlsFiles): ConnectionOptions {
  return {
    rejectUnauthorized: false,
    ...(servername !== undefined && { servername }),
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(cert !== undefined && { cert: readFileSync(cert) }),
    ...(key !== undefined && { key: readFileSync(key) }),
  };
}

interface Fault {
  readonly what: string;
  readonly next: string;
}

/** What a delivery would refuse the certificate for. */
function faultOf(socket: TLSSocket, { host, tls, caSetting }: Line): Fault | undefined {
  if (socket.authorized) return undefined;
  const { authorizationError } = socket;
  // Node has the code of it here, whatever its types say.
  const code =
    authorizationError instanceof Error ? codeOf(authorizationError) : String(authorizationError);
  const certificate = socket.getPeerX509Certificate();
  const trust =
    caSetting === undefined
      ? 'start the gateway with NODE_EXTRA_CA_CERTS naming it'
      : `let ${caSetting} name it`;
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return {
        what: expired(certificate),
        next: 'ask who runs it to renew it; nothing is sent until then',
      };
    case 'CERT_NOT_YET_VALID':
      return {
        what: `its certificate is not valid before ${certificate?.validFrom ?? 'later'}`,
        next: 'see that our clock is right; ask who runs it',
      };
    case 'ERR_TLS_CERT_ALTNAME_INVALID': {
      const called = tls?.servername ?? host;
      return {
        what: `its certificate is not for ${called}, but for ${namesOf(certificate)}`,
        next: 'correct the address, or ask for a certificate for that name; nothing is sent until then',
      };
    }
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return {
        what: 'its certificate is signed by itself, and we were not given it',
        next: `get it from them by another way than this line, and ${trust}`,
      };
    default:
      return {
        what: `its certificate is signed by somebody we do not know (${code})`,
        next: `get the certificate of who signs it from them, by another way than this line, and ${trust}`,
      };
  }
}

function expired(certificate: X509Certificate | undefined): string {
  const days = certificate && daysLeft(certificate);
  if (certificate === undefined || days === undefined || days >= 0) {
    return 'the certificate of who signs its certificate has expired';
  }
  return `its certificate ended ${-days} ${days === -1 ? 'day' : 'days'} ago (${certificate.validTo})`;
}

function namesOf(certificate: X509Certificate | undefined): string {
  const names = certificate?.subjectAltName ?? certificate?.subject ?? 'nobody';
  return names.replace(/\p{Cc}+/gu, ' ').slice(0, maxNamesLength);
}

/** @returns why the other side ended it, undefined where it did not */
async function refusalOf(socket: Socket): Promise<string | undefined> {
  const ended = new Promise<string>((resolve) => {
    socket.once('error', (thrown) => resolve(codeOf(thrown)));
    socket.once('end', () => resolve('closed'));
    socket.once('close', () => resolve('closed'));
    // What it says is thrown away: the end of a stream is seen by whoever reads it.
    socket.resume();
  });
  return await Promise.race([ended, sleep(settleMs, undefined)]);
}

const daysLeft = ({ validTo }: X509Certificate): number =>
  Math.floor((Date.parse(validTo) - systemClock.nowMs()) / dayMs);

function answered(name: string, what: string, certificate: X509Certificate | undefined): Check {
  if (certificate === undefined) return ok(name, what);
  const days = daysLeft(certificate);
  const told = `${what}, its certificate holds for ${days} days`;
  return days < warnDays ? warn(name, told, 'ask who runs it to renew it') : ok(name, told);
}
