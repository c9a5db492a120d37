/** What the verbs that plan first and then do have in common. */
import { userInfo } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import { seal, writePlan, type PlanHead } from '../plans/plan-file.ts';
import { helpTexts } from './help.ts';
import { answer, plural, wrong, type QuestionOptions } from './question.ts';
import type { Ink } from './timeline.ts';

export interface PlanOptions extends QuestionOptions {
  readonly since?: string;
  readonly until?: string;
  readonly where?: string;
  readonly out?: string;
  readonly dryRun: boolean;
  /** File of a plan. */
  readonly apply?: string;
  readonly who?: string;
  readonly reason?: string;
  readonly rate: number;
}

type PlanKind = 'retranslate' | 'resend';

export interface PlanVerb<O extends PlanOptions> {
  readonly kind: PlanKind;
  readonly description: string;
  /** What goes at a rate, and how many of them a second where nobody says. */
  readonly counted: string;
  readonly usualRate: number;
  /** Both give the exit code. */
  readonly plan: (options: O) => Promise<number>;
  readonly apply: (options: O, file: string) => Promise<number>;
}

/** Adds a verb with what they share. @returns the command, for what is its own */
export function addPlanVerb<O extends PlanOptions>(
  program: Command,
  { kind, description, counted, usualRate, plan, apply }: PlanVerb<O>,
  setExit: (code: number) => void,
): Command {
  return program
    .command(kind)
    .description(description)
    .option('--since <time>', "from when on: '2022-03-10 12:00' (local time) or ISO 8601")
    .option('--until <time>', 'up to when; now where it is left out')
    .option('--where <selection>', 'only what fits: name=value and name=value')
    .option('--dry-run', 'look, and write the plan', false)
    .option('--out <file>', `where the plan goes (default: ${kind}.plan.json)`)
    .option('--apply <plan>', 'do what a plan says')
    .option(
      '--rate <n>',
      `with --apply: ${counted} a second; 0: as fast as it goes`,
      rate,
      usualRate,
    )
    .option('--reason <text>', 'with --apply: why; stands in the audit')
    .option('--who <name>', 'with --apply: in whose name (default: the user of this command)')
    .option('--config <file>', 'configuration file (default: hemgang.yaml, where there is one)')
    .option('--data <folder>', 'data folder of the gateway, which may be running')
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', helpTexts[kind])
    .hook('preAction', (_command, action) => oneOfBoth(action.opts()))
    .action(async (options: O) => {
      setExit(
        options.apply === undefined ? await plan(options) : await apply(options, options.apply),
      );
    });
}

/**
 * Writes a plan that has something to do, and shows it with what is next.
 * @param untouched what a look leaves as it was: `nothing was sent`
 */
export function offerPlan(
  kind: PlanKind,
  content: PlanHead,
  hasSome: boolean,
  { out, json }: { readonly out: string | undefined; readonly json: boolean },
  linesOf: (ink: Ink) => readonly string[],
  untouched: string,
): void {
  const plan = seal(kind, content);
  const file = out ?? `${kind}.plan.json`;
  if (hasSome) writePlan(file, plan);
  answer(json, hasSome ? { ...plan, file } : plan, (ink) => [
    ...linesOf(ink),
    untouched,
    ...(hasSome
      ? [`${ink.dim('next:')} hemgang ${kind} --apply ${file} --reason '…'   (${plan.digest})`]
      : []),
  ]);
}

function oneOfBoth({ dryRun, apply, since }: PlanOptions): void {
  if (dryRun === (apply !== undefined)) {
    throw wrong(
      dryRun
        ? '--dry-run and --apply: choose one'
        : '--dry-run to look and write a plan, or --apply PLAN to do what it says',
    );
  }
  if (apply !== undefined && since !== undefined) {
    throw wrong('--apply: the plan says since when; leave --since out');
  }
}

/** @throws GatewayError configuration-invalid without a reason */
export function orderOf({
  who,
  reason,
}: {
  readonly who?: string | undefined;
  readonly reason?: string | undefined;
}): {
  readonly who: string;
  readonly reason: string;
} {
  if (reason === undefined || !/^[^\p{Cc}]{1,1000}$/u.test(reason)) {
    throw wrong('--reason TEXT: why it is done, on one line; it stands in the audit');
  }
  return { who: who ?? userInfo().username, reason };
}

/** How many a second. */
export function rate(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 100_000))
    throw new InvalidArgumentError('a number from 0 to 100000');
  return value;
}

/** What is next after a plan was applied in part. */
export function appliedText(
  {
    isInterrupted,
    hasLeft,
    file,
    kind,
  }: { isInterrupted: boolean; hasLeft: boolean; file: string; kind: string },
  ink: Ink,
): string[] {
  if (isInterrupted) {
    return [
      ink.bad('it was stopped before its end'),
      `${ink.dim('next:')} hemgang ${kind} --apply ${file} goes on where it stopped`,
    ];
  }
  return hasLeft
    ? [`${ink.dim('next:')} hemgang ${kind} --dry-run makes a plan of what is left`]
    : [];
}

/** How many are told one by one; the rest is counted. */
const listed = 20;

export function shown<T>(
  all: readonly T[],
  linesOf: (one: T) => readonly string[],
  what: string,
): string[] {
  const lines = all.slice(0, listed).flatMap(linesOf);
  const more = all.length - listed;
  return more > 0
    ? [...lines, `  and ${plural(more, `more ${what}`)}; the plan tells them all`]
    : lines;
}
