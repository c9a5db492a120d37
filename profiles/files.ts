/** Profile files as files: found, read, held against a schema. What is wrong with one names file and key. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { z } from 'zod';
import { GatewayError } from '../gateway/errors.ts';

/**
 * @param path of one YAML file
 * @returns what it holds, unchecked
 * @throws GatewayError configuration-invalid for text that is no YAML, and for the same key twice
 */
export function read(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'), { uniqueKeys: true }) as unknown;
  } catch (cause) {
    const line = cause instanceof Error ? cause.message.split('\n')[0] : 'unreadable';
    throw new GatewayError('configuration-invalid', `${path}: ${line ?? ''}`, { cause });
  }
}

/**
 * Holds content against a schema.
 * @param file named in errors
 * @throws GatewayError configuration-invalid with the key of the first fault
 */
export function check<T>(file: string, schema: z.ZodType<T>, content: unknown): T {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [...(issue?.path ?? [])];
  if (issue?.code === 'unrecognized_keys') path.push(issue.keys[0] ?? '');
  throw invalid(file, path.join('.') || '(the file)', issue?.message ?? 'invalid');
}

/** A fault of a file, by its key. */
export function invalid(file: string, key: string, what: string): GatewayError {
  return new GatewayError('configuration-invalid', `${file}: ${key}: ${what}`, {
    location: `${file}: ${key}`,
  });
}

/** Names of the YAML files of a folder, sorted; none where there is no such folder. */
export function yamlFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
}

/** Names of the folders in a folder, sorted; none where there is no such folder. */
export function foldersIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The shipped `profiles/`: beside package.json, the same from the sources and from `dist/`. */
export function shippedFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw invalid(folder, '(the folder)', 'no package.json above profiles');
    folder = parent;
  }
  return join(folder, 'profiles');
}

/** What was loaded stays as it was checked. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const one of Object.values(value)) deepFreeze(one);
  }
  return value;
}
