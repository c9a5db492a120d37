/** 3 kap. 2 §: what is needed for continued care and services is told the units concerned on the day of discharge. */
import { isBefore } from '../process/admission.ts';
import { currentNeed, endOf } from '../process/state.ts';
import type { DischargeProcess, Moment, Occasion } from '../process/state.ts';
import type { Parameters } from '../../profiles/index.ts';
import { addDays, endOfDayMs, localDateOf, localTimeText } from './legal-days.ts';
import type { Reason } from './sentences/reasons.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Status } from './rule.ts';

const id = 'information-transfer';
const reference = '3 kap. 2 § lag (2017:612)';

export const informationTransfer: Rule = {
  id,
  reference,
  assess(process, parameters, nowMs) {
    const { admission, deceased } = process;
    if (admission === undefined) {
      const reason = process.admissionCancelled ? 'ADMISSION_CANCELLED' : 'NOT_ADMITTED';
      return [finding(informationTransfer, 'not-applicable', reason)];
    }
    const end = endOf(process);
    if (end === undefined)
      return [finding(informationTransfer, 'not-applicable', 'NOT_DISCHARGED')];
    const about = { occasion: admission.occasion, because: [end.id] };
    if (end === deceased)
      return [finding(informationTransfer, 'not-applicable', 'DECEASED', about)];
    if (currentNeed(process) === undefined) {
      const reason = process.needs.length === 0 ? 'NEED_NOT_ASSESSED' : 'NO_NEED_NOW';
      return [finding(informationTransfer, 'not-applicable', reason, about)];
    }
    return [assessTransfer(process, admission, end, parameters, nowMs)];
  },
};

function assessTransfer(
  process: DischargeProcess,
  admission: Occasion,
  discharge: Moment,
  parameters: Parameters,
  nowMs: number,
): Finding {
  const dischargedOn = localDateOf(discharge.atMs);
  const law = new LawOn(parameters, dischargedOn);
  const dueAtMs = endOfDayMs(addDays(dischargedOn, law.number(`${id}.transferWithinDays`)));
  // What was told before an earlier stay ended says nothing of this one.
  const transfer = process.informationTransfers.find((told) => !isBefore(told, admission));
  const obstacle = process.secrecy.get('information-transfer');
  const isInTime = transfer !== undefined && transfer.atMs <= dueAtMs;
  const { occasion } = admission;
  if (obstacle?.present === true && obstacle.atMs <= dueAtMs && !isInTime) {
    const because = [discharge.id, obstacle.id];
    const details = { occasion, because, parameters: law.origins };
    return finding(informationTransfer, 'not-applicable', 'TRANSFER_HINDERED', details);
  }
  const [status, reason] = judge(transfer, isInTime, nowMs >= dueAtMs);
  return finding(informationTransfer, status, reason, {
    occasion,
    sinceMs: isInTime ? transfer.atMs : undefined,
    dueAtMs,
    because: [discharge.id, ...(transfer === undefined ? [] : [transfer.id])],
    parameters: law.origins,
    wants: [
      {
        want: 'deadline',
        deadline: 'T7',
        // One discharge a stay: a corrected time moves it.
        about: { ...admission, id: discharge.id },
        dueAtMs,
        metAtMs: transfer?.atMs,
        reference,
      },
    ],
    fill: () => ({
      due: localTimeText(dueAtMs),
      ...(transfer && { sent: localTimeText(transfer.atMs) }),
    }),
  });
}

function judge(
  transfer: Moment | undefined,
  isInTime: boolean,
  isOver: boolean,
): readonly [Status, Reason] {
  if (isInTime) return ['met', 'INFORMATION_TRANSFERRED'];
  if (transfer !== undefined) return ['unmet', 'INFORMATION_TRANSFER_LATE'];
  return isOver
    ? ['unmet', 'INFORMATION_TRANSFER_MISSING']
    : ['pending', 'INFORMATION_TRANSFER_PENDING'];
}
