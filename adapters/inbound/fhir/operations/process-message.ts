/**
 * `$process-message` (FHIR R4, 2.4.4): a message is taken whole, and answered by a message that says what became of it.
 * A message that comes again under its MessageHeader.id gets the answer that it got.
 */
import { hash } from 'node:crypto';
import type {
  Bundle,
  FhirResource,
  MessageHeader,
  MessageHeaderResponse,
  OperationOutcome,
} from 'fhir/r4.js';
import { asGatewayError, GatewayError } from '../../../../gateway/errors.ts';
import { readAnswer } from '../answers/answer.ts';
import { issueOfFinding, outcomeOf } from '../answers/outcome.ts';
import { FhirRefusal, refuse, refusedFor } from '../answers/refusal.ts';
import type { Finding } from '../checks/finding.ts';
import { isMessage, partsOf, takeMessage, type MessageBundle } from '../message.ts';
import type { FhirSender } from '../security/identity.ts';
import { isResource } from '../content.ts';
import { checkAllowed } from '../server/interact.ts';
import type { Operation, OperationAnswer, OperationCall } from '../server/operation.ts';
import { calledWith } from './parameters.ts';

export interface MessageOperationParts {
  /** What the checks say of a sender's resources: an error refuses the message. */
  readonly checkOf: (
    sender: FhirSender,
  ) => (resource: FhirResource) => readonly Finding[] | Promise<readonly Finding[]>;
  /** Keeps for the operator what was refused before it was received. It must not throw. */
  readonly keepRefused: (sender: FhirSender, raw: Uint8Array, error: GatewayError) => void;
  /** Where we are served: the source of our answers. */
  readonly endpoint: string;
}

export function processMessage(parts: MessageOperationParts): Operation {
  return {
    definition: 'http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message',
    documentation:
      'A message of the discharge process, answered at once. A repeat under its MessageHeader.id gets the same answer; other content under it is refused.',
    onSystem: true,
    onTypes: [],
    run: (call) => run(parts, call),
  };
}

async function run(parts: MessageOperationParts, call: OperationCall): Promise<OperationAnswer> {
  const { resource, text = '', values } = calledWith(call.body, call.query, 'content');
  for (const [name, value] of values) checkOption(name, value);
  if (resource === undefined || !isMessage(resource)) {
    throw refuse(400, 'invalid', 'expected a Bundle of type message', 'Bundle.type');
  }
  const asked = headerOf(resource);
  try {
    const { status, outcome, at } = await taken(parts, call, resource, text);
    return asked === undefined
      ? { status, ...(outcome && { resource: outcome }) }
      : { status, resource: responseTo(asked, call.sender, parts.endpoint, status, outcome, at) };
  } catch (thrown) {
    const error = asGatewayError(thrown);
    // Whom an answer cannot name, and whoever may not, hears it as of any request.
    if (asked === undefined || refusedFor(error).status === 403) throw thrown;
    const { status, outcome } = refusedFor(error);
    if (status < 500) parts.keepRefused(call.sender, Buffer.from(text), error);
    const at = call.taking.now();
    return {
      status,
      resource: responseTo(asked, call.sender, parts.endpoint, status, outcome, at),
    };
  }
}

/** We answer at once, and on the same connection alone. */
function checkOption(name: string, value: string): void {
  if (name === 'response-url' || (name === 'async' && value !== 'false')) {
    const text = `'${name}' is not supported: every message is answered at once; send it without`;
    throw refuse(400, 'not-supported', text);
  }
}

interface Taken {
  readonly status: number;
  readonly outcome?: OperationOutcome;
  /** ISO 8601 UTC. */
  readonly at: string;
}

/** @throws FhirRefusal, GatewayError where it was not received */
async function taken(
  { checkOf }: MessageOperationParts,
  { sender, taking }: OperationCall,
  bundle: MessageBundle,
  text: string,
): Promise<Taken> {
  const findings = await checkOf(sender)(bundle);
  const issues = findings.map(issueOfFinding);
  if (findings.some(({ severity }) => severity === 'error')) throw new FhirRefusal(422, issues);
  // Only now is it known to be formed as a Bundle is.
  const { focus } = partsOf(bundle);
  for (const { fullUrl, resource } of bundle.entry ?? []) {
    if (!isResource(resource) || !focus.has(fullUrl ?? '')) continue;
    checkAllowed({ sender, type: resource.resourceType, interaction: 'create' });
  }
  const { reply } = await takeMessage(taking, bundle, text);
  const [bytes] = reply.answers ?? [];
  if (bytes === undefined) {
    throw reply.error ?? new GatewayError('assertion-failed', 'a message always has an answer');
  }
  const { status, outcome, mustTell, lastModified } = readAnswer(bytes);
  const said = [...(outcome?.issue ?? []), ...(status < 400 ? issues : [])];
  return {
    // Taken; what it means waits where a code is not known (202).
    status: status >= 400 ? status : mustTell === true ? 202 : 200,
    ...(said.length > 0 && { outcome: outcomeOf(said) }),
    at: lastModified ?? taking.now(),
  };
}

// ---------------------------------------------------------------- the answer

/** The header of a message that can be answered: it has a name and says what it is. */
function headerOf(bundle: MessageBundle): (MessageHeader & { id: string }) | undefined {
  const header = bundle.entry?.[0]?.resource;
  if (header?.resourceType !== 'MessageHeader') return undefined;
  const { id } = header;
  return typeof id === 'string' && /^[A-Za-z0-9.-]{1,64}$/.test(id) ? { ...header, id } : undefined;
}

function codeOf(status: number): MessageHeaderResponse['code'] {
  if (status < 400) return 'ok';
  return status >= 500 ? 'transient-error' : 'fatal-error';
}

/** The same message and the same outcome give the same ids: a repeat gets the answer that it got. */
function responseTo(
  asked: MessageHeader & { id: string },
  { id: sender }: FhirSender,
  endpoint: string,
  status: number,
  outcome: OperationOutcome | undefined,
  at: string,
): Bundle {
  const idOf = (what: string): string => uuidOf([sender, asked.id, String(status), what]);
  const details = `urn:uuid:${idOf('outcome')}`;
  const header: MessageHeader = {
    resourceType: 'MessageHeader',
    id: idOf('header'),
    ...eventOf(asked),
    ...(isShort(asked.source?.endpoint) && { destination: [{ endpoint: asked.source.endpoint }] }),
    source: { name: 'hemgang', endpoint },
    response: {
      identifier: asked.id,
      code: codeOf(status),
      ...(outcome && { details: { reference: details } }),
    },
  };
  return {
    resourceType: 'Bundle',
    id: idOf('bundle'),
    type: 'message',
    timestamp: at,
    entry: [
      { fullUrl: `urn:uuid:${idOf('header')}`, resource: header },
      ...(outcome ? [{ fullUrl: details, resource: outcome }] : []),
    ],
  };
}

/** What the message was, said back: it may not have been checked. */
function eventOf({
  eventCoding,
  eventUri,
}: MessageHeader): Pick<MessageHeader, 'eventCoding' | 'eventUri'> {
  if (isShort(eventUri)) return { eventUri };
  const { system, code } = eventCoding ?? {};
  return { eventCoding: { ...(isShort(system) && { system }), ...(isShort(code) && { code }) } };
}

function isShort(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 300;
}

/** A UUID of version 8 (RFC 9562) that the same words always give. */
function uuidOf(words: readonly string[]): string {
  const hex = hash('sha256', words.join('\n'), 'hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
