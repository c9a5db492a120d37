import { previewMonth } from '../questions/billing-month.ts';
import type { MonthPreview } from '../questions/billing-month.ts';
import { previewLines } from './month-text.ts';
import {
  answer,
  ask,
  checkMonth,
  checkPlace,
  localText,
  Progress,
  type QuestionOptions,
} from './question.ts';
import { isoOf } from '../rules/legal-days.ts';
import { kronor, type Ink } from './timeline.ts';

export interface BillingPreviewOptions extends QuestionOptions {
  readonly month: string;
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
}

/**
 * The basis of a month as of now, municipality by municipality; writes nothing.
 * @returns the exit code: 1 where one is or would be withheld for want of a figure
 */
export async function billingPreview(options: BillingPreviewOptions): Promise<number> {
  const { month, county, municipality, json } = options;
  checkMonth('--month', month);
  return await ask(options, async (asked) => {
    checkPlace(asked.profiles, options);
    const progress = new Progress((await asked.journal.status()).processes);
    const onProgress = (cases: number): void => progress.tell(cases);
    const previews = await previewMonth(asked, { month, county, municipality, onProgress });
    progress.end();
    const at = isoOf(asked.nowMs);
    answer(json, { month, at, settlements: previews }, (ink) => lines(options, at, previews, ink));
    return previews.some(({ missing }) => missing !== undefined) ? 1 : 0;
  });
}

function lines(
  { month, county, municipality }: BillingPreviewOptions,
  at: string,
  previews: readonly MonthPreview[],
  ink: Ink,
): readonly string[] {
  if (previews.length === 0) {
    const region = county === undefined ? '' : ` treated by region ${county}`;
    const payer = municipality === undefined ? 'a municipality' : `municipality ${municipality}`;
    return [`The journal has nothing of ${month}${region} that ${payer} could pay for.`];
  }
  const total = previews.reduce((sum, { totalOre = 0 }) => sum + totalOre, 0);
  const without = previews.filter(({ missing }) => missing !== undefined).length;
  const rest = without === 0 ? '' : `; ${without} without a basis, in no sum`;
  return [
    `${month} as of ${localText(at)}; nothing is written by a preview`,
    '',
    ...previews.flatMap((preview) => [...previewLines(preview, ink), '']),
    `${previews.length} ${previews.length === 1 ? 'municipality' : 'municipalities'}, ${kronor(total)} kr in all${rest}`,
  ];
}
