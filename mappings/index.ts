/**
 * Loads the mappings: what a sender's message means, as data.
 *
 * All of it is read and checked once, at start; what is wrong stops the start with the file and the key.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { z } from 'zod';
import { deepFreeze } from '../gateway/data-files.ts';
import { GatewayError } from '../gateway/errors.ts';
import { within } from './check-parts.ts';
import { checkReferences } from './check.ts';
import { checkFhirReferences, typesOf } from './fhir-check.ts';
import { checkMessage, messageMapping } from './fhir-message.ts';
import type { MessageMapping } from './fhir-message.ts';
import { fhirFiles, fhirMapping, fhirOverlay } from './fhir-schema.ts';
import type { FhirMapping, MappedType } from './fhir-schema.ts';
import { readLaid } from './files.ts';
import type { LaidFile } from './files.ts';
import type { PendingFile } from './overlay.ts';
import { suggestion } from './spelling.ts';
import { adt, sender, table } from './schema.ts';
import type { AdtMapping, SenderMapping, Table } from './schema.ts';

export { listOf } from './check-parts.ts';
export { fhirPathOf, parseFhirPath } from './fhir-path.ts';
export type { FhirPath, FhirStep } from './fhir-path.ts';
export { fhirFiles, parseFhirSource, stands, takenBack, whenTold } from './fhir-schema.ts';
export type { Happening, MessageMapping } from './fhir-message.ts';
export type {
  FhirEntry,
  FhirMapping,
  FhirMappingValue,
  FhirOverlay,
  MappedType,
} from './fhir-schema.ts';
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
  readonly fhir: ReadonlyMap<MappedType, FhirMapping>;
  /** What the activity of a FHIR message means. */
  readonly message: MessageMapping;
  /** Of every standard; a name stands for one table. */
  readonly tables: ReadonlyMap<string, Table>;
  /** Names of the tables that lie in `fhir/tables`. */
  readonly fhirTables: ReadonlySet<string>;
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
  const merged = readLaid(folders, overlays, pending);
  const mappings = check(merged);
  const content = JSON.stringify(
    [...merged]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { content: tree }]) => [name, tree]),
  );
  const revision = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return deepFreeze({ ...mappings, revision });
}

const messageFile = 'fhir/message.yaml';
const folders = ['hl7v2', 'hl7v2/tables', 'fhir', 'fhir/tables', 'senders'];
const fhirNames = new Map<string, MappedType>(
  typesOf(fhirFiles).map((type) => [`fhir/${fhirFiles[type]}.yaml`, type]),
);

function check(merged: ReadonlyMap<string, LaidFile>): Omit<Mappings, 'revision'> {
  let adtMapping: AdtMapping | undefined;
  let message: MessageMapping | undefined;
  const fhir = new Map<MappedType, FhirMapping>();
  const tables = new Map<string, Table>();
  const fhirTables = new Set<string>();
  const senders: SenderMapping[] = [];
  for (const [name, { files, content }] of merged) {
    const file = files.join(' + ');
    const stem = basename(name, '.yaml');
    const type = fhirNames.get(name);
    if (name === 'hl7v2/adt.yaml') adtMapping = parse(adt, content, file);
    else if (name === messageFile) message = parse(messageMapping, content, file);
    else if (type !== undefined)
      fhir.set(type, ofType(parse(fhirMapping, content, file), type, file));
    else if (name.startsWith('hl7v2/tables/') || name.startsWith('fhir/tables/')) {
      if (tables.has(stem)) {
        throw invalid(`${file}: a table of another standard has that name; choose another one`);
      }
      if (name.startsWith('fhir/')) fhirTables.add(stem);
      tables.set(stem, parse(table, content, file));
    } else if (name.startsWith('senders/'))
      senders.push(checkSender(parse(sender, content, file), stem, file, senders));
    else throw invalid(`${file}: no such mapping; expected ${expectedBeside(name)}`);
  }
  if (adtMapping === undefined) throw invalid('mappings/hl7v2/adt.yaml: missing');
  if (message === undefined) throw invalid(`mappings/${messageFile}: missing`);
  const mappings = { adt: adtMapping, fhir, message, tables, fhirTables, senders };
  const fileOf = (name: string): string => merged.get(name)?.files.join(' + ') ?? name;
  checkReferences(mappings, fileOf);
  within(fileOf(messageFile), () => checkMessage(message));
  checkFhirReferences(mappings, fileOf, (name) => tableFileOf(mappings, name));
  return mappings;
}

/** The file of a table below `mappings/`: `fhir/tables/encounter-class.yaml`. */
export function tableFileOf({ fhirTables }: Pick<Mappings, 'fhirTables'>, name: string): string {
  return `${fhirTables.has(name) ? 'fhir' : 'hl7v2'}/tables/${name}.yaml`;
}

function expectedBeside(name: string): string {
  return name.startsWith('fhir/')
    ? [...fhirNames.keys(), messageFile].join(', ')
    : 'hl7v2/adt.yaml';
}

function ofType(mapping: FhirMapping, type: MappedType, file: string): FhirMapping {
  if (mapping.resource === type) return mapping;
  throw invalid(`${file}: resource: '${mapping.resource}' is not the file's; it is ${type}`);
}

function checkSender(
  one: SenderMapping,
  stem: string,
  file: string,
  others: readonly SenderMapping[],
): SenderMapping {
  if (one.id !== stem) throw invalid(`${file}: id: '${one.id}' is not the file's name`);
  const { match, charset, fhir } = one;
  if (match === undefined && fhir === undefined) {
    throw invalid(
      `${file}: match: is missing; a sender of HL7 v2 needs match and charset, one of FHIR needs fhir`,
    );
  }
  if ((match === undefined) !== (charset === undefined)) {
    const missing = match === undefined ? 'match' : 'charset';
    throw invalid(`${file}: ${missing}: is missing; a sender of HL7 v2 needs match and charset`);
  }
  if (match !== undefined && one.hospital === undefined) {
    throw invalid(`${file}: hospital: is missing; a sender of HL7 v2 is a hospital`);
  }
  const own = match === undefined ? hl7Keys.find((key) => one[key] !== undefined) : undefined;
  if (own !== undefined) throw invalid(`${file}: ${own}: is of HL7 v2, and there is no match`);
  const twin = others.find(
    (other) =>
      match !== undefined &&
      other.match?.['MSH-3'] === match['MSH-3'] &&
      other.match['MSH-4'] === match['MSH-4'],
  );
  if (twin !== undefined) throw invalid(`${file}: match: the same MSH-3 and MSH-4 as ${twin.id}`);
  return one;
}

/** What only a sender of HL7 v2 has; it needs `match` then. */
const hl7Keys = [
  'triggers',
  'stay',
  'patient',
  'municipality',
  'protection',
  'outpatientUnit',
  'acceptedProcessingIds',
  'ack',
  'warningsInAck',
  'sequenceNumbers',
] as const satisfies readonly (keyof SenderMapping)[];

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

const knownKeys = [adt, sender, table, fhirMapping, fhirOverlay, messageMapping]
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
  .concat(['describing', 'constant', 'MSH-3', 'MSH-4', 'ifGone'])
  .concat(Object.keys(adt.shape.patient.shape));

function invalid(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}
