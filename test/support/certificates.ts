/** Certificates made for one test file: an authority, a server and a client of its, and a stranger. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const journalName = 'journal.ekliden.example';
export const journalSerialNumber = 'SE2321000131-E000000000001';

export interface Certificates {
  /** False where openssl is missing: the test says so and is skipped. */
  readonly made: boolean;
  path(name: string): string;
  pem(name: string): Buffer;
}

/**
 * Makes `ca.pem`, `server.pem` (localhost), `expired.pem` (localhost, until yesterday), `other.pem` (for another name),
 * `client.pem`, `server-use.pem` (for servers alone), `journal.pem` (with a DNS name) and `stranger.pem`, which says the same and no authority gave, and their
 * `.key` in the folder.
 */
export function makeCertificates(folder: string): Certificates {
  const path = (name: string): string => join(folder, name);
  const run = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
  try {
    const authority = ['-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '2'];
    run('req', '-x509', ...key, ...authority);
    const journal = `/O=Ekliden/CN=journal/serialNumber=${journalSerialNumber}`;
    const withName = ['-addext', `subjectAltName=DNS:${journalName}`];
    const extensions: Readonly<Record<string, readonly string[]>> = {
      journal: withName,
      'server-use': ['-addext', 'extendedKeyUsage=serverAuth'],
    };
    for (const [name, subject] of [
      ['server', '/CN=localhost'],
      ['client', '/CN=client'],
      ['journal', journal],
      ['expired', '/CN=localhost'],
      ['other', '/CN=elsewhere.example'],
      ['server-use', '/CN=localhost'],
    ] as const) {
      const names = extensions[name] ?? [];
      const asked = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject, ...names];
      run('req', ...key, ...asked);
      const given = ['-copy_extensions', 'copy', '-out', `${name}.pem`];
      const days = ['-days', name === 'expired' ? '-1' : '2'];
      run('x509', '-req', '-in', `${name}.csr`, ...signed, ...days, ...given);
    }
    const stranger = ['-keyout', 'stranger.key', '-out', 'stranger.pem', '-subj', journal];
    run('req', '-x509', ...key, ...stranger, ...withName, '-days', '2');
  } catch {
    console.warn('SKIPPED: the TLS tests, because openssl is missing');
    return { made: false, path, pem: () => Buffer.alloc(0) };
  }
  return { made: true, path, pem: (name) => readFileSync(path(name)) };
}
