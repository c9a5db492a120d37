/**
 * A notice as a municipality reads it: Standard Webhooks' `{type, timestamp, data}` in JSON, with the Swedish text and
 * the fields that `mappings/municipal` lists for the obligation. Pure: every time in it comes from the event.
 */
import { Temporal } from 'temporal-polyfill';
import { assert, GatewayError } from '../../../gateway/errors.ts';
import {
  fillPlaceholders,
  placeholdersOf,
  type MunicipalWords,
  type NoticeField,
  type NoticeWords,
  type Vocabulary,
} from '../../../mappings/municipal.ts';
import type {
  OutboundMessage,
  OutboundNotice,
  PatientIdentity,
  PersonNumber,
  Rendered,
} from '../../adapter.ts';

/** One field both ways: as it stands in the data, and as it is read in the text. */
interface FieldValue {
  readonly value: unknown;
  readonly text: string;
}
type Fields = Partial<Record<NoticeField, FieldValue>>;

/**
 * Renders a notice. A withdrawal names the case and nothing of the person.
 * @throws GatewayError unroutable for a notice that is held for a person (protected identity)
 */
export function renderNotice(message: OutboundMessage, words: MunicipalWords): Rendered {
  assert(message.kind === 'notice', 'a notice channel carries notices');
  const { notice, event, action, deliveryId, caseReference } = message;
  if (notice.held === true) {
    throw new GatewayError('unroutable', 'a held notice is not rendered: a person decides');
  }
  const known = fieldsOf(message, words.vocabulary);

  const body = {
    type: `notice.${action}`,
    timestamp: event.occurredAt,
    data: {
      caseReference,
      deliveryId,
      noticeId: event.id,
      revision: notice.revision,
      ...(notice.corrects === undefined ? {} : { corrects: notice.corrects }),
      obligation: notice.obligation,
      role: notice.role,
      ...(notice.county === undefined ? {} : { county: notice.county }),
      ...(notice.municipality === undefined ? {} : { municipality: notice.municipality }),
      decidedAt: timeOf(event.occurredAt).value,
      reference: notice.reference,
      ...(action === 'withdrawn' ? {} : contentOf(words.notices[notice.obligation], known)),
      text: textOf(message, words, known),
    },
  };
  return {
    contentType: 'application/json',
    parts: [{ name: `${deliveryId}.json`, body: `${JSON.stringify(body, null, 2)}\n` }],
  };
}

/** The fields that the words list for the obligation, and which of the mandatory ones are not known. */
function contentOf({ mandatory, optional }: NoticeWords, known: Fields): object {
  const carried = [...mandatory, ...optional].filter((field) => known[field] !== undefined);
  return {
    content: Object.fromEntries(carried.map((field) => [field, known[field]?.value])),
    missing: mandatory.filter((field) => known[field] === undefined),
  };
}

/**
 * The Swedish text. A line stands where all its placeholders have a value; a mandatory field that is not known is said
 * to be missing, an optional one takes its line along.
 */
function textOf(message: OutboundNotice, words: MunicipalWords, known: Fields): object {
  const { notice, event, action, caseReference } = message;
  const { vocabulary } = words;
  const spoken = words.notices[notice.obligation];
  const number = known.personNumber === undefined ? undefined : numberOf(message.patient);
  const values = new Map<string, string>([
    ['caseReference', caseReference],
    ['role', vocabulary.roles[notice.role]],
    ['decidedAt', timeOf(event.occurredAt).text],
    ['numberKind', vocabulary.numberKinds[kindOf(number)]],
  ]);
  if (notice.municipality !== undefined) values.set('municipality', notice.municipality);
  if (action !== 'withdrawn') {
    for (const field of spoken.mandatory)
      values.set(field, known[field]?.text ?? vocabulary.missing);
    for (const field of spoken.optional) {
      const value = known[field];
      if (value) values.set(field, value.text);
    }
  }
  const { title, body } = spoken[action];
  const lines = body
    .filter((line) => placeholdersOf(line).every((name) => values.has(name)))
    .map((line) => fillPlaceholders(line, (name) => values.get(name) ?? vocabulary.missing));
  return { language: 'sv', title, body: lines.join('\n'), reference: spoken.reference };
}

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
  if (content.expectedDischarge) fields.expectedDischarge = timeOf(content.expectedDischarge);
  if (content.admittedAt) fields.admittedAt = timeOf(content.admittedAt);
  if (content.dischargeReadyAt) fields.dischargeReadyAt = timeOf(content.dischargeReadyAt);
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

/** An instant in UTC and as Sweden's clocks show it; a bare date stays a date. */
function timeOf(text: string): FieldValue {
  if (text.length === 10) return { value: { date: text }, text };
  const local = Temporal.Instant.from(text).toZonedDateTimeISO('Europe/Stockholm');
  const shown = local.toString({ timeZoneName: 'never', smallestUnit: 'second' });
  const clock = `${shown.slice(11, 13)}.${shown.slice(14, 16)}`;
  return { value: { utc: text, local: shown }, text: `${shown.slice(0, 10)} kl. ${clock}` };
}

const numberOrder = ['personnummer', 'samordningsnummer', 'reservnummer', 'LMA-nummer'] as const;

/** The number a municipality knows the person by; a hospital's local number says nothing outside. */
function numberOf(patient: PatientIdentity): PersonNumber | undefined {
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
function oneLine(parts: readonly (string | undefined)[], separator: string): string {
  return parts
    .map((part) => (part ?? '').replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim())
    .filter((part) => part !== '')
    .join(separator);
}
