/**
 * The hospital that demo, tests and conformance talk from: it words ADT messages in the dialect of each of the two
 * invented hospitals, sends them by MLLP and hears the answer.
 */
import iconv from 'iconv-lite';
import { Temporal } from 'temporal-polyfill';
import { GatewayError } from '../../gateway/errors.ts';

export type Hospital = 'ekliden' | 'norrtuna';
export type HospitalTrigger = keyof typeof structures;
/** Character sets a hospital can be made to write, by their names in MSH-18. */
export const hospitalCharsets = {
  '8859/1': 'ISO-8859-1',
  '8859/15': 'ISO-8859-15',
  'UNICODE UTF-8': 'utf8',
} as const;
export type HospitalCharset = keyof typeof hospitalCharsets;

/** Who needs to do something after the discharge. */
export interface Needs {
  readonly socialServices: boolean;
  readonly municipalHealthCare: boolean;
  readonly regionOutpatient: boolean;
}

/**
 * One message to word. Times are ISO 8601: with offset or Z an instant, without one wall time in Europe/Stockholm.
 * `ekliden` says needs and readiness in A08 (ZUT), `norrtuna` in A16 (PV2) and takes readiness back by A25.
 */
export interface HospitalStep {
  readonly trigger: HospitalTrigger;
  /** When it happened (EVN-6) and was recorded (EVN-2). */
  readonly at: string;
  /** When it was recorded, where that is later than it happened. */
  readonly recordedAt?: string;
  readonly visit: string;
  /** Twelve digits, from the published test numbers; a samordningsnummer too. */
  readonly personnummer: string;
  /** The hospital's own spare number, which the patient is known by instead. */
  readonly reserveNumber?: string;
  /** The spare number that the patient was known by until now (MRG-1, in A40). */
  readonly mergedNumber?: string;
  readonly family: string;
  readonly given: string;
  readonly address?: {
    readonly street?: string;
    readonly postalCode?: string;
    readonly city?: string;
  };
  /** SCB code of the municipality of civil registration. */
  readonly municipality?: string;
  /** Code of table 0004, PV1-2; I for inpatient where left out. */
  readonly patientClass?: string;
  /** Code of table 0023, PV1-14. */
  readonly admitSource?: string;
  /** When the patient died (PID-29, and PID-30 says so). */
  readonly diedAt?: string;
  /** Ward, PV1-3. */
  readonly unit?: string;
  /** When the patient was admitted (PV1-44); `at` in an A01 where left out. */
  readonly admittedAt?: string;
  readonly needs?: Needs;
  /** When the needs were assessed; `at` where left out (norrtuna has no other). */
  readonly needsAt?: string;
  /** When the physician found the patient ready for discharge (norrtuna: EVN-6). */
  readonly readyAt?: string;
  /** When that was taken back. */
  readonly readinessWithdrawn?: string;
  /** `YYYY-MM-DD`, or a time: PV2-9; `none` takes an earlier one back. */
  readonly expectedDischarge?: string;
  /** Code of table 0112: PV1-36. */
  readonly disposition?: string;
  /** Protection marking, PV1-16. */
  readonly protection?: string;
  readonly controlId: string;
}

const zone = 'Europe/Stockholm';

interface Dialect {
  readonly application: string;
  readonly facility: string;
  readonly charset: HospitalCharset;
  /** Assigning authorities in PID-3: personnummer, samordningsnummer, the hospital's spare numbers. */
  readonly authorities: readonly [string, string, string];
  readonly time: (text: string) => string;
  /** Segments after PV1. */
  readonly rest: (step: HospitalStep, time: (text: string) => string) => string[];
}

const dialects: Readonly<Record<Hospital, Dialect>> = {
  ekliden: {
    application: 'EKLIDEN-PAS',
    facility: 'EKLIDEN',
    charset: '8859/1',
    authorities: ['PNR', 'SAMNR', 'RESNR'],
    time: (text) => wallTime(text).slice(0, 14),
    rest: (step, time) => {
      if (step.trigger !== 'A08' && (step.needs ?? step.readyAt ?? step.readinessWithdrawn)) {
        throw invalid('ekliden says needs and readiness in A08');
      }
      const pv2 = step.expectedDischarge === undefined ? [] : [secondVisit(step, time, '', '')];
      return step.trigger === 'A08' ? [...pv2, readinessSegment(step, time)] : pv2;
    },
  },
  norrtuna: {
    application: 'NORRTUNA-VIS',
    facility: 'NORRTUNA',
    charset: 'UNICODE UTF-8',
    authorities: ['SKV', 'SKV-SAM', 'NORRTUNA-RES'],
    time: wallTime,
    rest: (step, time) => {
      const said = step.needs ?? step.readyAt;
      if (said !== undefined && step.trigger !== 'A16') {
        throw invalid('norrtuna says needs and readiness in A16');
      }
      if (step.readinessWithdrawn !== undefined && step.trigger !== 'A25') {
        throw invalid('norrtuna takes readiness back in A25');
      }
      if (said === undefined && step.expectedDischarge === undefined) return [];
      const status = step.trigger !== 'A16' ? '' : step.readyAt === undefined ? 'PLAN' : 'KLAR';
      return [secondVisit(step, time, status, dispositionOf(step.needs))];
    },
  },
};

/**
 * One ADT message in the hospital's own dialect and character set.
 * @param charset another character set than the hospital's own
 * @returns the bytes, without framing
 * @throws GatewayError configuration-invalid for a step the hospital has no way to say
 */
export function buildMessage(
  hospital: Hospital,
  step: HospitalStep,
  charset: HospitalCharset = dialects[hospital].charset,
): Uint8Array {
  const dialect = dialects[hospital];
  const { time } = dialect;
  const happened =
    hospital === 'norrtuna' ? (step.readyAt ?? step.readinessWithdrawn ?? step.at) : step.at;
  const segments = [
    `MSH|^~\\&|${dialect.application}|${dialect.facility}|HEMGANG|GATEWAY|${time(step.recordedAt ?? step.at)}||` +
      `ADT^${step.trigger}^${structures[step.trigger]}|${escape(step.controlId)}|P|2.5||||||${charset}`,
    `EVN|${step.trigger}|${time(step.recordedAt ?? step.at)}||||${time(happened)}`,
    patientSegment(step, dialect),
    ...(step.mergedNumber === undefined
      ? [visitSegment(step, time), ...dialect.rest(step, time)]
      : [`MRG|${escape(step.mergedNumber)}^^^${dialect.authorities[2]}`]),
  ];
  const encoding = hospitalCharsets[charset];
  return iconv.encode(segments.map((segment) => `${segment}\r`).join(''), encoding);
}

/** The message structure of each trigger event, MSH-9.3. */
const structures = {
  A01: 'ADT_A01',
  A02: 'ADT_A02',
  A03: 'ADT_A03',
  A04: 'ADT_A01',
  A06: 'ADT_A06',
  A07: 'ADT_A06',
  A08: 'ADT_A01',
  A11: 'ADT_A09',
  A13: 'ADT_A01',
  A16: 'ADT_A16',
  A21: 'ADT_A21',
  A22: 'ADT_A21',
  A25: 'ADT_A21',
  A40: 'ADT_A39',
} as const;

/** CX: the number and who gave it. A samordningsnummer has 60 added to its day. */
function numberOf({ personnummer, reserveNumber }: HospitalStep, { authorities }: Dialect): string {
  const [personal, coordination, reserve] = authorities;
  if (reserveNumber !== undefined) return `${escape(reserveNumber)}^^^${reserve}`;
  const authority = Number(personnummer.slice(6, 8)) >= 60 ? coordination : personal;
  return `${escape(personnummer)}^^^${authority}`;
}

function patientSegment(step: HospitalStep, dialect: Dialect): string {
  const { street = '', city = '', postalCode = '' } = step.address ?? {};
  const address = [
    escape(street),
    '',
    escape(city),
    '',
    escape(postalCode),
    'SE',
    'H',
    '',
    step.municipality ?? '',
  ];
  return fields('PID', {
    1: '1',
    3: numberOf(step, dialect),
    5: `${escape(step.family)}^${escape(step.given)}`,
    11: address.join('^').replace(/\^+$/, ''),
    29: step.diedAt === undefined ? '' : dialect.time(step.diedAt),
    30: step.diedAt === undefined ? '' : 'Y',
  });
}

function visitSegment(step: HospitalStep, time: (text: string) => string): string {
  const admitted = step.admittedAt ?? (step.trigger === 'A01' ? step.at : undefined);
  return fields('PV1', {
    1: '1',
    2: step.patientClass ?? 'I',
    3: escape(step.unit ?? ''),
    14: step.admitSource ?? '',
    16: step.protection ?? '',
    19: escape(step.visit),
    36: step.disposition ?? (step.trigger === 'A03' ? '01' : ''),
    44: admitted === undefined ? '' : time(admitted),
    45: step.trigger === 'A03' ? time(step.at) : '',
  });
}

function secondVisit(
  step: HospitalStep,
  time: (text: string) => string,
  status: string,
  disposition: string,
): string {
  const expected = step.expectedDischarge ?? '';
  return fields('PV2', {
    9: timeOrNone(expected, time),
    24: status,
    27: disposition,
  });
}

function timeOrNone(expected: string, time: (text: string) => string): string {
  if (expected === '') return '';
  if (expected === 'none') return '""';
  return /^\d{4}-\d\d-\d\d$/.test(expected) ? expected.replaceAll('-', '') : time(expected);
}

function flag(needed: boolean): string {
  return needed ? 'J' : 'N';
}

/** ZUT as mappings/senders/ekliden.yaml describes it. */
function readinessSegment(step: HospitalStep, time: (text: string) => string): string {
  const { needs, readyAt, readinessWithdrawn } = step;
  const assessed = readinessWithdrawn ?? readyAt;
  const status = readinessWithdrawn !== undefined ? 'A' : readyAt !== undefined ? 'K' : 'N';
  return fields('ZUT', {
    1: status,
    2: assessed === undefined ? '' : time(assessed),
    3: needs === undefined ? '' : flag(needs.socialServices),
    4: needs === undefined ? '' : flag(needs.municipalHealthCare),
    5: needs === undefined ? '' : flag(needs.regionOutpatient),
    6: needs === undefined ? '' : time(step.needsAt ?? step.at),
    7: step.municipality ?? '',
  });
}

/** PV2-27 as mappings/senders/norrtuna.yaml describes it. */
function dispositionOf(needs: Needs | undefined): string {
  if (needs === undefined) return '';
  const { socialServices, municipalHealthCare, regionOutpatient } = needs;
  const code = `${socialServices ? 'S' : ''}${municipalHealthCare ? 'K' : ''}${regionOutpatient ? 'R' : ''}`;
  return code === '' ? 'E' : code;
}

/** A segment from its fields by number; trailing empty ones are left out. */
function fields(name: string, values: Readonly<Record<number, string>>): string {
  const last = Math.max(
    0,
    ...Object.keys(values)
      .map(Number)
      .filter((at) => values[at] !== ''),
  );
  return [name, ...Array.from({ length: last }, (_, index) => values[index + 1] ?? '')].join('|');
}

const escapes: Readonly<Record<string, string>> = {
  '\\': 'E',
  '|': 'F',
  '^': 'S',
  '&': 'T',
  '~': 'R',
};

function escape(value: string): string {
  return value.replace(/[\\|^&~]/g, (found) => `\\${escapes[found] ?? 'E'}\\`);
}

/** `YYYYMMDDHHMMSS±ZZZZ` in Swedish time. */
function wallTime(iso: string): string {
  const time = /(?:Z|[+-]\d\d:?\d\d)$/.test(iso)
    ? Temporal.Instant.from(iso).toZonedDateTimeISO(zone)
    : Temporal.PlainDateTime.from(iso).toZonedDateTime(zone);
  const wall = time.toPlainDateTime().toString({ smallestUnit: 'second' });
  return wall.replace(/[-T:]/g, '') + time.offset.replace(':', '');
}

function invalid(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}

// ---------------------------------------------------------------- the wire

/** An MLLP connection to the gateway: one message in flight, its answer matched by MSA-2. */
export { MllpClient as HospitalLink } from '../wire/mllp-client.ts';
export { answerCodeOf } from '../wire/mllp-answer.ts';
