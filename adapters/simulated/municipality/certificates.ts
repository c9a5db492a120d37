/** Certificates of a simulated server: a right one, one that has expired, one for another name, and who signed them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../../gateway/errors.ts';
import type { Certificate } from './http-server.ts';

export interface ServerCertificates {
  /** File of the authority, for the one who is to trust it. */
  readonly caFile: string;
  /** For `localhost`. */
  readonly right: Certificate;
  readonly expired: Certificate;
  readonly otherName: Certificate;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * Those of a folder, made by openssl where they are not there.
 * @throws GatewayError configuration-invalid where openssl is missing
 */
export function serverCertificates(folder: string): ServerCertificates {
  const path = (name: string): string => join(folder, name);
  if (!existsSync(path('other-name.pem'))) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    makeAll(folder);
  }
  const of = (name: string): Certificate => ({
    cert: readFileSync(path(`${name}.pem`)),
    key: readFileSync(path(`${name}.key`)),
  });
  return {
    caFile: path('ca.pem'),
    right: of('right'),
    expired: of('expired'),
    otherName: of('other-name'),
  };
}

function makeAll(folder: string): void {
  const run = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  try {
    const authority = ['-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Simulated authority'];
    run('req', '-x509', ...curve, ...authority, '-days', '3650');
    for (const [name, host, days] of [
      ['right', 'localhost', '3650'],
      ['expired', 'localhost', '-1'],
      ['other-name', 'elsewhere.example', '3650'],
    ] as const) {
      const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
      run('req', ...curve, '-keyout', `${name}.key`, '-out', `${name}.csr`, ...subject);
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
      const given = ['-copy_extensions', 'copy', '-days', days, '-out', `${name}.pem`];
      run('x509', '-req', '-in', `${name}.csr`, ...signed, ...given);
    }
  } catch (cause) {
    throw new GatewayError(
      'configuration-invalid',
      '--tls: certificates are made by openssl, which did not make them\n  next: install openssl 3, or go without --tls',
      { cause },
    );
  }
}
