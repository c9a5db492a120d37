/**
 * Loads the mappings: what a sender's message means, as data.
 *
 * All of it is read and checked once, at start; what is wrong stops the start with the file and the key.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { z } from 'zod';
import { GatewayError } from '../gateway/errors.ts';
import { checkReferences } from './check.ts';
import { deepFreeze, readLaid } from './files.ts';
import type { LaidFile } from './files.ts';
import type { PendingFile } from './overlay.ts';
import { suggestion } from './spelling.ts';
import { adt, sender, table } from './schema.ts';
import type { AdtMapping, SenderMapping, Table } from './schema.ts';

export { parsePath, pathOf } from './hl7v2-path.ts';
export type { Hl7Path } from './hl7v2-path.ts';
export { municipalityCodes, parseSource } from './schema.ts';
export type {
  AdtMapping,
  EventEntry,
  MappingValue,
  SenderMapping,
  Source,
  Table,
  Trigger,
} from './schema.ts';

export interface Mappings {
  readonly adt: AdtMapping;
  readonly tables: ReadonlyMap<string, Table>;
  readonly senders: readonly SenderMapping[];
  /** Short digest of all content; part of every fact's id. */
  readonly revision: string;
}

/**
 * Reads the shipped mappings and the folders over them.
 * @param options.overlays folders of the same shape as `mappings/`, later ones on top
 * @param options.pending a file of an overlay as it would be: what would come of it
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadMappings(
  options: { overlays?: readonly string[]; pending?: PendingFile | undefined } = {},
): Mappings {
  const { overlays = [], pending } = options;
  const merged = readLaid(['hl7v2', 'hl7v2/tables', 'senders'], overlays, pending);
  const mappings = check(merged);
  const content = JSON.stringify(
    [...merged]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { content: tree }]) => [name, tree]),
  );
  const revision = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return deepFreeze({ ...mappings, revision });
}

function check(merged: ReadonlyMap<string, LaidFile>): Omit<Mappings, 'revision'> {
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
  // A key there is not explains the one that is missing.
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const at = (issue?.path ?? []).map(String);
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    throw invalid(`${file}: ${[...at, key].join('.')}: unknown key${suggestion(key, knownKeys)}`);
  }
  const fault = issue?.message.replace(/^Invalid input: .*received undefined$/, 'is missing');
  throw invalid(`${file}: ${at.join('.') || 'the file'}: ${fault ?? 'invalid'}`);
}

const knownKeys = [adt, sender, table]
  .flatMap((schema) => Object.keys(schema.shape))
  .concat([
    'events',
    'replace',
    'event',
    'function',
    'ifPresent',
    'ifNull',
    'ifEvent',
    'occurredAt',
    'data',
  ])
  .concat(['describing', 'constant', 'MSH-3', 'MSH-4'])
  .concat(Object.keys(adt.shape.patient.shape));

function invalid(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}
