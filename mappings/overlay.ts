/** One entry more in a table of a user's overlay: what stands in the file keeps its order and its comments. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Document, Scalar, YAMLMap, isMap, parseDocument } from 'yaml';
import { GatewayError } from '../gateway/errors.ts';
import type { Target } from './targets.ts';

export interface NewEntry {
  /** Where the table lies below `mappings/` (`tableFileOf`). */
  readonly file: string;
  readonly code: string;
  readonly target: Target;
  /** Where it is agreed: stands beside the entry, as a comment. One line. */
  readonly reference: string;
}

/** A file of an overlay as it would be: what `loadMappings` reads in its place, and `writeFile` writes. */
export interface PendingFile {
  /** The overlay's folder. */
  readonly folder: string;
  /** Name below it: `hl7v2/tables/0004-admission.yaml`. */
  readonly name: string;
  readonly text: string;
}

/**
 * The table's file in an overlay with one more entry. Nothing is written.
 * @throws GatewayError configuration-invalid where the file is not YAML, or has the code already
 */
export function withEntry(
  folder: string,
  { file: name, code, target, reference }: NewEntry,
): PendingFile {
  const file = join(folder, name);
  const document = existsSync(file) ? parsed(file) : new Document({ entries: {} });
  const entries = entriesOf(document, file);
  const key = new Scalar(code);
  if (entries.items.some((pair) => textOf(pair.key) === code)) {
    throw invalid(`${file}: entries.${code}: stands there already; change it there`);
  }
  const value = new Scalar(target);
  value.comment = ` ${reference}`;
  entries.flow = false;
  entries.add(document.createPair(key, value));
  return { folder, name, text: document.toString({ lineWidth: 0 }) };
}

/** Writes it whole: whoever reads meanwhile finds the file as it was, or as it is now. */
export function writePending({ folder, name, text }: PendingFile): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
  return file;
}

function parsed(file: string): Document {
  const document = parseDocument(readFileSync(file, 'utf8'));
  const error = document.errors[0];
  if (error === undefined) return document;
  throw invalid(
    `${file}: line ${error.linePos?.[0].line ?? 0}: ${error.message.split('\n')[0] ?? ''}`,
  );
}

function entriesOf(document: Document, file: string): YAMLMap {
  if (document.contents === null) document.contents = new YAMLMap();
  if (!isMap(document.contents)) throw invalid(`${file}: not a table; it has no keys`);
  const entries: unknown = document.get('entries', true);
  if (isMap(entries)) return entries;
  if (entries !== undefined && textOf(entries) !== 'null') {
    throw invalid(`${file}: entries: not a list of codes with what they mean`);
  }
  const fresh = new YAMLMap();
  document.set('entries', fresh);
  return fresh;
}

function textOf(key: unknown): string {
  return String(key instanceof Scalar ? key.value : key);
}

function invalid(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}
