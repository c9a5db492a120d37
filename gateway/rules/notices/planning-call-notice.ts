/**
 * 4 kap. 3 §: the call to coordinated individual planning reaches every unit concerned (reading A40). The fixed care
 * contact calls; what is passed on says that, and when. Whether the call was in time is judged by the call itself.
 */
import type { Parameters } from '../../../profiles/index.ts';
import type { NoticeContent } from '../../process/events.ts';
import { currentNeed, currentReadiness, endOf } from '../../process/state.ts';
import type { DischargeProcess, Need, PlanningCall } from '../../process/state.ts';
import { isoOf, localDateOf, localTimeText } from '../legal-days.ts';
import { finding } from '../rule.ts';
import type { Finding } from '../rule.ts';
import { noticeWant } from './notice-content.ts';
import { partiesOf, recipientsOf } from './parties.ts';
import { isHindered } from './readiness-notice.ts';
import { sendingOf } from './sending.ts';

const rule = { id: 'care-planning', reference: '4 kap. 3 § lag (2017:612)' };

/**
 * What is passed on of each call that stands. Only a call by the fixed care contact is a call under the section.
 * @returns a finding a call; nothing while no unit is known to be concerned
 */
export function callNotices(process: DischargeProcess, parameters: Parameters): readonly Finding[] {
  const need = currentNeed(process);
  if (process.admission === undefined || need === undefined) return [];
  return process.calls
    .filter(({ calledBy, withdrawn }) => calledBy === 'fixed-care-contact' && !withdrawn)
    .map((call) => passOn(process, call, need, parameters));
}

function passOn(
  process: DischargeProcess,
  call: PlanningCall,
  need: Need,
  parameters: Parameters,
): Finding {
  const obligation = 'planning-call';
  const parties = partiesOf(process);
  // Regional outpatient care is where the call comes from.
  const units = recipientsOf(need, parties).filter(({ role }) => role !== 'region-outpatient');
  const isOpen = endOf(process) === undefined && !isHindered(process, obligation);
  const ready = currentReadiness(process);
  const expectedDischarge = process.estimate?.expectedDischarge;
  const content: NoticeContent = {
    calledAt: call.dateOnly ? localDateOf(call.atMs) : isoOf(call.atMs),
    ...(ready?.dateOnly === false && { dischargeReadyAt: isoOf(ready.atMs) }),
    ...(expectedDischarge !== undefined && { expectedDischarge }),
  };
  const sendings = units.map((recipient) =>
    sendingOf(process, { obligation, about: call, recipient }),
  );
  const handedOverMs = sendings.map((one) =>
    one.state === 'sent' ? one.times.handedOverAtMs : undefined,
  );
  const sinceMs = handedOverMs.reduce<number | undefined>(
    (last, atMs) => (last === undefined || atMs === undefined ? undefined : Math.max(last, atMs)),
    0,
  );
  const isPassedOn = units.length > 0 && sinceMs !== undefined;
  return finding(
    rule,
    isPassedOn ? 'met' : 'pending',
    isPassedOn ? 'CALL_PASSED_ON' : 'CALL_NOT_PASSED_ON',
    {
      occasion: call.occasion,
      sinceMs: isPassedOn ? sinceMs : undefined,
      because: [call.id, ...sendings.flatMap(({ because }) => because)],
      wants: units.map((recipient) =>
        noticeWant(process, parties, parameters, {
          obligation,
          about: call,
          recipient,
          content,
          reference: rule.reference,
          mayIssue: isOpen,
          mayCorrect: isOpen,
        }),
      ),
      fill: () => ({
        called: localTimeText(call.atMs),
        ...(isPassedOn && { sent: localTimeText(sinceMs) }),
      }),
    },
  );
}
