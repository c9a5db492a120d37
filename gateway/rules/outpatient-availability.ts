/** 5 kap. 5 §: whether regional outpatient services stand in the way of discharge (readings A39, A43). */
import type { Temporal } from 'temporal-polyfill';
import type { Parameters } from '../../profiles/index.ts';
import type { EventData } from '../process/events.ts';
import { endOf, inForce } from '../process/state.ts';
import type { DischargeProcess } from '../process/state.ts';
import { laterDate, localDateOf, localDateText, startOfDay } from './legal-days.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding } from './rule.ts';

const rule = { id: 'payment-liability', reference: '5 kap. 5 § lag (2017:612)' };
type Availability = EventData<'outpatient-care.availability-set'>['availability'];

const allows = (availability: Availability): boolean =>
  availability === 'available' || availability === 'notNeeded' || availability === 'notTheCause';

/** What is known of it at the end of the stay, or now. */
export function outpatientFinding(process: DischargeProcess, parameters: Parameters): Finding {
  const end = endOf(process);
  const stated = inForce(process.availability, end?.at.epochMilliseconds ?? Infinity);
  if (stated === undefined) {
    const on = process.readiness[0] ?? process.admission;
    const law = new LawOn(parameters, on === undefined ? '' : localDateText(on.at));
    const isPresumed = law.text('payment-liability.outpatientSilence') === 'presumedAvailable';
    const options = { parameters: law.origins };
    return isPresumed
      ? finding(rule, 'met', 'OUTPATIENT_AVAILABLE', options)
      : finding(rule, 'unknown', 'OUTPATIENT_UNKNOWN', options);
  }
  const because = [stated.id];
  if (allows(stated.availability)) {
    return finding(rule, 'met', 'OUTPATIENT_AVAILABLE', { because, since: stated.at });
  }
  return stated.availability === 'unavailable'
    ? finding(rule, 'unmet', 'OUTPATIENT_UNAVAILABLE', { because })
    : finding(rule, 'unknown', 'OUTPATIENT_UNKNOWN', { because });
}

/**
 * The first date, not before `date`, on which the services stand in no one's way. A confirmation counts from the day it
 * was given, with no back-charge; once liability has arisen a later change does not end it ("ska inte inträda").
 */
export function availabilityFrom(
  process: DischargeProcess,
  date: Temporal.PlainDate,
  law: LawOn,
): { readonly date: Temporal.PlainDate; readonly confirmedAt?: Temporal.Instant } | undefined {
  const startMs = startOfDay(date).epochMilliseconds;
  const stated = inForce(process.availability, startMs);
  const isPresumed =
    stated === undefined && law.text('payment-liability.outpatientSilence') === 'presumedAvailable';
  if (isPresumed || (stated !== undefined && allows(stated.availability))) return { date };
  const confirmed = process.availability.find(
    (later) => later.at.epochMilliseconds > startMs && allows(later.availability),
  );
  if (confirmed === undefined) return undefined;
  return { date: laterDate(date, localDateOf(confirmed.at)), confirmedAt: confirmed.at };
}
