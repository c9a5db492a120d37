/** The notice of one kind that stands with a role, and whether a revision of it has left. */
import type { NoticeContent, NoticedObligation, RecipientRole } from '../../process/events.ts';
import type {
  DischargeProcess,
  NoticeHistory,
  NoticeRevision,
  Occasion,
} from '../../process/state.ts';
import { isMisdirected } from './parties.ts';

export interface Standing {
  readonly notice: NoticeHistory;
  /** Its last revision. */
  readonly last: NoticeRevision;
}

/** @returns nothing where none was decided, or the last was withdrawn */
export function standingNotice(
  { history }: DischargeProcess,
  obligation: NoticedObligation,
  about: Occasion,
  role: RecipientRole,
): Standing | undefined {
  let standing: Standing | undefined;
  for (const notice of history.notices.values()) {
    const last = notice.revisions.at(-1);
    if (notice.obligation !== obligation || notice.role !== role || last === undefined) continue;
    if (!about.aliases.has(notice.occasion) || last.action === 'withdrawn') continue;
    standing = { notice, last };
  }
  return standing;
}

/** Whether its last revision was handed over to the one it is for, with proof or without. */
export function hasLeft(process: DischargeProcess, { notice, last }: Standing): boolean {
  return notice.receipts.some(
    (receipt) =>
      receipt.noticeId === last.id &&
      receipt.outcome === 'delivered' &&
      (receipt.municipality ?? last.municipality) === last.municipality &&
      !isMisdirected(process, notice.obligation, receipt),
  );
}

/** Whether a notice is for another than got it. A unit that nobody had told goes on by whoever got it in its place. */
export function isElsewhere(
  last: NoticeRevision,
  {
    municipality,
    outpatientUnit,
  }: { municipality?: string | undefined; outpatientUnit?: string | undefined },
): boolean {
  return (
    last.municipality !== municipality ||
    (last.outpatientUnit !== undefined && last.outpatientUnit !== outpatientUnit)
  );
}

/** Whether two say the same. What was told before is no part of it: it depends on what has arrived. */
export function sameContent(left: NoticeContent, right: NoticeContent): boolean {
  return (
    left.admittedAt === right.admittedAt &&
    left.expectedDischarge === right.expectedDischarge &&
    left.dischargeReadyAt === right.dischargeReadyAt &&
    left.calledAt === right.calledAt &&
    left.dischargedAt === right.dischargedAt &&
    left.deceasedOn === right.deceasedOn &&
    left.hospital === right.hospital &&
    left.unit === right.unit &&
    left.numberKind === right.numberKind &&
    left.services?.socialServices === right.services?.socialServices &&
    left.services?.municipalHealthCare === right.services?.municipalHealthCare &&
    left.services?.regionOutpatient === right.services?.regionOutpatient
  );
}
