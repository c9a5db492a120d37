import { readFileSync, statSync } from 'node:fs';
import { explain, renderExplanation } from '../../adapters/inbound/hl7v2/explain.ts';
import { looksLikeFhir } from '../../adapters/inbound/fhir/from-files.ts';
import { loadMappings, type Mappings } from '../../mappings/index.ts';
import { loadMessageProfiles } from '../../profiles/index.ts';
import { GatewayError } from '../errors.ts';
import { checkSender } from '../conformance/kit.ts';
import { explainFhir, renderFhirExplanation } from './explain-fhir.ts';
import { wrong } from './question.ts';

export interface ExplainOptions {
  readonly file: string;
  readonly sender?: string | undefined;
  readonly mappings: readonly string[];
  readonly profiles: readonly string[];
  readonly json: boolean;
}

/**
 * What one message becomes, or the resources of one file of FHIR.
 * @returns the exit code: 0 when it would be accepted, whatever is remarked; 1 when refused or parked
 */
export async function explainFile(options: ExplainOptions): Promise<number> {
  const mappings = loadMappings({ overlays: options.mappings });
  checkSender(mappings, options.sender);
  const raw = readMessage(options.file);
  if (looksLikeFhir(options.file, raw)) return explainFhirFile(raw, mappings, options);
  const profiles = loadMessageProfiles({
    overlays: options.profiles,
    known: { tables: mappings.tables.keys(), senders: mappings.senders.map(({ id }) => id) },
  });
  const explanation = await explain(raw, mappings, options.sender, profiles);
  const text = options.json ? JSON.stringify(explanation, null, 2) : renderExplanation(explanation);
  process.stdout.write(`${text}\n`);
  const { error, translation } = explanation;
  return error === undefined && translation?.unmapped.length === 0 ? 0 : 1;
}

async function explainFhirFile(
  raw: Uint8Array,
  mappings: Mappings,
  { sender, json }: ExplainOptions,
): Promise<number> {
  const explanation = await explainFhir(raw, mappings, sender);
  const text = json ? JSON.stringify(explanation, null, 2) : renderFhirExplanation(explanation);
  process.stdout.write(`${text}\n`);
  const { resources } = explanation;
  return resources.length > 0 &&
    resources.every(({ translation }) => translation?.unmapped.length === 0)
    ? 0
    : 1;
}

function readMessage(file: string): Uint8Array {
  try {
    if (statSync(file).isDirectory()) {
      throw wrong(`${file} is a folder: name one message in it, or read all by conformance run`);
    }
    return readFileSync(file);
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    throw wrong(`${file}: cannot be read; give the path of one message`);
  }
}
