/** Notices that went later than their time, or have not gone though it has passed, and why. No clock moves by asking. */
import { fold, type DischargeProcess } from '../process/state.ts';
import { isoOf } from '../rules/legal-days.ts';
import { laterNaming } from '../rules/notices/admission-clock.ts';
import type { MissedDeadline } from '../runtime/journal/journal.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import { caseRecords, type RecordReads } from './case-records.ts';
import { clocksOf, type Clock } from './case-timeline.ts';
import { clockOfNotice, noticePathsOf, type NoticePath } from './notice-paths.ts';

export type LateReason =
  /** We learned of it when its time had passed. */
  | 'told-late'
  /** The configuration named no receiver. */
  | 'no-receiver'
  /** A person had to answer for it (protected identity). */
  | 'held'
  /** Its receiver was not reached, or did not take it. */
  | 'receiver'
  /** It refused it, and nothing tries again by itself. */
  | 'refused'
  /** Nobody knows whether it arrived. */
  | 'unknown'
  /** It waited here. */
  | 'queue';

export interface LateNotice {
  /** Case reference. */
  readonly of: string;
  readonly obligation: NoticePath['obligation'];
  readonly role: NoticePath['role'];
  readonly municipality?: string;
  readonly receiver?: string;
  readonly deadline: Clock['deadline'];
  readonly dueAt: string;
  /** The act says "as soon as possible": the time is a watch of ours and no term of law. */
  readonly isWatch?: true;
  readonly reference: string;
  readonly decidedAt: string;
  /** First attempt; absent where none was made. */
  readonly firstAttemptAt?: string;
  /** The completed hand-over, where there was one. */
  readonly handedOverAt?: string;
  /** From its time to the hand-over, or to now. */
  readonly lateMs: number;
  readonly why: LateReason;
}

type Reads = RecordReads & Pick<JournalReader, 'missedDeadlines'>;

const pageSize = 500;
/** Clocks that notices are sent under. */
const ofNotices: ReadonlySet<string> = new Set(['T1', 'T2', 'T3', 'T5', 'T6']);

export interface LateQuestion {
  /** Missed since, ISO 8601. */
  readonly since: string;
  readonly nowMs: number;
  /** Cases that are looked at, at most. */
  readonly most: number;
}

/** @returns the longest overdue first; whether there are more cases than were looked at */
export async function lateNotices(
  journal: Reads,
  { since, nowMs, most }: LateQuestion,
): Promise<{ readonly late: readonly LateNotice[]; readonly hasMore: boolean }> {
  const cases = new Set<string>();
  for await (const { processId } of missedSince(journal, since)) {
    if (cases.size === most && !cases.has(processId)) {
      return { late: await ofCases(journal, cases, nowMs), hasMore: true };
    }
    cases.add(processId);
  }
  return { late: await ofCases(journal, cases, nowMs), hasMore: false };
}

/** How many clocks of notices were missed since; counted no further than `most`. */
export async function countMissed(
  journal: Pick<JournalReader, 'missedDeadlines'>,
  since: string,
  most: number,
): Promise<number> {
  let count = 0;
  for await (const _ of missedSince(journal, since)) if ((count += 1) >= most) break;
  return count;
}

/** The newest first. */
async function* missedSince(
  journal: Pick<JournalReader, 'missedDeadlines'>,
  since: string,
): AsyncGenerator<MissedDeadline> {
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const page = await journal.missedDeadlines(before, pageSize);
    for (const one of page) {
      if (one.at < since) return;
      if (ofNotices.has(one.deadline)) yield one;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    before = last.position;
  }
}

async function ofCases(
  journal: Reads,
  cases: Iterable<string>,
  nowMs: number,
): Promise<readonly LateNotice[]> {
  const late: LateNotice[] = [];
  for (const id of cases) late.push(...(await ofCase(journal, id, nowMs)));
  return late.sort((left, right) => right.lateMs - left.lateMs);
}

async function ofCase(journal: Reads, id: string, nowMs: number): Promise<readonly LateNotice[]> {
  const { loaded, ...records } = await caseRecords(journal, id);
  const process = fold(loaded.events, loaded.processId);
  const clocks = clocksOf(process, [], loaded.events);
  const paths = noticePathsOf(records, [], clocks);
  return revisionsOf(paths).flatMap((revisions) => {
    const [first] = revisions;
    // A notice that was withdrawn is owed to nobody.
    if (first === undefined || revisions.at(-1)?.action === 'withdrawn') return [];
    const clock = clockOfNotice(clocks, first.obligation, startOf(process, first));
    if (clock === undefined || !isMissed(clock)) return [];
    const ways = revisions.flatMap(({ deliveries }) => deliveries);
    // In shadow nothing leaves: it is neither late nor in time.
    if (ways.length > 0 && ways.every(({ state }) => state === 'shadow')) return [];
    const firstAttemptAt = earliest(ways.map((one) => one.firstAttemptAt));
    const handedOverAt = earliest(ways.map((one) => one.handedOverAt));
    // Another receiver of the same duty kept the clock waiting, and this one did not.
    if (handedOverAt !== undefined && handedOverAt <= clock.dueAt) return [];
    const { receiver } = ways.findLast((one) => one.receiver !== undefined) ?? {};
    const { obligation, role, municipality, isWatch, reference, decidedAt } = first;
    return [
      {
        of: loaded.processId,
        obligation,
        role,
        ...(municipality !== undefined && { municipality }),
        ...(receiver !== undefined && { receiver }),
        deadline: clock.deadline,
        dueAt: clock.dueAt,
        ...(isWatch && { isWatch }),
        reference,
        decidedAt,
        ...(firstAttemptAt !== undefined && { firstAttemptAt }),
        ...(handedOverAt !== undefined && { handedOverAt }),
        lateMs: Date.parse(handedOverAt ?? isoOf(nowMs)) - Date.parse(clock.dueAt),
        why: reasonOf(clock.dueAt, revisions),
      },
    ];
  });
}

/** Id of the fact that its clock runs from: the duty's own, or the need that was assessed later (2 kap. 3 §, T2). */
function startOf(process: DischargeProcess, { obligation, role, occasion }: NoticePath): string {
  const { admission } = process;
  if (obligation !== 'admission-notice' || admission === undefined) return occasion.id;
  return laterNaming(process, admission, role)?.id ?? occasion.id;
}

/** The revisions of each notice in their order: of one duty to one role in one place. */
function revisionsOf(paths: readonly NoticePath[]): readonly (readonly NoticePath[])[] {
  const notices = new Map<string, NoticePath[]>();
  for (const path of paths) {
    const { obligation, role, municipality = '', occasion } = path;
    const name = `${obligation}|${role}|${municipality}|${occasion.id}`;
    notices.set(name, [...(notices.get(name) ?? []), path]);
  }
  return [...notices.values()];
}

const isMissed = ({ state, metAt, dueAt }: Clock): boolean =>
  state === 'missed' || (state === 'met' && metAt !== undefined && metAt > dueAt);

const earliest = (times: readonly (string | undefined)[]): string | undefined =>
  times.filter((time) => time !== undefined).sort()[0];

/** What held it up, as far as it is known. */
function reasonOf(dueAt: string, revisions: readonly NoticePath[]): LateReason {
  const [first] = revisions;
  const ways = revisions.flatMap(({ deliveries }) => deliveries);
  const triedAt = earliest(ways.map(({ firstAttemptAt }) => firstAttemptAt));
  const states = ways.map(({ state }) => state);
  if (triedAt !== undefined && triedAt <= dueAt) {
    if (states.includes('refused')) return 'refused';
    return states.includes('unresolved') ? 'unknown' : 'receiver';
  }
  if (first !== undefined && first.decidedAt > dueAt) return 'told-late';
  if (revisions.some(({ isHeld }) => isHeld)) return 'held';
  return revisions.some(hadNoReceiver) ? 'no-receiver' : 'queue';
}

/** What waited for a receiver ends untried when it is routed anew, as a delivery of its own. */
const hadNoReceiver = ({ deliveries }: NoticePath): boolean =>
  deliveries.some(({ state }) => state === 'unroutable') ||
  (deliveries.length > 1 &&
    deliveries.some(({ state, attempts }) => state === 'cancelled' && attempts.length === 0));
