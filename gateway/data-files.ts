/** What the folders of data (`mappings/`, `profiles/`) have in common as files: where they are, and each parsed once. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { GatewayError } from './errors.ts';

/** The folder of the package, beside package.json: the same from the sources and from `dist/`. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) {
      throw new GatewayError('configuration-invalid', 'no package.json above the program');
    }
    folder = above;
  }
  return folder;
}

/** What each file held last: a reload parses what has changed, for to parse all of them holds up the messages. */
const parsed = new Map<string, { readonly text: string; readonly content: unknown }>();

/**
 * @param file as errors name it; each has one
 * @returns what the YAML says, unchecked and frozen
 * @throws GatewayError configuration-invalid with the line, for text that is no YAML and for the same key twice
 */
export function parseYaml(text: string, file: string): unknown {
  const last = parsed.get(file);
  if (last?.text === text) return last.content;
  const document = parseDocument(text, { uniqueKeys: true });
  const error = document.errors[0];
  if (error === undefined) {
    const content: unknown = deepFreeze(document.toJS());
    parsed.set(file, { text, content });
    return content;
  }
  const line = error.linePos?.[0].line ?? 0;
  const what = error.message.split('\n')[0] ?? error.code;
  throw new GatewayError('configuration-invalid', `${file}: line ${line}: ${what}`, {
    cause: error,
  });
}

/** What was loaded stays as it was checked. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    const inner = value instanceof Map ? value.values() : Object.values(value);
    for (const one of inner) deepFreeze(one);
  }
  return value;
}
