/** Wanted notices against those sent: issue, correct, withdraw. */
import type { NoticeData } from '../../process/events.ts';
import { decisionId } from '../../process/ids.ts';
import type { DischargeProcess, NoticeHistory } from '../../process/state.ts';
import type { Draft } from './draft.ts';
import { isMisdirected } from '../notices/parties.ts';
import { isElsewhere, sameContent } from '../notices/standing.ts';
import type { WantedNotice } from '../rule.ts';

/** @param draft the events go there */
export function decideNotices(
  process: DischargeProcess,
  wants: readonly WantedNotice[],
  draft: Draft,
): void {
  const decided = wants.map((want) => {
    const occasion = draft.occasionOf(want.about);
    return { want, occasion, key: draft.keyOf(`${want.obligation}|${occasion}|${want.role}`) };
  });
  if (draft.takesBack) {
    const standing = new Set(decided.map(({ key }) => key));
    // The later rests on the earlier: a change is taken back before what it changed, and all of it before anything new.
    for (const notice of [...process.history.notices.values()].toReversed()) {
      if (!standing.has(notice.key)) withdraw(process, notice, draft);
    }
  }
  for (const { want, occasion, key } of decided) {
    if (want.mode === 'send') decideNotice(process, want, key, occasion, draft);
  }
}

function decideNotice(
  process: DischargeProcess,
  want: WantedNotice,
  key: string,
  occasion: string,
  draft: Draft,
): void {
  const notice = process.history.notices.get(key);
  const last = notice?.revisions.at(-1);
  const cause = want.about.id;
  if (notice === undefined || last === undefined || last.action === 'withdrawn') {
    const revision = (last?.revision ?? 0) + 1;
    draft.add('notice.issued', key, revision, cause, dataOf(want, key, occasion, revision));
    return;
  }
  if (isElsewhere(last, want)) {
    // Another municipality or unit: the old one is told, unless it has answered that it never was concerned.
    const wasSomewhere = last.municipality !== undefined || last.outpatientUnit !== undefined;
    const withdrawn = wasSomewhere && withdraw(process, notice, draft);
    const revision = last.revision + (withdrawn ? 2 : 1);
    const before = withdrawn ? decisionId(key, last.revision + 1) : last.id;
    const data = { ...dataOf(want, key, occasion, revision), corrects: before };
    draft.add('notice.issued', key, revision, cause, data);
    return;
  }
  if (sameContent(last.content, want.content) && last.held === want.held) return;
  const revision = last.revision + 1;
  // Who got it gets the correction, also where a unit of the region's was told since.
  const { outpatientUnit } = last;
  const data = {
    ...dataOf({ ...want, outpatientUnit }, key, occasion, revision),
    corrects: last.id,
  };
  draft.add('notice.corrected', key, revision, cause, data);
}

/** Withdraws what last stood from whom it was sent to. */
function withdraw(process: DischargeProcess, notice: NoticeHistory, draft: Draft): boolean {
  const last = notice.revisions.at(-1);
  if (last === undefined || last.action === 'withdrawn') return false;
  const taken = notice.receipts.filter(
    ({ noticeId, outcome }) => noticeId === last.id && outcome === 'delivered',
  );
  const isRejected =
    taken.length > 0 &&
    taken.every((receipt) => isMisdirected(process, notice.obligation, receipt));
  if (isRejected) return false;
  const { key, obligation, occasion, role } = notice;
  const revision = last.revision + 1;
  draft.add('notice.withdrawn', key, revision, last.id, {
    key,
    revision,
    obligation,
    occasion,
    role,
    ...(last.county !== undefined && { county: last.county }),
    ...(last.municipality !== undefined && { municipality: last.municipality }),
    ...(last.outpatientUnit !== undefined && { outpatientUnit: last.outpatientUnit }),
    ...(last.needs !== undefined && { needs: [...last.needs] }),
    ...(last.held && { held: true }),
    corrects: last.id,
    ...(last.changes !== undefined && { changes: last.changes }),
    ...(last.fields !== undefined && { fields: [...last.fields] }),
    content: last.content,
    reference: last.reference,
  });
  return true;
}

function dataOf(want: WantedNotice, key: string, occasion: string, revision: number): NoticeData {
  return {
    key,
    revision,
    obligation: want.obligation,
    occasion,
    role: want.role,
    ...(want.county !== undefined && { county: want.county }),
    ...(want.municipality !== undefined && { municipality: want.municipality }),
    ...(want.outpatientUnit !== undefined && { outpatientUnit: want.outpatientUnit }),
    ...(want.needs !== undefined && { needs: [...want.needs] }),
    ...(want.held && { held: true }),
    ...(want.changes !== undefined && { changes: want.changes }),
    fields: [...want.fields],
    content: want.content,
    reference: want.reference,
  };
}
