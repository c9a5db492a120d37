/**
 * What regions and their municipalities agreed: `profiles/regions/<region>/`, and users' own files.
 *
 * A user may lay `regions/<region>/agreement.yaml` over a known region, and add a region of two files, region.yaml and
 * agreement.yaml.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkAgreement } from './agreement-checks.ts';
import { layOver, readAgreement, readRegion } from './agreement-schema.ts';
import type { AgreementFile } from './agreement-schema.ts';
import { foldersIn, invalid, read, yamlFiles } from './files.ts';
import type { Nation } from './nation.ts';
import type { Parameter } from './schema.ts';
import { dayAfter } from './timeline.ts';

/** A region whose agreement is entered. */
export interface Region {
  /** Name of its folder. */
  readonly folder: string;
  readonly county: string;
  readonly municipalities: readonly string[];
  readonly agreement: AgreementFile;
}

const regionFile = 'region.yaml';
const agreementFile = 'agreement.yaml';

/**
 * @param shipped folder of the shipped profiles
 * @param overlays folders with `regions/<region>/`; a later one lies over an earlier one
 * @param law by `<stem>.<name>`: what an agreement may set
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadRegions(
  shipped: string,
  overlays: readonly string[],
  nation: Nation,
  law: ReadonlyMap<string, Parameter>,
): readonly Region[] {
  const regions = new Map<string, Region>();
  for (const root of [shipped, ...overlays]) {
    const all = join(root, 'regions');
    const stray = root === shipped ? undefined : yamlFiles(all)[0];
    if (stray !== undefined) throw invalid(join(all, stray), '(the file)', 'belongs to no region');
    for (const folder of foldersIn(all)) {
      const path = join(all, folder);
      const shown = root === shipped ? `regions/${folder}` : path;
      const known = regions.get(folder);
      const region =
        known === undefined
          ? newRegion(path, shown, folder, nation, [...regions.values()])
          : laidOver(path, known);
      const { municipalities, agreement } = region;
      checkAgreement(join(shown, agreementFile), agreement, municipalities, law);
      regions.set(folder, region);
    }
  }
  return [...regions.values()];
}

function newRegion(
  path: string,
  shown: string,
  folder: string,
  nation: Nation,
  others: readonly Region[],
): Region {
  for (const name of [regionFile, agreementFile]) {
    if (!existsSync(join(path, name))) throw invalid(join(shown, name), '(the file)', 'is missing');
  }
  refuseOthers(path, [regionFile, agreementFile]);
  const file = join(shown, regionFile);
  const { county, municipalities } = readRegion(file, read(join(path, regionFile)));
  if (nation.regionName(county) === undefined) throw invalid(file, 'county', 'no such county');
  const twin = others.find((other) => other.county === county);
  for (const [index, code] of municipalities.entries()) {
    const key = `municipalities.${index}`;
    const also = others.find((other) => other.municipalities.includes(code));
    if (also !== undefined) throw invalid(file, key, `${code} is of ${also.folder} already`);
    if (municipalities.indexOf(code) < index) throw invalid(file, key, `${code} is listed twice`);
    const home = nation.countyOf(code);
    if (home === undefined) throw invalid(file, key, `no municipality has the code ${code}`);
    if (home !== county) throw invalid(file, key, `${code} is not of county ${county}`);
  }
  if (twin !== undefined) {
    throw invalid(file, 'county', `${twin.folder} has an agreement for ${county} already`);
  }
  const agreement = readAgreement(join(shown, agreementFile), read(join(path, agreementFile)));
  return { folder, county, municipalities, agreement };
}

function laidOver(path: string, under: Region): Region {
  refuseOthers(path, [agreementFile]);
  const file = join(path, agreementFile);
  if (!existsSync(file)) throw invalid(file, '(the file)', 'is missing');
  return { ...under, agreement: layOver(file, read(file), under.agreement) };
}

function refuseOthers(path: string, names: readonly string[]): void {
  const stray = yamlFiles(path).find((name) => !names.includes(name));
  if (stray === undefined) return;
  throw invalid(join(path, stray), '(the file)', `only ${names.join(' and ')} is read here`);
}

/** A stretch of time in which an agreement binds its parties. */
export interface Binding {
  readonly from: string;
  /** First day after it; open where undefined. */
  readonly until: string | undefined;
  readonly status: 'in-force' | 'extension-unconfirmed' | 'unseen';
  readonly reference: string;
}

/** The periods of an agreement and what its extension adds to them: nothing ends silently (reading A45). */
export function bindingsOf({ periods, extension }: AgreementFile): readonly Binding[] {
  const bindings: Binding[] = periods.map(({ from, to, status, reference }) => ({
    from,
    until: to === undefined ? undefined : dayAfter(to),
    status,
    reference,
  }));
  const end = bindings.at(-1)?.until;
  if (extension === undefined || end === undefined) return bindings;
  const { confirmedUntil, confirmedBy, reference } = extension;
  const isConfirmed = confirmedUntil !== undefined && confirmedBy !== undefined;
  const from = isConfirmed ? dayAfter(confirmedUntil) : end;
  return [
    ...bindings,
    ...(isConfirmed
      ? [{ from: end, until: from, status: 'in-force' as const, reference: confirmedBy }]
      : []),
    { from, until: undefined, status: 'extension-unconfirmed', reference },
  ];
}
