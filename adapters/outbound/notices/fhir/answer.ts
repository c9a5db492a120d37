/**
 * What a FHIR server's answer to a notice means: taken, refused, not taken now, or unknown. Nothing of its content gets
 * into an error but codes of the standard.
 */
import { GatewayError } from '../../../../gateway/errors.ts';
import type { DeliveryReceipt } from '../../../adapter.ts';
import type { PostAnswer } from '../../../wire/fhir-client.ts';
import { deliverySystem } from './bundle.ts';

/** The notice that was sent, as its answer is judged. */
export interface Sent {
  /** MessageHeader.id and Bundle.identifier. */
  readonly deliveryId: string;
  /** `POST $process-message`, for errors. */
  readonly what: string;
}

/** Not taken: too slow in coming, too early, too many, not now (RFC 9110 section 15). */
const notTaken = new Set([408, 425, 429, 503]);
/** Issues of R4's value set issue-type that say: not now, the same again later. */
const passing = new Set(['transient', 'lock-error', 'no-store', 'throttled']);

/**
 * @returns the receipt of a notice that was taken
 * @throws GatewayError delivery-refused (again cannot help), delivery-failed (it was not taken, and may be later),
 *   delivery-unknown (it may have been taken)
 */
export function judgeNoticeAnswer(answer: PostAnswer, sent: Sent): DeliveryReceipt {
  const { status, body } = answer;
  const response = responseOf(body);
  if (response !== undefined) return judgeResponse(answer, sent, response);
  const issue = errorIn(body);
  // A server that knows the message already (R4, issue-type `duplicate`) has it.
  if (issue === 'duplicate') return taken(status, issue);
  if (status >= 200 && status < 300) return judgeSuccess(answer, sent, issue);
  throw refusal(answer, sent, issue);
}

function taken(status: number, said?: string): DeliveryReceipt {
  const detail = said === undefined ? `HTTP ${status}` : `HTTP ${status} ${said}`;
  return { proof: 'receiver-answer', detail };
}

// ---------------------------------------------------------------- an answer to the message

interface Response {
  readonly identifier: unknown;
  readonly code: unknown;
}

/** MessageHeader.response (R4, 2.4.2): it counts whatever the status is, where it is about our message. */
function judgeResponse(
  answer: PostAnswer,
  sent: Sent,
  { identifier, code }: Response,
): DeliveryReceipt {
  const { status } = answer;
  if (identifier !== sent.deliveryId) {
    throw unknown(answer, sent, 'the answer is to another message');
  }
  switch (code) {
    case 'ok':
      return taken(status, 'ok');
    case 'transient-error':
      throw failed(answer, sent, code);
    case 'fatal-error':
      throw refused(answer, sent, code);
    default:
      throw unknown(answer, sent, 'the answer has no code of response-code');
  }
}

function responseOf(body: unknown): Response | undefined {
  if (of(body, 'resourceType') !== 'Bundle') return undefined;
  const [first]: readonly unknown[] = list(of(body, 'entry'));
  const header = of(first, 'resource');
  if (of(header, 'resourceType') !== 'MessageHeader') return undefined;
  const response = of(header, 'response');
  if (response === undefined) return undefined;
  return { identifier: of(response, 'identifier'), code: of(response, 'code') };
}

// ---------------------------------------------------------------- an answer to the request

/** 2xx without a message in it. */
function judgeSuccess(answer: PostAnswer, sent: Sent, issue: string | undefined): DeliveryReceipt {
  const { status, body } = answer;
  // It was created, whatever is said beside it.
  if (issue !== undefined && status !== 201) {
    throw passing.has(issue) ? failed(answer, sent, issue) : refused(answer, sent, issue);
  }
  const type = of(body, 'resourceType');
  if (body === undefined || type === 'OperationOutcome') return taken(status);
  if (typeof type !== 'string') {
    throw unknown(answer, sent, 'the answer is not FHIR; is base the address of a FHIR server?');
  }
  // What was created, given back.
  if (type === 'Bundle' && isOurs(body, sent.deliveryId)) return taken(status);
  throw unknown(answer, sent, 'the answer is about something else');
}

function isOurs(bundle: unknown, deliveryId: string): boolean {
  const identifier = of(bundle, 'identifier');
  return of(identifier, 'system') === deliverySystem && of(identifier, 'value') === deliveryId;
}

function refusal(answer: PostAnswer, sent: Sent, issue: string | undefined): GatewayError {
  const { status } = answer;
  if (status < 400) {
    return refused(
      answer,
      sent,
      'a redirect, which is not followed; enter the address it leads to',
    );
  }
  if (notTaken.has(status)) return failed(answer, sent, issue);
  // More than one has our identifier: one of them may be this.
  if (status === 412) return unknown(answer, sent, 'several there have the identifier');
  if (status >= 500) return unknown(answer, sent, issue);
  const isPassing = issue !== undefined && passing.has(issue);
  return isPassing ? failed(answer, sent, issue) : refused(answer, sent, issue);
}

/** The code of the first issue that is an error; a word of the standard, its text may hold anything. */
function errorIn(body: unknown): string | undefined {
  if (of(body, 'resourceType') !== 'OperationOutcome') return undefined;
  const found = list(of(body, 'issue')).find((issue) => {
    const severity = of(issue, 'severity');
    return severity === 'fatal' || severity === 'error';
  });
  if (found === undefined) return undefined;
  const code = of(found, 'code');
  return typeof code === 'string' && /^[a-z-]{1,40}$/.test(code) ? code : 'no code';
}

// ---------------------------------------------------------------- errors

function refused(answer: PostAnswer, sent: Sent, why?: string): GatewayError {
  return errorOf('delivery-refused', answer, sent, why);
}
function failed(answer: PostAnswer, sent: Sent, why?: string): GatewayError {
  return errorOf('delivery-failed', answer, sent, why);
}
function unknown(answer: PostAnswer, sent: Sent, why?: string): GatewayError {
  return errorOf('delivery-unknown', answer, sent, why);
}

function errorOf(
  code: 'delivery-refused' | 'delivery-failed' | 'delivery-unknown',
  { status, retryAfterMs }: PostAnswer,
  { what }: Sent,
  why: string | undefined,
): GatewayError {
  const text = `${what}: HTTP ${status}${why === undefined ? '' : ` (${why})`}`;
  return new GatewayError(code, text, {
    standardCode: String(status),
    ...(retryAfterMs !== undefined && code !== 'delivery-refused' && { retryAfterMs }),
  });
}

function of(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
