/** Profile files as files: found, read, held against a schema. What is wrong with one names file and key. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { packageRoot, parseYaml } from '../gateway/data-files.ts';
import { GatewayError } from '../gateway/errors.ts';

/**
 * @param path of one YAML file
 * @returns what it holds, unchecked and frozen
 * @throws GatewayError configuration-invalid for a file that cannot be read or is no YAML, and for the same key twice
 */
export function read(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new GatewayError('configuration-invalid', `${path}: cannot be read`, { cause });
  }
  return parseYaml(text, path);
}

/**
 * Holds content against a schema.
 * @param file named in errors
 * @throws GatewayError configuration-invalid with the key of the first fault
 */
export function check<T>(file: string, schema: z.ZodType<T>, content: unknown): T {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  // A key there is not explains the one that is missing.
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const path = [...(issue?.path ?? [])];
  if (issue?.code === 'unrecognized_keys') path.push(issue.keys[0] ?? '');
  throw invalid(
    file,
    path.join('.') || '(the file)',
    issue === undefined ? 'invalid' : faultOf(issue),
  );
}

/** What a schema finds wrong, in words for whoever wrote the file. */
function faultOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.message.endsWith('received undefined')) return 'is missing';
      return `is not ${typeWords[issue.expected] ?? `a ${issue.expected}`}`;
    case 'invalid_key':
      return `cannot stand here as a key: ${issue.issues[0]?.message ?? issue.message}`;
    case 'unrecognized_keys':
      return 'no such key';
    default:
      return issue.message;
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'a group of keys',
  record: 'a group of keys',
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
};

/** The known name that a misspelt one was probably meant as, as a question; nothing where none is near. */
export function meant(name: string, known: readonly string[]): string {
  // The longer the word, the more of it may be wrong; what stands before its dot is mostly right.
  const word = name.split('.').at(-1) ?? '';
  const near = Math.min(3, Math.max(1, Math.floor(word.length / 4)));
  const [best] = known
    .map((one) => ({ one, far: distance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ far }) => far <= near)
    .sort((a, b) => a.far - b.far);
  return best === undefined ? '' : `; is ${best.one} meant?`;
}

/** How many letters have to be put in, taken out or exchanged (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of from.split('').entries()) {
    const next = [index + 1];
    for (const [column, other] of to.split('').entries()) {
      const exchanged = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(exchanged, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
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

/** The shipped `profiles/`. */
export function shippedFolder(): string {
  return join(packageRoot(), 'profiles');
}
