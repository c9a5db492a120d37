import { caseRecords } from '../questions/case-records.ts';
import { explainCase } from '../questions/explain-case.ts';
import { noticePathsOf, type DeliveryPath, type NoticePath } from '../questions/notice-paths.ts';
import type { RecordedMessage } from '../runtime/journal/journal.ts';
import { answer, ask, localText, type QuestionOptions } from './question.ts';
import type { Ink } from './timeline.ts';

const forPerson: ReadonlySet<string> = new Set(['refused', 'unresolved', 'unroutable', 'held']);

/** @returns the exit code: 1 where a notice waits for a person */
export async function caseShow(
  options: QuestionOptions & { readonly id: string },
): Promise<number> {
  return await ask(options, async (asked) => {
    const { loaded, ...records } = await caseRecords(asked.journal, options.id);
    const { findings, clocks } = await explainCase(asked, loaded.processId);
    const notices = noticePathsOf(records, findings, clocks);
    const shown = { caseReference: loaded.processId, messages: records.messages, notices };
    answer(options.json, shown, (ink) => [
      ink.bold(`Case ${loaded.processId}`),
      '',
      ink.bold('In'),
      ...records.messages.map((message) => messageLine(message, ink)),
      '',
      ink.bold('Out'),
      ...(notices.length === 0 ? ['  none'] : notices.flatMap((one) => noticeLines(one, ink))),
    ]);
    const states = notices.flatMap(({ deliveries }) => deliveries.map(({ state }) => state));
    return states.some((state) => forPerson.has(state)) ? 1 : 0;
  });
}

function messageLine(message: RecordedMessage, ink: Ink): string {
  const { receivedAt, sender, kind, controlId, state, answerSha256 } = message;
  const isTaken = state === 'accepted' || state === 'parked';
  const stored = isTaken ? ink.good('stored ✓') : ink.bad(`${state} ✗`);
  const answered = answerSha256 === undefined ? ink.dim('answered –') : ink.good('answered ✓');
  const what = `${sender ?? 'unknown'}  ${kind ?? ''}  ${controlId ?? ''}`;
  return `  ${localText(receivedAt)}  ${stored}  ${answered}  ${what}`;
}

function noticeLines(notice: NoticePath, ink: Ink): string[] {
  const { obligation, action, role, municipality, county, dueAt, isWatch, reference, finding } =
    notice;
  const to = `${role} ${municipality ?? county ?? ''}`.trimEnd();
  const due =
    dueAt === undefined ? '' : `, ${isWatch ? 'watched until' : 'due'} ${localText(dueAt)}`;
  const status = finding === undefined ? '' : `  ${finding.status} ${finding.reason}`;
  const head = `  ${ink.law(reference.replace(' lag (2017:612)', ''))}  ${obligation} ${action} → ${to}`;
  return [
    `${head}, decided ${localText(notice.decidedAt)}${due}${status}`,
    ...(notice.deliveries.length === 0 ? ['    not sent'] : []),
    ...notice.deliveries.map((one) => deliveryLine(one, ink)),
  ];
}

function deliveryLine(one: DeliveryPath, ink: Ink): string {
  const leg = (word: string, at: string | undefined): string =>
    at === undefined ? ink.dim(`${word} –`) : ink.good(`${word} ✓ ${localText(at)}`);
  const state = forPerson.has(one.state) ? ink.bad(one.state.toUpperCase()) : one.state;
  const tries = one.attempts.length > 1 ? `, ${one.attempts.length} attempts` : '';
  return [
    `    ${one.receiver ?? 'no receiver'}: ${state}${tries}`,
    leg('attempted', one.firstAttemptAt),
    leg('handed over', one.handedOverAt),
    leg('received', one.received?.at),
    leg('acknowledged', one.acknowledged?.at),
    ...(one.misdirected ? [ink.bad(`not theirs ${localText(one.misdirected.at)}`)] : []),
  ].join('  ');
}
