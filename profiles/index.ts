/**
 * What must hold in a place: national law as dated parameters (`profiles/law`), and what regions and their
 * municipalities agreed instead (`profiles/regions`). Loaded, checked and frozen once, at start.
 *
 * The date of the legal fact picks the value, never today. A missing value is said to be missing, with what is known of
 * the gap; there is no fallback to an earlier year.
 */
import { existsSync } from 'node:fs';
import { deepFreeze } from '../gateway/data-files.ts';
import { firstMonthOf } from './agreement-checks.ts';
import type { AgreementDocument, AgreementPeriod, Extension } from './agreement-schema.ts';
import { loadRegions } from './agreements.ts';
import type { Region } from './agreements.ts';
import { invalid, shippedFolder } from './files.ts';
import { loadLaw } from './law.ts';
import { loadNation } from './nation.ts';
import type { Nation } from './nation.ts';
import { bindPlaces } from './places.ts';
import type { Parameters, Place } from './places.ts';
import type { Parameter } from './schema.ts';
import { timelineOf } from './timeline.ts';
import type { ParameterValue } from './timeline.ts';

export type {
  AgreementDocument,
  AgreementPeriod,
  DisputeLevel,
  Extension,
  FollowUp,
  Indicator,
  IndicatorId,
  Opening,
} from './agreement-schema.ts';
export { fhirCanonical, fhirDefinitions, noticeProfiles } from './fhir-definitions.ts';
export type {
  Codes,
  ElementDefinition,
  FhirDefinitions,
  StructureDefinition,
} from './fhir-definitions.ts';
export type { Nation } from './nation.ts';
export type { AgreementOn, Parameters, Place, Remark } from './places.ts';
export type { Origin, ParameterValue, Valued } from './timeline.ts';

/** What a file says of one parameter, for reviews and tests. */
export interface ParameterDescription {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly type: Parameter['type'];
  readonly choices?: readonly string[];
  readonly multipleOf?: number;
  readonly agreement: Parameter['agreement'];
  /** What an agreement may set it to, where it may only narrow. */
  readonly narrowsTo?: readonly string[];
  /** Ambiguities it decides, by their number in profiles/README.md. */
  readonly readings: readonly string[];
  readonly reference: string;
  /** Date of the first value or declared gap. */
  readonly firstDate: string;
}

/** One value an agreement sets, or leaves open. */
export interface AgreedValue {
  readonly parameter: string;
  readonly from: string;
  /** Undefined for a gap the agreement leaves; null from where it says nothing more. */
  readonly value: ParameterValue | null | undefined;
  readonly reference: string;
}
/** An agreement as its files state it, for the calendar of settlements, reviews and tests. */
export interface AgreementDescription {
  /** Name of its folder. */
  readonly region: string;
  readonly county: string;
  readonly title: string;
  readonly documents: readonly AgreementDocument[];
  /** SCB codes of the parties it binds. */
  readonly municipalities: readonly string[];
  /** Municipalities of the region that did not adopt it: they have the statute. */
  readonly notAdoptedBy: readonly string[];
  readonly periods: readonly AgreementPeriod[];
  readonly extension?: Extension;
  /** First whole month in which it was in force. */
  readonly firstMonth: string;
  readonly values: readonly AgreedValue[];
}

export interface Profiles {
  /** Parameters of a place, the same object each time; with a municipality, `under` it. */
  parametersOf(place: Place): Parameters;
  readonly parameters: readonly ParameterDescription[];
  readonly agreements: readonly AgreementDescription[];
  readonly nation: Nation;
  /** Every value a parameter has at any time, under the statute or any agreement. */
  valuesOf(name: string): readonly ParameterValue[];
}

/**
 * Loads the shipped law, the agreements, and the overlays over them.
 *
 * @param options.overlays folders with `law/<stem>.yaml` and `regions/<region>/`; a later one lies over an earlier one
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadProfiles(options: { readonly overlays?: readonly string[] } = {}): Profiles {
  const overlays = options.overlays ?? [];
  const missing = overlays.find((folder) => !existsSync(folder));
  if (missing !== undefined) throw invalid(missing, '(the folder)', 'no such folder');
  const shipped = shippedFolder();
  const nation = loadNation(shipped);
  const law = loadLaw(shipped, overlays);
  const regions = loadRegions(shipped, overlays, nation, law);
  return {
    parametersOf: bindPlaces(law, regions, nation),
    parameters: deepFreeze([...law].map(describeParameter)),
    agreements: deepFreeze(regions.map(describeAgreement)),
    nation,
    valuesOf: (name) =>
      [law.get(name), ...regions.map(({ agreement }) => agreement.parameters[name])]
        .flatMap((stated) => Object.values(stated?.values ?? {}))
        .flatMap(({ value }) => value ?? []),
  };
}

function describeParameter([name, stated]: readonly [string, Parameter]): ParameterDescription {
  const { description, unit, type, choices, multipleOf, agreement, narrowsTo, reference } = stated;
  return {
    name,
    description,
    unit,
    type,
    ...(choices && { choices }),
    ...(multipleOf !== undefined && { multipleOf }),
    agreement,
    ...(narrowsTo && { narrowsTo }),
    readings: stated.readings ?? [],
    reference,
    firstDate: timelineOf(name, stated).entries[0]?.from ?? '',
  };
}

function describeAgreement({
  folder,
  county,
  municipalities,
  agreement,
}: Region): AgreementDescription {
  const { title, documents, periods, extension, adoption, parameters } = agreement;
  const isParty = (code: string): boolean =>
    (adoption.municipalities?.[code] ?? adoption.default).adopted !== 'no';
  const values = Object.entries(parameters).flatMap(([parameter, stated]): AgreedValue[] => [
    ...Object.entries(stated.values ?? {}).map(([from, value]) => ({ parameter, from, ...value })),
    ...(stated.unknown ?? []).map((gap) => ({ parameter, value: undefined, ...gap })),
  ]);
  return {
    region: folder,
    county,
    title,
    documents,
    municipalities: municipalities.filter(isParty),
    notAdoptedBy: municipalities.filter((code) => !isParty(code)),
    periods,
    ...(extension && { extension }),
    firstMonth: firstMonthOf(periods),
    values,
  };
}
export { assuming, readAssumptions, type Assumption } from './what-if.ts';
export { loadHl7Tables } from './hl7-tables.ts';
export {
  loadMessageProfiles,
  type MessageProfile,
  type MessageProfileOptions,
  type MessageProfiles,
  type MessageRule,
} from './message-profiles.ts';
