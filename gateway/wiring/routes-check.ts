/** Whether every municipality of the country and every treating region has a receiver for each role, today and in a month. */
import type { Profiles } from '../../profiles/index.ts';
import { needKinds, recipientRoles, type NeedKind, type RecipientRole } from '../process/events.ts';
import { addDays, isoOf, localDateOf } from '../rules/legal-days.ts';
import type { Config } from '../runtime/config.ts';
import { takes, type Addressed } from './routing.ts';

export interface RouteCheck {
  readonly regions: readonly RegionRoutes[];
  readonly summary: {
    readonly municipalities: number;
    readonly routed: number;
    /** Some role has a receiver, and some has none. */
    readonly partly: number;
    readonly none: number;
  };
  /** Treating regions that are asked about: those of the senders. */
  readonly treating: readonly TreatingRegion[];
  readonly validity: readonly Validity[];
}
export interface RegionRoutes {
  readonly county: string;
  readonly name: string;
  readonly municipalities: readonly MunicipalityRoutes[];
}
export interface MunicipalityRoutes {
  readonly municipality: string;
  readonly name: string;
  readonly state: 'routed' | 'partly' | 'none';
  /** Receiver by role; null where there is none for some treating region or kind of need. */
  readonly roles: Readonly<Record<MunicipalRole, string | null>>;
  /** Roles that have a receiver today and none in thirty days. */
  readonly endsSoon: readonly MunicipalRole[];
}
export interface TreatingRegion {
  readonly county: string;
  readonly name: string;
  /** Who gets what names no unit; null where nobody does. */
  readonly outpatient: string | null;
  /** Units that have a receiver of their own, by HSA-id. */
  readonly units: readonly string[];
}
export interface Validity {
  readonly receiver: string;
  readonly state: 'not-yet' | 'ends-soon' | 'ended';
  readonly on: string;
}
type MunicipalRole = Exclude<RecipientRole, 'region-outpatient'>;

const soonDays = 30;
const isMunicipal = (role: RecipientRole): role is MunicipalRole => role !== 'region-outpatient';
const municipalRoles = recipientRoles.filter(isMunicipal);
/** The kinds of need that bring a notice to a role. */
const needsOf: Readonly<Record<RecipientRole, readonly NeedKind[]>> = {
  'payer-municipality': ['socialServices', 'municipalHealthCare'],
  'social-services': ['socialServices'],
  'municipal-health-care': ['municipalHealthCare'],
  'region-outpatient': ['regionOutpatient'],
};

/**
 * @param counties treating regions, by SCB code
 * @param only one municipality alone
 */
export function checkRoutes(
  { receivers }: Pick<Config, 'receivers'>,
  { nation }: Pick<Profiles, 'nation'>,
  counties: readonly string[],
  nowMs: number,
  only?: string,
): RouteCheck {
  const [now, soon] = [isoOf(nowMs), isoOf(nowMs + soonDays * 86_400_000)];
  const idFor = (notice: Addressed, at: string): string | undefined =>
    receivers.find((receiver) => takes(receiver, notice, at))?.id;
  /** One for all kinds of need and all treating regions; undefined where one of them has none. */
  function receiverOf(role: RecipientRole, place: Partial<Addressed>, at: string): string | null {
    const found = needsOf[role].flatMap((need) =>
      counties.map((county) => idFor({ role, county, needs: [need], ...place }, at)),
    );
    return found.every((id) => id !== undefined) ? [...new Set(found)].join(', ') : null;
  }
  const regions = nation.counties.map((county) => ({
    county,
    name: nation.regionName(county) ?? county,
    municipalities: nation
      .municipalitiesOf(county)
      .filter((code) => only === undefined || code === only)
      .map((code) => municipalityRoutes(code, nation.municipalityName(code) ?? code)),
  }));
  function municipalityRoutes(municipality: string, name: string): MunicipalityRoutes {
    const entries = municipalRoles.map(
      (role) => [role, receiverOf(role, { municipality }, now)] as const,
    );
    const missing = entries.filter(([, id]) => id === null).length;
    const endsSoon = entries
      .filter(([role, id]) => id !== null && receiverOf(role, { municipality }, soon) === null)
      .map(([role]) => role);
    const [payer, social, health] = entries.map(([, id]) => id);
    return {
      municipality,
      name,
      state: missing === 0 ? 'routed' : missing === entries.length ? 'none' : 'partly',
      roles: {
        'payer-municipality': payer ?? null,
        'social-services': social ?? null,
        'municipal-health-care': health ?? null,
      },
      endsSoon,
    };
  }
  const all = regions.flatMap(({ municipalities }) => municipalities);
  const count = (state: MunicipalityRoutes['state']): number =>
    all.filter((one) => one.state === state).length;
  return {
    regions: regions.filter(({ municipalities }) => municipalities.length > 0),
    summary: {
      municipalities: all.length,
      routed: count('routed'),
      partly: count('partly'),
      none: count('none'),
    },
    treating: counties.map((county) => ({
      county,
      name: nation.regionName(county) ?? county,
      outpatient: idFor({ role: 'region-outpatient', county, needs: [...needKinds] }, now) ?? null,
      units: receivers
        .filter((one) => one.counties?.includes(county) !== false)
        .flatMap(({ outpatientUnits }) => outpatientUnits ?? []),
    })),
    validity: receivers.flatMap((receiver) => validityOf(receiver, localDateOf(nowMs))),
  };
}

function validityOf(
  { id, validFrom, validTo }: Config['receivers'][number],
  today: string,
): readonly Validity[] {
  if (validTo !== undefined && validTo < today) {
    return [{ receiver: id, state: 'ended', on: validTo }];
  }
  if (validFrom !== undefined && validFrom > today) {
    return [{ receiver: id, state: 'not-yet', on: validFrom }];
  }
  if (validTo !== undefined && validTo < addDays(today, soonDays)) {
    return [{ receiver: id, state: 'ends-soon', on: validTo }];
  }
  return [];
}
