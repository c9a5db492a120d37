/** Who may speak FHIR and how each is known, from the configuration. */
import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { keySource, type KeySource } from '../../adapters/inbound/fhir/security/keys.ts';
import type { KnownSender } from '../../adapters/inbound/fhir/security/identify.ts';
import type { Mappings } from '../../mappings/index.ts';
import { GatewayError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { fhirTokenName, type FhirSenderConfig, type OAuthConfig } from '../runtime/config-fhir.ts';
import { secretOf, type Config } from '../runtime/config.ts';
import type { Log } from '../runtime/log.ts';
import { isLoopback } from './loopback.ts';
import { fileToken, type FileToken, type TokenOf } from './tokens.ts';

export interface FhirSenders {
  readonly list: readonly KnownSender[];
  /** Of those that have none in the environment, by sender. */
  readonly tokens: ReadonlyMap<string, FileToken>;
}

type Configured = Config['senders'][number];

/**
 * Every configured sender that has FHIR in its overlay or its configuration.
 * @throws GatewayError configuration-invalid, also for what would let others listen or come in unseen
 */
export function fhirSendersOf(
  config: Config,
  mappings: Mappings,
  env: NodeJS.ProcessEnv,
  log: Log,
  tokenOf: TokenOf = fileToken,
): FhirSenders {
  const overlays = new Map(mappings.senders.map((sender) => [sender.id, sender]));
  const tokens = new Map<string, FileToken>();
  const keysOf = keySources(log);
  const list: KnownSender[] = [];
  for (const [index, sender] of config.senders.entries()) {
    const { id, fhir } = sender;
    const overlay = overlays.get(id);
    if (fhir === undefined && !(overlay && 'fhir' in overlay && overlay.fhir)) continue;
    const token = ownToken(sender, env);
    if (token === undefined && needsToken(fhir)) {
      checkReach(config, index);
      tokens.set(id, tokenOf(config, fhirTokenName(id)));
    }
    const secret = token ?? tokens.get(id)?.token;
    const location = `senders.${index}.fhir.oauth.jwks`;
    list.push({
      id,
      kind: fhir?.kind ?? 'hospital',
      ...(fhir?.municipality !== undefined && { municipality: fhir.municipality }),
      ...(fhir?.receivers && { receivers: fhir.receivers }),
      ...(secret !== undefined && { tokenSha256: createHash('sha256').update(secret).digest() }),
      ...(fhir?.oauth && { oauth: { ...named(fhir.oauth), keys: keysOf(fhir.oauth, location) } }),
      ...(fhir?.certificates && { certificates: fhir.certificates }),
    });
  }
  if (list.length > 0) checkLine(config);
  return { list, tokens };
}

/** Known in no other way, and not only asked by us. */
function needsToken(fhir: FhirSenderConfig | undefined): boolean {
  return !(fhir?.oauth ?? fhir?.certificates ?? fhir?.poll ?? fhir?.subscriptions);
}

function ownToken({ fhir }: Configured, env: NodeJS.ProcessEnv): string | undefined {
  if (fhir?.tokenEnv === undefined) return undefined;
  const token = secretOf(fhir.tokenEnv, env);
  if (/^[A-Za-z0-9._~+/-]{22,1024}=*$/.test(token)) return token;
  throw new GatewayError(
    'configuration-invalid',
    `environment: ${fhir.tokenEnv} is no bearer token of 22 characters or more (letters, digits, . _ ~ + / -)\n  next: make one with: openssl rand -base64 32`,
  );
}

/** A token that was made here and that nobody has set is for this machine. */
function checkReach({ http }: Config, index: number): void {
  if (isLoopback(http.host)) return;
  throw new GatewayError(
    'configuration-invalid',
    `who this sender is must be set where http.host (${http.host}) lets others come: give it tokenEnv, oauth or certificates, or listen on 127.0.0.1`,
    { location: `senders.${index}.fhir` },
  );
}

/** Tokens and persons do not go over a readable line. */
function checkLine({ http }: Config): void {
  if (isLoopback(http.host) || http.tls !== undefined || http.behindProxy.length > 0) return;
  throw new GatewayError(
    'configuration-invalid',
    `FHIR on ${http.host} needs TLS: set http.tls, or name the proxy that ends it in http.behindProxy, or listen on 127.0.0.1`,
    { location: 'http.host' },
  );
}

function named({ issuer, audience, clients, clientClaim }: OAuthConfig) {
  return { issuer, audience, clients, ...(clientClaim !== undefined && { clientClaim }) };
}

/** One source for all senders of an authorisation server. */
function keySources(log: Log): (oauth: OAuthConfig, location: string) => KeySource {
  const made = new Map<string, KeySource>();
  return ({ issuer, jwks }, location) => {
    const known = made.get(jwks);
    if (known) return known;
    checkReadable(jwks, location);
    const source = keySource({
      location: jwks,
      nowMs: () => systemClock.nowMs(),
      onTrouble: (reason) =>
        log.warn({ issuer, reason }, 'keys of an authorisation server not had'),
    });
    made.set(jwks, source);
    return source;
  };
}

function checkReadable(jwks: string, location: string): void {
  if (/^https?:\/\//i.test(jwks)) return;
  try {
    accessSync(jwks, constants.R_OK);
  } catch {
    throw new GatewayError('configuration-invalid', `${jwks} cannot be read`, { location });
  }
}
