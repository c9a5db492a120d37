/**
 * What must hold of a FHIR resource, as StructureDefinitions say it: R4 itself (`profiles/fhir/r4-core.json`, trimmed) and
 * our profiles. Each is read when it is asked for first.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { shippedFolder } from './files.ts';

/** The part of an ElementDefinition that checks read. */
export interface ElementDefinition {
  /** `Encounter.extension:dischargeReadiness.url`: path with the slices on the way. */
  readonly id: string;
  readonly path: string;
  readonly sliceName?: string;
  readonly slicing?: {
    readonly discriminator?: readonly { readonly type: string; readonly path: string }[];
  };
  readonly min: number;
  readonly max: string;
  readonly base?: { readonly max: string };
  readonly type?: readonly {
    readonly code: string;
    readonly profile?: readonly string[];
    readonly extension?: readonly { readonly url: string; readonly valueUrl?: string }[];
  }[];
  readonly contentReference?: string;
  readonly constraint?: readonly { readonly key: string; readonly human: string }[];
  readonly binding?: { readonly strength: string; readonly valueSet: string };
  readonly mustSupport?: boolean;
  readonly requirements?: string;
  /** `patternUri`, `fixedCode` … */
  readonly [key: `${'pattern' | 'fixed'}${string}`]: unknown;
}

export interface StructureDefinition {
  readonly resourceType: 'StructureDefinition';
  readonly url: string;
  readonly name: string;
  readonly title?: string;
  /** `Encounter`: what it is a definition of. */
  readonly type: string;
  readonly kind: 'resource' | 'complex-type' | 'primitive-type';
  readonly derivation?: 'specialization' | 'constraint';
  readonly snapshot: { readonly element: readonly ElementDefinition[] };
  readonly differential?: { readonly element: readonly Partial<ElementDefinition>[] };
}

/** Codes of a value set, by their code system; under `''` where the system is left to the element. */
export type Codes = ReadonlyMap<string, ReadonlySet<string>>;

export interface FhirDefinitions {
  /** A type of R4: `Encounter`, `Period`. */
  readonly typeOf: (name: string) => StructureDefinition | undefined;
  /** A profile or extension of ours. */
  readonly profileOf: (url: string) => StructureDefinition | undefined;
  /** Our profile of a resource type, where we have one. */
  readonly profileFor: (resourceType: string) => StructureDefinition | undefined;
  /** @returns undefined where the value set is no list: all languages */
  readonly codesOf: (valueSet: string) => Codes | undefined;
  /** Everything at once, for whoever builds an index of it. */
  readonly all: () => readonly StructureDefinition[];
}

/** Canonical of everything of ours in FHIR. */
export const fhirCanonical = 'http://hemgang.se/fhir';

interface Core {
  readonly definitions: readonly StructureDefinition[];
  readonly codes: Readonly<Record<string, readonly string[]>>;
}

interface ValueSet {
  readonly url: string;
  readonly compose: {
    readonly include: readonly {
      readonly system: string;
      /** These alone, and not all of the system. */
      readonly concept?: readonly { readonly code: string }[];
    }[];
  };
}

interface CodeSystem {
  readonly url: string;
  readonly concept: readonly { readonly code: string }[];
}

/** Which of our profiles a resource is held against, by its type: it need not claim one. */
export type ProfileSet = Readonly<Record<string, string>>;

/** Of what senders tell us. */
const received: ProfileSet = {
  Bundle: 'discharge-message',
  CarePlan: 'discharge-care-plan',
  Communication: 'discharge-communication',
  Encounter: 'discharge-encounter',
  MessageHeader: 'discharge-message-header',
  Observation: 'discharge-observation',
  Patient: 'discharge-patient',
  Provenance: 'discharge-provenance',
  Task: 'discharge-task',
};

/** Of the notices that we send. */
export const noticeProfiles: ProfileSet = {
  Bundle: 'notice-message',
  Encounter: 'notice-encounter',
  MessageHeader: 'notice-message-header',
  Patient: 'notice-patient',
  Provenance: 'notice-provenance',
};

/**
 * @param folder `profiles/fhir`; the shipped one where left out
 * @param profiles what is held against what; what senders tell us where left out
 */
export function fhirDefinitions(
  folder = join(shippedFolder(), 'fhir'),
  profiles: ProfileSet = received,
): FhirDefinitions {
  const core = once(() => {
    const { definitions, codes }: Core = JSON.parse(
      readFileSync(join(folder, 'r4-core.json'), 'utf8'),
    );
    return { types: new Map(definitions.map((one) => [one.name, one])), codes };
  });
  const files = once(() => readdirSync(join(folder, 'structure-definitions')));
  const read = byKey((id): StructureDefinition | undefined => {
    const name = `${id}.json`;
    if (!files().includes(name)) return undefined;
    const path = join(folder, 'structure-definitions', name);
    const definition: StructureDefinition = JSON.parse(readFileSync(path, 'utf8'));
    return definition;
  });
  const ours = once(() => ourCodes(folder));
  const profileOf = (url: string): StructureDefinition | undefined => {
    const found = read(url.slice(url.lastIndexOf('/') + 1));
    return found?.url === url ? found : undefined;
  };
  return {
    typeOf: (name) => core().types.get(name),
    profileOf,
    profileFor: (type) => (Object.hasOwn(profiles, type) ? read(profiles[type] ?? '') : undefined),
    codesOf: byKey((valueSet) => {
      const [url = ''] = valueSet.split('|');
      const listed = core().codes[url];
      return listed === undefined ? ours().get(url) : new Map([['', new Set(listed)]]);
    }),
    all: () => [
      ...core().types.values(),
      ...files().flatMap((name) => read(name.replace(/\.json$/, '')) ?? []),
    ],
  };
}

function ourCodes(folder: string): ReadonlyMap<string, Codes> {
  const paths = (name: string): readonly string[] =>
    readdirSync(join(folder, name)).map((file) => join(folder, name, file));
  const systems = new Map(
    paths('code-systems').map((path) => {
      const { url, concept }: CodeSystem = JSON.parse(readFileSync(path, 'utf8'));
      return [url, new Set(concept.map(({ code }) => code))];
    }),
  );
  return new Map(
    paths('value-sets').map((path) => {
      const { url, compose }: ValueSet = JSON.parse(readFileSync(path, 'utf8'));
      const codes = compose.include.map(
        ({ system, concept }) =>
          [
            system,
            concept === undefined
              ? (systems.get(system) ?? new Set<string>())
              : new Set(concept.map(({ code }) => code)),
          ] as const,
      );
      return [url, new Map(codes)];
    }),
  );
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function byKey<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, { readonly value: T }>();
  return (key) => {
    const known = made.get(key) ?? { value: make(key) };
    made.set(key, known);
    return known.value;
  };
}
