/** Keys and certificates of our servers, from the configuration. */
import { readFileSync } from 'node:fs';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { GatewayError } from '../errors.ts';
import type { Config } from '../runtime/config.ts';

/**
 * Of the MLLP server: a client shows a certificate where it must.
 * @throws GatewayError configuration-invalid naming the file that cannot be read
 */
export function mllpTls({ mllp: { tls } }: Config): TlsOptions | undefined {
  return tls && { ...readKeys('mllp', tls), requestCert: tls.requestClientCertificate };
}

/**
 * Of the HTTP server: a client is asked for its certificate where we could know it, and may go without one unless it must
 * not; whoever it is is then decided by its token.
 * @throws GatewayError configuration-invalid naming the file that cannot be read
 */
export function httpTls({ http: { tls } }: Config): TlsOptions | undefined {
  return tls && { ...readKeys('http', tls), requestCert: tls.ca !== undefined };
}

function readKeys(
  server: 'mllp' | 'http',
  { cert, key, ca, requestClientCertificate }: NonNullable<Config['mllp']['tls']>,
): TlsOptions {
  const options = {
    cert: readKey(`${server}.tls.cert`, cert),
    key: readKey(`${server}.tls.key`, key),
    ...(ca !== undefined && { ca: readKey(`${server}.tls.ca`, ca) }),
    rejectUnauthorized: requestClientCertificate,
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const what = `${cert} and ${key} are no certificate with its key in PEM`;
    throw new GatewayError('configuration-invalid', what, { location: `${server}.tls`, cause });
  }
  return options;
}

/** @throws GatewayError configuration-invalid naming the setting */
export function checkReadable(location: string, file: string): void {
  readKey(location, file);
}

function readKey(location: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new GatewayError('configuration-invalid', `${file} cannot be read`, { location });
  }
}
