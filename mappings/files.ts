/**
 * The mapping files as files: found, read and laid over each other. What they mean is checked by who asks for them.
 *
 * Users keep their own files in folders that lie over the shipped ones: a file of the same name adds to it, key by key.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot, parseYaml } from '../gateway/data-files.ts';
import { GatewayError } from '../gateway/errors.ts';
import type { PendingFile } from './overlay.ts';

const largestFileBytes = 1_048_576;

/** A file as it stands after all that lies over it, and the files it came from, for errors. */
export interface LaidFile {
  readonly files: readonly string[];
  readonly content: unknown;
}

/**
 * Reads the shipped files and those over them.
 * @param parts folders of `mappings/` to read: `senders`, `hl7v2/tables`
 * @param overlays folders of the same shape as `mappings/`, later ones on top
 * @param pending a file of one of them as it would be, read in the place of what is there
 * @returns by name below `mappings/`: `senders/ekliden.yaml`
 * @throws GatewayError configuration-invalid naming the file
 */
export function readLaid(
  parts: readonly string[],
  overlays: readonly string[],
  pending?: PendingFile,
): ReadonlyMap<string, LaidFile> {
  const root = packageRoot();
  const laid = new Map<string, LaidFile>();
  for (const folder of [join(root, 'mappings'), ...overlays]) {
    if (!existsSync(folder) && pending?.folder !== folder)
      throw invalid(`${folder}: there is no such folder`);
    const shown = folder.startsWith(root) ? folder.slice(root.length + 1) : folder;
    const edited = pending?.folder === folder ? pending : undefined;
    for (const name of namesIn(folder, parts, edited?.name)) {
      const file = join(shown, name);
      const text = edited?.name === name ? edited.text : readText(join(folder, name), file);
      const content = parseYaml(text, file);
      const below = laid.get(name);
      laid.set(name, {
        files: [...(below?.files ?? []), file],
        content: below === undefined ? content : lay(below.content, content),
      });
    }
  }
  return laid;
}

function namesIn(folder: string, parts: readonly string[], more?: string): string[] {
  const names: string[] = [];
  for (const part of parts) {
    const path = join(folder, part);
    if (!existsSync(path)) continue;
    for (const name of readdirSync(path)) if (name.endsWith('.yaml')) names.push(`${part}/${name}`);
  }
  if (more !== undefined && !names.includes(more)) names.push(more);
  return names.sort();
}

function readText(file: string, shown: string): string {
  if (statSync(file).size > largestFileBytes) throw invalid(`${shown}: larger than 1 MiB`);
  return readFileSync(file, 'utf8');
}

/** Lays one tree over another: objects key by key, everything else replaced. */
function lay(below: unknown, above: unknown): unknown {
  if (!isTree(below) || !isTree(above)) return above;
  const entries = Object.entries(above).map(([key, value]) => [
    key,
    Object.hasOwn(below, key) ? lay(below[key], value) : value,
  ]);
  return { ...below, ...Object.fromEntries(entries) };
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}
