/** Create and update (FHIR R4, 3.1.0.4 and 3.1.0.8), plain and conditional. The answer is there after the commit. */
import type { FhirResource, OperationOutcomeIssue } from 'fhir/r4.js';
import { assert, GatewayError } from '../../../../gateway/errors.ts';
import type { ResourceIdentifier } from '../../../adapter.ts';
import { readAnswer } from '../answers/answer.ts';
import { issueOfFinding, outcomeOf } from '../answers/outcome.ts';
import { FhirRefusal, refuse } from '../answers/refusal.ts';
import { identifiersOf, saysTheSame } from '../content.ts';
import { resourceIn, type StoredResource } from '../store.ts';
import { isStale, mostTries, take, type Incoming, type Took } from '../take.ts';
import { checkOf, conditionOf, oneWith, tokenText } from './conditions.ts';
import {
  asServed,
  idForm,
  storedAsServed,
  type FhirRequest,
  type FhirResponse,
} from './request.ts';

/** Where a resource goes: an id that is known or chosen, or a new one that nobody else's identifier may stand against. */
export interface Target {
  readonly id?: string;
  readonly unlessKnown?: ResourceIdentifier;
  /** What is there already, and stays as it is (`If-None-Exist`). */
  readonly kept?: StoredResource;
}

/** @throws FhirRefusal, GatewayError */
export async function write(request: FhirRequest): Promise<FhirResponse> {
  const { body, taking, conditions } = request;
  assert(body, 'a write has a body');
  const warnings = await checked(request, body.resource);
  const isUpdate = request.interaction === 'update';
  for (let tries = 1; ; tries += 1) {
    const { id, unlessKnown, kept } = await targetOf(request, body.resource);
    if (kept !== undefined) return responseOfStored(kept);
    const incoming: Incoming = {
      resource: body.resource,
      text: body.text,
      ...(id !== undefined && { id }),
      ...(unlessKnown !== undefined && { unlessKnown: tokenText(unlessKnown) }),
      ...(isUpdate && { check: checkOf(conditions) }),
    };
    const took = await take(taking, incoming);
    // Somebody else has the identifier by now: who that is decides what this becomes.
    const isTaken = unlessKnown !== undefined && isStale(took.reply);
    if (isTaken && tries < mostTries) continue;
    return withWarnings(responseOf(took, body.resource), warnings);
  }
}

/** Finds out where a resource goes, by what stands now. @throws FhirRefusal */
export async function targetOf(request: FhirRequest, resource: FhirResource): Promise<Target> {
  return request.interaction === 'update'
    ? targetOfUpdate(request, resource)
    : targetOfCreate(request, resource);
}

async function targetOfUpdate(request: FhirRequest, resource: FhirResource): Promise<Target> {
  const { type, id, query } = request;
  if (id !== undefined) {
    if (!idForm.test(id)) {
      throw refuse(400, 'value', 'an id is 1 to 64 letters, digits, "-" and "."', `${type}.id`);
    }
    if (resource.id === id) return { id };
    throw refuse(
      400,
      'invalid',
      `${type}.id must be there and equal the id in the URL`,
      `${type}.id`,
    );
  }
  const identifier = conditionOf(query, `PUT ${type}`);
  const found = await oneWith(request, identifier);
  const { id: own } = resource;
  if (own !== undefined && !isIdOf(own, found)) {
    const text = `${type}.id: leave it out, or give that of the ${type} with this identifier`;
    throw refuse(400, 'invalid', text, `${type}.id`);
  }
  if (found !== undefined) return { id: found.id };
  return { ...(own !== undefined && { id: own }), unlessKnown: identifier };
}

const isIdOf = (own: unknown, found: StoredResource | undefined): boolean =>
  typeof own === 'string' && idForm.test(own) && (found === undefined || found.id === own);

/**
 * A create that repeats what is known makes no second one: the same content under the same identifier is the same
 * resource, sent again after an answer was lost. An Encounter goes further: its identifier is the stay, and what is told
 * of a stay by POST again is its next version.
 */
async function targetOfCreate(request: FhirRequest, resource: FhirResource): Promise<Target> {
  const { type, conditions, taking } = request;
  if (conditions.ifNoneExist !== undefined) {
    const query = new URLSearchParams(conditions.ifNoneExist.replace(/^[^?]*\?/, ''));
    const identifier = conditionOf(query, 'If-None-Exist');
    const kept = await oneWith(request, identifier);
    return kept === undefined ? { unlessKnown: identifier } : { kept };
  }
  const [first] = identifiersOf(resource).filter(({ system }) => system !== undefined);
  if (first === undefined) return {};
  const [known, another] = await taking.store.byIdentifier(taking.sender, type, first, 2);
  if (known === undefined) return type === 'Encounter' ? { unlessKnown: first } : {};
  if (another !== undefined) return {};
  const isSame = type === 'Encounter' || saysTheSame(resourceIn(known), resource);
  return isSame ? { id: known.id } : {};
}

/**
 * What the checks find of a resource.
 * @returns what is worth a warning
 * @throws FhirRefusal 422 with everything that is wrong
 */
export async function checked(
  { findingsOf }: Pick<FhirRequest, 'findingsOf'>,
  resource: FhirResource,
): Promise<readonly OperationOutcomeIssue[]> {
  const findings = await findingsOf(resource);
  const issues = findings.map(issueOfFinding);
  if (findings.some(({ severity }) => severity === 'error')) throw new FhirRefusal(422, issues);
  return issues;
}

/** What became of a resource that was taken. @throws GatewayError where there is no answer to it */
export function responseOf(
  { reply, type, id, unchanged }: Took,
  resource: FhirResource,
): FhirResponse {
  if (unchanged !== undefined) return responseOfStored(unchanged);
  const [bytes] = reply.answers ?? [];
  if (bytes === undefined) {
    throw reply.error ?? new GatewayError('assertion-failed', 'a resource always has an answer');
  }
  const answer = readAnswer(bytes);
  const { version, lastModified } = answer;
  const stands = version !== undefined && lastModified !== undefined;
  return {
    type,
    id,
    ...answer,
    ...(stands && { resource: asServed(resource, { id, version, lastModified }) }),
  };
}

export function responseOfStored(stored: StoredResource): FhirResponse {
  const { type, id, version, lastUpdated: lastModified } = stored;
  return { status: 200, type, id, version, lastModified, resource: storedAsServed(stored) };
}

export function withWarnings(
  response: FhirResponse,
  warnings: readonly OperationOutcomeIssue[],
): FhirResponse {
  if (warnings.length === 0) return response;
  return { ...response, outcome: outcomeOf([...(response.outcome?.issue ?? []), ...warnings]) };
}
