/** What the environment says: as a value, or in a file that it names, as container engines hand out secrets. */
import { readFileSync } from 'node:fs';
import { GatewayError } from '../errors.ts';

/**
 * The value of NAME, or what stands in the file that NAME_FILE names, without the end of its line; empty is not set.
 * @throws GatewayError configuration-invalid where both are set, or the file cannot be read
 */
export function environmentValue(
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const value = env[name] || undefined;
  const file = env[`${name}_FILE`] || undefined;
  if (file === undefined) return value;
  if (value !== undefined) {
    throw invalid(`${name} and ${name}_FILE are both set`, 'take one of them away');
  }
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '') || undefined;
  } catch (thrown) {
    const why = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    const next = `let it name a file that the gateway's user may read`;
    throw invalid(`${name}_FILE names ${file}, which cannot be read (${why})`, next);
  }
}

function invalid(what: string, next: string): GatewayError {
  return new GatewayError('configuration-invalid', `environment: ${what}\n  next: ${next}`);
}
