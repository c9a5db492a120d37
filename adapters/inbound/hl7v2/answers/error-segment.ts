/**
 * ERR as the sender's version has it (HL7 v2 chapter 2, "ERR - error segment"): where and what in ERR-1 up to 2.4; from
 * 2.5 on ERR-2 where, ERR-3 what (table 0357), ERR-4 how severe (0516), ERR-7 in words. From 2.7 on the codes 204-207
 * point to a code of the application's own, ERR-5.
 */
import type { ErrorCode, GatewayError } from '../../../../gateway/errors.ts';
import { parsePath } from '../../../../mappings/index.ts';
import { escapeText } from '../message/escapes.ts';
import type { Delimiters } from '../message/message.ts';

/** Text of table 0357. */
const conditions: Partial<Record<string, string>> = {
  '0': 'Message accepted',
  '100': 'Segment sequence error',
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '104': 'Value too long',
  '198': 'Non-conformant cardinality',
  '199': 'Other HL7 error',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '204': 'Unknown key identifier',
  '205': 'Duplicate key identifier',
  '206': 'Application record locked',
  '207': 'Application error',
};

/** Table 0357 code of an error that does not carry its own. */
const codesByError: Partial<Record<ErrorCode, string>> = {
  'malformed-message': '102',
  'unsupported-message': '200',
  'unknown-sender': '204',
  'control-id-reused': '205',
};

/** The code of table 0357 for an error. */
export function conditionCode(error: GatewayError): string {
  return error.standardCode ?? codesByError[error.code] ?? '207';
}

/** From this version on ERR has fields of its own for place, condition, severity and text. */
export function hasErrorFields(version: string): boolean {
  return version >= '2.5';
}

/** An error as the fields of an ERR segment. */
export function errorSegment(
  error: GatewayError,
  version: string,
  delimiters: Delimiters,
): string[] {
  const code = conditionCode(error);
  const place = locationOf(error.location);
  if (!hasErrorFields(version)) return beforeErrorFields(place, code, delimiters);
  const own = version >= '2.7' && /^20[4-7]$/.test(code) ? error.code : '';
  return fields({ place, code, severity: 'E', own, text: error.message }, delimiters);
}

/** A warning beside an acceptance, for a version that has error fields. @param text `PV1-36: code not in table 0112` */
export function warningSegment(text: string, delimiters: Delimiters): string[] {
  const place = locationOf(/^[A-Z][A-Z0-9]{2}(?:\[\d+\])?(?:-[\d().]+)?/.exec(text)?.[0]);
  return fields({ place, code: '0', severity: 'W', own: '', text }, delimiters);
}

/** Our own words in the sender's separators: printable ASCII, which every character set has. */
export function words(text: string, delimiters: Delimiters): string {
  return escapeText(text.replace(/[^ -~]/g, '?'), delimiters);
}

interface Said {
  readonly place: readonly string[];
  readonly code: string;
  readonly severity: 'E' | 'W';
  /** Our own code of it, ERR-5. */
  readonly own: string;
  readonly text: string;
}

function fields(said: Said, delimiters: Delimiters): string[] {
  const { component } = delimiters;
  const condition = [said.code, conditionText(said.code, delimiters), 'HL70357'].join(component);
  const own = said.own === '' ? '' : [said.own, '', 'L'].join(component);
  const text = words(said.text.slice(0, 200), delimiters);
  return ['ERR', '', said.place.join(component), condition, said.severity, own, '', text];
}

/** ERR-1: segment, its sequence, field, and the condition as subcomponents. */
function beforeErrorFields(
  place: readonly string[],
  code: string,
  delimiters: Delimiters,
): string[] {
  const { component, subcomponent } = delimiters;
  const [segment = '', sequence = '', field = ''] = place;
  const coded = [code, conditionText(code, delimiters), 'HL70357'];
  const condition = coded.join(subcomponent === '' ? ' ' : subcomponent);
  return ['ERR', [segment, sequence, field, condition].join(component)];
}

function conditionText(code: string, delimiters: Delimiters): string {
  return words(conditions[code] ?? 'Error', delimiters);
}

/** `PV1-19.1`, `NK1[2]-3` → segment, its sequence, field, repetition, component, subcomponent. */
function locationOf(location: string | undefined): string[] {
  const match = /^([A-Z][A-Z0-9]{2})(?:\[(\d{1,4})\])?(-.*)?$/.exec(location ?? '');
  if (match === null) return [];
  const [, segment = '', sequence = '1', rest = ''] = match;
  const path = parsePath(segment + rest);
  if (path === undefined) return rest === '' ? [segment, sequence] : [];
  const place = [segment, sequence, String(path.field)];
  const parts = rest.split('.').length - 1;
  if (parts >= 1 || path.repetition > 1) place.push(String(path.repetition));
  if (parts >= 1) place.push(String(path.component));
  if (parts >= 2) place.push(String(path.subcomponent));
  return place;
}
