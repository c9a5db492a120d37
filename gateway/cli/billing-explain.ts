import { billingHistory } from '../questions/billing-history.ts';
import { historyLines } from './history-text.ts';
import {
  answer,
  ask,
  checkMonth,
  checkPlace,
  timeOf,
  wrong,
  type QuestionOptions,
} from './question.ts';

export interface BillingExplainOptions extends QuestionOptions {
  readonly county: string;
  readonly municipality: string;
  readonly month: string;
  readonly at?: string | undefined;
}

/**
 * How a settlement came to be as it is.
 * @returns the exit code: 1 where it is withheld
 */
export async function billingExplain(options: BillingExplainOptions): Promise<number> {
  const { county, municipality, month, at, json } = options;
  checkMonth('--month', month);
  return await ask(options, async (asked) => {
    checkPlace(asked.profiles, options);
    const atMs = at === undefined ? undefined : timeOf('--at', at, asked.nowMs);
    const history = await billingHistory(asked, { county, municipality, month }, atMs);
    if (history === undefined) {
      throw wrong(
        `the journal has no settlement of ${month} for municipality ${municipality} in region ${county}` +
          `${at === undefined ? '' : ` at ${at}`}\n  next: hemgang billing preview --month ${month} lists those there are`,
      );
    }
    answer(json, history, (ink) => historyLines(history, ink));
    return history.standing.state === 'withheld' ? 1 : 0;
  });
}
