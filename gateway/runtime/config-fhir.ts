/** What is set of FHIR: `fhir` for all of it, `senders[].fhir` for who may speak it and how they are known. */
import { z } from 'zod';
import { municipalityCode } from '../process/events.ts';
import { fhirPoll } from './config-fhir-poll.ts';
import { fhirSubscriptions } from './config-fhir-subscriptions.ts';
import { secretName, type Report } from './config-values.ts';

const mebibyte = 1024 * 1024;

/** `fhir`: the server at `/fhir`. */
export const fhirSettings = z.strictObject({
  /** Where senders reach us: `https://hemgang.region.se/fhir`. What they were sent to, where left out. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  maxBodyBytes: z
    .int()
    .min(1024)
    .max(64 * mebibyte)
    .default(10 * mebibyte),
  /** Of one Bundle. */
  maxEntries: z.int().min(1).max(10_000).default(1000),
  /** Per sender; a tenth of it for each stranger's address. */
  requestsPerMinute: z.int().min(1).default(12_000),
});

/** SHA-256 of a certificate as openssl prints it, with or without colons; read as 64 lower-case hex digits. */
const fingerprint = z
  .string()
  .regex(/^([0-9a-f]{64}|[0-9a-f]{2}(:[0-9a-f]{2}){31})$/i, 'SHA-256: 32 bytes in hex')
  .transform((text) => text.replaceAll(':', '').toLowerCase());

/** A client certificate: the very one, or one that `http.tls.ca` gave to such a name. */
const certificate = z.union(
  [
    z.strictObject({ fingerprint }),
    z.strictObject({ dns: z.string().min(1) }),
    z.strictObject({
      /** Attributes that must all be there, as they are: `{CN: …, serialNumber: …}`. */
      subject: z
        .record(z.string().min(1), z.string().min(1))
        .refine((attributes) => Object.keys(attributes).length > 0, 'at least one attribute'),
    }),
  ],
  { error: 'one of {fingerprint: SHA-256 in hex}, {dns: name} and {subject: {CN: …}}' },
);

const oauth = z.strictObject({
  /** Compared letter by letter with `iss`. */
  issuer: z.url({ protocol: /^https?$/ }),
  /** What `aud` must name: we, as the authorisation server knows us. */
  audience: z.array(z.string().min(1)).min(1),
  /** Its keys: an https address, or a file. */
  jwks: z.string().min(1),
  /** Client ids of this sender. */
  clients: z.array(z.string().min(1)).min(1),
  /** Where a token says its client id; `client_id`, and `azp` without it, where left out. */
  clientClaim: z.string().min(1).optional(),
});

/** `senders[].fhir` */
export const fhirSender = z.strictObject({
  kind: z.enum(['hospital', 'inpatient-care', 'primary-care', 'municipality']).default('hospital'),
  /** SCB code of a municipality: it speaks for itself alone. */
  municipality: municipalityCode.optional(),
  /**
   * Receivers it answers for: by our case reference it may speak only of cases they were sent. Set of a system of primary
   * care, the same holds of stays that it names by visit number; of a municipality it always holds.
   */
  receivers: z.array(z.string().min(1)).min(1).optional(),
  tokenEnv: secretName.optional(),
  oauth: oauth.optional(),
  certificates: z.array(certificate).min(1).optional(),
  poll: fhirPoll.optional(),
  subscriptions: fhirSubscriptions.optional(),
});

export type FhirSettings = z.output<typeof fhirSettings>;
export type FhirSenderConfig = z.output<typeof fhirSender>;
export type OAuthConfig = z.output<typeof oauth>;

/** The part of the configuration that who may speak FHIR depends on. */
interface Together {
  readonly http: { readonly tls?: { readonly ca?: string | undefined } | undefined };
  readonly senders: readonly {
    readonly id: string;
    readonly fhir?: FhirSenderConfig | undefined;
  }[];
  readonly partners: readonly { readonly id: string }[];
}

/** Where an own token lies of those that have none in the environment: a partner of this name would share it. */
export const fhirTokenName = (sender: string): string => `fhir-${sender}`;

/** What single values of FHIR cannot show. */
export function checkFhirTogether({ http, senders, partners }: Together, fail: Report): void {
  const tokens = new Set(senders.map(({ id }) => fhirTokenName(id)));
  const clients = new Map<string, string>();
  for (const [index, { id, fhir }] of senders.entries()) {
    const at = `senders.${index}.fhir`;
    if (fhir?.certificates && http.tls?.ca === undefined) {
      fail(`${at}.certificates`, 'client certificates need http.tls with ca, who signs them');
    }
    if (!fhir?.oauth) continue;
    const { issuer, jwks } = fhir.oauth;
    const wrong = wrongAddress(jwks);
    if (wrong !== undefined) fail(`${at}.oauth.jwks`, wrong);
    for (const [place, client] of fhir.oauth.clients.entries()) {
      const other = clients.get(`${issuer} ${client}`);
      if (other !== undefined) {
        fail(`${at}.oauth.clients.${place}`, `${client} is a client of ${other} already`);
      }
      clients.set(`${issuer} ${client}`, id);
    }
  }
  const shared = partners.findIndex(({ id }) => tokens.has(id));
  if (shared >= 0) {
    fail(`partners.${shared}.id`, 'fhir-… is the token of a sender; choose another id');
  }
}

/** Keys that come over a readable line can be exchanged on it: plain http is for this machine alone. */
function wrongAddress(jwks: string): string | undefined {
  if (!/^[a-z]+:\/\//i.test(jwks)) return undefined;
  const { protocol, hostname } = new URL(jwks);
  if (protocol === 'https:') return undefined;
  const isHere = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  if (protocol === 'http:' && isHere) return undefined;
  return 'an https address or a file: whoever can change the keys on their way can be anybody';
}
