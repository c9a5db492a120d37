/** Certificates made for one test file: an authority, a server and a client of its, and a stranger. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificates {
  /** False where openssl is missing: the test says so and is skipped. */
  readonly made: boolean;
  path(name: string): string;
  pem(name: string): Buffer;
}

/** Makes `ca.pem`, `server.pem` (localhost), `client.pem` and their `.key` in the folder. */
export function makeCertificates(folder: string): Certificates {
  const path = (name: string): string => join(folder, name);
  const run = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  try {
    const authority = ['-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '2'];
    run('req', '-x509', ...key, ...authority);
    for (const [name, subject] of [
      ['server', '/CN=localhost'],
      ['client', '/CN=client'],
    ] as const) {
      run('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
      run('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`);
    }
  } catch {
    console.warn('SKIPPED: the TLS tests, because openssl is missing');
    return { made: false, path, pem: () => Buffer.alloc(0) };
  }
  return { made: true, path, pem: (name) => readFileSync(path(name)) };
}
