/** Bearer tokens that are made at the first start, for those that have none in the environment. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GatewayError } from '../errors.ts';
import { dataFolder, type Config } from '../runtime/config.ts';

export interface FileToken {
  readonly file: string;
  readonly token: string;
  /** Made now: nobody has been told of it yet. */
  readonly isNew: boolean;
}

/** As many characters have 16 bytes in base64url: fewer can be guessed. */
export const fewestCharacters = 22;

const newToken = (): string => randomBytes(32).toString('base64url');

/** Gives the token of a name. */
export type TokenOf = (config: Config, name: string) => FileToken;

/** As `fileToken`, for whoever only looks: one that is not there yet is not made. */
export const tokenThatWouldBe: TokenOf = (config, name) => {
  const file = join(dataFolder(config), 'tokens', name);
  return existsSync(file) ? fileToken(config, name) : { file, token: newToken(), isNew: true };
};

/**
 * The token of that name in the data folder, made where there is none. Only the gateway's own user can read it.
 * @throws GatewayError configuration-invalid for a file that holds no token
 */
export function fileToken(config: Config, name: string): FileToken {
  const folder = join(dataFolder(config), 'tokens');
  const file = join(folder, name);
  const isNew = !existsSync(file);
  if (isNew) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, newToken(), { mode: 0o600 });
  }
  const token = readFileSync(file, 'utf8').trim();
  if (token.length < fewestCharacters) {
    throw new GatewayError(
      'configuration-invalid',
      `${file}: holds no token\n  next: delete it; the next start makes another`,
    );
  }
  return { file, token, isNew };
}
