/** The nation's regions and municipalities by SCB code: `profiles/regions/sweden.yaml`. */
import { join } from 'node:path';
import { z } from 'zod';
import { check, invalid, read } from './files.ts';

/** SCB county code, two digits: it names the region. */
export const countyCode = z.string().regex(/^\d{2}$/, 'a county code is two digits, in quotes');
/** SCB municipality code, four digits. */
export const municipalityCode = z
  .string()
  .regex(/^\d{4}$/, 'a municipality code is four digits, in quotes');
const name = z.string().min(1).max(60);
const table = z.strictObject({
  title: name,
  source: z.string().min(1),
  municipalityOutsideRegions: municipalityCode,
  regions: z.record(
    countyCode,
    z.strictObject({ name, municipalities: z.record(municipalityCode, name) }),
  ),
});

export interface Nation {
  /** Where the table is from. */
  readonly source: string;
  /** County codes, 21 of them; one is the area of the municipality outside regions. */
  readonly counties: readonly string[];
  /** The municipality that does what a region does elsewhere: Gotland. */
  readonly municipalityOutsideRegions: string;
  /** @returns undefined for a code there is not */
  regionName(county: string): string | undefined;
  /** @returns undefined for a code there is not */
  municipalityName(municipality: string): string | undefined;
  /** @returns SCB codes in order; none for a county there is not */
  municipalitiesOf(county: string): readonly string[];
  /** @returns undefined for a code there is not */
  countyOf(municipality: string): string | undefined;
}

/**
 * @param shipped folder of the shipped profiles
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadNation(shipped: string): Nation {
  const file = 'regions/sweden.yaml';
  return nationOf(file, check(file, table, read(join(shipped, file))));
}

function nationOf(
  file: string,
  { source, municipalityOutsideRegions, regions }: z.infer<typeof table>,
): Nation {
  const regionNames = new Map<string, string>();
  const names = new Map<string, string>();
  const codes = new Map<string, readonly string[]>();
  for (const [county, { name: called, municipalities }] of Object.entries(regions)) {
    regionNames.set(county, called);
    const ofCounty = Object.keys(municipalities).sort();
    const stranger = ofCounty.find((code) => !code.startsWith(county));
    if (stranger !== undefined) {
      throw invalid(file, `regions.${county}.municipalities.${stranger}`, 'is of another county');
    }
    codes.set(county, Object.freeze(ofCounty));
    for (const [code, itsName] of Object.entries(municipalities)) names.set(code, itsName);
  }
  return Object.freeze({
    source,
    counties: Object.freeze([...codes.keys()].sort()),
    municipalityOutsideRegions,
    regionName: (county: string) => regionNames.get(county),
    municipalityName: (code: string) => names.get(code),
    municipalitiesOf: (county: string) => codes.get(county) ?? none,
    countyOf: (code: string) => (names.has(code) ? code.slice(0, 2) : undefined),
  });
}

const none: readonly string[] = Object.freeze([]);
