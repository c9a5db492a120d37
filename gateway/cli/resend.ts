/** `hemgang resend`: what was sent goes to its receiver once more. Shown as a plan, then applied. */
import type { Command } from 'commander';
import { readPlan, seal, writePlan } from '../plans/plan-file.ts';
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
import { systemClock } from '../runtime/clock.ts';
import { isOfPlace, recognisesRepeats } from '../wiring/receivers.ts';
import { takes } from '../wiring/routing.ts';
import { operate } from './operate.ts';
import {
  addPlanOptions,
  appliedText,
  orderOf,
  rate,
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
  return await ask(options, async ({ config, journal, nowMs }) => {
    const content = await planResend(journal, nowMs, {
      since: isoOf(timeOf('--since', since, nowMs)),
      until: until === undefined ? undefined : isoOf(timeOf('--until', until, nowMs)),
      where: selection,
      to: receiverOf(config, to),
    });
    const plan = seal(kind, content);
    const file = out ?? `${kind}.plan.json`;
    const hasSome = content.deliveries.length > 0;
    if (hasSome) writePlan(file, plan);
    answer(json, hasSome ? { ...plan, file } : plan, (ink) => [
      ...planLines(content, ink),
      'nothing was sent',
      ...(hasSome
        ? [`${ink.dim('next:')} hemgang ${kind} --apply ${file} --reason '…'   (${plan.digest})`]
        : []),
    ]);
    return content.left.length > 0 ? 1 : 0;
  });
}

function receiverOf(config: Config, id: string): Parameters<typeof planResend>[2]['to'] {
  // A specification that is written again writes over itself.
  if (id === 'billing') return { id, recognisesRepeats: true, takes: () => false };
  const document = config.billing.receivers.find((one) => one.id === id);
  if (document !== undefined) {
    const knowsRepeats = document.channel === 'file' || document.recognisesRepeats;
    const takesDocument = (what: string, place: Parameters<typeof isOfPlace>[1]): boolean =>
      document.takes === what && isOfPlace(document, place);
    return { id, recognisesRepeats: knowsRepeats, takes: () => false, takesDocument };
  }
  const receiver = config.receivers.find((one) => one.id === id);
  if (receiver === undefined) {
    const others = config.billing.receivers.map((one) => one.id);
    const known = [...config.receivers.map((one) => one.id), ...others, 'billing'].join(', ');
    throw wrong(`--to ${id}: no such receiver; there are ${known}`);
  }
  return {
    id,
    recognisesRepeats: recognisesRepeats(receiver, config),
    takes: (notice) =>
      config.receivers.find((one) => takes(one, notice, systemClock.now())) === receiver,
  };
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
  addPlanOptions(
    program
      .command('resend')
      .description('send once more what was sent to a receiver: a plan, then done'),
    kind,
  )
    .option('--to <receiver>', 'id of the receiver in the configuration, or billing')
    .option('--rate <n>', 'with --apply: deliveries a second; 0: as fast as it goes', rate, 10)
    .action(async (options: ResendOptions) => {
      setExit(
        options.apply === undefined
          ? await planResending(options)
          : await applyResend(options, options.apply),
      );
    });
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
