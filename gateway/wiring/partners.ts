/** Partners and their tokens, from the configuration. */
import { createHash } from 'node:crypto';
import { checkTokens, type KnownPartner } from '../../adapters/inbound/receipts/server.ts';
import { secretOf, type Config } from '../runtime/config.ts';
import { fileToken, type TokenOf } from './tokens.ts';

export interface Partners {
  readonly list: readonly KnownPartner[];
  /** Where the token of a partner without `tokenEnv` lies. */
  readonly tokenFiles: ReadonlyMap<string, string>;
}

/** Without configured partners there are two, a municipality and primary care, with tokens made at the first start. */
export function partnersOf(
  config: Config,
  env: NodeJS.ProcessEnv,
  tokenOf: TokenOf = fileToken,
): Partners {
  const receivers = config.receivers.map((receiver) => receiver.id);
  const configured: Config['partners'] =
    config.partners.length > 0
      ? config.partners
      : [
          { id: 'municipality', kind: 'municipality', receivers },
          { id: 'primary-care', kind: 'primary-care', receivers },
        ];
  const tokenFiles = new Map<string, string>();
  const tokenFromFile = (partner: string): string => {
    const { file, token } = tokenOf(config, partner);
    tokenFiles.set(partner, file);
    return token;
  };
  const list = configured.map((partner): KnownPartner => {
    const token =
      partner.tokenEnv === undefined ? tokenFromFile(partner.id) : secretOf(partner.tokenEnv, env);
    return {
      id: partner.id,
      kind: partner.kind,
      receivers: partner.receivers,
      ...(partner.municipality !== undefined && { municipality: partner.municipality }),
      tokenSha256: createHash('sha256').update(token).digest(),
    };
  });
  checkTokens(list);
  return { list, tokenFiles };
}
