import { readFileSync } from 'node:fs';
import { explain, renderExplanation } from '../../adapters/inbound/hl7v2/explain.ts';
import { loadMappings } from '../../mappings/index.ts';
import { loadMessageProfiles } from '../../profiles/index.ts';
import { GatewayError } from '../errors.ts';

export interface ExplainOptions {
  readonly file: string;
  readonly sender?: string | undefined;
  readonly mappings: readonly string[];
  readonly profiles: readonly string[];
  readonly json: boolean;
}

/** What one message becomes. @returns the exit code: 0 when it would be accepted, whatever is remarked */
export async function explainFile(options: ExplainOptions): Promise<number> {
  const mappings = loadMappings({ overlays: options.mappings });
  const profiles = loadMessageProfiles({
    overlays: options.profiles,
    known: { tables: mappings.tables.keys(), senders: mappings.senders.map(({ id }) => id) },
  });
  const raw = readMessage(options.file);
  const explanation = await explain(raw, mappings, options.sender, profiles);
  const text = options.json ? JSON.stringify(explanation, null, 2) : renderExplanation(explanation);
  process.stdout.write(`${text}\n`);
  return explanation.error === undefined ? 0 : 1;
}

function readMessage(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch {
    throw new GatewayError(
      'configuration-invalid',
      `${file}: cannot be read; give the path of one message`,
    );
  }
}
