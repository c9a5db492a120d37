/**
 * What one message becomes, for the engineer who holds it: its fields by name, the sender it is taken for, the events,
 * what is unmapped or doubtful, and the answer it would get. It shows person fields, since the file is already theirs.
 */
import type { ErrorCode, GatewayError } from '../../../gateway/errors.ts';
import { pathOf } from '../../../mappings/index.ts';
import type { Mappings } from '../../../mappings/index.ts';
import type { MessageHead, Translation, UnmappedCode, Verdict } from '../../adapter.ts';
import type { MessageProfiles } from '../../../profiles/index.ts';
import { Unframer } from '../../wire/mllp.ts';
import { meaningLines, printable } from '../meaning-text.ts';
import { acknowledge, hasByteOrderMark, readHeader } from './answers/acknowledge.ts';
import { charsetOf, decode } from './message/charset.ts';
import { loadDictionary } from './checks/dictionary.ts';
import { hl7v2Inbound, mappingsOfOne, meaningOf } from './index.ts';
import { Hl7Message } from './message/message.ts';
import type { Remark } from './checks/remark.ts';
import { gravestFirst, remarkLines } from './checks/remarks.ts';
import { profileCheck } from './checks/validate.ts';
import { ifNullEntry } from './meaning/work.ts';

export interface ExplainedField {
  /** `PV1-19`; a repeated segment is counted: `NK1[2]-3`. */
  readonly path: string;
  /** Name by the standard's dictionary; empty where it has none (Z-segments). */
  readonly name: string;
  /** As written, escapes and separators kept. */
  readonly value: string;
}

/** MSA-1, and the segments after MSH. */
export interface ExplainedAnswer {
  readonly code: string;
  readonly segments: readonly string[];
}

export interface Explanation {
  readonly fields: readonly ExplainedField[];
  readonly sender?: { readonly id: string; readonly name: string; readonly charset: string };
  readonly head?: MessageHead;
  /** What the message means; absent where it is refused. */
  readonly translation?: Translation;
  readonly error?: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly location?: string;
    readonly standardCode?: string;
  };
  /** The answers in order, none where none is asked for; absent where the bytes cannot be answered at all. */
  readonly answers?: readonly ExplainedAnswer[];
  /** What the message profile and the HL7 dictionary have to say, the gravest first; they change no outcome. */
  readonly remarks: readonly Remark[];
  readonly mappingRevision: string;
}

/**
 * @param raw a message as it lies in a file, with or without MLLP framing
 * @param senderId the overlay to read it by; by MSH-3 and MSH-4 where left out
 * @param profiles message profiles to hold it against; where left out it is held against the dictionary alone
 */
export async function explain(
  raw: Uint8Array,
  mappings: Mappings,
  senderId?: string,
  profiles?: MessageProfiles,
): Promise<Explanation> {
  const bytes = unframed(raw);
  const inbound = hl7v2Inbound(
    senderId === undefined ? mappings : mappingsOfOne(mappings, senderId),
  );
  const header = readHeader(bytes);
  const { message: known, translation, error, verdict } = meaningOf(inbound, bytes);
  const mapping = known?.sender.mapping;
  const message = known?.message ?? readAnyway(bytes, header);
  return {
    fields: await namedFields(message),
    ...(mapping !== undefined && {
      sender: { id: mapping.id, name: mapping.name, charset: known?.message.charset ?? '' },
    }),
    ...(known !== undefined && { head: known.head }),
    ...(translation !== undefined && { translation }),
    ...(error !== undefined && { error: wordsOf(error) }),
    ...(header !== undefined && { answers: answersTo(header, mapping, verdict) }),
    remarks: await remarksOn(message, mappings, profiles, mapping?.id),
    mappingRevision: mappings.revision,
  };
}

const triggerEvent = pathOf('MSH-9.2');
const eventTypeCode = pathOf('EVN-1');

async function remarksOn(
  message: Hl7Message | undefined,
  mappings: Mappings,
  profiles: MessageProfiles | undefined,
  sender: string | undefined,
): Promise<readonly Remark[]> {
  if (message === undefined) return [];
  const trigger =
    message.readableValueOf(triggerEvent) ?? message.readableValueOf(eventTypeCode) ?? '';
  const ofProfile =
    profiles === undefined ? [] : profileCheck(profiles, mappings)(message, trigger, sender);
  const checkDictionary = await loadDictionary();
  return [...gravestFirst(ofProfile), ...gravestFirst(checkDictionary(message))];
}

function unframed(raw: Uint8Array): Uint8Array {
  if (raw[0] !== 0x0b) return raw;
  const unframer = new Unframer(raw.length);
  unframer.push(raw);
  return unframer.next() ?? raw.subarray(1);
}

/** A message that was refused can still be looked at: in its own character set where that works, else byte by byte. */
export function readAnyway(
  bytes: Uint8Array,
  header: Hl7Message | undefined,
): Hl7Message | undefined {
  if (header === undefined) return undefined;
  try {
    const declared = charsetOf(header.rawField('MSH', 18), 'UNICODE UTF-8');
    const charset = hasByteOrderMark(bytes) ? 'utf8' : declared;
    return new Hl7Message(bytes, decode(bytes, charset), charset);
  } catch {
    const plain = hasByteOrderMark(bytes) ? bytes.subarray(3) : bytes;
    return new Hl7Message(bytes, Buffer.from(plain).toString('latin1'), 'latin1');
  }
}

function wordsOf({
  code,
  message,
  location,
  standardCode,
}: GatewayError): NonNullable<Explanation['error']> {
  return {
    code,
    message,
    ...(location !== undefined && { location }),
    ...(standardCode !== undefined && { standardCode }),
  };
}

function answersTo(
  header: Hl7Message,
  mapping: Parameters<typeof acknowledge>[1],
  verdict: Verdict,
): ExplainedAnswer[] {
  // MSH of an answer holds its own time and id, which only a live gateway has; it is not shown.
  const context = { answerId: '0', now: '1970-01-01T00:00:00.000Z' };
  return acknowledge(header, mapping, verdict, context).map((bytes) => {
    const segments = Buffer.from(bytes).toString('latin1').split('\r').slice(1, -1);
    return { code: segments[0]?.split(header.delimiters.field)[1] ?? '', segments };
  });
}

/** The dictionary costs a second and much memory, so it is loaded only when somebody wants to read. */
async function namedFields(message: Hl7Message | undefined): Promise<ExplainedField[]> {
  if (message === undefined) return [];
  const { dictionaries, findNearestHL7Version } = await import('hl7v2-dictionary');
  const version = message.rawField('MSH', 12).split(message.delimiters.component)[0] ?? '';
  const nearest = findNearestHL7Version(isVersion(version, dictionaries) ? version : '2.5');
  const segments = dictionaries[nearest]?.segments ?? {};
  const counts = new Map<string, number>();
  let index = -1;
  const fields: ExplainedField[] = [];
  for (const field of message.rawFields()) {
    if (field.index !== index) {
      index = field.index;
      counts.set(field.segment, (counts.get(field.segment) ?? 0) + 1);
    }
    const nth = counts.get(field.segment) ?? 1;
    const place = nth > 1 ? `${field.segment}[${nth}]` : field.segment;
    const definition = Object.hasOwn(segments, field.segment) ? segments[field.segment] : undefined;
    const name = definition?.fields[String(field.field)]?.desc ?? '';
    fields.push({ path: `${place}-${field.field}`, name, value: field.raw });
  }
  return fields;
}

function isVersion<K extends string>(version: string, known: Record<K, unknown>): version is K {
  return Object.hasOwn(known, version);
}

// ---------------------------------------------------------------- for a terminal

/** The explanation as lines a person can read. */
export function renderExplanation(explanation: Explanation): string {
  const { fields, sender, head, translation, error, answers, remarks } = explanation;
  const width = Math.max(0, ...fields.map(({ path }) => path.length));
  const named = Math.min(40, Math.max(0, ...fields.map(({ name }) => name.length)));
  const lines = [
    sender === undefined ? 'Sender    unknown' : `Sender    ${sender.id} (${sender.name})`,
    ...(head === undefined ? [] : [`Message   ${head.kind} ${printable(head.controlId)}`]),
    ...(head?.sentAt === undefined ? [] : [`Sent      ${head.sentAt}`]),
    '',
    'Fields',
    ...fields.map(
      ({ path, name, value }) =>
        `  ${path.padEnd(width)}  ${name.slice(0, named).padEnd(named)}  ${printable(value)}`,
    ),
    '',
    ...(translation === undefined ? [] : meaningLines(translation, unmappedText)),
    ...(error === undefined
      ? []
      : [
          `Refused   ${error.code}${error.location === undefined ? '' : ` at ${error.location}`}`,
          `  ${error.message}`,
          ...nextSteps(error),
          '',
        ]),
    ...answered(answers),
    // Of what cannot be read nothing was checked.
    ...(fields.length === 0
      ? []
      : [
          ...checked('Profile', remarks, 'profile'),
          ...checked('Dictionary', remarks, 'dictionary'),
        ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** What the engineer can do about a refusal that is not the message's own fault. */
function nextSteps({ code, location }: NonNullable<Explanation['error']>): string[] {
  if (code === 'unknown-sender') {
    return [
      '  next: write <folder>/senders/<id>.yaml for it and name the folder by --mappings,',
      '        or read it as a sender there is: --sender ID',
    ];
  }
  return location === 'MSH[2]' ? ['  next: hemgang conformance run reads files of several'] : [];
}

function answered(answers: Explanation['answers']): string[] {
  if (answers === undefined)
    return ['Answer    none: MSH cannot be read, the connection is closed'];
  if (answers.length === 0) return ['Answer    none: MSH-15 and MSH-16 ask for none'];
  return answers.map(({ segments }) => `Answer    ${segments.map(printable).join('  ')}`);
}

function unmappedText({ table }: UnmappedCode): string {
  return table === ifNullEntry ? 'has no ifNull entry' : `is not in table ${table}`;
}

function checked(title: string, remarks: readonly Remark[], check: Remark['check']): string[] {
  const own = remarks.filter((remark) => remark.check === check);
  if (own.length === 0) return ['', `${title.padEnd(9)} nothing to remark`];
  return ['', title, ...remarkLines(own).map((line) => `  ${printable(line)}`)];
}
