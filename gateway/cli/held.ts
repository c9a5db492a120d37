/** `hemgang held`: notices of persons with protected identity wait for somebody who answers for them. */
import { waitingIn } from '../questions/waiting-deliveries.ts';
import { operate } from './operate.ts';
import { answer, ask, localText, plural, type QuestionOptions } from './question.ts';
import { clockText, noticeText } from './tray-text.ts';
import { tokenOf, type TokenOptions } from './user-token.ts';

/** @returns the exit code: 1 where something is held */
export async function heldList(options: QuestionOptions): Promise<number> {
  return await ask(options, async ({ journal, config, nowMs }) => {
    const held = await waitingIn(journal, 'held', nowMs);
    const marked = config.receivers
      .filter(({ protectedIdentity }) => protectedIdentity === true)
      .map(({ id }) => id);
    answer(options.json, { held, marked }, (ink) =>
      held.length === 0
        ? ['nothing is held']
        : [
            ink.bold(`${plural(held.length, 'notice')} held for protected identity`),
            ...held.flatMap((one) => [
              one.delivery,
              `  ${noticeText(one)}, held since ${localText(one.since)}${one.isReplaced ? '; a later revision takes its place' : ''}`,
              ...clockText(one.clock).map((line) => `  ${line}`),
            ]),
            `receivers marked for it: ${marked.join(', ') || 'none'}`,
            `${ink.dim('next:')} hemgang held release DELIVERY --to RECEIVER --reason TEXT`,
          ],
    );
    return held.length === 0 ? 0 : 1;
  });
}

export interface ReleaseOptions extends QuestionOptions, TokenOptions {
  readonly delivery: string;
  readonly to: string;
  readonly reason: string;
}

/** @returns the exit code: 0 */
export async function heldRelease(options: ReleaseOptions): Promise<number> {
  const { delivery, to } = options;
  const { by, result } = await operate(options, 'release-held', {
    token: tokenOf(options),
    delivery,
    to,
  });
  answer(options.json, { by, ...result }, () => [
    `${delivery} goes to ${to}, released by ${result.user}, ${result.addressBy === undefined ? 'without the address' : 'with the address where it has one'}`,
  ]);
  return 0;
}
