/** The people who answer for what is done in their name, each known by a token of their own. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { GatewayError } from '../errors.ts';
import { secretOf, type Config } from '../runtime/config.ts';
import type { Right } from '../runtime/config-users.ts';
import { fewestCharacters, type TokenOf } from './tokens.ts';

export interface User {
  readonly name: string;
  readonly may: readonly Right[];
}

export interface Users {
  /**
   * Who has this token and may do that.
   * @throws GatewayError configuration-invalid, without the token in its text, where nobody has it or they may not
   */
  require(token: string, right: Right): User;
  /** Where the token of a user without `tokenEnv` lies, by name. */
  readonly tokenFiles: ReadonlyMap<string, string>;
}

/** @throws GatewayError configuration-invalid for a token that can be guessed, or that two have */
export function usersOf(config: Config, env: NodeJS.ProcessEnv, tokenOf: TokenOf): Users {
  const tokenFiles = new Map<string, string>();
  const known = config.users.map(({ name, may, tokenEnv }, index) => {
    if (tokenEnv !== undefined) {
      const token = secretOf(tokenEnv, env);
      if (token.length < fewestCharacters) {
        const what = `${tokenEnv}: a token has ${fewestCharacters} characters or more`;
        throw new GatewayError('configuration-invalid', what, { location: `users.${index}` });
      }
      return { name, may, digest: digestOf(token) };
    }
    const made = tokenOf(config, join('users', name));
    tokenFiles.set(name, made.file);
    return { name, may, digest: digestOf(made.token) };
  });
  const twice = known.findIndex(({ digest }, index) =>
    known.slice(0, index).some((other) => other.digest.equals(digest)),
  );
  if (twice >= 0) {
    const what = `${known[twice]?.name ?? ''} has the token of another user: a person is known by it`;
    throw new GatewayError('configuration-invalid', what, { location: `users.${twice}` });
  }
  return {
    tokenFiles,
    require(token, right) {
      const digest = digestOf(token);
      const user = known.find((one) => timingSafeEqual(one.digest, digest));
      if (user === undefined) {
        const next = 'next: users: in the configuration names them; take the token of one of them';
        throw new GatewayError('configuration-invalid', `no user has this token\n  ${next}`);
      }
      const { name, may } = user;
      if (!may.includes(right)) {
        const next = `next: let one do it who may, or give ${name} the right in users:`;
        throw new GatewayError('configuration-invalid', `${name} may not ${right}\n  ${next}`);
      }
      return { name, may };
    },
  };
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
