/** Short digests of what a gateway goes by: to see whether what stands in the files is what is in force. */
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../mappings/files.ts';
import type { Config } from '../runtime/config.ts';

export interface Digests {
  /** Of the settings as they hold: file, environment and flags together. */
  readonly configuration: string;
  /** The revision that stands in every fact. */
  readonly mappings: string;
  readonly profiles: string;
}

export function digestsOf(config: Config, mappings: { readonly revision: string }): Digests {
  return {
    configuration: short(JSON.stringify(config)),
    mappings: mappings.revision,
    profiles: short([join(packageRoot(), 'profiles'), ...config.profiles].map(textOf).join('\n')),
  };
}

/** Names and content of what parameters are read from. */
function textOf(folder: string): string {
  return ['law', 'regions']
    .filter((part) => existsSync(join(folder, part)))
    .flatMap((part) =>
      readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.yaml'))
        .sort()
        .map((name) => `${part}/${name}\n${readFileSync(join(folder, part, name), 'utf8')}`),
    )
    .join('\n');
}

const short = (text: string): string => hash('sha256', text).slice(0, 12);
