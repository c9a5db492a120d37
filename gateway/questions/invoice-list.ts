/** Every invoice and credit note there is, series by series, and how each stands. */
import { seriesStreamOf } from '../issue.ts';
import { settlementStreamOf } from '../advance.ts';
import { namesOf } from './asked.ts';
import type { Asked, Period, PlaceNames } from './asked.ts';
import { invoicingOf } from './invoicing.ts';
import type { InvoiceTold } from './invoicing.ts';

export interface ListQuestion {
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  readonly month?: string | undefined;
  /** One of them, by its number. */
  readonly number?: string | undefined;
}

export type ListedInvoice = InvoiceTold & Period & PlaceNames;

/** In the order of their numbers. A series is a region's, by its county code. */
export async function listInvoices(
  asked: Asked,
  { county, municipality, month, number }: ListQuestion,
): Promise<readonly ListedInvoice[]> {
  const { journal, profiles } = asked;
  const counties = county === undefined ? profiles.nation.counties : [county];
  const listed: ListedInvoice[] = [];
  for (const series of counties) {
    const known = new Map<string, ReadonlyMap<string, InvoiceTold>>();
    for (const { event } of (await journal.loadStream(seriesStreamOf(series))).events) {
      if (event.type !== 'billing.issued') continue;
      const { data } = event;
      if (number !== undefined && data.number !== number) continue;
      if (municipality !== undefined && data.municipality !== municipality) continue;
      if (month !== undefined && data.month !== month) continue;
      const period = { county: data.county, municipality: data.municipality, month: data.month };
      const stream = settlementStreamOf(period);
      const ofMonth = known.get(stream) ?? (await invoicesOf(asked, period));
      known.set(stream, ofMonth);
      const told = ofMonth.get(data.number);
      if (told !== undefined) listed.push({ ...period, ...namesOf(profiles, period), ...told });
    }
  }
  return listed;
}

async function invoicesOf(asked: Asked, period: Period): Promise<ReadonlyMap<string, InvoiceTold>> {
  const { events } = await asked.journal.loadStream(settlementStreamOf(period));
  const told = await invoicingOf(asked, period, events);
  return new Map(told?.invoices.map((one) => [one.number, one]));
}
