/** Short digests of what a gateway goes by: to see whether what stands in the files is what is in force. */
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../data-files.ts';
import type { Config } from '../runtime/config.ts';

export interface Digests {
  /** Of the settings that instances share, as they hold: file, environment and flags together. */
  readonly configuration: string;
  /** The revision that stands in every fact. */
  readonly mappings: string;
  readonly profiles: string;
  /** Of the settings that are one host's own: where it listens and keeps its data, what it does. */
  readonly host: string;
}

/** What instances on one journal should have in common: else the same message means one thing here and another there. */
export const sharedDigests = ['configuration', 'mappings', 'profiles'] as const;
export const digestNames = [...sharedDigests, 'host'] as const satisfies readonly (keyof Digests)[];

const ofHost: ReadonlySet<string> = new Set<keyof Config | 'broker'>([
  ...(['data', 'journal', 'broker', 'instance', 'log', 'storage', 'metrics', 'stop'] as const),
  ...(['mllp', 'folders', 'http'] as const),
]);
/** Names of folders: what stands in them has a digest of its own. */
const byContent: ReadonlySet<string> = new Set<keyof Config>(['mappings', 'profiles']);

/** @param mappings those of the configuration */
export function digestsOf(config: Config, mappings: { readonly revision: string }): Digests {
  // A cluster of brokers has an address for each host.
  const broker = 'url' in config.bus ? config.bus.url : undefined;
  const sections = { ...config, bus: { ...config.bus, url: undefined }, broker };
  const shared: unknown[] = [];
  const own: unknown[] = [];
  for (const [section, settings] of Object.entries(sections)) {
    if (byContent.has(section)) continue;
    (ofHost.has(section) ? own : shared).push([section, settings]);
  }
  return {
    configuration: short(JSON.stringify(shared)),
    mappings: mappings.revision,
    profiles: short([join(packageRoot(), 'profiles'), ...config.profiles].map(textOf).join('\n')),
    host: short(JSON.stringify(own)),
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
