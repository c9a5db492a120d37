/**
 * 5 kap. 6 §: one stream for each region, municipality and month. The cases of a month become one billing record at the
 * cut-off; what changes after it is an adjustment, never an edit. Under an agreement every month is settled, empty ones
 * too, and hands to the next what that one needs of it.
 */
import type { Parameters } from '../../../profiles/index.ts';
import type { CareDaysData, DischargeEvent, EventData } from '../../process/events.ts';
import { decisionId } from '../../process/ids.ts';
import type { StoredLike } from '../../process/state.ts';
import type { DecidedEvent, Decision } from '../deciding/draft.ts';
import { isoOf } from '../legal-days.ts';
import { settlementBasis } from './settlement-basis.ts';
import type { MissingFigure } from './settlement-basis.ts';
import type { Basis, SettlementPeriod } from './basis.ts';
import { cutOffMs, firstDayOf, nextMonth } from './settlement-month.ts';

const reference = '5 kap. 6 § lag (2017:612)';

type Billing = EventData<'billing.recorded'>;
type Closing = EventData<'settlement.closed'>;

/** The latest count of a case, and the stay whose stream has it. */
export interface SettlementCount {
  readonly data: CareDaysData;
  readonly eventId: string;
  readonly stayId: string;
}

/** A settlement stream as it stands. */
export interface SettlementState {
  readonly isOpened: boolean;
  readonly isReached: boolean;
  /** Latest revision of each case, with the event that brought it, in the order the cases came. */
  readonly cases: ReadonlyMap<string, SettlementCount>;
  /** How the month before was closed, latest revision. */
  readonly before: { readonly data: Closing; readonly eventId: string } | undefined;
  readonly closed: Closing | undefined;
  readonly billed: Billing | undefined;
  readonly withheld: EventData<'billing.withheld'> | undefined;
  /** How many times it was withheld: the next one's number. */
  readonly withheldCount: number;
  readonly signalled: ReadonlySet<string>;
  /** Counts that came after the last billing. */
  readonly sinceBilled: ReadonlySet<string>;
}

/**
 * Decides what follows in one settlement stream. Pure and idempotent.
 *
 * Before the cut-off it opens; at the cut-off (`deadline.reached` of kind `settlement`) it records and closes, or
 * withholds while a figure is missing; after it, it adjusts, and closes anew where the next month depends on it.
 *
 * @param stream counts of many processes, the closing of the month before, and the stream's own events
 * @param parameters of the place, with its municipality
 * @param period what the stream is about
 * @param nowMs legal time; every new event occurs then
 * @param asked whether to open the month though nothing is in it yet
 */
export function settle(
  stream: readonly StoredLike[],
  parameters: Parameters,
  period: SettlementPeriod,
  nowMs: number,
  asked: { readonly open: boolean } = { open: false },
): Decision {
  const state = foldSettlement(stream, period);
  const draft = new SettlementDraft(period, state, nowMs);
  const isConcerned = state.cases.size > 0 || state.before !== undefined || state.isOpened;
  if (!isConcerned && !asked.open) return draft.decision();
  if (!state.isOpened) open(draft, state, parameters);
  else if (state.isReached) bill(draft, state, parameters);
  return draft.decision();
}

/** Reads a settlement stream. */
export function foldSettlement(
  stream: readonly StoredLike[],
  { month }: Pick<SettlementPeriod, 'month'>,
): SettlementState {
  const cases = new Map<string, SettlementCount>();
  const signalled = new Set<string>();
  const sinceBilled = new Set<string>();
  const seen = { isOpened: false, isReached: false, withheldCount: 0 };
  let before: SettlementState['before'];
  let closed: Closing | undefined;
  let billed: Billing | undefined;
  let withheld: EventData<'billing.withheld'> | undefined;
  const add = (event: DischargeEvent): void => {
    switch (event.type) {
      case 'care-days.counted': {
        const known = cases.get(event.data.key)?.data.revision ?? 0;
        if (event.data.revision > known) {
          const { id: eventId, stayId } = event;
          cases.set(event.data.key, { data: event.data, eventId, stayId });
          sinceBilled.add(event.id);
        }
        return;
      }
      case 'settlement.opened':
        seen.isOpened = true;
        return;
      case 'settlement.closed':
        if (event.data.month === month) {
          closed = event.data;
          withheld = undefined;
        } else if (revisionOf(event.data) > revisionOf(before?.data)) {
          before = { data: event.data, eventId: event.id };
        }
        return;
      case 'deadline.reached':
        if (event.data.deadline === 'settlement') seen.isReached = true;
        return;
      case 'billing.recorded':
      case 'billing.adjusted':
        billed = event.data;
        withheld = undefined;
        sinceBilled.clear();
        return;
      case 'billing.withheld':
        withheld = event.data;
        seen.withheldCount += 1;
        return;
      case 'joint-analysis.due':
        signalled.add('joint-analysis');
        return;
      case 'action-plan.suggested':
        signalled.add(`action-plan ${event.data.cause}`);
        return;
      default:
    }
  };
  for (const { event } of [...stream].sort((left, right) => left.position - right.position)) {
    add(event);
  }
  return { ...seen, cases, before, closed, billed, withheld, signalled, sinceBilled };
}

const revisionOf = (closing: Closing | undefined): number =>
  closing === undefined ? 0 : (closing.revision ?? 1);

/** What is decided of one stream in one run. */
class SettlementDraft {
  readonly period: SettlementPeriod;
  readonly key: string;
  readonly #events: DecidedEvent[] = [];
  readonly #deadlines: Decision['setDeadlines'][number][] = [];
  readonly #occurredAt: string;
  /** What came last: the cause of what is decided now, unless something better is known. */
  readonly #lastId: string;

  constructor(period: SettlementPeriod, state: SettlementState, nowMs: number) {
    const { county, municipality, month } = period;
    this.period = { county, municipality, month };
    this.key = `settlement:${county}:${municipality}:${month}`;
    this.#occurredAt = isoOf(nowMs);
    this.#lastId = [...state.cases.values()].at(-1)?.eventId ?? state.before?.eventId ?? this.key;
  }

  /** @param number of its kind in this stream: with the kind it makes the event's id */
  add<T extends DecidedEvent['type']>(
    type: T,
    number: number,
    data: Extract<DecidedEvent, { type: T }>['data'],
    causationId = this.#lastId,
    kind: string = type,
  ): void {
    const id = decisionId(`${this.key}|${kind}`, number);
    // T is one type here, which the union of all events cannot express.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const event = { id, type, occurredAt: this.#occurredAt, causationId, data } as DecidedEvent;
    this.#events.push(event);
  }

  wake(row: Decision['setDeadlines'][number]): void {
    this.#deadlines.push(row);
  }

  decision(): Decision {
    return { events: this.#events, setDeadlines: this.#deadlines, closeDeadlines: [] };
  }
}

/** Opens the month, and sets its cut-off: after the end of the day the parameter names, in the month that follows. */
function open(draft: SettlementDraft, state: SettlementState, parameters: Parameters): void {
  const { period, key } = draft;
  const cutOff = parameters.valueOn('settlement.cutOffDay', firstDayOf(period.month));
  if (!cutOff.known) return withhold(draft, state, cutOff);
  const dueAt = isoOf(cutOffMs(period.month, Number(cutOff.value)));
  const data = {
    key: cutOffKeyOf(key),
    deadline: 'settlement',
    occasion: key,
    dueAt,
    reference: cutOff.origin.reference,
  } as const;
  draft.add('settlement.opened', 1, period);
  draft.add('deadline.set', 1, data);
  draft.wake({ key: data.key, dueAt, data });
}

/** Key of the deadline that waits for a month's cut-off. */
export const cutOffKeyOf = (streamId: string): string => `${streamId}|settlement`;

function bill(draft: SettlementDraft, state: SettlementState, parameters: Parameters): void {
  const { period, key } = draft;
  const cases = [...state.cases.values()].map(({ data }) => data);
  const basis = settlementBasis(cases, parameters, period, state.before?.data.carry);
  if ('missing' in basis) return withhold(draft, state, basis.missing);
  const { carry: _carry, mean: _mean, signals: _signals, ...billed } = basis;
  const revision = (state.billed?.revision ?? 0) + 1;
  const data: Billing = { ...period, key: `${key}|billing`, revision, ...billed };
  let isFreed = false;
  if (state.billed === undefined) {
    draft.add('billing.recorded', revision, data, undefined, 'billing');
  } else if (!sameBill(state.billed, data)) {
    adjust(draft, state, state.billed, data);
  } else if (state.withheld !== undefined) {
    isFreed = true;
  }
  close(draft, state, parameters, basis, isFreed);
  signal(draft, state, basis);
}

function adjust(
  draft: SettlementDraft,
  state: SettlementState,
  last: Billing,
  data: Billing,
): void {
  const cause = changedSince(state, last) ?? state.before?.eventId ?? draft.key;
  const differenceOre = data.totalOre - last.totalOre;
  if (state.closed !== undefined) {
    draft.add('settlement.reopened', data.revision, draft.period, cause);
  }
  const adjusted = { ...data, differenceOre, cause };
  draft.add('billing.adjusted', data.revision, adjusted, cause, 'billing');
}

/**
 * Closes the month once, and again where what the next one reads has changed, or where a figure that was missing after
 * the billing is there and changed nothing: then nothing else would say so.
 */
function close(
  draft: SettlementDraft,
  { closed }: SettlementState,
  parameters: Parameters,
  { carry, mean }: Basis,
  isFreed: boolean,
): void {
  const { period } = draft;
  const following = nextMonth(period.month);
  // An agreement has a calendar: the end of one month begins the next, also where nothing has happened in it.
  const goesOn = parameters.agreementOn(firstDayOf(following)) !== undefined;
  const isSame =
    JSON.stringify(closed?.carry) === JSON.stringify(carry) && closed?.next === following;
  if (closed !== undefined && (!goesOn || isSame) && !isFreed) return;
  const revision = revisionOf(closed) + 1;
  draft.add('settlement.closed', revision, {
    ...period,
    revision,
    ...(goesOn && { next: following }),
    ...(carry && { carry }),
    ...(mean && { cases: mean.cases, readyDays: mean.readyDays }),
  });
}

function signal(draft: SettlementDraft, { signalled }: SettlementState, { signals }: Basis): void {
  for (const raised of signals) {
    const { reference: source } = raised;
    if (raised.signal === 'joint-analysis') {
      if (signalled.has('joint-analysis')) continue;
      draft.add('joint-analysis.due', 1, { ...draft.period, reference: source });
    } else {
      const { cause } = raised;
      const kind = `action-plan ${cause}`;
      if (signalled.has(kind)) continue;
      const data = { ...draft.period, cause, reference: source };
      draft.add('action-plan.suggested', 1, data, undefined, kind);
    }
  }
}

/** A missing figure: named with its date and regulation, once for as long as it is the same one. */
function withhold(draft: SettlementDraft, state: SettlementState, missing: MissingFigure): void {
  const { withheld: last, withheldCount } = state;
  if (last?.missing === missing.parameter && last.missingOn === missing.date) return;
  const number = withheldCount + 1;
  draft.add('billing.withheld', number, {
    ...draft.period,
    key: `${draft.key}|billing`,
    revision: number,
    missing: missing.parameter,
    missingOn: missing.date,
    reference: missing.reference ?? reference,
  });
}

/**
 * What an adjustment is made for: another sum, other lines. Remarks, reasons and how a source is cited may change without
 * one; a line of before there were kinds is of care days.
 */
const sameBill = (left: Billing, right: Billing): boolean =>
  left.totalOre === right.totalOre && textOf(left.lines) === textOf(right.lines);

const textOf = (lines: Billing['lines']): string =>
  JSON.stringify(
    lines.map(({ kind = 'care-days', caseReference, from, until, days, quantity, ...line }) => [
      [kind, caseReference, from, until],
      [days, quantity, line.rateOre, line.amountOre],
    ]),
  );

/** The count that came after what was billed: the cause of an adjustment. */
function changedSince(state: SettlementState, { lines, cases = [] }: Billing): string | undefined {
  const daysBilled = (caseReference: string): number =>
    cases.find((one) => one.caseReference === caseReference)?.readyDays ??
    lines
      .filter((line) => line.caseReference === caseReference)
      .reduce((days, line) => days + (line.days ?? 0), 0);
  const counts = [...state.cases.values()].filter(({ eventId }) => state.sinceBilled.has(eventId));
  const changed = counts.findLast(({ data }) => {
    const days = data.readyDays ?? (data.eligible ? data.dates.length : 0);
    return daysBilled(data.caseReference) !== days;
  });
  return changed?.eventId;
}
