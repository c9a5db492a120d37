/**
 * A resource and its sender's mapping → what it means. Pure.
 *
 * One file a type of resource says what it means; what only others refer to is kept and says nothing by itself.
 */
import { GatewayError } from '../../../../gateway/errors.ts';
import { isEventType } from '../../../../gateway/process/events.ts';
import { mayWitness } from '../../../../gateway/process/witness.ts';
import type { Fact, ResourceWrite, Translation } from '../../../adapter.ts';
import { identifiersOf, jsonOf, tokenOf } from '../content.ts';
import type { Exchange } from '../exchange.ts';
import { isMessage } from '../message.ts';
import { isTakenType, takenTypes } from '../taken-types.ts';
import type { CompiledSender } from './compile.ts';
import { meaningOfCarePlan } from './care-plan.ts';
import { meaningOfCommunication } from './communication.ts';
import { meaningOfEncounter } from './encounter.ts';
import { translateMessage } from './message.ts';
import { meaningOfObservation } from './observation.ts';
import { meaningOfPatient } from './patient.ts';
import { meaningOfTask } from './task.ts';
import { newWork } from './work.ts';
import type { Work } from './work.ts';

/** What a resource of one type means. Where it leaves `resources` out, the resource itself is kept. */
type Meaning = (work: Work) => Translation;

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['Encounter', meaningOfEncounter],
  ['Patient', meaningOfPatient],
  ['CarePlan', meaningOfCarePlan],
  ['Task', meaningOfTask],
  ['Communication', meaningOfCommunication],
  ['Observation', meaningOfObservation],
]);

/** @throws GatewayError unsupported-message, malformed-message with the FHIRPath expression in `location` */
export function translate(exchange: Exchange, sender: CompiledSender): Translation {
  const { request, resource } = exchange;
  if (resource.resourceType === 'Bundle') return ofMessage(exchange, sender);
  if (request.isOlder === true) {
    return ignoring('a newer version has been told', []);
  }
  const meaning = meanings.get(resource.resourceType);
  if (meaning === undefined) {
    if (!isTakenType(resource.resourceType)) throw unsupported(resource.resourceType);
    return ignoring('kept for what refers to it', writesOf(exchange));
  }
  const translation = meaning(newWork(exchange, sender));
  const told = factsIn(translation);
  checkAmount(told.length, `${mostFacts} things that happened`, resource.resourceType);
  for (const fact of told) checkWitness(fact, exchange);
  checkSpeaker(translation, exchange);
  return {
    ...ofSpeaker(translation, exchange),
    resources: translation.resources ?? writesOf(exchange),
  };
}

/** A stay of years with a leave every week is below it; each fact is read again whenever something happens to the case. */
const mostFacts = 1000;
/** Each is a key by which the resource is found. */
const mostIdentifiers = 100;

function checkAmount(amount: number, most: string, type: string): void {
  if (amount <= Number.parseInt(most, 10)) return;
  throw new GatewayError('malformed-message', `${type}: more than ${most} in one resource`, {
    standardCode: 'too-long',
    location: type,
  });
}

/**
 * What nobody can read yet may be anything: a stay that waits for a code begins, and says whose it is. That is the
 * hospital's to say.
 */
function checkSpeaker({ stay, unmapped }: Translation, { request, resource }: Exchange): void {
  const { kind = 'hospital' } = request;
  if (kind === 'hospital' || resource.resourceType !== 'Encounter') return;
  if (stay === undefined || unmapped.length === 0) return;
  throw forbidden(
    `Encounter tells a stay, which a system of kind ${kind} does not witness`,
    'Encounter',
  );
}

/** Of which stays its sender may speak, and whose they are only where a hospital says so. */
function ofSpeaker(translation: Translation, { request }: Exchange): Translation {
  const { kind = 'hospital', receivers } = request;
  const { stay, patient, ...rest } = translation;
  const isBound =
    stay?.by === 'case' ||
    kind === 'municipality' ||
    (kind === 'primary-care' && receivers !== undefined);
  return {
    ...rest,
    ...(stay && { stay, ...(isBound && { onlyIfSentTo: receivers ?? [] }) }),
    ...(patient && kind === 'hospital' && { patient }),
  };
}

/** What each resource of a message says is what it says alone. */
function ofMessage(exchange: Exchange, sender: CompiledSender): Translation {
  const { resource } = exchange;
  if (!isMessage(resource)) {
    throw new GatewayError('unsupported-message', 'Bundle.type: only a message is one thing told', {
      standardCode: 'not-supported',
      location: 'Bundle.type',
    });
  }
  const setting = { mapping: sender.message, zone: sender.mapping.zone };
  const translation = translateMessage(exchange, resource, setting, (part) =>
    translate(part, sender),
  );
  for (const fact of factsIn(translation)) checkWitness(fact, exchange);
  return ofSpeaker(translation, exchange);
}

function ignoring(ignored: string, resources: readonly ResourceWrite[]): Translation {
  return { facts: [], unmapped: [], warnings: [], ignored, resources };
}

function factsIn({ facts, persons = [], moved = [] }: Translation): readonly Fact[] {
  return [facts, ...[...persons, ...moved].map((one) => one.facts)].flat();
}

/**
 * A system states what it does or sees itself, and takes back no more than that; a municipality speaks for itself alone:
 * what it says of another one could move payment there (5 kap. 2 §).
 */
function checkWitness(fact: Fact, { request, resource }: Exchange): void {
  const { kind = 'hospital' } = request;
  const type = fact.type === 'statement.withdrawn' ? fact.data.statement : fact.type;
  if (!isEventType(type) || !mayWitness(kind, type)) {
    throw forbidden(
      `${resource.resourceType} says ${type}, which a system of kind ${kind} does not witness`,
      resource.resourceType,
    );
  }
  if (kind !== 'municipality') return;
  const municipality = 'municipality' in fact.data ? fact.data.municipality : undefined;
  if (municipality !== undefined && municipality !== request.municipality) {
    throw forbidden('a municipality speaks for itself alone', resource.resourceType);
  }
}

function forbidden(text: string, location: string): GatewayError {
  return new GatewayError('unsupported-message', text, { standardCode: 'forbidden', location });
}

function unsupported(type: string): GatewayError {
  const shown = /^[A-Z][A-Za-z]{1,40}$/.test(type) ? type : 'this resource';
  return new GatewayError(
    'unsupported-message',
    `${shown} is not taken here; send ${takenTypes.join(', ')}`,
    { standardCode: 'not-supported', location: shown === type ? type : 'resourceType' },
  );
}

/** The resource takes the place of what stood, unless a newer one is known. */
export function writesOf({ request, resource }: Exchange): readonly ResourceWrite[] {
  if (request.isOlder === true) return [];
  const unlessKnown = request.unlessKnown === undefined ? undefined : tokenOf(request.unlessKnown);
  const { resourceType: type } = resource;
  const identifiers = identifiersOf(resource);
  checkAmount(identifiers.length, `${mostIdentifiers} identifiers`, type);
  return [
    {
      type,
      id: request.id,
      expected: request.base,
      identifiers,
      ...(unlessKnown !== undefined && { unlessKnown }),
      body: jsonOf(resource),
    },
  ];
}
