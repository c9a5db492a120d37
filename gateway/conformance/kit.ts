/** What a run is made with, and the short digest it is known by: the same kit and messages give the same result. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mappingsOfOne } from '../../adapters/inbound/hl7v2/index.ts';
import { packageRoot } from '../data-files.ts';
import { loadMappings } from '../../mappings/index.ts';
import type { Mappings } from '../../mappings/index.ts';
import { loadProfiles } from '../../profiles/index.ts';
import type { Profiles } from '../../profiles/index.ts';
import { GatewayError } from '../errors.ts';
import type { Kit } from './result.ts';

export interface KitOptions {
  /** Read every message as this sender, whatever MSH-3 and MSH-4 say. */
  readonly sender?: string | undefined;
  readonly mappings: readonly string[];
  readonly profiles: readonly string[];
}

export interface LoadedKit {
  readonly kit: Kit;
  readonly mappings: Mappings;
  readonly profiles: Profiles;
}

/** @throws GatewayError configuration-invalid for what cannot be loaded, and for a sender there is not */
export function loadKit({ sender, mappings: overlays, profiles: laid }: KitOptions): LoadedKit {
  const mappings = mappingsFor(overlays, sender);
  const manifest: { version: string; dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(packageRoot(), 'package.json'), 'utf8'),
  );
  return {
    mappings,
    profiles: loadProfiles({ overlays: laid }),
    kit: {
      hemgang: manifest.version,
      mappings: mappings.revision,
      profiles: revisionOf([join(packageRoot(), 'profiles'), ...laid]),
      dictionary: ['hl7v2', 'hl7v2-dictionary']
        .map((name) => `${name} ${manifest.dependencies[name] ?? ''}`)
        .join(', '),
      ...(sender !== undefined && { sender }),
    },
  };
}

/**
 * The mappings; with a sender asked for, every message is read as its.
 * @throws GatewayError configuration-invalid
 */
export function mappingsFor(overlays: readonly string[], sender: string | undefined): Mappings {
  const all = loadMappings({ overlays });
  checkSender(all, sender);
  return sender === undefined ? all : mappingsOfOne(all, sender);
}

/**
 * @param where it was asked for
 * @throws GatewayError configuration-invalid for a sender that no overlay is of
 */
export function checkSender(
  { senders }: Mappings,
  sender: string | undefined,
  where = '--sender',
): void {
  const known = senders.map(({ id }) => id);
  if (sender === undefined || known.includes(sender)) return;
  throw new GatewayError(
    'configuration-invalid',
    `${where} ${sender}: no such overlay; there are ${known.join(', ')}`,
  );
}

/** Digest of the data files of folders that lie over each other: of names below them and text, not of where they are. */
function revisionOf(folders: readonly string[]): string {
  const digest = createHash('sha256');
  for (const folder of folders) {
    if (!existsSync(folder)) continue; // the loader has said so
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const name of names.map((one) => one.replaceAll('\\', '/')).sort()) {
      if (!/\.(ya?ml|json)$/.test(name)) continue;
      const text = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
      digest.update(JSON.stringify([name, text]));
    }
  }
  return digest.digest('hex').slice(0, 12);
}

/** A short digest of plain data: keys in any order. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

/** JSON with sorted keys, so that equal data is equal text. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'null'
  );
}
