/**
 * A resource and its sender's mapping → what it means. Pure.
 *
 * One file a type of resource says what it means; what only others refer to is kept and says nothing by itself.
 */
import { GatewayError } from '../../../../gateway/errors.ts';
import { mayWitness } from '../../../../gateway/process/witness.ts';
import type { Fact, ResourceWrite, Translation } from '../../../adapter.ts';
import { identifiersOf, jsonOf, tokenOf } from '../content.ts';
import type { Exchange } from '../exchange.ts';
import type { CompiledSender } from './compile.ts';
import { meaningOfEncounter } from './encounter.ts';
import { meaningOfPatient } from './patient.ts';
import { newWork } from './work.ts';
import type { Work } from './work.ts';

/** What a resource of one type means. Where it leaves `resources` out, the resource itself is kept. */
type Meaning = (work: Work) => Translation;

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['Encounter', meaningOfEncounter],
  ['Patient', meaningOfPatient],
]);

/** What others refer to. */
const keptTypes: ReadonlySet<string> = new Set([
  'Organization',
  'Location',
  'Practitioner',
  'PractitionerRole',
  'CareTeam',
]);

/** Types that can be sent: what means something, and what that refers to. */
export const understoodTypes: readonly string[] = [...meanings.keys(), ...keptTypes];

/** @throws GatewayError unsupported-message, malformed-message with the FHIRPath expression in `location` */
export function translate(exchange: Exchange, sender: CompiledSender): Translation {
  const { request, resource } = exchange;
  if (request.isOlder === true) {
    return ignoring('a newer version has been told', []);
  }
  const meaning = meanings.get(resource.resourceType);
  if (meaning === undefined) {
    if (!keptTypes.has(resource.resourceType)) throw unsupported(resource.resourceType);
    return ignoring('kept for what refers to it', writesOf(exchange));
  }
  const translation = meaning(newWork(exchange, sender));
  for (const { type } of factsIn(translation)) checkWitness(type, exchange);
  return { ...translation, resources: translation.resources ?? writesOf(exchange) };
}

function ignoring(ignored: string, resources: readonly ResourceWrite[]): Translation {
  return { facts: [], unmapped: [], warnings: [], ignored, resources };
}

function factsIn({ facts, persons = [], moved = [] }: Translation): readonly Fact[] {
  return [facts, ...[...persons, ...moved].map((one) => one.facts)].flat();
}

/** A system states what it does or sees itself. */
function checkWitness(type: Fact['type'], { request, resource }: Exchange): void {
  const { kind = 'hospital' } = request;
  if (mayWitness(kind, type)) return;
  throw new GatewayError(
    'unsupported-message',
    `${resource.resourceType} says ${type}, which a system of kind ${kind} does not witness`,
    { standardCode: 'business-rule', location: resource.resourceType },
  );
}

function unsupported(type: string): GatewayError {
  const shown = /^[A-Z][A-Za-z]{1,40}$/.test(type) ? type : 'this resource';
  return new GatewayError(
    'unsupported-message',
    `${shown} is not taken here; send ${understoodTypes.join(', ')}`,
    { standardCode: 'not-supported', location: shown === type ? type : 'resourceType' },
  );
}
/** The resource takes the place of what stood, unless a newer one is known. */
export function writesOf({ request, resource }: Exchange): readonly ResourceWrite[] {
  if (request.isOlder === true) return [];
  const unlessKnown = request.unlessKnown === undefined ? undefined : tokenOf(request.unlessKnown);
  return [
    {
      type: resource.resourceType,
      id: request.id,
      expected: request.base,
      identifiers: identifiersOf(resource),
      ...(unlessKnown !== undefined && { unlessKnown }),
      body: jsonOf(resource),
    },
  ];
}
