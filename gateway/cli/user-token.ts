/** The token of who answers for it: from the environment or a file, never from the command line, where others see it. */
import { readFileSync } from 'node:fs';
import { environmentValue } from '../runtime/environment.ts';
import { wrong } from './question.ts';

export interface TokenOptions {
  /** File that holds it. */
  readonly tokenFile?: string | undefined;
}

const variable = 'HEMGANG_USER_TOKEN';

/** @throws GatewayError configuration-invalid where there is none */
export function tokenOf({ tokenFile }: TokenOptions): string {
  const token =
    tokenFile === undefined ? environmentValue(variable, process.env) : contentOf(tokenFile);
  if (token !== undefined && token !== '') return token;
  throw wrong(
    `this is done in somebody's name, and nobody has said whose\n  next: set ${variable} to your token, or ${variable}_FILE or --token-file to the file that holds it; users: in the configuration says who may`,
  );
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    throw wrong(`--token-file ${file}: cannot be read (${code})`);
  }
}
