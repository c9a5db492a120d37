/** Which settlements the journal has of a month. */
import { settlementStreamOf } from '../advance.ts';
import type { Asked, Period } from './asked.ts';

export interface PlaceQuestion {
  readonly month: string;
  /** Treating region. */
  readonly county?: string | undefined;
  /** Payer. */
  readonly municipality?: string | undefined;
}

/** Settlements of a month that the journal has something of; payers of every municipality can stand in any region. */
export async function settlementsOf(
  { journal, profiles }: Asked,
  { month, county, municipality }: PlaceQuestion,
): Promise<readonly Period[]> {
  const { nation } = profiles;
  const payers = municipality === undefined ? allMunicipalities(nation) : [municipality];
  const periods: Period[] = [];
  for (const region of county === undefined ? nation.counties : [county]) {
    for (const payer of payers) {
      const period = { county: region, municipality: payer, month };
      const { events } = await journal.loadStream(settlementStreamOf(period));
      if (events.length > 0) periods.push(period);
    }
  }
  return periods;
}

type Nation = Asked['profiles']['nation'];

const allMunicipalities = (nation: Nation): readonly string[] =>
  nation.counties.flatMap((county) => nation.municipalitiesOf(county));
