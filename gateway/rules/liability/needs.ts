/**
 * The need a readiness period is judged by: the one in force when its municipality was notified, or the first after that
 * where there was none. What is assessed later changes nothing for days that have passed.
 */
import { endOf, inForce } from '../../process/state.ts';
import type {
  DischargeProcess,
  Moment,
  Need,
  ReadinessPeriod,
  Services,
} from '../../process/state.ts';
import { notifiedAtMs } from '../notices/parties.ts';

/** A stretch of a readiness period in which the municipality's services were needed without a break. */
export interface NeedRun {
  readonly need: Need;
  /** Needs assessed after that one, within the run. */
  readonly later: readonly Need[];
  /** Where an earlier need of the same period had fallen away: what was sent for it says nothing here. */
  readonly since?: Moment;
  /** Where this need fell away. */
  readonly lost?: Moment;
}

export const isMunicipal = (need: Services | undefined): boolean =>
  need !== undefined && (need.socialServices || need.municipalHealthCare);

/** The end of a period: withdrawn, discharged or deceased, whichever came first. */
export function periodEnd(process: DischargeProcess, period: ReadinessPeriod): Moment | undefined {
  return firstOf(period.withdrawn, endOf(process));
}

/** The earliest of some moments. */
export function firstOf(...moments: readonly (Moment | undefined)[]): Moment | undefined {
  return moments
    .filter((moment) => moment !== undefined)
    .sort((left, right) => left.atMs - right.atMs)[0];
}

/** Every stretch of municipal need in a readiness period, oldest first; none where the municipality was not needed. */
export function needRuns(process: DischargeProcess, period: ReadinessPeriod): readonly NeedRun[] {
  const endMs = periodEnd(process, period)?.atMs ?? Infinity;
  const stretches: { readonly needs: Need[]; lost?: Moment }[] = [];
  let open: { readonly needs: Need[]; lost?: Moment } | undefined;
  for (const { services, ...moment } of process.needs) {
    if (moment.atMs >= endMs) break;
    if (services !== undefined && isMunicipal(services)) {
      if (open === undefined) stretches.push((open = { needs: [] }));
      open.needs.push({ ...moment, ...services });
    } else if (open !== undefined) {
      open.lost = moment;
      open = undefined;
    }
  }
  const startMs = period.atMs;
  const notifiedMs = notifiedAtMs(process, period);
  return stretches
    .filter(({ lost }) => lost === undefined || lost.atMs > startMs)
    .flatMap(({ needs, lost }, index) => {
      const need = inForce(needs, notifiedMs) ?? needs[0];
      if (need === undefined) return [];
      const later = needs.slice(needs.indexOf(need) + 1);
      const since = index === 0 ? undefined : needs[0];
      return [{ need, later, ...(since && { since }), ...(lost && { lost }) }];
    });
}
