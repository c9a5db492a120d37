/**
 * Loads the mappings: what a sender's message means, as data.
 *
 * All of it is read and checked once, at start; what is wrong stops the start with the file and the key. Users keep
 * their own files in folders that lie over the shipped ones: a file of the same name adds to it, key by key.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { GatewayError } from '../gateway/errors.ts';
import { checkReferences } from './check.ts';
import { suggestion } from './spelling.ts';
import { adt, sender, table } from './schema.ts';
import type { AdtMapping, SenderMapping, Table } from './schema.ts';

export { parsePath, pathOf } from './hl7v2-path.ts';
export type { Hl7Path } from './hl7v2-path.ts';
export { parseSource } from './schema.ts';
export type {
  AdtMapping,
  EventEntry,
  MappingValue,
  SenderMapping,
  Source,
  Table,
} from './schema.ts';

export interface Mappings {
  readonly adt: AdtMapping;
  readonly tables: ReadonlyMap<string, Table>;
  readonly senders: readonly SenderMapping[];
  /** Short digest of all content; part of every fact's id. */
  readonly revision: string;
}

type Tree = { [key: string]: unknown };
/** A merged file, and the files it came from (the last one is named in errors). */
interface Merged {
  readonly files: string[];
  content: unknown;
}

/**
 * Reads the shipped mappings and the folders over them.
 * @param options.overlays folders of the same shape as `mappings/`, later ones on top
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadMappings(options: { overlays?: readonly string[] } = {}): Mappings {
  const root = packageRoot();
  const merged = new Map<string, Merged>();
  for (const folder of [join(root, 'mappings'), ...(options.overlays ?? [])]) {
    if (!existsSync(folder)) throw invalid(`${folder}: there is no such folder`);
    const shown = folder.startsWith(root) ? folder.slice(root.length + 1) : folder;
    for (const name of filesIn(folder))
      readOver(merged, name, join(folder, name), join(shown, name));
  }
  const mappings = check(merged);
  const content = JSON.stringify(
    [...merged]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { content: tree }]) => [name, tree]),
  );
  const revision = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return deepFreeze({ ...mappings, revision });
}

/** The folder of the package, found from the sources and from `dist` alike. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw invalid('no package.json above the mappings');
    folder = above;
  }
  return folder;
}

function filesIn(folder: string): string[] {
  const names: string[] = [];
  for (const part of ['hl7v2', 'hl7v2/tables', 'senders']) {
    const path = join(folder, part);
    if (!existsSync(path)) continue;
    for (const name of readdirSync(path)) if (name.endsWith('.yaml')) names.push(`${part}/${name}`);
  }
  return names.sort();
}

function readOver(merged: Map<string, Merged>, name: string, file: string, shown: string): void {
  const document = parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: true });
  const error = document.errors[0];
  if (error !== undefined) throw invalid(`${shown}: ${error.message.split('\n')[0] ?? ''}`, error);
  const content: unknown = document.toJS();
  const below = merged.get(name);
  if (below === undefined) merged.set(name, { files: [shown], content });
  else {
    below.files.push(shown);
    below.content = lay(below.content, content);
  }
}

/** Lays one tree over another: objects key by key, everything else replaced. */
function lay(below: unknown, above: unknown): unknown {
  if (!isTree(below) || !isTree(above)) return above;
  const result: Tree = { ...below };
  for (const [key, value] of Object.entries(above)) {
    result[key] = Object.hasOwn(below, key) ? lay(below[key], value) : value;
  }
  return result;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function check(merged: ReadonlyMap<string, Merged>): Omit<Mappings, 'revision'> {
  let adtMapping: AdtMapping | undefined;
  const tables = new Map<string, Table>();
  const senders: SenderMapping[] = [];
  for (const [name, { files, content }] of merged) {
    const file = files.join(' + ');
    const stem = basename(name, '.yaml');
    if (name === 'hl7v2/adt.yaml') adtMapping = parse(adt, content, file);
    else if (name.startsWith('hl7v2/tables/')) tables.set(stem, parse(table, content, file));
    else if (name.startsWith('senders/'))
      senders.push(checkSender(parse(sender, content, file), stem, file, senders));
    else throw invalid(`${file}: no such mapping; expected hl7v2/adt.yaml`);
  }
  if (adtMapping === undefined) throw invalid('mappings/hl7v2/adt.yaml: missing');
  const mappings = { adt: adtMapping, tables, senders };
  checkReferences(mappings, (name) => merged.get(name)?.files.join(' + ') ?? name);
  return mappings;
}

function checkSender(
  one: SenderMapping,
  stem: string,
  file: string,
  others: readonly SenderMapping[],
): SenderMapping {
  if (one.id !== stem) throw invalid(`${file}: id: '${one.id}' is not the file's name`);
  const twin = others.find(
    ({ match }) => match['MSH-3'] === one.match['MSH-3'] && match['MSH-4'] === one.match['MSH-4'],
  );
  if (twin !== undefined) throw invalid(`${file}: match: the same MSH-3 and MSH-4 as ${twin.id}`);
  return one;
}

function parse<S extends z.ZodType>(schema: S, content: unknown, file: string): z.infer<S> {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const at = (issue?.path ?? []).map(String);
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    throw invalid(`${file}: ${[...at, key].join('.')}: unknown key${suggestion(key, knownKeys)}`);
  }
  throw invalid(`${file}: ${at.join('.') || 'the file'}: ${issue?.message ?? 'invalid'}`);
}

const knownKeys = [adt, sender, table]
  .flatMap((schema) => Object.keys(schema.shape))
  .concat(['events', 'replace', 'event', 'function', 'ifPresent', 'ifNull', 'occurredAt', 'data'])
  .concat(['describing', 'constant', 'MSH-3', 'MSH-4'])
  .concat(Object.keys(adt.shape.patient.shape));

function invalid(message: string, cause?: unknown): GatewayError {
  return new GatewayError('configuration-invalid', message, { cause });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    const inner = value instanceof Map ? value.values() : Object.values(value);
    for (const one of inner) deepFreeze(one);
  }
  return value;
}
