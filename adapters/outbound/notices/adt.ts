/**
 * A notice as an ADT message of HL7 v2.5 in UTF-8, for a municipality whose system follows stays by ADT. It carries the
 * fields that `mappings/municipal` lists for the notice and no other. Pure.
 */
import { assert, GatewayError } from '../../../gateway/errors.ts';
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { OutboundMessage, OutboundNotice, PersonNumber, Rendered } from '../../adapter.ts';
import { components, hl7Text, segment, timeStamp, type Fields } from '../../wire/hl7-text.ts';
import { structures, triggerOf, type Trigger } from './adt-triggers.ts';
import { noticeText, numberOf, type NoticeText } from './notice-text.ts';

/** What is agreed with the receiver about the head of a message. */
export interface AdtAgreement {
  readonly sendingApplication: string;
  readonly sendingFacility: string;
  readonly receivingApplication: string;
  readonly receivingFacility: string;
  /** MSH-11: `P` in production, `T` or `D` where nothing is real. */
  readonly processingId: 'P' | 'T' | 'D';
  /** MSH-15 and MSH-16 ask for a commit and an application acknowledgement; without it one answers (original mode). */
  readonly enhanced: boolean;
  /** Whose the visit number is (PV1-19.4): ours, for it is our case reference. */
  readonly assigningAuthority: string;
}

/**
 * Renders a notice. A withdrawal names the case and nothing of the person.
 * @throws GatewayError unroutable for a notice that is held for a person, or that ADT has no event for
 */
export function renderAdt(
  message: OutboundMessage,
  words: MunicipalWords,
  agreement: AdtAgreement,
): Rendered {
  assert(message.kind === 'notice', 'a notice channel carries notices');
  const { notice, action, deliveryId } = message;
  const text = noticeText(message, words);
  const trigger = triggerOf(notice.obligation, action);
  if (trigger === undefined) {
    const what = `no ADT event says ${notice.obligation}: it goes by another channel`;
    throw new GatewayError('unroutable', what);
  }
  const controlId = controlIdOf(deliveryId);
  const visit = visitFields(message, text, trigger, agreement);
  const body = [
    segment('MSH', headFields(message, trigger, controlId, agreement)),
    segment('EVN', eventFields(message, text, trigger)),
    segment('PID', personFields(message, text, agreement)),
    segment('PV1', visit),
    ...secondVisit(message, text),
    segment('ZHG', noticeFields(message, text)),
  ].join('');
  return {
    contentType: 'application/hl7-v2; charset=utf-8',
    parts: [{ name: `${controlId}.hl7`, body }],
  };
}

/** MSH-10 has 20 characters in version 2.5: the first 20 of the delivery id, without its hyphens. */
export function controlIdOf(deliveryId: string): string {
  return deliveryId.replaceAll('-', '').slice(0, 20);
}

function headFields(
  { event }: OutboundNotice,
  trigger: Trigger,
  controlId: string,
  agreement: AdtAgreement,
): Fields {
  return {
    2: '^~\\&',
    3: hl7Text(agreement.sendingApplication),
    4: hl7Text(agreement.sendingFacility),
    5: hl7Text(agreement.receivingApplication),
    6: hl7Text(agreement.receivingFacility),
    7: timeStamp(event.occurredAt),
    9: components('ADT', trigger, structures[trigger]),
    10: controlId,
    11: agreement.processingId,
    12: '2.5',
    ...(agreement.enhanced && { 15: 'AL', 16: 'AL' }),
    18: 'UNICODE UTF-8',
  };
}

/**
 * EVN-2: when the notice was decided. EVN-6: when what it tells of happened, where the notice may say that; what is taken
 * back is taken back when that is decided.
 */
function eventFields(message: OutboundNotice, text: NoticeText, trigger: Trigger): Fields {
  const { event, notice, action } = message;
  const field = happenedBy[trigger];
  const told = field !== undefined && field in text.content ? notice.content[field] : undefined;
  const happened = action === 'withdrawn' ? event.occurredAt : told;
  return {
    1: trigger,
    2: timeStamp(event.occurredAt),
    ...(happened !== undefined && { 6: timeStamp(happened) }),
  };
}

const happenedBy: Partial<Record<Trigger, 'admittedAt' | 'dischargeReadyAt' | 'dischargedAt'>> = {
  A01: 'admittedAt',
  A16: 'dischargeReadyAt',
  A03: 'dischargedAt',
};

/** A person is told by one national number. Where there is none to tell, the case stands in its place, as ours. */
function personFields(message: OutboundNotice, { content }: NoticeText, of: AdtAgreement): Fields {
  const { patient, notice, action } = message;
  const number = 'personNumber' in content ? numberOf(patient) : undefined;
  const { street, postalCode, city } = ('address' in content ? patient.address : undefined) ?? {};
  const has = 'name' in content;
  const isDeath = notice.obligation === 'death-notice';
  const isTakenBack = isDeath && action === 'withdrawn';
  const deceasedOn = 'deceasedOn' in content ? notice.content.deceasedOn : undefined;
  return {
    1: '1',
    3: number === undefined ? caseNumber(message, of, 'PI') : numberField(number),
    // Table 0200: L, the legal name; U, not told.
    5: components(
      has ? hl7Text(patient.family ?? '') : '',
      has ? hl7Text(patient.given ?? '') : '',
      '',
      '',
      '',
      '',
      has ? 'L' : 'U',
    ),
    ...('address' in content && {
      11: components(
        hl7Text(street ?? ''),
        '',
        hl7Text(city ?? ''),
        '',
        hl7Text(postalCode ?? ''),
        '',
        'H',
      ),
    }),
    ...(deceasedOn !== undefined && { 29: timeStamp(deceasedOn) }),
    // An empty field lets the day stand at the receiver; `""` deletes it.
    ...(isTakenBack && { 29: '""' }),
    ...(isDeath && { 30: isTakenBack ? 'N' : 'Y' }),
  };
}

/** CX: the number, who gave it (by OID, or by URI where it has none), and NNSWE for that of the population register. */
function numberField({ value, authority, kind }: PersonNumber): string {
  const scheme = /^\d+(?:\.\d+)+$/.test(authority) ? 'ISO' : 'URI';
  const assigner = `&${hl7Text(authority)}&${scheme}`;
  const type = kind === 'personnummer' ? 'NNSWE' : '';
  return components(hl7Text(value), '', '', assigner, type);
}

function caseNumber(
  { caseReference }: OutboundNotice,
  { assigningAuthority }: AdtAgreement,
  type: string,
): string {
  return components(hl7Text(caseReference), '', '', hl7Text(assigningAuthority), type);
}

/** PV1-3 has the hospital alone: the name of a ward can tell the illness. */
function visitFields(
  message: OutboundNotice,
  { content }: NoticeText,
  trigger: Trigger,
  agreement: AdtAgreement,
): Fields {
  const { hospital, admittedAt, dischargedAt } = message.notice.content;
  const isEnd = trigger === 'A03' || trigger === 'A08';
  return {
    1: '1',
    2: 'I',
    ...('hospital' in content && { 3: components('', '', '', hl7Text(hospital ?? '')) }),
    19: caseNumber(message, agreement, 'VN'),
    ...('admittedAt' in content && admittedAt !== undefined && { 44: timeStamp(admittedAt) }),
    ...(isEnd &&
      'dischargedAt' in content &&
      dischargedAt !== undefined && { 45: timeStamp(dischargedAt) }),
  };
}

/** PV2-9, the estimated discharge; `""` deletes it: it was withdrawn, or is not known any more. */
function secondVisit({ notice }: OutboundNotice, { content }: NoticeText): string[] {
  const { expectedDischarge } = notice.content;
  if (!('expectedDischarge' in content) || expectedDischarge === undefined) {
    return notice.obligation === 'discharge-estimate' ? [segment('PV2', { 9: '""' })] : [];
  }
  return [segment('PV2', { 9: timeStamp(expectedDischarge) })];
}

/**
 * ZHG, our own segment, for what ADT has no field for: 1 obligation, 2 action, 3 revision, 4 id of the notice, 5 id of the
 * one it corrects, withdraws or changes, 6 role of the recipient, 7 section of the law, 8 mandatory fields that are not known.
 */
function noticeFields({ notice, action, event }: OutboundNotice, { missing }: NoticeText): Fields {
  return {
    1: notice.obligation,
    2: action,
    3: String(notice.revision),
    4: hl7Text(event.id),
    5: hl7Text(notice.corrects ?? notice.changes ?? ''),
    6: notice.role,
    7: hl7Text(notice.reference),
    8: missing.join('~'),
  };
}
