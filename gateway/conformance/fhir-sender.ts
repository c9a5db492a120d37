/** Whose a resource in a file is: nothing in FHIR names the sender, so the systems of its visit numbers do. */
import type { FileResource } from '../../adapters/inbound/fhir/from-files.ts';
import type { Mappings, SenderMapping } from '../../mappings/index.ts';
import { GatewayError } from '../errors.ts';

/** @returns the sender's id, or why there is none */
export type SenderOf = (
  one: FileResource,
  others: readonly FileResource[],
) => string | GatewayError;

/**
 * A resource is the sender's whose visit system it names; one that names none is that of its Bundle, else of its story, else
 * the only one that speaks FHIR.
 * @param asked the sender all of them are read as
 */
export function fhirSenderFinder({ senders }: Mappings, asked?: string): SenderOf {
  if (asked !== undefined) return () => asked;
  const speaking = senders.filter(({ fhir }) => fhir !== undefined);
  const ofSystems = (systems: ReadonlySet<string>): readonly SenderMapping[] =>
    speaking.filter((sender) => visitSystemsOf(sender).some((system) => systems.has(system)));
  return (one, others) => {
    const rings = [
      [one.resource],
      [...one.beside.values()],
      others.map(({ resource }) => resource),
    ];
    for (const ring of rings) {
      const systems = identifierSystems(ring);
      const found = ownersFirst(ofSystems(systems), systems);
      const [only] = found;
      if (found.length > 1) return unknown(`it may be of ${names(found)}`);
      if (only !== undefined) return only.id;
    }
    const [only] = speaking;
    if (speaking.length === 1 && only !== undefined) return only.id;
    return unknown(
      speaking.length === 0
        ? 'no sender has a section fhir: in its overlay (senders/<id>.yaml)'
        : `no identifier in it is of a visit system of ${names(speaking)}`,
    );
  };
}

/**
 * Others name a stay by the hospital's number: what may be of both is the hospital's, and of several hospitals its that
 * gives these numbers.
 */
function ownersFirst(
  senders: readonly SenderMapping[],
  systems: ReadonlySet<string>,
): readonly SenderMapping[] {
  const hospitals = senders.filter(({ hospital }) => hospital !== undefined);
  const owners = hospitals.filter(({ visitAuthority }) => systems.has(visitAuthority));
  return [owners, hospitals, senders].find(({ length }) => length > 0) ?? senders;
}

function visitSystemsOf({ fhir, visitAuthority }: SenderMapping): readonly string[] {
  return fhir?.visitSystems ?? [visitAuthority];
}

const names = (senders: readonly SenderMapping[]): string => senders.map(({ id }) => id).join(', ');

function unknown(why: string): GatewayError {
  return new GatewayError(
    'unknown-sender',
    `which sender this is cannot be told: ${why}; name it (--sender ID), or add its system to fhir.visitSystems of its overlay`,
    { location: 'Encounter.identifier.system', standardCode: 'login' },
  );
}

/** Every system of an identifier, wherever it stands. */
function identifierSystems(nodes: readonly unknown[]): ReadonlySet<string> {
  const systems = new Set<string>();
  const search = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(search);
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'system' && typeof value === 'string') systems.add(value);
      else search(value);
    }
  };
  nodes.forEach(search);
  return systems;
}
