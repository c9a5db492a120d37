/**
 * What a notice says, for every channel: its Swedish title and lines by `mappings/municipal`, and the fields that are
 * listed there for the obligation. Pure: every time in it comes from the event.
 */
import { GatewayError } from '../../../gateway/errors.ts';
import {
  fillPlaceholders,
  placeholdersOf,
  type MunicipalWords,
  type NoticeWords,
  type Vocabulary,
} from '../../../mappings/municipal.ts';
import type { NoticeData, NoticeField } from '../../../gateway/process/events.ts';
import { localTextOf } from '../../../gateway/process/local-time.ts';
import type { OutboundNotice, PatientIdentity, PersonNumber } from '../../adapter.ts';

/** A notice in words. */
export interface NoticeText {
  /** Without personal data: it is shown in lists and subject lines. */
  readonly title: string;
  readonly lines: readonly NoticeLine[];
  /** The section of the law it rests on; absent where none asks for it. */
  readonly reference?: string;
  /** The fields it carries, as data: the field as it stands in the journal. None of a withdrawal. */
  readonly content: Readonly<Partial<Record<NoticeField, unknown>>>;
  /** Mandatory fields that are not known, or withheld: the lines say so. */
  readonly missing: readonly NoticeField[];
}

/** One line: a sentence, or a value with its label. */
export interface NoticeLine {
  readonly label?: string;
  readonly text: string;
}

/** One field both ways: as it stands in the data, and as it is read in the text. */
interface FieldValue {
  readonly value: unknown;
  readonly text: string;
}
type Fields = Partial<Record<NoticeField, FieldValue>>;

/**
 * Puts a notice in words. A withdrawal names the case and nothing of the person.
 * Of a person with protected identity it has what the law demands, and nothing else.
 * @throws GatewayError unroutable for a notice that is held for a person (protected identity), and not released
 */
export function noticeText(message: OutboundNotice, words: MunicipalWords): NoticeText {
  const { notice, action, protection } = message;
  const isHeld = notice.held === true;
  if (isHeld && protection === undefined) {
    throw new GatewayError('unroutable', 'a held notice is not rendered: a person decides');
  }
  const spoken = words.notices[notice.obligation];
  const whole = fieldsOf(message, words.vocabulary);
  const known = isHeld ? withOnly(whole, spoken.mandatory) : whole;
  const carried = action === 'withdrawn' ? [] : [...spoken.mandatory, ...addedTo(notice, spoken)];
  return {
    title: spoken[action].title,
    lines: linesOf(message, words, known),
    reference: spoken.reference,
    content: Object.fromEntries(
      carried.flatMap((field) => (known[field] ? [[field, known[field].value]] : [])),
    ),
    missing:
      action === 'withdrawn' ? [] : spoken.mandatory.filter((field) => known[field] === undefined),
  };
}

function withOnly(fields: Fields, names: readonly NoticeField[]): Fields {
  return Object.fromEntries(names.flatMap((name) => (fields[name] ? [[name, fields[name]]] : [])));
}

/** What the words have beside what the law asks for, as far as the law of place and date lets this notice carry it. */
function addedTo({ fields }: NoticeData, { optional }: NoticeWords): readonly NoticeField[] {
  return fields === undefined ? optional : optional.filter((field) => fields.includes(field));
}

/** A line as it is read where labels have no column of their own. */
export function spellLine({ label, text }: NoticeLine): string {
  return label === undefined ? text : `${label}: ${isolated(text)}`;
}

/** The whole of it as one text, without its title. */
export const plainText = ({ lines, reference }: NoticeText): string =>
  [...lines.map(spellLine), ...(reference === undefined ? [] : [reference])].join('\n');

/** A value in a script from right to left stands apart, so that it does not turn the words around it (UAX #9). */
function isolated(text: string): string {
  return rightToLeft.test(text) ? `\u2068${text}\u2069` : text;
}
const rightToLeft =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/**
 * The Swedish text. A line stands where all its placeholders have a value; a mandatory field that is not known is said
 * to be missing, an optional one takes its line along.
 */
function linesOf(message: OutboundNotice, words: MunicipalWords, known: Fields): NoticeLine[] {
  const { notice, event, action, caseReference } = message;
  const { vocabulary } = words;
  const spoken: NoticeWords = words.notices[notice.obligation];
  const number = known.personNumber === undefined ? undefined : numberOf(message.patient);
  const values = new Map<string, string>([
    ['caseReference', caseReference],
    ['role', vocabulary.roles[notice.role]],
    ['decidedAt', timeOf(event.occurredAt).text],
    ['numberKind', vocabulary.numberKinds[kindOf(number)]],
  ]);
  if (notice.municipality !== undefined) values.set('municipality', notice.municipality);
  if (message.replacedAt !== undefined) values.set('replacedAt', timeOf(message.replacedAt).text);
  if (action !== 'withdrawn') {
    for (const field of spoken.mandatory) {
      const isWithheld = field === 'address' && notice.held === true;
      const unsaid = isWithheld ? vocabulary.withheld : vocabulary.missing;
      values.set(field, known[field]?.text ?? unsaid);
    }
    for (const field of addedTo(notice, spoken)) {
      const value = known[field];
      if (value) values.set(field, value.text);
    }
  }
  const fill = (pattern: string): string =>
    fillPlaceholders(pattern, (name) => values.get(name) ?? vocabulary.missing);
  return spoken[action].body
    .filter((line) => placeholdersOf(line).every((name) => values.has(name)))
    .map((line) => lineOf(line, fill));
}

/** A line of the words, filled: a label with its value, or a sentence. */
export function lineOf(line: string, fill: (pattern: string) => string): NoticeLine {
  const [, label, value] = labelled.exec(line) ?? [];
  if (label === undefined || value === undefined) return { text: fill(line) };
  return { label: fill(label), text: fill(value) };
}

/** A line of the words that is a label and one value: `Namn: {name}`, `{numberKind}: {personNumber}`. */
const labelled = /^([^:]{1,80}): (\{[A-Za-z]+\})$/;

// ---------------------------------------------------------------- the fields

function fieldsOf({ notice, patient }: OutboundNotice, vocabulary: Vocabulary): Fields {
  const { content } = notice;
  const fields: Fields = {};
  const name = { given: patient.given, family: patient.family };
  const nameText = oneLine([name.given, name.family], ' ');
  if (nameText !== '') fields.name = { value: name, text: nameText };
  const number = numberOf(patient);
  if (number) {
    fields.personNumber = {
      value: { kind: number.kind, value: number.value },
      text: spell(number),
    };
  }
  const { street, postalCode, city } = patient.address ?? {};
  const addressText = oneLine([street, oneLine([postalCode, city], ' ')], ', ');
  if (addressText !== '') fields.address = { value: patient.address, text: addressText };
  for (const field of timeFields) {
    const value = content[field];
    if (value) fields[field] = timeOf(value);
  }
  for (const field of ['hospital', 'unit'] as const) {
    const value = content[field];
    if (value) fields[field] = { value, text: oneLine([value], ' ') };
  }
  if (content.services) {
    const { services } = content;
    const needed = (['socialServices', 'municipalHealthCare', 'regionOutpatient'] as const).filter(
      (service) => services[service],
    );
    const text = needed.map((service) => vocabulary.services[service]).join(', ');
    if (text !== '') fields.services = { value: services, text };
  }
  return fields;
}

const timeFields = [
  'expectedDischarge',
  'previousExpectedDischarge',
  'admittedAt',
  'dischargeReadyAt',
  'calledAt',
  'dischargedAt',
  'deceasedOn',
] as const;

/** An instant in UTC and as Sweden's clocks show it; a bare date stays a date. */
export function timeOf(text: string): FieldValue {
  if (text.length === 10) return { value: { date: text }, text };
  const shown = localTextOf(Date.parse(text));
  const clock = `${shown.slice(11, 13)}.${shown.slice(14, 16)}`;
  return { value: { utc: text, local: shown }, text: `${shown.slice(0, 10)} kl. ${clock}` };
}

const numberOrder = ['personnummer', 'samordningsnummer', 'reservnummer', 'LMA-nummer'] as const;

/** The number a municipality knows the person by; a hospital's local number says nothing outside. */
export function numberOf(patient: PatientIdentity): PersonNumber | undefined {
  return numberOrder
    .map((kind) => patient.numbers.find((number) => number.kind === kind))
    .find((number) => number !== undefined);
}

function kindOf(number: PersonNumber | undefined): (typeof numberOrder)[number] {
  return numberOrder.find((kind) => kind === number?.kind) ?? 'personnummer';
}

/** Twelve digits are written with a hyphen before the last four. */
function spell({ value }: PersonNumber): string {
  return /^\d{12}$/.test(value) ? `${value.slice(0, 8)}-${value.slice(8)}` : oneLine([value], ' ');
}

/** Joins what there is on one line: a line break in a name must not become a line of the notice. */
export function oneLine(parts: readonly (string | undefined)[], separator: string): string {
  return parts
    .map((part) => cleaned(part) ?? '')
    .filter((part) => part !== '')
    .join(separator);
}

/** Letters of a name or a part of an address; the longest that is written out. */
const longest = 200;

/**
 * One value of a person on one line: without control characters and those that turn the text around them
 * (Bidi_Control), and cut with an ellipsis where no name is as long.
 */
function cleaned(part: string | undefined): string | undefined {
  if (part === undefined) return undefined;
  const plain = part
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(/\p{Bidi_Control}/gu, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const letters = Array.from(plain);
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : plain;
}
