/** Patients who are ready and still there, with their days so far: information only, nothing is charged by it (A13). */
import { placeOf } from '../advance.ts';
import { currentReadiness, endOf, fold } from '../process/state.ts';
import type { DischargeProcess } from '../process/state.ts';
import { assess } from '../rules/index.ts';
import { daysBetween, localDateOf } from '../rules/legal-days.ts';
import { partiesOf } from '../rules/notices/parties.ts';
import type { Finding } from '../rules/rule.ts';
import { monthOf } from '../rules/settling/settlement-month.ts';
import type { Asked } from './asked.ts';

export interface StillThere {
  readonly caseReference: string;
  readonly county: string;
  readonly municipality: string;
  /** The date days are counted from: of the registered readiness, or of the notification under an agreement. */
  readonly readyOn: string;
  /** Days there would be if the patient were discharged today. */
  readonly days: number;
  /** Care days under the statute so far; absent under an agreement that goes by a mean. */
  readonly careDays?: number;
  readonly status: Finding['status'];
  readonly reason: Finding['reason'];
  readonly sentence: { readonly sv: string; readonly en: string };
}

export interface StillThereQuestion {
  /** Who was ready by the end of this month. */
  readonly month: string;
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  /** Called after each page of cases, with how many have been read. */
  readonly onProgress?: (cases: number) => void;
}

const pageSize = 500;

/** Reads the cases that have a readiness and no end, page by page. */
export async function stillThere(
  asked: Asked,
  question: StillThereQuestion,
): Promise<readonly StillThere[]> {
  const { journal } = asked;
  const found: StillThere[] = [];
  let read = 0;
  for (let after = ''; ;) {
    const ids = await journal.openReadyProcessIds(after, pageSize);
    for (const id of ids) {
      const loaded = await journal.load(id);
      if (loaded === undefined) continue;
      const one = describe(asked, fold(loaded.events, loaded.processId));
      if (one !== undefined && isAskedFor(one, question)) found.push(one);
    }
    read += ids.length;
    question.onProgress?.(read);
    const last = ids.at(-1);
    if (last === undefined) return found.sort((left, right) => right.days - left.days);
    after = last;
  }
}

function isAskedFor(
  { county, municipality, readyOn }: StillThere,
  question: StillThereQuestion,
): boolean {
  return (
    county === (question.county ?? county) &&
    municipality === (question.municipality ?? municipality) &&
    monthOf(readyOn) <= question.month
  );
}

function describe(asked: Asked, process: DischargeProcess): StillThere | undefined {
  const period = currentReadiness(process);
  const { payer } = partiesOf(process, period);
  const { county, processId } = process;
  if (period === undefined || endOf(process) !== undefined) return undefined;
  if (process.admission === undefined || county === undefined || payer === undefined) {
    return undefined;
  }
  const findings = assess(process, asked.profiles.parametersOf(placeOf(process)), asked.nowMs);
  const found = findings.findLast(
    ({ rule, occasion }) => rule === 'payment-liability' && occasion === period.occasion,
  );
  if (found === undefined || found.status === 'not-applicable') return undefined;
  const today = localDateOf(asked.nowMs);
  const ready = found.wants.find((want) => want.want === 'ready-days');
  const liability = found.wants.find((want) => want.want === 'liability');
  const from = liability?.outcome.state === 'arisen' ? liability.outcome.from : undefined;
  const readyOn = ready?.readyOn ?? localDateOf(period.atMs);
  const days = Math.max(0, daysBetween(readyOn, today));
  const careDays = from === undefined ? 0 : Math.max(0, daysBetween(from, today));
  return {
    caseReference: processId,
    county,
    municipality: payer,
    readyOn,
    days,
    ...(ready === undefined && { careDays }),
    status: found.status,
    reason: found.reason,
    sentence: { sv: found.sentence.sv, en: found.sentence.en },
  };
}
