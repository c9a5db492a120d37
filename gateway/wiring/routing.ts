/**
 * Whom the configuration names for a notice. The first receiver whose place fits gets it: the order of the file decides.
 * The time that counts is when a notice is routed: when it was decided, or when it is routed anew. What has been routed
 * stays with its receiver.
 */
import { isSaidByAdt } from '../../adapters/outbound/notices/adt-triggers.ts';
import type { NeedKind, NoticeData } from '../process/events.ts';
import { localDateOf } from '../rules/legal-days.ts';
import type { ReceiverConfig } from '../runtime/config.ts';

/** What of a receiver's configuration decides whose notices it gets. */
export type Place = Pick<
  ReceiverConfig,
  'roles' | 'municipalities' | 'counties' | 'outpatientUnits' | 'needs' | 'validFrom' | 'validTo'
>;
/** And how it is reached: not every channel can say everything. */
export type Reached = Place & Partial<Pick<ReceiverConfig, 'channel'>>;
/** What of a notice decides who gets it. */
export type Addressed = Pick<
  NoticeData,
  'role' | 'municipality' | 'county' | 'outpatientUnit' | 'needs'
> &
  Partial<Pick<NoticeData, 'obligation'>>;

/** The words in which a receiver is passed over, by the setting that says so. */
export interface PassedOver {
  readonly setting: keyof Reached | 'municipality';
  readonly why: string;
}

/**
 * Why a receiver does not get a notice; undefined where it fits.
 * @param now ISO 8601; the dates of the configuration are local ones, first and last day included
 */
export function whyNot(place: Reached, notice: Addressed, now: string): PassedOver | undefined {
  const { role, municipality, county, outpatientUnit, needs } = notice;
  if (role !== 'region-outpatient' && municipality === undefined) {
    return { setting: 'municipality', why: 'the municipality is not known' };
  }
  return (
    notAmong('roles', place.roles, role) ??
    notAmong('municipalities', place.municipalities, municipality) ??
    notAmong('counties', place.counties, county) ??
    notAmong('outpatientUnits', place.outpatientUnits, outpatientUnit) ??
    notNeeded(place.needs, needs) ??
    notInForce(place, localDateOf(Date.parse(now))) ??
    notSayable(place, notice)
  );
}

/**
 * Why a person may not send a notice there: it is for others. Its dates, roles and kinds of need may be passed over by
 * who says why; a place never.
 */
export function isOfAnother(place: Place, notice: Addressed): PassedOver | undefined {
  const { municipality, county, outpatientUnit, role } = notice;
  const isMunicipal = role !== 'region-outpatient';
  return (
    (isMunicipal ? notAmong('municipalities', place.municipalities, municipality) : undefined) ??
    notAmong('counties', place.counties, county) ??
    notAmong('outpatientUnits', place.outpatientUnits, outpatientUnit)
  );
}

export const takes = (place: Reached, notice: Addressed, now: string): boolean =>
  whyNot(place, notice, now) === undefined;

function notAmong(
  setting: 'roles' | 'municipalities' | 'counties' | 'outpatientUnits',
  list: readonly string[] | undefined,
  value: string | undefined,
): PassedOver | undefined {
  if (list === undefined || (value !== undefined && list.includes(value))) return undefined;
  return {
    setting,
    why: value === undefined ? 'the notice names none' : `${value} is not among them`,
  };
}

function notNeeded(
  list: readonly NeedKind[] | undefined,
  needs: readonly NeedKind[] | undefined,
): PassedOver | undefined {
  if (list === undefined || needs?.some((need) => list.includes(need)) === true) return undefined;
  const why = needs === undefined ? 'the need is not known' : `the need is of ${needs.join(', ')}`;
  return { setting: 'needs', why };
}

function notInForce({ validFrom, validTo }: Place, today: string): PassedOver | undefined {
  if (validFrom !== undefined && today < validFrom) {
    return { setting: 'validFrom', why: `not before ${validFrom}` };
  }
  if (validTo !== undefined && today > validTo) {
    return { setting: 'validTo', why: `not after ${validTo}` };
  }
  return undefined;
}

/** ADT tells of stays alone: a call to planning passes such a receiver by, for the next that fits. */
function notSayable({ channel }: Reached, { obligation }: Addressed): PassedOver | undefined {
  if (channel !== 'mllp' || obligation === undefined || isSaidByAdt(obligation)) return undefined;
  return { setting: 'channel', why: `ADT has no event for ${obligation}` };
}

/** Whether every notice that one receiver takes is also taken by another: then the later of them in the file gets none. */
export function covers(wide: Reached, narrow: Reached): boolean {
  return (
    (wide.channel !== 'mllp' || narrow.channel === 'mllp') &&
    holds(wide.roles, narrow.roles) &&
    holds(wide.municipalities, narrow.municipalities) &&
    holds(wide.counties, narrow.counties) &&
    holds(wide.outpatientUnits, narrow.outpatientUnits) &&
    holds(wide.needs, narrow.needs) &&
    (wide.validFrom ?? '') <= (narrow.validFrom ?? '') &&
    (wide.validTo ?? '9') >= (narrow.validTo ?? '9')
  );
}

const holds = (
  wide: readonly string[] | undefined,
  narrow: readonly string[] | undefined,
): boolean => wide === undefined || (narrow?.every((one) => wide.includes(one)) ?? false);

/** Whether some notice would be taken by both: only the order of the file decides which of them gets it. */
export function overlap(one: Place, other: Place): boolean {
  return (
    meet(one.roles, other.roles) &&
    meet(one.municipalities, other.municipalities) &&
    meet(one.counties, other.counties) &&
    meet(one.outpatientUnits, other.outpatientUnits) &&
    meet(one.needs, other.needs) &&
    (one.validFrom ?? '') <= (other.validTo ?? '9') &&
    (other.validFrom ?? '') <= (one.validTo ?? '9')
  );
}

const meet = (one: readonly string[] | undefined, other: readonly string[] | undefined): boolean =>
  one === undefined || other === undefined || one.some((value) => other.includes(value));
