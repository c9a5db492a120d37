/** `hemgang late`: which notices went later than their time, or have not gone, and why. */
import { lateNotices, type LateNotice, type LateReason } from '../questions/late-notices.ts';
import { isoOf } from '../rules/legal-days.ts';
import { answer, ask, localText, plural, timeOf, type QuestionOptions } from './question.ts';
import { spanText } from './tray-text.ts';

const weekMs = 7 * 24 * 3_600_000;
const mostCases = 1000;

const reasons: Readonly<Record<LateReason, string>> = {
  'told-late': 'the hospital told it when its time had passed',
  'no-receiver': 'the configuration named no receiver',
  held: 'a person had to release it (protected identity)',
  receiver: 'its receiver was not reached, or did not take it',
  refused: 'its receiver refused it',
  unknown: 'nobody knows whether it arrived',
  queue: 'it waited here',
};
const nexts: Readonly<Partial<Record<LateReason, string>>> = {
  'no-receiver': 'hemgang unroutable list',
  held: 'hemgang held list',
  receiver: 'hemgang incidents',
  refused: 'hemgang resend',
  unknown: 'hemgang unknown list',
  queue: 'hemgang queue',
};

/** @returns the exit code: 1 where one has not gone yet */
export async function lateList(
  options: QuestionOptions & { readonly since?: string | undefined },
): Promise<number> {
  return await ask(options, async ({ journal, nowMs }) => {
    const sinceMs =
      options.since === undefined ? nowMs - weekMs : timeOf('--since', options.since, nowMs);
    const since = isoOf(sinceMs);
    const { late, hasMore } = await lateNotices(journal, { since, nowMs, most: mostCases });
    const waiting = late.filter(({ handedOverAt }) => handedOverAt === undefined);
    answer(options.json, { since, late, hasMore }, (ink) => [
      ink.bold(
        late.length === 0
          ? `since ${localText(since)} no notice was later than its time`
          : `${plural(late.length, 'notice')} later than their time since ${localText(since)}, ${waiting.length} of them not handed over yet`,
      ),
      ...late.flatMap(lineOf),
      ...(hasMore
        ? [`the newest ${mostCases} cases were looked at; there are more: --since TIME`]
        : []),
      ...(late.length === 0
        ? []
        : [
            `${ink.dim('next:')} hemgang case show CASE; what counts in law is told there, and does not change`,
          ]),
    ]);
    return waiting.length === 0 ? 0 : 1;
  });
}

function lineOf(one: LateNotice): readonly string[] {
  const { of, obligation, role, municipality, receiver, deadline, dueAt, isWatch, why } = one;
  const { firstAttemptAt, handedOverAt, lateMs, reference } = one;
  const whom = [role, municipality, receiver && `(${receiver})`].filter((part) => part).join(' ');
  const due = `${deadline} ${localText(dueAt)}${isWatch === true ? ', as soon as possible by law and watched until then' : ''}`;
  const went =
    handedOverAt === undefined
      ? `not handed over, ${spanText(lateMs)} after its time`
      : `handed over ${localText(handedOverAt)}, ${spanText(lateMs)} after its time`;
  const tried = firstAttemptAt === undefined ? '' : `, first tried ${localText(firstAttemptAt)}`;
  const next = handedOverAt === undefined ? nexts[why] : undefined;
  return [
    `${obligation} of ${of}, ${whom}`,
    `  ${due} (${reference}): ${went}${tried}`,
    `  why: ${reasons[why]}${next === undefined ? '' : `; next: ${next}`}`,
  ];
}
