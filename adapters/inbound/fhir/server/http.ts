/** The HTTP side of an interaction: what came as body and headers, and what goes. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Request } from 'express';
import type { FhirResource } from 'fhir/r4.js';
import { isResource } from '../content.ts';
import { Temporal } from 'temporal-polyfill';
import { asGatewayError, type GatewayError } from '../../../../gateway/errors.ts';
import { outcomeOf } from '../answers/outcome.ts';
import { FhirRefusal, refuse } from '../answers/refusal.ts';
import { readJson, type JsonDocument } from '../json/strict-json.ts';
import type { Preference } from './negotiation.ts';
import { etagOf, type FhirRequest, type FhirResponse } from './request.ts';

/** The body, read strictly. @throws GatewayError malformed-message */
export function documentIn(request: Request): JsonDocument {
  const raw: unknown = request.body;
  return readJson(Buffer.isBuffer(raw) ? raw : Buffer.alloc(0));
}

/**
 * @param text as it was sent
 * @param at where its resourceType stands
 * @throws FhirRefusal 400 for what is no resource, or one of another type than the URL says
 */
export function resourceOf(
  value: unknown,
  text: string,
  type: string,
  at = 'resourceType',
): NonNullable<FhirRequest['body']> {
  if (!isResource(value)) {
    throw refuse(400, 'structure', 'expected a resource: a JSON object with resourceType', at);
  }
  if (value.resourceType === type) return { resource: value, text };
  throw refuse(400, 'invalid', `resourceType must be ${type}, as in the URL`, at);
}

/** The headers that a conditional request has. */
export function conditionsIn(headers: IncomingHttpHeaders): FhirRequest['conditions'] {
  return {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifNoneExist: [headers['if-none-exist'] ?? []].flat()[0],
  };
}

/** What express itself throws has a status; everything else is an error of ours or a refusal. */
export function errorOf(thrown: unknown): GatewayError {
  const status =
    typeof thrown === 'object' &&
    thrown !== null &&
    'status' in thrown &&
    !(thrown instanceof FhirRefusal)
      ? Number(thrown.status)
      : undefined;
  if (status === 413) {
    return refuse(413, 'too-long', 'the body is too large: send it in several requests');
  }
  if (status === 400)
    return refuse(400, 'incomplete', 'the body did not come whole: send it again');
  if (status === 415) return refuse(415, 'not-supported', 'send the body uncompressed');
  return asGatewayError(thrown);
}

// ---------------------------------------------------------------- what goes

const retryAfterSeconds = '5';

/** @param isWrite the answer says where the resource is from now on */
export function headersOf(
  { status, type, id, version, lastModified }: FhirResponse,
  baseUrl: string,
  isWrite: boolean,
): Readonly<Record<string, string>> {
  const place = `${baseUrl}/${type}/${id}`;
  return {
    ...(version !== undefined && { ETag: etagOf(version) }),
    ...(lastModified !== undefined && { 'Last-Modified': httpDate(lastModified) }),
    ...(isWrite &&
      id !== undefined &&
      status < 300 && {
        Location: version === undefined ? place : `${place}/_history/${version}`,
      }),
    ...(status === 503 && { 'Retry-After': retryAfterSeconds }),
  };
}

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `Mon, 07 Mar 2022 11:00:00 GMT` (RFC 9110, 5.6.7). */
function httpDate(instant: string): string {
  const at = Temporal.Instant.from(instant).toZonedDateTimeISO('UTC');
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${days[at.dayOfWeek - 1]}, ${two(at.day)} ${months[at.month - 1]} ${at.year}`;
  return `${day} ${two(at.hour)}:${two(at.minute)}:${two(at.second)} GMT`;
}

/**
 * What a write is answered with. Without a preference that is what there is to say of the resource, and else nothing; a
 * code that waits for a table is always told.
 */
export function bodyOfWrite(
  { status, resource, outcome, mustTell }: FhirResponse,
  { returns }: Preference,
): FhirResource | undefined {
  if (status >= 400 || mustTell === true) return outcome;
  switch (returns) {
    case 'representation':
      return resource ?? outcome;
    case 'OperationOutcome':
      return outcome ?? outcomeOf([]);
    case 'minimal':
      return undefined;
    default:
      return outcome?.issue.some(({ severity }) => severity !== 'information') === true
        ? outcome
        : undefined;
  }
}
