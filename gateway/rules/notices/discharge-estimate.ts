/**
 * 2 kap. 4 §: an estimate that changes after the admission notice was sent is told as soon as possible, by a notice of its
 * own. The admission notice stands as it was sent: it was right, its 24 hours (3 §) and what 5 kap. 3 § asks of it are not
 * touched, and the address is not sent once more.
 */
import type { Parameters } from '../../../profiles/index.ts';
import type { NoticeContent } from '../../process/events.ts';
import { currentReadiness, endOf } from '../../process/state.ts';
import type { DischargeProcess, Estimate, Moment, Occasion } from '../../process/state.ts';
import { hourMs, localDateOf, localTimeText } from '../legal-days.ts';
import { noticeWant } from './notice-content.ts';
import { isMisdirected, isWithin } from './parties.ts';
import type { Parties, Recipient } from './parties.ts';
import { hasLeft, isElsewhere, sameContent, standingNotice } from './standing.ts';
import { LawOn, finding } from '../rule.ts';
import type { Finding, WantedNotice } from '../rule.ts';

const rule = { id: 'admission-notice', reference: '2 kap. 4 § lag (2017:612)' };

// ---------------------------------------------------------------- the notice

/**
 * What is to stand of the estimate beside one unit's admission notice: a notice of the one in force, where the unit was
 * told another. None while the admission notice has not left: it then says the estimate itself. Once the patient is ready
 * or gone there is nothing more to estimate; what was told stands.
 * @returns one want, or none; a notice that was overtaken before it left has none and is taken back
 */
export function estimateWants(
  process: DischargeProcess,
  admission: Occasion,
  recipient: Recipient,
  parties: Parties,
  parameters: Parameters,
): readonly WantedNotice[] {
  const admitted = standingNotice(process, 'admission-notice', admission, recipient.role);
  if (admitted === undefined || isElsewhere(admitted.last, recipient)) return [];
  const unit = unitOf(process, admission, recipient);
  const told = handedOver(process, admission, unit).at(-1);
  if (told === undefined) return [];
  const earlier = standingNotice(process, 'discharge-estimate', admission, recipient.role);
  const isHere = earlier !== undefined && !isElsewhere(earlier.last, unit);
  const estimate = process.estimate?.expectedDischarge;
  const isTold = told.estimate === estimate;
  const isSaid = isTold || !hasLeft(process, admitted);
  if (isSaid && !isHere) return [];
  const isOvertaken = isHere && earlier.last.content.expectedDischarge !== estimate;
  if (isTold && isOvertaken && !hasLeft(process, earlier)) return [];
  const changed: Moment = process.estimate ?? process.estimateWithdrawn ?? admission;
  const mayTell = !isSaid && isExpected(process) && !isSeen(process, unit, changed.atMs);
  const content: NoticeContent = {
    ...(estimate !== undefined && { expectedDischarge: estimate }),
    ...(told.estimate !== undefined && { previousExpectedDischarge: told.estimate }),
    ...(process.hospital !== undefined && { hospital: process.hospital }),
  };
  const want = noticeWant(process, parties, parameters, {
    obligation: 'discharge-estimate',
    about: { ...admission, id: changed.id, atMs: changed.atMs },
    recipient: unit,
    content,
    reference: rule.reference,
    mayIssue: mayTell,
    mayCorrect: mayTell,
  });
  return [{ ...want, changes: admitted.last.id }];
}

/**
 * An admission notice that has left is not corrected for a new estimate alone. One that is corrected for something else
 * says the estimate in force, for it takes the place of the whole.
 */
export function withEstimateTold(
  process: DischargeProcess,
  admission: Occasion,
  want: WantedNotice,
): WantedNotice {
  const sent = standingNotice(process, 'admission-notice', admission, want.role);
  if (sent === undefined || isElsewhere(sent.last, want) || !hasLeft(process, sent)) return want;
  const { expectedDischarge } = sent.last.content;
  if (expectedDischarge === undefined) return want;
  const content = { ...want.content, expectedDischarge };
  const stands = sent.last.held === want.held && sameContent(sent.last.content, content);
  return stands ? { ...want, content } : want;
}

/** The patient is there, and is not ready yet. */
const isExpected = (process: DischargeProcess): boolean =>
  endOf(process) === undefined && currentReadiness(process) === undefined;

/** Another system was seen to tell it. */
function isSeen(process: DischargeProcess, { role, municipality }: Recipient, sinceMs: number) {
  return observedSince(process, { role, municipality }, sinceMs) !== undefined;
}

// ---------------------------------------------------------------- whether it was told

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
  const watchMs = law.number('admission-notice.estimateWatchHours') * hourMs;
  const dueAtMs = expectedFromMs(process, estimate.atMs) + watchMs;
  const overMs = Math.min(
    endOf(process)?.atMs ?? Infinity,
    currentReadiness(process)?.atMs ?? Infinity,
  );
  // Once the patient is ready or has gone home there is nothing more to tell.
  if (toldAtMs === undefined && overMs < dueAtMs) return [];
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

/** What changed while the patient was ready is to be told when that is withdrawn, and not before. */
function expectedFromMs({ readiness }: DischargeProcess, atMs: number): number {
  const period = readiness.find((one) => isWithin(one, atMs));
  return period?.withdrawn?.atMs ?? atMs;
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
  const unit = unitOf(process, admission, recipient);
  const told = handedOver(process, admission, unit).filter(({ isProven }) => isProven);
  const other = told.findLastIndex(({ estimate }) => estimate !== expectedDischarge);
  const before = told[other];
  if (before === undefined) return undefined;
  const later = told.slice(other + 1)[0];
  const seen = observedSince(process, recipient, atMs);
  if (later === undefined) return { id: seen?.id ?? before.id, atMs: seen?.atMs };
  if (seen === undefined || later.atMs <= seen.atMs) return { id: later.id, atMs: later.atMs };
  return { id: seen.id, atMs: seen.atMs };
}

/** What another system was seen to tell a unit of an estimate. */
function observedSince(
  { observed }: DischargeProcess,
  { role, municipality }: Recipient,
  sinceMs: number,
): Moment | undefined {
  return observed.find(
    (notice) =>
      notice.obligation === 'discharge-estimate' &&
      notice.role === role &&
      (notice.municipality ?? municipality) === municipality &&
      notice.atMs >= sinceMs,
  );
}

/** Who got the admission notice gets its change, also where a unit of the region's was told since. */
function unitOf(process: DischargeProcess, admission: Occasion, recipient: Recipient): Recipient {
  const sent = standingNotice(process, 'admission-notice', admission, recipient.role);
  return sent === undefined
    ? recipient
    : { ...recipient, outpatientUnit: sent.last.outpatientUnit };
}

interface Told {
  /** The receipt. */
  readonly id: string;
  readonly atMs: number;
  /** Absent where the unit was told that none is known any more. */
  readonly estimate: string | undefined;
  /** Its channel proves that it was handed over. */
  readonly isProven: boolean;
}

/** The estimates that reached one unit, in the order in which they did. */
function handedOver(
  process: DischargeProcess,
  admission: Occasion,
  unit: Recipient,
): readonly Told[] {
  const told: Told[] = [];
  for (const notice of process.history.notices.values()) {
    const { obligation, role, occasion } = notice;
    if (obligation !== 'admission-notice' && obligation !== 'discharge-estimate') continue;
    if (role !== unit.role || !admission.aliases.has(occasion)) continue;
    for (const revision of notice.revisions) {
      const { expectedDischarge: estimate } = revision.content;
      if (revision.action === 'withdrawn' || revision.outpatientUnit !== unit.outpatientUnit) {
        continue;
      }
      // An admission notice without one said nothing of it: the first estimate completes it and is no change.
      if (estimate === undefined && obligation === 'admission-notice') continue;
      for (const receipt of notice.receipts) {
        const { noticeId, deliveredAtMs, firstAttemptAtMs, id } = receipt;
        if (noticeId !== revision.id || receipt.outcome !== 'delivered') continue;
        if ((receipt.municipality ?? revision.municipality) !== unit.municipality) continue;
        if (isMisdirected(process, obligation, receipt)) continue;
        const isProven = deliveredAtMs !== undefined && receipt.proof !== 'none';
        told.push({ id, atMs: deliveredAtMs ?? firstAttemptAtMs, estimate, isProven });
      }
    }
  }
  return told.sort((left, right) => left.atMs - right.atMs);
}
