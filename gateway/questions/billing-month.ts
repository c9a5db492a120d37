/** The billing basis of a month as of now, municipality by municipality; nothing is written. */
import type { AgreementOn } from '../../profiles/index.ts';
import { placeOf } from '../advance.ts';
import { flagWords, remarkWords } from '../process/billing-words.ts';
import type { Words } from '../process/billing-words.ts';
import type { BillingLine, CareDaysData, Carry, SettledCase } from '../process/events.ts';
import { fold } from '../process/state.ts';
import { assess } from '../rules/index.ts';
import { foldSettlement } from '../rules/settling/settle.ts';
import type { Signal } from '../rules/settling/basis.ts';
import { firstDayOf } from '../rules/settling/settlement-month.ts';
import { daysOf, namesOf } from './asked.ts';
import type { Asked, Period, PlaceNames } from './asked.ts';
import { monthNow } from './chain.ts';
import type { MonthNow } from './chain.ts';
import { indicatorsOf } from './indicators.ts';
import type { ComputedIndicator } from './indicators.ts';
import { invoicingOf } from './invoicing.ts';
import type { InvoicingTold } from './invoicing.ts';
import { remedyOf } from './missing-figure.ts';
import type { Remedy } from './missing-figure.ts';
import { settlementsOf } from './settlements.ts';
import type { PlaceQuestion } from './settlements.ts';
import { standingOf } from './standing.ts';
import type { Standing } from './standing.ts';
import { stillThere } from './still-there.ts';
import type { StillThere } from './still-there.ts';

export interface MonthQuestion extends PlaceQuestion {
  /** Called while every case is read for those still there. */
  readonly onProgress?: (cases: number) => void;
}

/** A case of the month: its days, and what they do in it. */
export interface PreviewCase {
  readonly caseReference: string;
  readonly days: number;
  /** The same counted from the registered date of readiness, where it differs (reading A11). */
  readonly registeredDays?: number;
  readonly readyOn?: string;
  readonly dischargedOn?: string;
  readonly share?: SettledCase['share'];
  readonly eligible: boolean;
  readonly reason: string;
  readonly flags: readonly (Words & { readonly code: string })[];
  /** Of lines that are its own. */
  readonly amountOre: number;
}

export interface ExcludedCase {
  readonly caseReference: string;
  readonly reason: string;
  readonly reference: string;
  /** As the law is found to say of the case now; absent where it says otherwise by now. */
  readonly sentence?: Words;
}

export type AgreementTold = Pick<
  AgreementOn,
  'title' | 'reference' | 'status' | 'adopted' | 'adoptionReference'
>;

export interface MonthPreview extends Period, PlaceNames {
  readonly standing: Standing;
  /** Absent under the statute. */
  readonly agreement?: AgreementTold;
  /** The figure for want of which there is no basis, and the line to enter. */
  readonly missing?: Remedy;
  readonly model?: string;
  readonly formula: readonly string[];
  readonly lines: readonly BillingLine[];
  readonly cases: readonly PreviewCase[];
  readonly excluded: readonly ExcludedCase[];
  readonly totalOre?: number;
  readonly invoiceOn?: string;
  readonly remarks: readonly (Words & { readonly code: string })[];
  readonly signals: readonly Signal[];
  /** What it hands to the next month. */
  readonly carry?: Carry;
  readonly indicators: readonly ComputedIndicator[];
  readonly stillThere: readonly StillThere[];
  /** Absent while nothing is recorded. */
  readonly invoicing?: InvoicingTold;
}

/**
 * Every municipality the month has something of, in order of region and municipality; one that is named with its region
 * is told of in any case.
 */
export async function previewMonth(
  asked: Asked,
  question: MonthQuestion,
): Promise<readonly MonthPreview[]> {
  const waiting = await stillThere(asked, question);
  const previews: MonthPreview[] = [];
  for (const period of await periodsOf(asked, question, waiting)) {
    const ofPlace = waiting.filter(
      ({ county, municipality }) =>
        county === period.county && municipality === period.municipality,
    );
    previews.push(await previewPeriod(asked, period, ofPlace));
  }
  return previews;
}

async function periodsOf(
  asked: Asked,
  question: MonthQuestion,
  waiting: readonly StillThere[],
): Promise<readonly Period[]> {
  const { month, county, municipality } = question;
  const periods = [...(await settlementsOf(asked, question))];
  const add = (place: Pick<Period, 'county' | 'municipality'>): void => {
    const isKnown = periods.some(
      (one) => one.county === place.county && one.municipality === place.municipality,
    );
    if (!isKnown) periods.push({ ...place, month });
  };
  for (const one of waiting) add({ county: one.county, municipality: one.municipality });
  if (county !== undefined && municipality !== undefined) add({ county, municipality });
  return periods.sort((left, right) =>
    `${left.county}${left.municipality}`.localeCompare(`${right.county}${right.municipality}`),
  );
}

/** One municipality's month. */
export async function previewPeriod(
  asked: Asked,
  period: Period,
  waiting: readonly StillThere[],
): Promise<MonthPreview> {
  const { profiles } = asked;
  const parameters = profiles.parametersOf(period);
  const first = firstDayOf(period.month);
  const agreement = parameters.agreementOn(first);
  const now = await monthNow(asked, period);
  const standing = standingOf(now.events, period.month);
  const recorded = foldSettlement(now.events, period).billed;
  const invoicing = await invoicingOf(asked, period, now.events);
  const settledIn = parameters.valueOn('settlement.daysSettledIn', first);
  return {
    ...period,
    ...namesOf(profiles, period),
    standing,
    ...(agreement && { agreement: agreementTold(agreement) }),
    ...(await basisOf(asked, period, now)),
    indicators: await indicatorsOf(asked, agreement?.followUp.indicators ?? [], {
      period,
      cases: now.cases,
      isDated: settledIn.known && settledIn.value === 'careDay',
      recordedOre: recorded?.totalOre,
    }),
    stillThere: waiting,
    ...(invoicing && { invoicing }),
  };
}

export function agreementTold(agreement: AgreementOn): AgreementTold {
  const { title, reference, status, adopted, adoptionReference } = agreement;
  return { title, reference, status, adopted, adoptionReference };
}

type BasisPart = Omit<
  MonthPreview,
  | keyof Period
  | keyof PlaceNames
  | 'standing'
  | 'agreement'
  | 'indicators'
  | 'stillThere'
  | 'invoicing'
>;

async function basisOf(asked: Asked, period: Period, now: MonthNow): Promise<BasisPart> {
  const { profiles } = asked;
  const { basis } = now;
  if ('missing' in basis) {
    const remarks = profiles.parametersOf(period).remarksOn(firstDayOf(period.month));
    return {
      missing: remedyOf(profiles, period, basis.missing),
      formula: [],
      lines: [],
      cases: casesOf(now.cases, [], []),
      excluded: [],
      remarks: told(remarks),
      signals: [],
    };
  }
  const { model, formula = [], lines, totalOre, invoiceOn, remarks = [], signals, carry } = basis;
  const excluded: ExcludedCase[] = [];
  for (const one of basis.excluded) {
    const sentence = await sentenceFor(asked, one);
    excluded.push({ ...one, ...(sentence && { sentence }) });
  }
  return {
    model,
    formula,
    lines,
    cases: casesOf(now.cases, basis.cases ?? [], lines),
    excluded,
    totalOre,
    ...(invoiceOn !== undefined && { invoiceOn }),
    remarks: told(remarks),
    signals,
    ...(carry && { carry }),
  };
}

const told = (codes: readonly string[]): MonthPreview['remarks'] =>
  codes.map((code) => ({ code, ...remarkWords(code) }));

function casesOf(
  counts: readonly CareDaysData[],
  settled: readonly SettledCase[],
  lines: readonly BillingLine[],
): readonly PreviewCase[] {
  const shares = new Map(settled.map(({ caseReference, share }) => [caseReference, share]));
  return counts
    .filter(({ reason }) => reason !== 'CLEARED')
    .map((count) => {
      const { caseReference, registeredDays, readyOn, dischargedOn, eligible, reason } = count;
      const share = shares.get(caseReference);
      const own = lines.filter((line) => line.caseReference === caseReference);
      return {
        caseReference,
        days: daysOf(count),
        ...(registeredDays !== undefined && { registeredDays }),
        ...(readyOn !== undefined && { readyOn }),
        ...(dischargedOn !== undefined && { dischargedOn }),
        ...(share && { share }),
        eligible,
        reason,
        flags: (count.flags ?? []).map((code) => ({ code, ...flagWords(code) })),
        amountOre: own.reduce((sum, line) => sum + line.amountOre, 0),
      };
    });
}

/** The sentence stands in the case's own findings; a count has its code only. */
async function sentenceFor(
  { journal, profiles, nowMs }: Asked,
  { caseReference, reason }: Pick<ExcludedCase, 'caseReference' | 'reason'>,
): Promise<Words | undefined> {
  const loaded = await journal.load(caseReference);
  if (loaded === undefined) return undefined;
  const process = fold(loaded.events, loaded.processId);
  const findings = assess(process, profiles.parametersOf(placeOf(process)), nowMs);
  const sentence = findings.findLast((found) => found.reason === reason)?.sentence;
  return sentence && { sv: sentence.sv, en: sentence.en };
}
