import type { Approved } from '../operations/approve-billing.ts';
import { settlementsOf } from '../questions/settlements.ts';
import { documentNames } from './invoice-text.ts';
import { operate } from './operate.ts';
import {
  answer,
  ask,
  checkMonth,
  checkPlace,
  plural,
  wrong,
  type QuestionOptions,
} from './question.ts';
import { kronor, type Ink } from './timeline.ts';
import { tokenOf, type TokenOptions } from './user-token.ts';

export interface BillingApproveOptions extends QuestionOptions, TokenOptions {
  readonly month: string;
  readonly municipality: string;
  readonly county?: string | undefined;
  readonly revision: number;
  readonly reason: string;
}

/** Approves the record of a month, in the name of whose token it is. @returns the exit code */
export async function billingApprove(options: BillingApproveOptions): Promise<number> {
  const asked = await namedMonth(options);
  const { by, result } = await operate(options, 'approve-billing', asked);
  const { token: _token, revision: _revision, ...place } = asked;
  answer(options.json, { done: by, ...place, ...result }, (ink) => approvedLines(result, ink));
  return 0;
}

/** Takes back an approval that waits for its day, in the name of whose token it is. @returns the exit code */
export async function billingWithdraw(options: BillingApproveOptions): Promise<number> {
  const asked = await namedMonth(options);
  const { by, result } = await operate(options, 'withdraw-approval', asked);
  const { token: _token, revision: _revision, ...place } = asked;
  answer(options.json, { done: by, ...place, ...result }, (ink) => {
    const { revision, approvedBy, documentOre, issueOn } = result;
    return [
      ink.bold(`approval of revision ${revision} by ${approvedBy} taken back by ${result.by}`),
      `the invoice of ${kronor(documentOre)} kr is not issued on ${issueOn}; no number was taken`,
      `next: hemgang billing preview --month ${options.month} shows what is to be approved`,
    ];
  });
  return 0;
}

interface NamedMonth {
  readonly token: string;
  readonly county: string;
  readonly municipality: string;
  readonly month: string;
  readonly revision: number;
}

/** @throws GatewayError where no settlement, or more than one, is meant */
async function namedMonth(options: BillingApproveOptions): Promise<NamedMonth> {
  const { month, municipality, revision } = options;
  checkMonth('--month', month);
  const token = tokenOf(options);
  let county = '';
  await ask(options, async (asked) => {
    checkPlace(asked.profiles, options);
    const found = await settlementsOf(asked, options);
    const [one] = found;
    if (one === undefined) {
      throw wrong(`the journal has no settlement of ${month} for municipality ${municipality}`);
    }
    if (found.length > 1) {
      const regions = found.map((place) => place.county).join(', ');
      throw wrong(
        `${plural(found.length, 'region')} settle ${month} for ${municipality}: name one with --county (${regions})`,
      );
    }
    ({ county } = one);
    return 0;
  });
  return { token, county, municipality, month, revision };
}

function approvedLines(approved: Approved, ink: Ink): string[] {
  const { outcome, by, revision, totalOre, kind = 'invoice', documentOre = 0 } = approved;
  const { number, dueDate, corrects, issueOn } = approved;
  const head = ink.bold(`revision ${revision} of ${kronor(totalOre)} kr approved by ${by}`);
  const what = `${documentNames[kind]} of ${kronor(documentOre)} kr`;
  const named = corrects === undefined ? '' : `, naming ${corrects}`;
  const issued = `${documentNames[kind]} ${number ?? ''} issued: ${kronor(documentOre)} kr${dueDate === undefined ? '' : `, due ${dueDate}`}${named}`;
  switch (outcome) {
    case 'nothing-due':
      return [head, 'nothing is due: no invoice is made'];
    case 'waits':
      return [head, `${what} is issued on ${issueOn ?? ''}`];
    case 'repeat':
      return [
        `revision ${revision} had been approved by ${by}; nothing was done now`,
        ...(number === undefined ? [] : [issued]),
        ...(issueOn === undefined ? [] : [`${what} is issued on ${issueOn}`]),
      ];
    default:
      return [head, issued];
  }
}
