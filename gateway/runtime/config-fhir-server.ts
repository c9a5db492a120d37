/** A FHIR server that we ask: where it is, and how it knows us. Polling and subscriptions have it in common. */
import { z } from 'zod';
import { clientTls, duration, secretName } from './config-values.ts';

const mebibyte = 1024 * 1024;

const smart = z
  .strictObject({
    clientId: z.string().min(1),
    /** Our private key: a JWK or PEM; RSA signs by RS384, P-384 by ES384. */
    keyFile: z.string().min(1).optional(),
    keyEnv: secretName.optional(),
    /** Name of the key with them; that of the JWK, or its thumbprint, where left out. */
    keyId: z.string().min(1).optional(),
    scope: z.string().regex(/^\S+( \S+)*$/, 'scopes with a space between them'),
    /** What the server's .well-known/smart-configuration says, where left out. */
    tokenUrl: z.url({ protocol: /^https?$/ }).optional(),
  })
  .refine((of) => (of.keyFile === undefined) !== (of.keyEnv === undefined), 'keyFile or keyEnv');

export const fhirServerShape = {
  /** Base of the server: `https://ehr.region.se/fhir/r4`. */
  base: z.url({ protocol: /^https?$/ }).regex(/^[^?#]*$/, 'the base alone, without a query'),
  /** It stands in our own network: private addresses, and plain http there. */
  ownNetwork: z.boolean().default(false),
  /** For each call, to the end of its answer. */
  timeout: duration.pipe(z.int().min(1).max(300_000)).prefault('30s'),
  /** Of one answer; a page that is larger is not read. */
  maxAnswerBytes: z
    .int()
    .min(1024)
    .max(256 * mebibyte)
    .default(16 * mebibyte),
  /** Its own token for us. */
  tokenEnv: secretName.optional(),
  /** SMART backend services: a token for a few minutes, got with our key. */
  smart: smart.optional(),
  tls: clientTls.optional(),
};

const server = z.strictObject(fhirServerShape);
export type FhirServerConfig = z.output<typeof server>;
