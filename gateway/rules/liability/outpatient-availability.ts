/** 5 kap. 5 §: whether regional outpatient services stand in the way of discharge (readings A39, A43). */
import type { Parameters } from '../../../profiles/index.ts';
import type { EventData } from '../../process/events.ts';
import { endOf, inForce } from '../../process/state.ts';
import type { DischargeProcess } from '../../process/state.ts';
import { laterDate, localDateOf, startOfDayMs } from '../legal-days.ts';
import type { LocalDate } from '../legal-days.ts';
import { LawOn, finding } from '../rule.ts';
import type { Finding } from '../rule.ts';

const rule = { id: 'payment-liability', reference: '5 kap. 5 § lag (2017:612)' };
type Availability = EventData<'outpatient-care.availability-set'>['availability'];

const allows = (availability: Availability): boolean =>
  availability === 'available' || availability === 'notNeeded' || availability === 'notTheCause';

/** What is known of it at the end of the stay, or now. */
export function outpatientFinding(process: DischargeProcess, parameters: Parameters): Finding {
  const end = endOf(process);
  const stated = inForce(process.availability, end?.atMs ?? Infinity);
  if (stated === undefined) {
    const on = process.readiness[0] ?? process.admission;
    const law = new LawOn(parameters, on === undefined ? '' : localDateOf(on.atMs));
    const isPresumed = law.text('payment-liability.outpatientSilence') === 'presumedAvailable';
    const options = { parameters: law.origins };
    return isPresumed
      ? finding(rule, 'met', 'OUTPATIENT_AVAILABLE', options)
      : finding(rule, 'unknown', 'OUTPATIENT_UNKNOWN', options);
  }
  const because = [stated.id];
  if (allows(stated.availability)) {
    return finding(rule, 'met', 'OUTPATIENT_AVAILABLE', { because, sinceMs: stated.atMs });
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
  date: LocalDate,
  law: LawOn,
): { readonly date: LocalDate; readonly confirmedAtMs?: number } | undefined {
  const startMs = startOfDayMs(date);
  const stated = inForce(process.availability, startMs);
  const isPresumed =
    stated === undefined && law.text('payment-liability.outpatientSilence') === 'presumedAvailable';
  if (isPresumed || (stated !== undefined && allows(stated.availability))) return { date };
  const confirmed = process.availability.find(
    (later) => later.atMs > startMs && allows(later.availability),
  );
  if (confirmed === undefined) return undefined;
  return { date: laterDate(date, localDateOf(confirmed.atMs)), confirmedAtMs: confirmed.atMs };
}

/**
 * Since when the services have stood in no one's way without a break, at the end of the stay or now: a mean counts no
 * days before that (reading A41).
 * @returns undefined where they stand in the way, or nobody knows; no `sinceMs` where they never did
 */
export function availableSince(
  process: DischargeProcess,
  nowMs: number,
  law: LawOn,
): { readonly sinceMs?: number } | undefined {
  const untilMs = endOf(process)?.atMs ?? nowMs;
  const stated = process.availability.filter(({ atMs }) => atMs <= untilMs);
  const hindered = stated.findLastIndex(({ availability }) => !allows(availability));
  const since = stated[hindered + 1];
  const isPresumed =
    hindered < 0 && law.text('payment-liability.outpatientSilence') === 'presumedAvailable';
  if (isPresumed) return {};
  return since && { sinceMs: since.atMs };
}
