/** `hemgang retranslate`: messages said again by the mappings as they are now. Shown as a plan, then applied. */
import type { Command } from 'commander';
import type { InputOf } from '../operations/index.ts';
import { readPlan } from '../plans/plan-file.ts';
import {
  needsPerson,
  planRetranslations,
  retranslationNames,
  retranslationPlan,
  type PlannedMessage,
  type RetranslationContent,
} from '../plans/retranslation.ts';
import { selectionOf } from '../plans/selection.ts';
import { isoOf } from '../rules/legal-days.ts';
import { agreedTimes } from '../wiring/agreed-times.ts';
import { inboundsOf } from '../wiring/inbounds.ts';
import { mappingsOf } from '../wiring/intake.ts';
import { liveSenders } from '../wiring/senders.ts';
import { effectLines, monthEffectLine } from './effects-text.ts';
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

const kind = 'retranslate';

/** @returns the exit code: 1 where something in law would change, or something is left for a person */
export async function planRetranslate(options: PlanOptions): Promise<number> {
  const { since, until, where, out, json } = options;
  if (since === undefined) throw wrong('--since TIME: from when on the messages were received');
  const selection = selectionOf(where, retranslationNames);
  return await ask(options, async (asked) => {
    const { config, nowMs } = asked;
    const mappings = mappingsOf(config);
    const progress = new Progress(Infinity);
    const content = await planRetranslations(
      asked,
      { revision: mappings.revision, adapterOf: inboundsOf(mappings).ofKind },
      {
        isSenderLive: liveSenders(config),
        warnMs: config.deadlines.warn,
        agreedMs: agreedTimes(config),
      },
      {
        since: isoOf(timeOf('--since', since, nowMs)),
        until: until === undefined ? undefined : isoOf(timeOf('--until', until, nowMs)),
        where: selection,
      },
      (done) => progress.tell(done),
    ).finally(() => progress.end());
    const hasSome = content.cases.length > 0;
    const linesOf = (ink: Ink): readonly string[] => planLines(content, ink);
    const untouched = 'nothing was written to the journal';
    offerPlan(kind, content, hasSome, { out, json }, linesOf, untouched);
    return needsPerson(content) ? 1 : 0;
  });
}

/** @returns the exit code: 1 where a case was left, or it was interrupted */
export async function applyRetranslate(options: PlanOptions, file: string): Promise<number> {
  const order = orderOf(options);
  const plan = readPlan(file, kind, retranslationPlan);
  const progress = new Progress(plan.cases.length);
  const { by, result } = await operate(
    { ...options, ...order },
    kind,
    {
      plan: { digest: plan.digest, mappings: plan.mappings, cases: plan.cases.map(orderedCase) },
      rate: options.rate,
    },
    (done) => progress.tell(done),
  ).finally(() => progress.end());
  const { translated, before, left, isInterrupted } = result;
  answer(options.json, { by, ...result }, (ink) => [
    ink.bold(`${plural(translated, 'message')} translated again by ${by}`),
    ...(before === 0 ? [] : [`${before} had been before, by this plan`]),
    ...left.map((one) => ink.bad(`  case ${one} went on meanwhile and is as it was`)),
    ...appliedText({ isInterrupted, file, kind, hasLeft: left.length > 0 }, ink),
  ]);
  return left.length > 0 || isInterrupted ? 1 : 0;
}

type Ordered = InputOf<typeof kind>['plan']['cases'][number];

/** What the doing needs of a case; what was told beside it stays in the file. */
function orderedCase({ case: name, position, messages }: Ordered): Ordered {
  return {
    case: name,
    position,
    messages: messages.map(({ place, message, comes, superseded }) => ({
      place,
      message,
      comes: comes.map(({ id, type }) => ({ id, type })),
      superseded: superseded.map(({ id, type }) => ({ id, type })),
    })),
  };
}

export function addRetranslate(program: Command, setExit: (code: number) => void): void {
  addPlanVerb(
    program,
    {
      kind,
      description:
        'say again what messages mean, by the mappings as they are now: a plan, then done',
      counted: 'messages',
      usualRate: 50,
      plan: planRetranslate,
      apply: applyRetranslate,
    },
    setExit,
  );
}

// ---------------------------------------------------------------- as it is told

function planLines(content: RetranslationContent, ink: Ink): string[] {
  const { cases, months, left, looked, unchanged, mappings } = content;
  const messages = cases.reduce((sum, one) => sum + one.messages.length, 0);
  return [
    ink.bold(
      `${plural(messages, 'message')} of ${plural(cases.length, 'case')} would say something else by mappings ${mappings}`,
    ),
    `${looked} looked at, ${unchanged} say what they said`,
    ...shown(
      cases,
      (one) => [
        `  case ${one.case}`,
        ...one.messages.flatMap((message) => messageLines(message)),
        ...(one.effects ? effectLines(one.effects, ink) : []),
      ],
      'case',
    ),
    ...left.map(({ message, error }) => ink.bad(`  ${message} stays as it is: ${error}`)),
    ...(months.length === 0 ? [] : ['', ink.bold('Billing'), ...months.map(monthEffectLine)]),
    '',
  ];
}

function messageLines({
  sender,
  kind: what,
  message,
  receivedAt,
  comes,
  superseded,
  waitsFor,
}: PlannedMessage): string[] {
  const facts = comes.map(({ type, occurredAt }) => `${type} ${localText(occurredAt)}`);
  return [
    `    ${sender} ${what} ${message}, received ${localText(receivedAt)}`,
    `      comes: ${facts.join(', ') || 'nothing'}`,
    ...(superseded.length === 0
      ? []
      : [`      is superseded: ${superseded.map(({ type }) => type).join(', ')}`]),
    ...waitsFor.map(({ table, code }) => `      waits for code ${code} of table ${table}`),
  ];
}
