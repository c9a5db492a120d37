/** A receiver of notices that has a FHIR server, from the configuration. */
import { fhirNotices } from '../../adapters/outbound/notices/fhir/index.ts';
import type { MunicipalWords } from '../../mappings/municipal.ts';
import { GatewayError } from '../errors.ts';
import type { FhirReceiverConfig } from '../runtime/config-receivers.ts';
import type { Config } from '../runtime/config.ts';
import { connectFhirServer } from './fhir-server.ts';

/**
 * @param setting where it stands: `receivers.0`
 * @throws GatewayError configuration-invalid naming the setting; it never quotes a secret
 */
export function fhirReceiver(
  receiver: FhirReceiverConfig,
  { fhir }: Pick<Config, 'fhir'>,
  words: MunicipalWords,
  env: NodeJS.ProcessEnv,
  setting: string,
): ReturnType<typeof fhirNotices> {
  const { id, operation, recognisesRepeats } = receiver;
  const source = receiver.source ?? fhir.baseUrl;
  if (source === undefined) {
    throw new GatewayError(
      'configuration-invalid',
      'a message says who sends it: enter source, the address of this gateway as they know it, or fhir.baseUrl',
      { location: `${setting}.source` },
    );
  }
  // A delivery brings its own signal, and is told apart by it.
  const { signal } = new AbortController();
  return fhirNotices({
    receiverId: id,
    client: connectFhirServer(receiver, setting, env, signal, recognisesRepeats),
    operation,
    source: source.replace(/\/+$/, ''),
    idempotent: recognisesRepeats,
    words,
  });
}
