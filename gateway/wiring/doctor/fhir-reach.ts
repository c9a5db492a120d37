/** What a FHIR server lets us do: whether we get a token, and what it says that it can do. No notice is sent. */
import type { CapabilityStatement } from 'fhir/r4.js';
import { asGatewayError } from '../../errors.ts';
import type { FhirServerConfig } from '../../runtime/config-fhir-server.ts';
import type { FhirReceiverConfig } from '../../runtime/config-receivers.ts';
import { connectFhirServer, tryToken } from '../fhir-server.ts';
import { failed, ok, warn, type Check } from './check.ts';
import { reachTimeoutMs } from './line-reach.ts';

/**
 * Asks the token endpoint for a token (SMART Backend Services).
 * @returns nothing where the server is not asked that way
 */
export async function tokenCheck(
  of: string,
  server: FhirServerConfig,
  setting: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const name = `token of ${of}`;
  try {
    const asked = { ...server, timeout: reachTimeoutMs };
    const host = await tryToken(asked, setting, env, AbortSignal.timeout(2 * reachTimeoutMs));
    return host === undefined ? [] : [ok(name, `${host} gives us one`)];
  } catch (thrown) {
    const next =
      'see that smart.tokenUrl holds, that its certificate does, and that they have our public key and scopes';
    return [failed(name, asGatewayError(thrown).message, next)];
  }
}

/**
 * Gets its CapabilityStatement, and looks for what notices need.
 * @param line what came of the connection
 */
export async function fhirReach(
  line: Check,
  receiver: FhirReceiverConfig,
  setting: string,
  env: NodeJS.ProcessEnv,
): Promise<Check> {
  const { operation } = receiver;
  const { name } = line;
  try {
    const asked = { ...receiver, timeout: reachTimeoutMs };
    const client = connectFhirServer(asked, setting, env, AbortSignal.timeout(2 * reachTimeoutMs));
    try {
      const statement = await client.capabilities();
      const version = /^[\w.-]{1,20}$/.test(statement.fhirVersion)
        ? statement.fhirVersion
        : 'unknown';
      const what = `${line.what}, as FHIR ${version}`;
      if (!version.startsWith('4.0')) {
        const next = 'notices are FHIR R4 (4.0): ask for the base of R4';
        return failed(name, what, next);
      }
      if (takesNotices(statement, operation)) return { ...line, what };
      const wanted = operation === 'create' ? 'create of Bundle' : '$process-message';
      const next = `ask whether it takes ${wanted}, or set operation to the other way`;
      return warn(name, `${what}, and does not say that it takes ${wanted}`, next);
    } finally {
      await client.close();
    }
  } catch (thrown) {
    const next =
      'see that it runs, that its address holds, and that our token and certificate are known';
    return failed(name, asGatewayError(thrown).message, next);
  }
}

function takesNotices(
  { rest, messaging }: CapabilityStatement,
  operation: FhirReceiverConfig['operation'],
): boolean {
  if (operation === 'process-message') {
    const isNamed = ({ name }: { readonly name: string }): boolean =>
      name.replace(/^\$/, '') === 'process-message';
    return (messaging ?? []).length > 0 || (rest ?? []).some((one) => one.operation?.some(isNamed));
  }
  return (rest ?? []).some((one) =>
    one.resource?.some(
      ({ type, interaction }) =>
        type === 'Bundle' && interaction?.some(({ code }) => code === 'create'),
    ),
  );
}
