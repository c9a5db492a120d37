/** One message by itself: what it means, and the answer it would get. Pure; no gateway runs. */
import { withoutPersonNumbers } from '../../adapters/person-numbers.ts';
import type { Answers, Fact, Translation, UnmappedCode } from '../../adapters/adapter.ts';
import { readHeader } from '../../adapters/inbound/hl7v2/answers/acknowledge.ts';
import { hl7v2Inbound, meaningOf, senderFinder } from '../../adapters/inbound/hl7v2/index.ts';
import type { KnownMessage } from '../../adapters/inbound/hl7v2/index.ts';
import { hl7Null } from '../../adapters/inbound/hl7v2/meaning/compile.ts';
import { municipalityCodes } from '../../mappings/index.ts';
import type { Mappings } from '../../mappings/index.ts';
import type { GatewayError } from '../errors.ts';
import type { MessageResult, Outcome, ToldEvent } from './result.ts';

/** What a message gave, before it is held against what is expected of it. */
export interface Judged {
  readonly told: Omit<MessageResult, 'file' | 'position' | 'remarks' | 'isExpected' | 'failures'>;
  /** For the story. It holds the patient: it is not told. */
  readonly translation?: Translation;
  /** The answer, for expectations: it echoes MSH, so it is not told either. */
  readonly answerSegments: readonly string[];
}

/** @returns a function that judges one message by the mappings */
export function judgeBy(mappings: Mappings): (raw: Uint8Array) => Judged {
  const inbound = hl7v2Inbound(mappings);
  const findSender = senderFinder(mappings);
  return (raw) => {
    const { message, translation, error, verdict } = meaningOf(inbound, raw);
    const segments = segmentsOf(inbound.acknowledge(message, raw, verdict, context));
    return {
      told: {
        ...headOf(raw, message, findSender),
        outcome: outcomeOf(translation),
        ...reasonOf(translation, error),
        answer: codeOf(segments),
        ...toldMeaning(translation),
      },
      ...(translation !== undefined && { translation }),
      answerSegments: segments,
    };
  };
}

/** MSH of an answer has a time and an id of its own, which only a running gateway has; neither is told. */
const context = { answerId: '0', now: '1970-01-01T00:00:00.000Z' };

type Told = Judged['told'];

/** Who and what, also of a message that is refused. */
function headOf(
  raw: Uint8Array,
  known: KnownMessage | undefined,
  findSender: ReturnType<typeof senderFinder>,
): Pick<Told, 'controlId' | 'kind' | 'sender' | 'version' | 'sentAt'> {
  const header = known?.header ?? readHeader(raw);
  if (header === undefined) return {};
  const component = header.delimiters.component;
  const field = (number: number): string => header.rawField('MSH', number);
  const controlId = known?.head.controlId ?? field(10);
  const kind = known?.head.kind ?? field(9).split(component).slice(0, 2).join('^');
  const sender = known?.head.sender ?? findSender(header)?.mapping.id;
  const version = field(12).split(component)[0] ?? '';
  return {
    ...(controlId !== '' && { controlId: fitToTell(controlId) }),
    ...(kind !== '' && { kind: fitToTell(kind) }),
    ...(sender !== undefined && { sender }),
    ...(version !== '' && { version: fitToTell(version) }),
    ...(known?.head.sentAt !== undefined && { sentAt: known.head.sentAt }),
  };
}

export function outcomeOf(translation: Translation | undefined): Outcome {
  if (translation === undefined) return 'refused';
  if (translation.unmapped.length > 0) return 'parked';
  return translation.ignored === undefined ? 'accepted' : 'ignored';
}

export function reasonOf(
  translation: Translation | undefined,
  error: GatewayError | undefined,
): Pick<Told, 'reason' | 'error'> {
  if (error === undefined) {
    return translation?.ignored === undefined ? {} : { reason: translation.ignored };
  }
  const { code, location, standardCode } = error;
  return {
    reason: error.message,
    error: {
      code,
      ...(location !== undefined && { location }),
      ...(standardCode !== undefined && { standardCode }),
    },
  };
}

/** Of all answers in order: the accept acknowledgement comes first, where one is asked for. */
function segmentsOf(answers: Answers = []): string[] {
  return answers.flatMap((answer) => Buffer.from(answer).toString('latin1').split('\r'));
}

function codeOf(segments: readonly string[]): string | null {
  const separator = segments[0]?.charAt(3) ?? '|';
  const msa = segments.find((segment) => segment.startsWith('MSA'));
  return msa?.split(separator)[1] ?? null;
}

export function toldMeaning(
  translation: Translation | undefined,
): Pick<Told, 'stay' | 'events' | 'warnings' | 'unmapped'> {
  if (translation === undefined) return { events: [], warnings: [], unmapped: [] };
  const { stay, warnings, unmapped } = translation;
  return {
    ...(stay?.by === 'visit' && {
      stay: { authority: stay.authority, number: fitToTell(stay.number) },
    }),
    events: allFacts(translation).map(({ type, occurredAt, precision, data }): ToldEvent => ({
      type,
      occurredAt,
      ...(precision !== undefined && { precision }),
      data,
    })),
    warnings,
    unmapped: unmapped.map(toldCode),
  };
}

/** The facts of the stay, of persons, and of stays that are moved. */
export function allFacts({ facts, persons = [], moved = [] }: Translation): readonly Fact[] {
  return [facts, ...[...persons, ...moved].map((one) => one.facts)].flat();
}

/** What stands where a code should be may be a name or a place: it is told where it looks like a code. */
export function toldCode({ code, path, table }: UnmappedCode): UnmappedCode {
  const isOfPerson =
    table === municipalityCodes || /^(?:(?:PID|PD1|NK1|MRG|GT1|IN1)-|Patient\b)/.test(path);
  const shape = isOfPerson ? personShape : /\.(?:code|status)$/.test(path) ? fhirCode : codeShape;
  const isShown = code === hl7Null || shape.test(code);
  return { table, code: isShown ? fitToTell(code) : 'not shown', path };
}

const personShape = /^\d{1,6}$|^.{0,3}$/;
/** Code and status of FHIR: what stands there is written for machines. */
const fhirCode = /^(?!.*\d{6})[A-Za-z\d_./+-]{1,40}$/;
/** Capitals or small letters and not both, without the digits of a person's number. */
const codeShape = /^(?!.*\d{6})(?:[A-ZÅÄÖ\d_./+-]{1,20}|[a-zåäö\d_./+-]{1,12})$/;

/** What a sender wrote, fit to be told: bounded, without control characters and without a person's number. */
export function fitToTell(text: string): string {
  return withoutPersonNumbers(text.slice(0, 100).replace(/\p{Cc}/gu, ' '));
}
