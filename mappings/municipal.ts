/**
 * The Swedish words of each notice, and which fields it carries: `municipal/<obligation>.yaml`, one file an obligation,
 * and `municipal/vocabulary.yaml`. Loaded, checked and frozen once; what is wrong stops the start, by file and key.
 */
import { basename } from 'node:path';
import { z } from 'zod';
import { deepFreeze } from '../gateway/data-files.ts';
import { GatewayError } from '../gateway/errors.ts';
import {
  noticedObligations,
  noticeFields,
  numberKinds,
  recipientRoles,
  type NoticedObligation,
  type NoticeField,
} from '../gateway/process/events.ts';
import { readLaid } from './files.ts';
import type { LaidFile } from './files.ts';

/** Placeholders that say nothing of a person: every text may have them, a withdrawal only them. */
const openPlaceholders = [
  'caseReference',
  'role',
  'municipality',
  'decidedAt',
  'replacedAt',
] as const;
/** `personNumber` brings the name of its kind along. */
const kindOfNumber = 'numberKind';

const sentence = z.string().min(1).max(500);
const phrase = z.strictObject({ title: sentence, body: z.array(sentence).min(1).max(30) });
const noticeWords = z.strictObject({
  reference: sentence,
  /** What must be in it: said to be missing where it is not known. */
  mandatory: z.array(z.enum(noticeFields)).max(noticeFields.length),
  /** What is in it where it is known. */
  optional: z.array(z.enum(noticeFields)).max(noticeFields.length),
  issued: phrase,
  corrected: phrase,
  withdrawn: phrase,
});
const vocabulary = z.strictObject({
  missing: sentence,
  /** In the place of the address of a protected person. */
  withheld: sentence,
  roles: z.record(z.enum(recipientRoles), sentence),
  numberKinds: z.record(z.enum(numberKinds).exclude(['none']), sentence),
  services: z.strictObject({
    socialServices: sentence,
    municipalHealthCare: sentence,
    regionOutpatient: sentence,
  }),
});

export type NoticeWords = z.infer<typeof noticeWords>;
export type Vocabulary = z.infer<typeof vocabulary>;
const reminderWords = z.strictObject({ title: sentence, body: z.array(sentence).min(1).max(10) });

export interface MunicipalWords {
  readonly vocabulary: Vocabulary;
  /** Asks for an acknowledgement; of the person it says nothing. */
  readonly reminder: z.infer<typeof reminderWords>;
  readonly notices: Readonly<Record<NoticedObligation, NoticeWords>>;
}

/** Fields of a notice by law or guideline, at any time and in any place; `mandatory` are those that must be said. */
export interface Carried {
  readonly mandatory: ReadonlySet<NoticeField>;
  readonly optional: ReadonlySet<NoticeField>;
}
export type CarriedFields = (obligation: NoticedObligation) => Carried;

/**
 * Loads the shipped words and lays the user's own over them, key by key; a list is replaced whole.
 * @param overlays mapping folders of the user (`--mappings DIR`): `DIR/municipal/<obligation>.yaml`
 * @param carried what the profiles let a notice carry; words for more are refused
 * @throws GatewayError configuration-invalid, naming file and key
 */
export function loadMunicipalWords(
  overlays: readonly string[] = [],
  carried?: CarriedFields,
): MunicipalWords {
  const stems = wordFiles(overlays);
  const read = (obligation: NoticedObligation): NoticeWords =>
    readNotice(stems, obligation, carried?.(obligation));
  const notices = {
    'admission-notice': read('admission-notice'),
    'discharge-estimate': read('discharge-estimate'),
    'discharge-ready-notice': read('discharge-ready-notice'),
    'planning-call': read('planning-call'),
    'compulsory-care-notice': read('compulsory-care-notice'),
    'discharge-notice': read('discharge-notice'),
    'death-notice': read('death-notice'),
  };
  return deepFreeze({
    vocabulary: readAs(vocabulary, stems, 'vocabulary'),
    reminder: readReminder(stems),
    notices,
  });
}

/** The files by stem; a stem that names nothing is an error. */
function wordFiles(overlays: readonly string[]): ReadonlyMap<string, LaidFile> {
  const known = new Set<string>([...noticedObligations, 'vocabulary', 'reminder']);
  const stems = new Map<string, LaidFile>();
  for (const [name, file] of readLaid(['municipal'], overlays)) {
    const stem = basename(name, '.yaml');
    if (!known.has(stem)) throw invalid(file.files.join(' + '), '', 'no obligation has this name');
    stems.set(stem, file);
  }
  return stems;
}

// ---------------------------------------------------------------- checking

function readNotice(
  stems: ReadonlyMap<string, LaidFile>,
  obligation: NoticedObligation,
  carriable: Carried | undefined,
): NoticeWords {
  const words = readAs(noticeWords, stems, obligation);
  const file = stems.get(obligation)?.files.join(' + ') ?? obligation;
  const fields = [...words.mandatory, ...words.optional];
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice !== undefined) throw invalid(file, 'optional', `${twice} is listed twice`);
  if (carriable !== undefined) checkCarried(file, words, carriable);
  const carried = new Set<string>([...openPlaceholders, ...fields]);
  if (carried.has('personNumber')) carried.add(kindOfNumber);
  checkPlaceholders(file, 'issued', words.issued, carried);
  checkPlaceholders(file, 'corrected', words.corrected, carried);
  checkPlaceholders(file, 'withdrawn', words.withdrawn, new Set(openPlaceholders));
  for (const action of ['issued', 'corrected'] as const) {
    for (const field of words.mandatory) {
      const said = words[action].body.some((line) => line.includes(`{${field}}`));
      if (!said) throw invalid(file, `${action}.body`, `mandatory {${field}} is not said`);
    }
  }
  return words;
}

/** What a reminder may name: the notice it is of, by its title and time. */
const reminderPlaceholders = ['notice', 'deliveredAt', 'caseReference', 'role'] as const;

function readReminder(stems: ReadonlyMap<string, LaidFile>): MunicipalWords['reminder'] {
  const words = readAs(reminderWords, stems, 'reminder');
  const file = stems.get('reminder')?.files.join(' + ') ?? 'reminder';
  checkPlaceholders(file, 'reminder', words, new Set(reminderPlaceholders));
  return words;
}

/** The words say how a field reads; that a notice has it is law, or agreed. */
function checkCarried(file: string, { mandatory, optional }: NoticeWords, carried: Carried): void {
  const unasked = mandatory.find((field) => !carried.mandatory.has(field));
  if (unasked !== undefined) throw invalid(file, 'mandatory', `no profile asks for ${unasked}`);
  const unsaid = [...carried.mandatory].find((field) => !mandatory.includes(field));
  if (unsaid !== undefined) throw invalid(file, 'mandatory', `${unsaid} is asked for by law`);
  const extra = optional.find((field) => !carried.optional.has(field));
  if (extra !== undefined) {
    const where = 'enter it in profiles with its legal basis, or leave it out';
    throw invalid(file, 'optional', `no profile lets the notice carry ${extra}: ${where}`);
  }
}

function checkPlaceholders(
  file: string,
  action: string,
  { title, body }: NoticeWords['issued'],
  allowed: ReadonlySet<string>,
): void {
  const lines: [string, string][] = body.map((line, index) => [`${action}.body.${index}`, line]);
  for (const [key, line] of lines) {
    for (const name of placeholdersOf(line)) {
      if (!allowed.has(name)) throw invalid(file, key, `{${name}} is not a field it carries`);
    }
    if (/[{}]/.test(line.replace(placeholder, ''))) throw invalid(file, key, 'a stray brace');
  }
  // A title is shown in lists and subject lines.
  if (/[{}]/.test(title)) throw invalid(file, `${action}.title`, 'a title has no placeholder');
}

const placeholder = /\{([A-Za-z]+)\}/g;

/** Names of the placeholders in a line: `{caseReference}`. */
export function placeholdersOf(line: string): string[] {
  return Array.from(line.matchAll(placeholder), (match) => match[1] ?? '');
}

/** A line with its placeholders replaced, once: a value that looks like a placeholder stays as it is. */
export function fillPlaceholders(line: string, valueOf: (name: string) => string): string {
  return line.replace(placeholder, (_, name: string) => valueOf(name));
}

function readAs<T>(schema: z.ZodType<T>, stems: ReadonlyMap<string, LaidFile>, stem: string): T {
  const found = stems.get(stem);
  if (found === undefined) throw invalid(`municipal/${stem}.yaml`, '', 'the file is missing');
  const result = schema.safeParse(found.content);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const key = [...(issue?.path ?? []), ...unknown.slice(0, 1)].join('.');
  throw invalid(found.files.join(' + '), key, issue?.message ?? 'invalid');
}

function invalid(file: string, key: string, why: string): GatewayError {
  const place = key === '' ? file : `${file}: ${key}`;
  return new GatewayError('configuration-invalid', `${place}: ${why}`, { location: place });
}
