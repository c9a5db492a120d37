/** `hemgang unknown`: what was sent and nobody knows whether it arrived. */
import { waitingIn, type WaitingDelivery } from '../questions/waiting-deliveries.ts';
import { isoOf } from '../rules/legal-days.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import { operate, type OperateOptions } from './operate.ts';
import { answer, ask, localText, plural, timeOf, wrong, type QuestionOptions } from './question.ts';
import { clockText, noticeText } from './tray-text.ts';

type Unknown = WaitingDelivery & {
  /** Sent again it would be known for a repeat; else it may be taken for a second notice. */
  readonly recognisesRepeats: boolean;
};

/** @returns the exit code: 1 where there is one */
export async function unknownList(options: QuestionOptions): Promise<number> {
  return await ask(options, async ({ journal, config, nowMs }) => {
    const waiting = await waitingIn(journal, 'unresolved', nowMs);
    const unknown = waiting.map((one): Unknown => ({
      ...one,
      recognisesRepeats: recognisesRepeats(config, one.receiver),
    }));
    answer(options.json, { unknown }, (ink) =>
      unknown.length === 0
        ? ['every outcome is known']
        : [
            ink.bold(`${plural(unknown.length, 'hand-over')} whose outcome is unknown`),
            ...unknown.flatMap((one) =>
              linesOf(one).map((line, at) => (at === 0 ? line : `  ${line}`)),
            ),
            `${ink.dim('next:')} ask the receiver, then hemgang unknown resolve DELIVERY --as delivered|resend|abandon --reason TEXT`,
          ],
    );
    return unknown.length === 0 ? 0 : 1;
  });
}

function linesOf(one: Unknown): string[] {
  const {
    delivery,
    receiver,
    since,
    firstAttemptAt,
    attempts,
    detail,
    recognisesRepeats: knows,
  } = one;
  const first = firstAttemptAt === undefined ? '' : `, first ${localText(firstAttemptAt)}`;
  return [
    delivery,
    `${noticeText(one)} to ${receiver ?? 'nobody'}, unknown since ${localText(since)}`,
    `${plural(attempts, 'attempt')}${first}${detail === undefined ? '' : `: ${detail}`}`,
    ...clockText(one.clock),
    knows
      ? 'the receiver recognises repeats: sent again it is taken once'
      : 'the receiver does not recognise repeats: sent again it may be taken for a second notice',
  ];
}

function recognisesRepeats({ receivers }: Config, id: string | undefined): boolean {
  const receiver = receivers.find((one) => one.id === id);
  return (
    receiver !== undefined && (!('recognisesRepeats' in receiver) || receiver.recognisesRepeats)
  );
}

export interface ResolveUnknownOptions extends OperateOptions {
  readonly delivery: string;
  readonly as: string;
  readonly at?: string | undefined;
  readonly evidence?: string | undefined;
}

/** @returns the exit code: 0 */
export async function unknownResolve(options: ResolveUnknownOptions): Promise<number> {
  const { by, result } = await operate(options, 'resolve-unknown', inputOf(options));
  const { delivery, state, receiver } = result;
  answer(options.json, { by, ...result }, () => [
    {
      delivered: `${delivery} was delivered to ${receiver ?? 'nobody'}, as you say: it counts in law from that time`,
      pending: `${delivery} is back in its lane, by ${by}`,
      refused: `${delivery} is given up; the notice was not given, and the case says so`,
    }[state],
  ]);
  return 0;
}

function inputOf({ delivery, as, at, evidence }: ResolveUnknownOptions) {
  if (as === 'resend' || as === 'abandon') {
    if (at !== undefined || evidence !== undefined) {
      throw wrong('--at and --evidence go with --as delivered');
    }
    return { as, delivery } as const;
  }
  if (as !== 'delivered') throw wrong(`--as ${as}: one of delivered, resend, abandon`);
  if (at === undefined || evidence === undefined) {
    throw wrong(
      "--as delivered needs --at TIME and --evidence TEXT: when the receiver had it, and how you know\n  next: for example --at '2022-03-07 11:58' --evidence 'their log, by telephone with the registry'",
    );
  }
  if (!/^[^\p{Cc}]{1,1000}$/u.test(evidence)) {
    throw wrong('--evidence: up to 1000 characters on one line');
  }
  return { as, delivery, at: isoOf(timeOf('--at', at, systemClock.nowMs())), evidence } as const;
}
