/** `hemgang resend`: what was sent goes to its receiver once more. Shown as a plan, then applied. */
import type { Command } from 'commander';
import { readPlan } from '../plans/plan-file.ts';
import {
  planResend,
  resendNames,
  resendPlan,
  type PlannedDelivery,
  type ResendContent,
} from '../plans/resending.ts';
import { selectionOf } from '../plans/selection.ts';
import { isoOf } from '../rules/legal-days.ts';
import type { Config } from '../runtime/config.ts';
import { recognisesRepeats } from '../wiring/receivers.ts';
import { operate } from './operate.ts';
import {
  addPlanVerb,
  appliedText,
  offerPlan,
  orderOf,
  shown,
  type PlanOptions,
} from './plan-options.ts';
import { answer, ask, localText, plural, Progress, timeOf, wrong } from './question.ts';
import type { Ink } from './timeline.ts';

const kind = 'resend';

export interface ResendOptions extends PlanOptions {
  /** Id of a receiver. */
  readonly to?: string;
}

/** @returns the exit code: 1 where something is left for a person */
export async function planResending(options: ResendOptions): Promise<number> {
  const { since, until, where, out, to, json } = options;
  if (since === undefined) throw wrong('--since TIME: from when on it was sent');
  if (to === undefined)
    throw wrong('--to RECEIVER: to whom; its id in the configuration, or billing');
  const selection = selectionOf(where, resendNames);
  if (selection.get('state')?.includes('unroutable') === true) {
    throw wrong(
      'state=unroutable: what has no receiver goes by itself when the configuration names one\n  next: hemgang unroutable list',
    );
  }
  return await ask(options, async ({ config, journal, nowMs }) => {
    const content = await planResend(journal, nowMs, {
      since: isoOf(timeOf('--since', since, nowMs)),
      until: until === undefined ? undefined : isoOf(timeOf('--until', until, nowMs)),
      where: selection,
      to: receiverOf(config, to),
    });
    const hasSome = content.deliveries.length > 0;
    const linesOf = (ink: Ink): readonly string[] => planLines(content, ink);
    offerPlan(kind, content, hasSome, { out, json }, linesOf, 'nothing was sent');
    return content.left.length > 0 ? 1 : 0;
  });
}

function receiverOf(config: Config, id: string): Parameters<typeof planResend>[2]['to'] {
  // A specification that is written again writes over itself.
  if (id === 'billing') return { id, recognisesRepeats: true };
  const receivers = [...config.receivers, ...config.billing.receivers];
  const receiver = receivers.find((one) => one.id === id);
  if (receiver === undefined) {
    const known = [...receivers.map((one) => one.id), 'billing'].join(', ');
    throw wrong(`--to ${id}: no such receiver; there are ${known}`);
  }
  return { id, recognisesRepeats: recognisesRepeats(receiver, config) };
}

/** @returns the exit code: 1 where one was left, or it was interrupted */
export async function applyResend(options: ResendOptions, file: string): Promise<number> {
  const order = orderOf(options);
  const { digest, to, deliveries } = readPlan(file, kind, resendPlan);
  const progress = new Progress(deliveries.length);
  const { by, result } = await operate(
    { ...options, ...order },
    kind,
    {
      plan: {
        digest,
        to,
        deliveries: deliveries.map(({ delivery, state, attempts }) => ({
          delivery,
          state,
          attempts,
        })),
      },
      rate: options.rate,
    },
    (done) => progress.tell(done),
  ).finally(() => progress.end());
  const { queued, before, left, isInterrupted } = result;
  answer(options.json, { by, ...result }, (ink) => [
    ink.bold(`${plural(queued, 'hand-over')} back in their lanes, by ${by}`),
    ...(before === 0 ? [] : [`${before} had been before, by this plan`]),
    ...left.map((one) => ink.bad(`  ${one} is not as the plan has it any more, and was left`)),
    ...appliedText({ isInterrupted, file, kind, hasLeft: left.length > 0 }, ink),
  ]);
  return left.length > 0 || isInterrupted ? 1 : 0;
}

export function addResend(program: Command, setExit: (code: number) => void): void {
  addPlanVerb<ResendOptions>(
    program,
    {
      kind,
      description: 'send once more what was sent to a receiver: a plan, then done',
      counted: 'deliveries',
      usualRate: 10,
      plan: planResending,
      apply: applyResend,
    },
    setExit,
  ).option('--to <receiver>', 'id of the receiver in the configuration, or billing');
}

function planLines({ to, deliveries, left, looked }: ResendContent, ink: Ink): string[] {
  const repeats = deliveries.filter(({ isRepeat }) => isRepeat).length;
  return [
    ink.bold(
      `${plural(deliveries.length, 'hand-over')} would go to ${to}, of ${looked} that were meant`,
    ),
    `${repeats} of them are repeats: same content, same id, no clock moves; ${deliveries.length - repeats} have not arrived before, and count from when they do`,
    ...shown(deliveries, (one) => [deliveryLine(one)], 'hand-over'),
    ...left.map(({ delivery, why }) => ink.bad(`  ${delivery} is left: ${why}`)),
    '',
  ];
}

function deliveryLine({
  of,
  kind: what,
  event,
  role,
  municipality,
  state,
  firstAttemptAt,
  isReplaced,
}: PlannedDelivery): string {
  const to = [role, municipality].filter((part) => part !== undefined).join(' of ');
  const at =
    firstAttemptAt === undefined ? 'never sent' : `first sent ${localText(firstAttemptAt)}`;
  return `  ${of}: ${what} (${event}) ${to}, ${state}, ${at}${isReplaced ? '; a later revision was decided since' : ''}`;
}
