/** 2 kap. 4 §: an estimate that changes after the admission notice was sent is told again, as soon as possible. */
import type { Parameters } from '../../../profiles/index.ts';
import { endOf } from '../../process/state.ts';
import type { DischargeProcess, Estimate, Occasion } from '../../process/state.ts';
import { hourMs, localDateOf, localTimeText } from '../legal-days.ts';
import { isMisdirected } from './parties.ts';
import type { Recipient } from './parties.ts';
import { LawOn, finding } from '../rule.ts';
import type { Finding } from '../rule.ts';

const rule = { id: 'admission-notice', reference: '2 kap. 4 § lag (2017:612)' };

/**
 * Whether every unit that was told another estimate has been told the one in force. The section sets no limit, so T3 is a
 * watch: passing it is noted and means nothing for payment.
 * @param recipients who the admission notice is for
 * @returns nothing while no unit has been told another estimate
 */
export function estimateFinding(
  process: DischargeProcess,
  admission: Occasion,
  recipients: readonly Recipient[],
  parameters: Parameters,
  nowMs: number,
): readonly Finding[] {
  const { estimate } = process;
  if (estimate === undefined) return [];
  let toldAtMs: number | undefined = 0;
  const because = [estimate.id];
  let isChanged = false;
  for (const recipient of recipients) {
    const told = updateTo(process, admission, estimate, recipient);
    if (told === undefined) continue;
    isChanged = true;
    because.push(told.id);
    toldAtMs =
      told.atMs === undefined || toldAtMs === undefined ? undefined : Math.max(toldAtMs, told.atMs);
  }
  if (!isChanged) return [];
  const law = new LawOn(parameters, localDateOf(estimate.atMs));
  const dueAtMs = estimate.atMs + law.number('admission-notice.estimateWatchHours') * hourMs;
  const endMs = endOf(process)?.atMs ?? Infinity;
  // Once the patient has gone home there is nothing more to tell.
  if (toldAtMs === undefined && endMs < dueAtMs) return [];
  const isOver = nowMs >= dueAtMs;
  const [status, reason] =
    toldAtMs === undefined
      ? ([isOver ? 'unmet' : 'pending', 'ESTIMATE_NOT_TOLD'] as const)
      : (['met', 'ESTIMATE_TOLD'] as const);
  const { id, occasion, aliases } = estimate;
  return [
    finding(rule, status, reason, {
      occasion,
      sinceMs: toldAtMs,
      dueAtMs,
      because,
      parameters: law.origins,
      wants: [
        {
          want: 'deadline',
          deadline: 'T3',
          about: { id, occasion, aliases },
          dueAtMs,
          metAtMs: toldAtMs,
          reference: rule.reference,
        },
      ],
      fill: () => ({
        due: localTimeText(dueAtMs),
        ...(toldAtMs !== undefined && { sent: localTimeText(toldAtMs) }),
      }),
    }),
  ];
}

interface Update {
  /** The event that told another estimate, or the one in force. */
  readonly id: string;
  /** When the estimate in force was handed over after it. */
  readonly atMs: number | undefined;
}

/** What one unit was told, in order; nothing where it knows of no other estimate. */
function updateTo(
  process: DischargeProcess,
  admission: Occasion,
  { expectedDischarge, atMs }: Estimate,
  recipient: Recipient,
): Update | undefined {
  const told = handedOver(process, admission, recipient);
  const other = told.findLastIndex(({ estimate }) => estimate !== expectedDischarge);
  const before = told[other];
  if (before === undefined) return undefined;
  const later = told.slice(other + 1)[0];
  const seen = process.observed.find(
    (notice) =>
      notice.obligation === 'discharge-estimate' &&
      notice.role === recipient.role &&
      (notice.municipality ?? recipient.municipality) === recipient.municipality &&
      notice.atMs >= atMs,
  );
  if (later === undefined) return { id: seen?.id ?? before.id, atMs: seen?.atMs };
  if (seen === undefined || later.atMs <= seen.atMs) return { id: later.id, atMs: later.atMs };
  return { id: seen.id, atMs: seen.atMs };
}

/** The estimates that reached one unit with an admission notice, in the order of its revisions. */
function handedOver(
  process: DischargeProcess,
  admission: Occasion,
  { role, municipality }: Recipient,
): readonly { readonly id: string; readonly atMs: number; readonly estimate: string }[] {
  const told: { id: string; atMs: number; estimate: string }[] = [];
  for (const notice of process.history.notices.values()) {
    if (notice.obligation !== 'admission-notice' || notice.role !== role) continue;
    if (!admission.aliases.has(notice.occasion)) continue;
    for (const revision of notice.revisions) {
      const { expectedDischarge: estimate } = revision.content;
      if (estimate === undefined || revision.action === 'withdrawn') continue;
      for (const receipt of notice.receipts) {
        const { noticeId, deliveredAtMs: atMs, id } = receipt;
        if (noticeId !== revision.id || receipt.outcome !== 'delivered') continue;
        if (atMs === undefined || receipt.proof === 'none') continue;
        if ((receipt.municipality ?? revision.municipality) !== municipality) continue;
        if (isMisdirected(process, notice.obligation, receipt)) continue;
        told.push({ id, atMs, estimate });
      }
    }
  }
  return told;
}
