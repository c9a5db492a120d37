/** Partners and their tokens, from the configuration. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KnownPartner } from '../../adapters/inbound/receipts/server.ts';
import { dataFolder, secretOf, type Config } from '../runtime/config.ts';

export interface Partners {
  readonly list: readonly KnownPartner[];
  /** Where the token of a partner without `tokenEnv` lies. */
  readonly tokenFiles: ReadonlyMap<string, string>;
}

/** Without configured partners there are two, a municipality and primary care, with tokens made at the first start. */
export function partnersOf(config: Config, env: NodeJS.ProcessEnv): Partners {
  const receivers = config.receivers.map((receiver) => receiver.id);
  const configured: Config['partners'] =
    config.partners.length > 0
      ? config.partners
      : [
          { id: 'municipality', kind: 'municipality', receivers },
          { id: 'primary-care', kind: 'primary-care', receivers },
        ];
  const tokenFiles = new Map<string, string>();
  const list = configured.map((partner): KnownPartner => {
    const token =
      partner.tokenEnv === undefined
        ? tokenFromFile(config, partner.id, tokenFiles)
        : secretOf(partner.tokenEnv, env);
    return {
      id: partner.id,
      kind: partner.kind,
      receivers: partner.receivers,
      ...(partner.municipality !== undefined && { municipality: partner.municipality }),
      tokenSha256: createHash('sha256').update(token).digest(),
    };
  });
  return { list, tokenFiles };
}

function tokenFromFile(config: Config, partner: string, files: Map<string, string>): string {
  const folder = join(dataFolder(config), 'tokens');
  const file = join(folder, partner);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  }
  files.set(partner, file);
  return readFileSync(file, 'utf8').trim();
}
