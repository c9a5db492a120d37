/**
 * One message of somebody else through read → translate → acknowledge, as `receive` does it, without the journal.
 */
import { isUtf8 } from 'node:buffer';
import type { Translation } from '../../adapters/adapter.ts';
import { readHeader } from '../../adapters/inbound/hl7v2/answers/acknowledge.ts';
import { meaningOf, hl7v2Inbound } from '../../adapters/inbound/hl7v2/index.ts';
import type { KnownMessage } from '../../adapters/inbound/hl7v2/index.ts';
import type { GatewayError } from '../../gateway/errors.ts';
import type { Mappings } from '../../mappings/index.ts';

export const outcomes = [
  'accepted',
  'ignored',
  'parked',
  'refused',
  'unanswered',
  'broken',
] as const;
export type Outcome = (typeof outcomes)[number];

export interface Played {
  /** `ADT^A01`; `unreadable` where there is no MSH to tell it. */
  readonly kind: string;
  readonly outcome: Outcome;
  /** The events, the reason, the unmapped code, or what was refused; never a value of a person's field. */
  readonly detail: string;
  /** MSA-1; undefined where the bytes cannot be answered. */
  readonly answer?: string;
  readonly message?: KnownMessage;
  readonly translation?: Translation;
}

export type Player = (raw: Uint8Array) => Played;

/**
 * Reads for a sender that matches everything. Where MSH-18 is empty the bytes tell the character set: what is UTF-8 is
 * read as UTF-8, the rest as 8859/1.
 */
export function playerOf(mappings: Mappings): Player {
  const utf8 = hl7v2Inbound(withAnySender(mappings, 'UNICODE UTF-8'));
  const latin1 = hl7v2Inbound(withAnySender(mappings, '8859/1'));
  return (raw) => play(isUtf8(raw) ? utf8 : latin1, raw);
}

/** The mappings with one sender, which matches anything and takes every processing id. */
function withAnySender(mappings: Mappings, charset: 'UNICODE UTF-8' | '8859/1'): Mappings {
  const any = {
    id: 'any',
    name: 'Any',
    description: 'matches every message',
    match: { 'MSH-3': '*', 'MSH-4': '*' },
    county: '14',
    hospital: 'Any',
    charset,
    zone: 'Europe/Stockholm',
    visitAuthority: 'https://any.example/visit',
    acceptedProcessingIds: ['P' as const, 'T' as const, 'D' as const],
  };
  return { ...mappings, senders: [any] };
}

const context = {
  answerId: '0190f3a4-5b6c-7d8e-9f01-23456789abcd',
  now: '2022-03-07T12:00:00.000Z',
};

function play(inbound: ReturnType<typeof hl7v2Inbound>, raw: Uint8Array): Played {
  const { message, translation, error, verdict } = meaningOf(inbound, raw);
  const answer = answerCodes(inbound.acknowledge(message, raw, verdict, context));
  return {
    kind: message === undefined ? kindOf(raw) : inbound.head(message).kind,
    ...judged(translation, error, answer),
    ...(answer !== undefined && { answer }),
    ...(message !== undefined && { message }),
    ...(translation !== undefined && { translation }),
  };
}

/** What a message that is refused at reading says it is. */
function kindOf(raw: Uint8Array): string {
  const header = readHeader(raw);
  if (header === undefined) return 'unreadable';
  const [type = '', trigger = ''] = header.rawField('MSH', 9).split(header.delimiters.component);
  return trigger === '' ? type : `${type}^${trigger}`;
}

/** MSA-1 of the answers, `no answer asked` where it asks for none; undefined where the bytes cannot be answered. */
function answerCodes(given: Uint8Array | readonly Uint8Array[] | undefined): string | undefined {
  if (given === undefined) return undefined;
  const answers = given instanceof Uint8Array ? [given] : given;
  const codes = answers.map((answer) => {
    const text = Buffer.from(answer).toString('latin1');
    const segment = text.split('\r').find((line) => line.startsWith('MSA'));
    return segment?.split(text.charAt(3))[1] ?? '';
  });
  return codes.join('+') || 'no answer asked';
}

function judged(
  translation: Translation | undefined,
  error: GatewayError | undefined,
  answer: string | undefined,
): { outcome: Outcome; detail: string } {
  if (error !== undefined) {
    // An error that is not a GatewayError, or is our own bug, must not come of anybody's bytes.
    if (error.code === 'assertion-failed') return { outcome: 'broken', detail: error.message };
    const { location = '', standardCode = error.code, message } = error;
    const place = message.startsWith(location) ? '' : `${location}: `;
    const detail = `${answer ?? 'no answer'} ${standardCode} ${place}${message}`;
    return { outcome: answer === undefined ? 'unanswered' : 'refused', detail };
  }
  const { facts = [], persons = [], moved = [], unmapped = [], ignored } = translation ?? {};
  if (unmapped.length > 0) {
    const codes = unmapped.map(({ path, code, table }) => {
      const shown = path.startsWith('PID') ? '' : ` '${code.replace(/\p{Cc}/gu, ' ')}'`;
      return `${path}${shown} not in ${table}`;
    });
    return { outcome: 'parked', detail: codes.join('; ') };
  }
  if (ignored !== undefined) return { outcome: 'ignored', detail: ignored };
  const said = [
    ...facts.map(({ type }) => type),
    ...persons.flatMap((person) => person.facts.map(({ type }) => `${type} (of a person)`)),
    ...moved.flatMap((stay) => stay.facts.map(({ type }) => `${type} (of a moved stay)`)),
  ];
  return { outcome: 'accepted', detail: said.join(', ') };
}
