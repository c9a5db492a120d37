/**
 * Questions: what a lawyer, an economist and operations ask of the journal. Each is a function that reads and gives plain
 * data, the same that `--json` prints; nothing is written.
 */
import type { Profiles } from '../../profiles/index.ts';
import type { CareDaysData, DischargeEvent } from '../process/events.ts';
import type { InvoiceSettings } from '../rules/invoicing/settings.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';

/** What every question reads of the journal. */
export type Reads = Pick<
  JournalReader,
  | 'load'
  | 'relatedStays'
  | 'loadStream'
  | 'loadSettlement'
  | 'isAhead'
  | 'processIds'
  | 'openReadyProcessIds'
  | 'misdirectedProcessIds'
  | 'missedDeadlines'
  | 'identity'
> & { readonly deliveries: Pick<JournalReader['deliveries'], 'ofLane'> };

/** Of what, by which law, and when it is asked. */
export interface Asked {
  readonly journal: Reads;
  readonly profiles: Profiles;
  /** Legal time of the question, in epoch milliseconds. */
  readonly nowMs: number;
  /** What invoices need, as configured; where it is left out nothing is said of invoices. */
  readonly invoices?: InvoiceSettings;
}

/** Region, payer and month of one settlement. */
export interface Period {
  readonly county: string;
  readonly municipality: string;
  /** `YYYY-MM`. */
  readonly month: string;
}

/** A place by its names; a code there is not stands for itself. */
export interface PlaceNames {
  readonly countyName: string;
  readonly municipalityName: string;
}

export function namesOf(
  { nation }: Profiles,
  { county, municipality }: Pick<Period, 'county' | 'municipality'>,
): PlaceNames {
  return {
    countyName: nation.regionName(county) ?? county,
    municipalityName: nation.municipalityName(municipality) ?? municipality,
  };
}

/** An event by what it is and when it happened: how a reader is told of the id that a finding rests on. */
export interface EventMention {
  readonly id: string;
  readonly type?: DischargeEvent['type'];
  readonly occurredAt?: string;
}

/** How many days a count has: of the case under an agreement, else the care days. */
export const daysOf = ({ readyDays, dates }: Pick<CareDaysData, 'readyDays' | 'dates'>): number =>
  readyDays ?? dates.length;
