/** Folds statements of readiness and their withdrawals into periods (1 kap. 3 § 5, 3 kap. 1 §). */
import type { EventOf } from './events.ts';
import { isBefore, occasionOf } from './admission.ts';
import { byHappening, byTelling, momentOf } from './fact-list.ts';
import type { FactList } from './fact-list.ts';
import type { Facts, ReadinessPeriod } from './state.ts';

type Ready = EventOf<'patient.discharge-ready'>;
type Withdrawn = EventOf<'discharge-readiness.withdrawn'>;

interface OpenPeriod {
  readonly ready: Ready[];
  readonly withdrawn: Withdrawn[];
}

/**
 * Readiness periods, oldest first. Readiness stated again within a period is the same readiness: the statement told
 * first names it, the one told last times it. The same holds for its withdrawal. A readiness of before a withdrawal that
 * is told again after it undoes the withdrawal; a withdrawal where nothing was ready says nothing.
 * @param contradictions codes of what cannot be true are added to it
 */
export function foldReadiness(
  facts: FactList,
  stay: Pick<Facts, 'admission' | 'discharge' | 'admissionCancelled'>,
  contradictions: Set<string>,
): readonly ReadinessPeriod[] {
  const statements = [
    ...facts.of('patient.discharge-ready'),
    ...facts.of('discharge-readiness.withdrawn'),
  ].sort(byHappening);
  const open: OpenPeriod[] = [];
  for (const statement of statements) {
    const last = open.at(-1);
    if (statement.type === 'discharge-readiness.withdrawn') {
      const isUndone = last?.ready.some((ready) => byTelling(ready, statement) > 0);
      if (isUndone === false) last?.withdrawn.push(statement);
    } else if (last !== undefined && last.withdrawn.length === 0) {
      last.ready.push(statement);
    } else {
      open.push({ ready: [statement], withdrawn: [] });
    }
  }
  const periods = open.map((period) => closePeriod(facts, period));
  for (const period of periods) checkPeriod(period, stay, contradictions);
  return periods;
}

function closePeriod(facts: FactList, { ready, withdrawn }: OpenPeriod): ReadinessPeriod {
  const told = ready.sort(byTelling);
  const timedBy = told.at(-1);
  const withdrawal = withdrawn.sort(byTelling).at(-1);
  if (timedBy === undefined) throw new RangeError('a readiness period has no statement');
  return {
    ...occasionOf(facts, told, timedBy),
    ...(withdrawal && { withdrawn: momentOf(withdrawal) }),
  };
}

function checkPeriod(
  period: ReadinessPeriod,
  { admission, discharge, admissionCancelled }: Parameters<typeof foldReadiness>[1],
  contradictions: Set<string>,
): void {
  if (admission === undefined) {
    if (admissionCancelled === undefined) contradictions.add('READY_WITHOUT_ADMISSION');
  } else if (isBefore(period, admission)) {
    contradictions.add('READY_BEFORE_ADMISSION');
  }
  if (discharge !== undefined && isBefore(discharge, period)) {
    contradictions.add('READY_AFTER_DISCHARGE');
  }
}
