/** Who a client certificate is of. That an authority of ours gave it was checked when the connection was made. */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** The very certificate, or one with such a name. */
export type CertificateRule =
  /** SHA-256, 64 lower-case hex digits. */
  | { readonly fingerprint: string }
  /** A DNS name among its alternative names, as it is there: no wildcards. */
  | { readonly dns: string }
  /** Attributes of its subject, all of them. */
  | { readonly subject: Readonly<Record<string, string>> };

export interface ClientCertificate {
  readonly sha256: string;
  meets(rule: CertificateRule): boolean;
}

/** @returns undefined where the client showed none, or none of an authority of ours that holds today */
export function clientCertificateOf({ socket }: IncomingMessage): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && asClient(certificate);
}

export function asClient(certificate: X509Certificate): ClientCertificate {
  const sha256 = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    sha256,
    meets(rule) {
      if ('fingerprint' in rule) return rule.fingerprint === sha256;
      if ('dns' in rule) {
        const found = certificate.checkHost(rule.dns, { subject: 'never', wildcards: false });
        return found?.toLowerCase() === rule.dns.toLowerCase();
      }
      const { subject }: { subject: Record<string, unknown> } = certificate.toLegacyObject();
      // An attribute that stands twice is a list here, and no text.
      return Object.entries(rule.subject).every(([name, value]) => subject[name] === value);
    },
  };
}
