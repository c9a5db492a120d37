/** The way to a configured FHIR server: its address, its keys and ours, from files and the environment. */
import { readFileSync } from 'node:fs';
import {
  openFhirClient,
  type Authorizer,
  type FhirClient,
} from '../../adapters/wire/fhir-client.ts';
import type { LineSettings } from '../../adapters/wire/http-line.ts';
import { readClientKey, smartAuthorizer } from '../../adapters/wire/smart.ts';
import { asGatewayError, GatewayError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import type { FhirServerConfig } from '../runtime/config-fhir-server.ts';
import { secretOf } from '../runtime/config.ts';

/** Time-outs, tokens and signatures go by the machine's clocks. */
const machine = {
  elapsedMs: () => systemClock.elapsedMs(),
  nowSeconds: () => systemClock.nowMs() / 1000,
};

/**
 * @param setting where the server stands in the configuration: `senders.0.fhir.poll`
 * @param signal ends what is under way
 * @param keepAlive false: a connection for each call
 * @throws GatewayError configuration-invalid naming the setting; it never quotes a secret
 */
export function connectFhirServer(
  server: FhirServerConfig,
  setting: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  keepAlive = true,
): FhirClient {
  const line = lineOf(server, setting, keepAlive);
  try {
    const authorizer = authorizerOf(server, setting, line, env);
    const client = openFhirClient({
      line,
      timeoutMs: server.timeout,
      machine,
      signal,
      ...(authorizer !== undefined && { authorizer }),
    });
    return {
      ...client,
      async close() {
        await client.close();
        await authorizer?.close?.();
      },
    };
  } catch (thrown) {
    throw placed(thrown, setting);
  }
}

/**
 * Gets a token as the first call would, and lets it go.
 * @returns host of the token endpoint; undefined where none is asked
 * @throws GatewayError configuration-invalid, source-refused, source-unavailable
 */
export async function tryToken(
  server: FhirServerConfig,
  setting: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (server.smart === undefined) return undefined;
  let authorizer: ReturnType<typeof authorizerOf>;
  try {
    authorizer = authorizerOf(server, setting, lineOf(server, setting, false), env);
  } catch (thrown) {
    throw placed(thrown, setting);
  }
  try {
    await authorizer?.token(signal);
  } finally {
    await authorizer?.close?.();
  }
  return new URL(server.smart.tokenUrl ?? server.base).host;
}

function lineOf(
  { base, ownNetwork, maxAnswerBytes, tls }: FhirServerConfig,
  setting: string,
  keepAlive: boolean,
): LineSettings {
  const pem = (name: 'ca' | 'cert' | 'key'): string | undefined =>
    tls?.[name] === undefined ? undefined : readText(tls[name], `${setting}.tls.${name}`);
  return {
    url: base,
    setting: `${setting}.base`,
    allowPrivate: ownNetwork,
    maxAnswerBytes,
    keepAlive,
    ...(tls !== undefined && { tls: { ca: pem('ca'), cert: pem('cert'), key: pem('key') } }),
  };
}

function placed(thrown: unknown, setting: string): GatewayError {
  const { message, location } = asGatewayError(thrown);
  const text = message.replace('allowPrivate', 'ownNetwork: true');
  const place = location?.startsWith(setting) === true ? location : setting;
  return new GatewayError('configuration-invalid', text, { location: place, cause: thrown });
}

function authorizerOf(
  { tokenEnv, smart, timeout }: FhirServerConfig,
  setting: string,
  line: LineSettings,
  env: NodeJS.ProcessEnv,
): (Authorizer & { close?(): Promise<void> }) | undefined {
  if (tokenEnv !== undefined) {
    const token = secretOf(tokenEnv, env);
    if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) {
      throw new GatewayError('configuration-invalid', `${tokenEnv} is no bearer token`);
    }
    return { token: async () => token };
  }
  if (smart === undefined) return undefined;
  const { clientId, keyFile, keyEnv, keyId, scope, tokenUrl } = smart;
  const text =
    keyFile === undefined
      ? secretOf(keyEnv ?? '', env)
      : readText(keyFile, `${setting}.smart.keyFile`);
  return smartAuthorizer({
    line,
    clientId,
    key: readClientKey(text, keyId),
    scope,
    timeoutMs: timeout,
    machine,
    ...(tokenUrl !== undefined && { tokenUrl }),
  });
}

function readText(file: string, location: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new GatewayError('configuration-invalid', `${file} cannot be read`, { location });
  }
}
