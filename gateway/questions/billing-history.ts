/** How one settlement came to be as it is: every step in order, with what caused it; nothing of it is ever rewritten. */
import type { DisputeLevel } from '../../profiles/index.ts';
import { settlementStreamOf } from '../advance.ts';
import { isFact } from '../process/events.ts';
import type {
  Approval,
  BillingData,
  CareDaysData,
  DischargeEvent,
  EventData,
  IssuedInvoice,
} from '../process/events.ts';
import { firstDayOf } from '../rules/settling/settlement-month.ts';
import { isoOf } from '../rules/legal-days.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import { daysOf, namesOf } from './asked.ts';
import type { Asked, Period, PlaceNames } from './asked.ts';
import { agreementTold } from './billing-month.ts';
import type { AgreementTold } from './billing-month.ts';
import { invoicingOf } from './invoicing.ts';
import type { InvoicingTold } from './invoicing.ts';
import { remedyOf } from './missing-figure.ts';
import type { Remedy } from './missing-figure.ts';
import { standingOf } from './standing.ts';
import type { Standing } from './standing.ts';

/** A fact that made a case count otherwise. */
export interface CausingFact {
  readonly id: string;
  readonly type: DischargeEvent['type'];
  readonly occurredAt: string;
  readonly learnedAt: string;
  readonly sender: string;
}

/** What an adjustment was made for: a case that changed, by which facts; or how the month before was closed. */
export interface AdjustmentCause {
  readonly id: string;
  readonly caseReference?: string;
  readonly monthBefore?: string;
  readonly facts: readonly CausingFact[];
}

interface Step {
  /** When it was recorded. */
  readonly at: string;
}

export type HistoryStep = Step &
  (
    | { readonly step: 'opened'; readonly until?: string }
    | {
        readonly step: 'counted';
        readonly caseReference: string;
        readonly revision: number;
        readonly days: number;
        readonly eligible: boolean;
        readonly reason: string;
        readonly dischargedOn?: string;
        readonly flags: readonly string[];
        readonly deviations: readonly string[];
        /** False: what it means for the month is as it was counted before. */
        readonly isChanged: boolean;
        /** What was learned of the case since it was counted last. */
        readonly facts: readonly CausingFact[];
      }
    | { readonly step: 'withheld'; readonly remedy: Remedy }
    | {
        readonly step: 'recorded' | 'adjusted';
        readonly billing: BillingData;
        readonly differenceOre?: number;
        readonly cause?: AdjustmentCause;
      }
    | { readonly step: 'reopened' }
    /** What the month before handed over. */
    | { readonly step: 'taken-over'; readonly closing: EventData<'settlement.closed'> }
    | { readonly step: 'closed'; readonly closing: EventData<'settlement.closed'> }
    | { readonly step: 'signal'; readonly type: DischargeEvent['type']; readonly reference: string }
    | { readonly step: 'approved'; readonly approval: Approval }
    | {
        readonly step: 'approval-withdrawn';
        readonly revision: number;
        readonly by: string;
        readonly reason: string;
      }
    | { readonly step: 'issued'; readonly invoice: IssuedInvoice }
    | {
        readonly step: 'disputed' | 'escalated' | 'upheld' | 'credited';
        readonly number: string;
        readonly by: string;
        readonly reason: string;
        readonly level?: number | undefined;
        readonly who?: string | undefined;
        /** Places of the lines that are disputed, or were credited. */
        readonly lines?: readonly number[] | undefined;
      }
    | { readonly step: 'other'; readonly type: DischargeEvent['type'] }
  );

export interface BillingHistory extends Period, PlaceNames {
  readonly at: string;
  readonly standing: Standing;
  readonly agreement?: AgreementTold;
  readonly steps: readonly HistoryStep[];
  /** Who takes up a dispute, first level first; none under the statute, where it is for a court. */
  readonly disputes: readonly DisputeLevel[];
  /** How its invoices stand; absent while nothing is recorded. */
  readonly invoicing?: InvoicingTold;
}

/**
 * @param atMs what was recorded by then; everything where it is left out
 * @returns undefined where the journal has nothing of the settlement by then
 */
export async function billingHistory(
  asked: Asked,
  period: Period,
  atMs: number = asked.nowMs,
): Promise<BillingHistory | undefined> {
  const { journal, profiles } = asked;
  const at = isoOf(atMs);
  const stream = await journal.loadStream(settlementStreamOf(period));
  const events = stream.events.filter(({ event }) => event.recordedAt <= at);
  if (events.length === 0) return undefined;
  const agreement = profiles.parametersOf(period).agreementOn(firstDayOf(period.month));
  const steps: HistoryStep[] = [];
  const reader = new HistoryReader(asked, period, events);
  for (const stored of events) steps.push(...(await reader.stepsOf(stored)));
  const invoicing = await invoicingOf(asked, period, events);
  return {
    ...period,
    ...namesOf(profiles, period),
    at,
    standing: standingOf(events, period.month),
    ...(agreement && { agreement: agreementTold(agreement) }),
    steps,
    disputes: agreement?.disputes ?? [],
    ...(invoicing && { invoicing }),
  };
}

const saidSteps = {
  'billing.disputed': 'disputed',
  'billing.dispute-escalated': 'escalated',
  'billing.upheld': 'upheld',
  'billing.credited': 'credited',
} as const;

/** Tells the steps of one stream, one event after the other. */
class HistoryReader {
  readonly #asked: Asked;
  readonly #period: Period;
  readonly #events: readonly StoredEvent[];
  /** The last count of each case, and its position. */
  readonly #counted = new Map<string, { readonly position: number; readonly data: CareDaysData }>();
  readonly #facts = new Map<string, readonly CausingFact[]>();

  constructor(asked: Asked, period: Period, events: readonly StoredEvent[]) {
    this.#asked = asked;
    this.#period = period;
    this.#events = events;
  }

  async stepsOf({ event, position }: StoredEvent): Promise<readonly HistoryStep[]> {
    const at = event.recordedAt;
    switch (event.type) {
      case 'settlement.opened':
        return [{ at, step: 'opened', ...this.#cutOff() }];
      case 'care-days.counted':
        return [await this.#count(event.id, event.data, at, position)];
      case 'billing.withheld': {
        const { missing, missingOn, reference } = event.data;
        const figure = { known: false, parameter: missing, date: missingOn, reference } as const;
        const remedy = remedyOf(this.#asked.profiles, this.#period, figure);
        return [{ at, step: 'withheld', remedy }];
      }
      case 'billing.recorded':
        return [{ at, step: 'recorded', billing: event.data }];
      case 'billing.adjusted': {
        const { differenceOre, cause, ...billing } = event.data;
        return [{ at, step: 'adjusted', billing, differenceOre, cause: this.#causeOf(cause) }];
      }
      case 'settlement.reopened':
        return [{ at, step: 'reopened' }];
      case 'settlement.closed': {
        const isOwn = event.data.month === this.#period.month;
        return [{ at, step: isOwn ? 'closed' : 'taken-over', closing: event.data }];
      }
      case 'billing.approved':
        return [{ at, step: 'approved', approval: event.data }];
      case 'billing.approval-withdrawn': {
        const { revision, by, reason } = event.data;
        return [{ at, step: 'approval-withdrawn', revision, by, reason }];
      }
      case 'billing.issued':
        return [{ at, step: 'issued', invoice: event.data }];
      case 'billing.disputed':
      case 'billing.dispute-escalated':
      case 'billing.upheld':
      case 'billing.credited': {
        const { number, by, reason } = event.data;
        const step = saidSteps[event.type];
        const { level, who } = 'level' in event.data ? event.data : {};
        const lines = 'lines' in event.data ? event.data.lines : undefined;
        return [{ at, step, number, by, reason, level, who, lines }];
      }
      case 'joint-analysis.due':
      case 'action-plan.suggested':
        return [{ at, step: 'signal', type: event.type, reference: event.data.reference }];
      case 'deadline.set':
      case 'deadline.reached':
        return [];
      default:
        return [{ at, step: 'other', type: event.type }];
    }
  }

  #cutOff(): { readonly until?: string } {
    for (const { event } of this.#events) {
      if (event.type === 'deadline.set') return { until: event.data.dueAt };
    }
    return {};
  }

  async #count(id: string, data: CareDaysData, at: string, position: number): Promise<HistoryStep> {
    const { caseReference, revision, eligible, reason, dischargedOn } = data;
    const last = this.#counted.get(caseReference);
    this.#counted.set(caseReference, { position, data });
    const since = last?.position ?? 0;
    const facts = await this.#factsOf(caseReference, since, position);
    this.#facts.set(id, facts);
    return {
      at,
      step: 'counted',
      caseReference,
      revision,
      days: daysOf(data),
      eligible,
      reason,
      ...(dischargedOn !== undefined && { dischargedOn }),
      flags: data.flags ?? [],
      deviations: data.deviations ?? [],
      isChanged: last === undefined || meaningOf(last.data) !== meaningOf(data),
      // What a first count rests on is the whole case; the last thing learned made it countable.
      facts: last === undefined ? facts.slice(-1) : facts,
    };
  }

  async #factsOf(
    caseReference: string,
    since: number,
    until: number,
  ): Promise<readonly CausingFact[]> {
    const loaded = await this.#asked.journal.load(caseReference);
    return (loaded?.events ?? [])
      .filter(({ event, position }) => isFact(event.type) && position > since && position < until)
      .map(({ event: { id, type, occurredAt, recordedAt, source } }) => ({
        id,
        type,
        occurredAt,
        learnedAt: recordedAt,
        sender: source.sender,
      }));
  }

  #causeOf(id: string): AdjustmentCause {
    const cause = this.#events.find(({ event }) => event.id === id)?.event;
    if (cause?.type === 'care-days.counted') {
      const { caseReference } = cause.data;
      return { id, caseReference, facts: this.#facts.get(id) ?? [] };
    }
    if (cause?.type === 'settlement.closed') {
      return { id, monthBefore: cause.data.month, facts: [] };
    }
    return { id, facts: [] };
  }
}

/** What a count means for the month's amount. */
const meaningOf = ({ dates, readyDays, eligible, reason, dischargedOn }: CareDaysData): string =>
  JSON.stringify([dates, readyDays, eligible, reason, dischargedOn]);
