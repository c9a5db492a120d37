/** Every invoice and credit note there is, series by series, and how each stands. */
import { seriesStreamOf } from '../issue.ts';
import { settlementStreamOf } from '../advance.ts';
import { namesOf } from './asked.ts';
import type { Asked, Period, PlaceNames } from './asked.ts';
import { invoicingOf } from './invoicing.ts';
import type { InvoiceTold, RecordTold } from './invoicing.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';

export interface ListQuestion {
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  readonly month?: string | undefined;
  /** One of them, by its number. */
  readonly number?: string | undefined;
}

export type ListedInvoice = InvoiceTold & Period & PlaceNames;

export interface Listed {
  /** In the order of their numbers. */
  readonly invoices: readonly ListedInvoice[];
  /** What finance platforms have not taken, of the same months. */
  readonly records: readonly (RecordTold & Period)[];
  /** Numbers that were given twice, and what is no invoice: the journal was spoiled. */
  readonly faults: readonly string[];
}

/** A series is a region's, by its county code. */
export async function listInvoices(
  asked: Asked,
  { county, municipality, month, number }: ListQuestion,
): Promise<Listed> {
  const { journal, profiles } = asked;
  const counties = county === undefined ? profiles.nation.counties : [county];
  const invoices: ListedInvoice[] = [];
  const known = new Map<string, OfMonth>();
  const faults: string[] = [];
  for (const series of counties) {
    const { events } = await journal.loadStream(seriesStreamOf(series));
    faults.push(...faultsOf(series, events));
    for (const { event } of events) {
      if (event.type !== 'billing.issued') continue;
      const { data } = event;
      if (number !== undefined && data.number !== number) continue;
      if (municipality !== undefined && data.municipality !== municipality) continue;
      if (month !== undefined && data.month !== month) continue;
      const period = { county: data.county, municipality: data.municipality, month: data.month };
      const stream = settlementStreamOf(period);
      const ofMonth = known.get(stream) ?? (await ofMonthOf(asked, period));
      known.set(stream, ofMonth);
      const told = ofMonth.invoices.get(data.number);
      if (told !== undefined) invoices.push({ ...period, ...namesOf(profiles, period), ...told });
    }
  }
  return { invoices, records: [...known.values()].flatMap(({ records }) => records), faults };
}

interface OfMonth {
  readonly invoices: ReadonlyMap<string, InvoiceTold>;
  readonly records: Listed['records'];
}

async function ofMonthOf(asked: Asked, period: Period): Promise<OfMonth> {
  const { events } = await asked.journal.loadStream(settlementStreamOf(period));
  const told = await invoicingOf(asked, period, events);
  return {
    invoices: new Map(told?.invoices.map((one) => [one.number, one])),
    records: told?.records.map((one) => ({ ...one, ...period })) ?? [],
  };
}

/**
 * Holds a series against what it promises: its invoices are its only events, and their numbers rise. A number that is not
 * there may have been weeded out with its month.
 */
function faultsOf(series: string, events: readonly StoredEvent[]): readonly string[] {
  const faults: string[] = [];
  let last = 0;
  for (const { event } of events) {
    if (event.type !== 'billing.issued') {
      faults.push(`series ${series}: ${event.type} (${event.id}) does not belong there`);
      continue;
    }
    const { sequence, number } = event.data;
    if (sequence <= last) faults.push(`series ${series}: ${number} was given after number ${last}`);
    last = Math.max(last, sequence);
  }
  return faults;
}
