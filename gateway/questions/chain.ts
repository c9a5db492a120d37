/**
 * The basis of a month as of now, with what the months before it hand over. A month that is not closed in the journal is
 * computed; what went before the first one there is not guessed at.
 */
import { settlementStreamOf } from '../advance.ts';
import type { CareDaysData, Carry, DischargeEvent } from '../process/events.ts';
import { foldSettlement } from '../rules/settling/settle.ts';
import { settlementBasis } from '../rules/settling/settlement-basis.ts';
import type { Basis } from '../rules/settling/basis.ts';
import type { MissingFigure } from '../rules/settling/settlement-basis.ts';
import { firstDayOf, monthBefore } from '../rules/settling/settlement-month.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import type { Asked, Period } from './asked.ts';

/** A month's stream with the basis that its latest counts give. */
export interface MonthNow {
  readonly events: readonly StoredEvent[];
  /** Latest count of each case. */
  readonly cases: readonly CareDaysData[];
  readonly basis: Basis | { readonly missing: MissingFigure };
}

/** What a month has from those before it: nothing where they are not known. */
interface Before {
  readonly carry?: Carry | undefined;
  /** The figure for want of which an earlier month has no basis. */
  readonly missing?: MissingFigure;
}

/**
 * Reads one settlement and computes its basis; nothing is written.
 * @param supposed counts that are not recorded
 */
export async function monthNow(
  asked: Asked,
  period: Period,
  supposed: readonly DischargeEvent[] = [],
): Promise<MonthNow> {
  const { journal, profiles } = asked;
  const stream = await journal.loadStream(settlementStreamOf(period));
  const last = stream.events.at(-1)?.position ?? 0;
  const added = supposed.map((event, index) => ({ position: last + 1 + index, event }));
  const events = [...stream.events, ...added];
  const state = foldSettlement(events, period);
  const before: Before =
    state.before?.data.carry === undefined
      ? await computedBefore(asked, period)
      : { carry: state.before.data.carry };
  const cases = [...state.cases.values()].map(({ data }) => data);
  const basis = settlementBasis(cases, profiles.parametersOf(period), period, before.carry);
  const isForWantOfBefore = 'missing' in basis && basis.missing.parameter === 'settlement.opening';
  const missing = isForWantOfBefore ? before.missing : undefined;
  return { events, cases, basis: missing === undefined ? basis : { missing } };
}

/** Month by month back to the first one in the journal, bounded by the agreement's first month. */
async function computedBefore(asked: Asked, period: Period): Promise<Before> {
  const { journal, profiles } = asked;
  const agreement = profiles.parametersOf(period).agreementOn(firstDayOf(period.month));
  const previous = { ...period, month: monthBefore(period.month) };
  const isFirst = agreement === undefined || previous.month < agreement.firstMonth;
  if (isFirst || agreement.opening?.month === period.month) return {};
  const { events } = await journal.loadStream(settlementStreamOf(previous));
  if (events.length === 0) {
    // An empty month goes on with what is known of those before it; where nothing is, nothing is.
    const known = await computedBefore(asked, previous);
    if (known.carry === undefined) return known;
    return handedOver(settlementBasis([], profiles.parametersOf(previous), previous, known.carry));
  }
  return handedOver((await monthNow(asked, previous)).basis);
}

const handedOver = (basis: MonthNow['basis']): Before =>
  'missing' in basis ? { missing: basis.missing } : { carry: basis.carry };
