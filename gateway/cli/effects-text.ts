/** What would change in law, as lines for people. */
import type { CaseEffects, DeadlineEffect, MonthEffect } from '../questions/effects.ts';
import { hasEffects } from '../questions/effects.ts';
import { noticeLine, standingText } from './codes-text.ts';
import { localText } from './question.ts';
import { kronor, type Ink } from './timeline.ts';

/** A case with everything that would change of it. */
export function effectLines(effects: CaseEffects, ink: Ink): string[] {
  if (!hasEffects(effects)) return ['    changes nothing in law'];
  const { links, findings, deadlines, notices, liability, counts, inShadow } = effects;
  return [
    ...links.map((type) => `    ${type}`),
    ...findings.map(({ rule, reference, role, before, after }) => {
      const to = role === undefined ? '' : ` (${role})`;
      return `    ${rule}${to}, ${reference}: ${answerText(before)} → ${answerText(after)}`;
    }),
    ...deadlines.map(deadlineLine),
    ...notices.map((notice) => `    ${noticeLine(notice, inShadow, ink)}`),
    ...liability.map(({ decision, reason, municipality, from, until }) => {
      const days =
        from === undefined ? '' : ` from ${from}${until === undefined ? '' : ` until ${until}`}`;
      return `    ${decision} ${municipality ?? ''}${days}: ${reason}`;
    }),
    ...counts.map(({ municipality, month, before, after }) => {
      const was = before === undefined ? 'nothing' : countText(before);
      return `    counts in ${month} for ${municipality}: ${was} → ${countText(after)}`;
    }),
  ];
}

/** A month with what it came to, and would come to. */
export function monthEffectLine(month: MonthEffect): string {
  const { municipality, municipalityName, countyName, month: name, standing } = month;
  const { beforeOre, afterOre, missing } = month;
  const place = `  ${municipality} ${municipalityName}, ${countyName}, ${name}`;
  const amount = (ore: number | undefined): string =>
    ore === undefined ? `withheld for want of ${missing ?? 'a figure'}` : `${kronor(ore)} kr`;
  const difference =
    beforeOre === undefined || afterOre === undefined
      ? ''
      : ` (${afterOre > beforeOre ? '+' : ''}${kronor(afterOre - beforeOre)} kr)`;
  return `${place}: ${amount(beforeOre)} → ${amount(afterOre)}${difference}; ${standingText(standing)}`;
}

const answerText = (
  answer: { readonly status: string; readonly reason: string } | undefined,
): string => (answer === undefined ? 'nothing' : `${answer.status} ${answer.reason}`);

const countText = ({
  days,
  eligible,
  reason,
}: {
  readonly days: number;
  readonly eligible: boolean;
  readonly reason: string;
}): string => `${days} days${eligible ? '' : `, not charged (${reason})`}`;

function deadlineLine({ deadline, reference, before, after }: DeadlineEffect): string {
  const text = (side: DeadlineEffect['before']): string =>
    side === undefined
      ? 'none'
      : `due ${localText(side.dueAt)}${side.metAt === undefined ? ', not met' : `, met ${localText(side.metAt)}`}`;
  return `    ${deadline}, ${reference}: ${text(before)} → ${text(after)}`;
}
