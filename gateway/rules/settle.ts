/**
 * 5 kap. 6 §, model `individual` of the statute: the care days of one municipality and month of discharge become one
 * billing record at the cut-off; what changes after it is an adjustment, never an edit.
 */
import { Temporal } from 'temporal-polyfill';
import type { Parameters } from '../../profiles/index.ts';
import type { CareDaysData, DischargeEvent, EventData } from '../process/events.ts';
import { decisionId } from '../process/ids.ts';
import type { StoredLike } from '../process/state.ts';
import { billingLines } from './billing-lines.ts';
import type { Billed } from './billing-lines.ts';
import type { DecidedEvent, Decision } from './decide.ts';
import { isoOf, startOfDay } from './legal-days.ts';

const reference = '5 kap. 6 § lag (2017:612)';
const model = 'individual';

export interface SettlementPeriod {
  readonly county: string;
  readonly municipality: string;
  /** Month of discharge, `YYYY-MM`. */
  readonly month: string;
}

type Billing = EventData<'billing.recorded'>;

/** A settlement stream as it stands. */
interface SettlementState {
  readonly isOpened: boolean;
  readonly isReached: boolean;
  /** Latest revision of each case, with the event that brought it, in the order the cases came. */
  readonly cases: ReadonlyMap<string, { readonly data: CareDaysData; readonly eventId: string }>;
  readonly billed: Billing | undefined;
  readonly withheld: EventData<'billing.withheld'> | undefined;
  /** How many times it was withheld: the next one's number. */
  readonly withheldCount: number;
}

/**
 * Decides what follows in one settlement stream. Pure and idempotent.
 *
 * Before the cut-off it opens; at the cut-off (`deadline.reached` of kind `settlement`) it records and closes, or
 * withholds while an amount is missing; after it, it adjusts.
 *
 * @param stream care-days.counted of many processes, and the stream's own events
 * @param parameters of the place
 * @param period what the stream is about
 * @param now legal time; every new event occurs then
 */
export function settle(
  stream: readonly StoredLike[],
  parameters: Parameters,
  period: SettlementPeriod,
  now: Temporal.Instant,
): Decision {
  const state = foldSettlement(stream);
  const { county, municipality, month } = period;
  const key = `settlement:${county}:${municipality}:${month}`;
  const place = { county, municipality, month };
  const occurredAt = isoOf(now);
  if (state.cases.size === 0) return { events: [], setDeadlines: [], closeDeadlines: [] };
  const causationId = [...state.cases.values()].at(-1)?.eventId ?? key;
  const stamp = (type: string, number: number): Stamp => ({
    id: decisionId(`${key}|${type}`, number),
    occurredAt,
    causationId,
  });
  if (!state.isOpened) return open(state, place, key, parameters, stamp);
  if (!state.isReached) return { events: [], setDeadlines: [], closeDeadlines: [] };
  const events = bill(state, place, key, parameters, stamp);
  return { events, setDeadlines: [], closeDeadlines: [] };
}

interface Stamp {
  readonly id: string;
  readonly occurredAt: string;
  readonly causationId: string;
}
type Stamper = (type: string, number: number) => Stamp;

function foldSettlement(stream: readonly StoredLike[]): SettlementState {
  const cases = new Map<string, { data: CareDaysData; eventId: string }>();
  const seen = { isOpened: false, isReached: false, withheldCount: 0 };
  let billed: Billing | undefined;
  let withheld: EventData<'billing.withheld'> | undefined;
  const add = (event: DischargeEvent): void => {
    switch (event.type) {
      case 'care-days.counted': {
        const known = cases.get(event.data.key)?.data.revision ?? 0;
        if (event.data.revision > known) {
          cases.set(event.data.key, { data: event.data, eventId: event.id });
        }
        return;
      }
      case 'settlement.opened':
        seen.isOpened = true;
        return;
      case 'deadline.reached':
        if (event.data.deadline === 'settlement') seen.isReached = true;
        return;
      case 'billing.recorded':
      case 'billing.adjusted':
        billed = event.data;
        withheld = undefined;
        return;
      case 'billing.withheld':
        withheld = event.data;
        seen.withheldCount += 1;
        return;
      default:
    }
  };
  for (const { event } of [...stream].sort((left, right) => left.position - right.position)) {
    add(event);
  }
  return { ...seen, cases, billed, withheld };
}

/** Opens the month, and sets its cut-off: after the end of the day the parameter names, in the month that follows. */
function open(
  state: SettlementState,
  place: SettlementPeriod,
  key: string,
  parameters: Parameters,
  stamp: Stamper,
): Decision {
  const first = Temporal.PlainDate.from(`${place.month}-01`);
  const found = parameters.valueOn('settlement.cutOffDay', first.toString());
  if (!found.known) {
    const withheld = withhold(state.withheld, state.withheldCount, place, key, found, stamp);
    return { events: withheld, setDeadlines: [], closeDeadlines: [] };
  }
  const cutOff = first.add({ months: 1, days: Number(found.value) });
  const dueAt = isoOf(startOfDay(cutOff));
  const data = {
    key: `${key}|settlement`,
    deadline: 'settlement',
    occasion: key,
    dueAt,
    reference: found.origin.reference,
  } as const;
  return {
    events: [
      { ...stamp('settlement.opened', 1), type: 'settlement.opened', data: place },
      { ...stamp('deadline.set', 1), type: 'deadline.set', data },
    ],
    setDeadlines: [{ key: data.key, dueAt, data }],
    closeDeadlines: [],
  };
}

function bill(
  state: SettlementState,
  place: SettlementPeriod,
  key: string,
  parameters: Parameters,
  stamp: Stamper,
): DecidedEvent[] {
  const cases = [...state.cases.values()].map(({ data }) => data);
  const wanted = billingLines(cases, parameters, reference);
  if ('missing' in wanted) {
    return withhold(state.withheld, state.withheldCount, place, key, wanted.missing, stamp);
  }
  const revision = (state.billed?.revision ?? 0) + 1;
  const data: Billing = { ...place, key: `${key}|billing`, revision, model, ...wanted };
  if (state.billed === undefined) {
    return [
      { ...stamp('billing', revision), type: 'billing.recorded', data },
      { ...stamp('settlement.closed', 1), type: 'settlement.closed', data: place },
    ];
  }
  if (sameLines(state.billed, wanted)) return [];
  const differenceOre = wanted.totalOre - state.billed.totalOre;
  const { id, occurredAt, causationId } = stamp('billing', revision);
  const cause = changedSince(state, state.billed) ?? causationId;
  const adjusted = { ...data, differenceOre, cause };
  return [{ id, occurredAt, causationId: cause, type: 'billing.adjusted', data: adjusted }];
}

/** A missing amount: named with its date and regulation, once for as long as it is the same one. */
function withhold(
  last: EventData<'billing.withheld'> | undefined,
  count: number,
  place: SettlementPeriod,
  key: string,
  missing: { readonly parameter: string; readonly date: string; readonly reference?: string },
  stamp: Stamper,
): DecidedEvent[] {
  if (last?.missing === missing.parameter && last.missingOn === missing.date) return [];
  const data = {
    ...place,
    key: `${key}|billing`,
    revision: count + 1,
    missing: missing.parameter,
    missingOn: missing.date,
    reference: missing.reference ?? reference,
  };
  return [{ ...stamp('billing.withheld', count + 1), type: 'billing.withheld', data }];
}

const sameLines = (left: Billing, right: Billed): boolean =>
  left.totalOre === right.totalOre && JSON.stringify(left.lines) === JSON.stringify(right.lines);

/** The count that differs from what was billed: the cause of an adjustment. */
function changedSince(state: SettlementState, billed: Billing): string | undefined {
  const daysOf = (caseReference: string): number =>
    billed.lines
      .filter((line) => line.caseReference === caseReference)
      .reduce((days, line) => days + line.days, 0);
  const changed = [...state.cases.values()].findLast(
    ({ data }) => daysOf(data.caseReference) !== (data.eligible ? data.dates.length : 0),
  );
  return changed?.eventId;
}
