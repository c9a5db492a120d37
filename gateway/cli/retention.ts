import {
  carryOut,
  ruleBefore,
  ruleNames,
  rulesOf,
  type KindOutcome,
  type RetentionRule,
  type RuleName,
} from '../retention.ts';
import { loadConfig } from '../runtime/config.ts';
import { operate, type OperateOptions } from './operate.ts';
import { answer, ask, localText, timeOf, wrong, type QuestionOptions } from './question.ts';

interface Choice {
  /** Of what, separated by commas; everything where left out. */
  readonly what?: string | undefined;
  readonly before?: string | undefined;
}

/** What would go, by when, under which rule. @returns the exit code: 1 where a time is shorter than the law asks */
export async function retentionShow(options: QuestionOptions & Choice): Promise<number> {
  return await ask(options, async ({ journal, config, nowMs }) => {
    const rules = chosen(rulesOf(config.retention, at(nowMs)), options, nowMs);
    const found = await carryOut(journal.retention, rules, { apply: false });
    tell(options.json, rules, found, 'would go');
    return rules.some(({ isBelowMinimum }) => isBelowMinimum) ? 1 : 0;
  });
}

interface PurgeOptions extends OperateOptions, Choice {
  readonly apply: boolean;
  readonly dryRun: boolean;
}

export async function retentionPurge(options: PurgeOptions): Promise<number> {
  if (options.apply && options.dryRun) throw wrong('--dry-run and --apply: choose one');
  if (!options.apply) return await retentionShow(options);
  const nowMs = Date.now();
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const rules = chosen(rulesOf(config.retention, at(nowMs)), options, nowMs);
  const { what, before } = options;
  const { result } = await operate(options, 'purge', {
    ...(what !== undefined && { what: namesOf(what) }),
    ...(before !== undefined && { before: at(timeOf('--before', before, nowMs)) }),
  });
  tell(options.json, rules, result, 'gone');
  return 0;
}

function chosen(
  settled: readonly RetentionRule[],
  { what, before }: Choice,
  nowMs: number,
): readonly RetentionRule[] {
  const names = what === undefined ? ruleNames : namesOf(what);
  const rules =
    before === undefined
      ? settled
      : ruleNames.map((name) => ruleBefore(name, at(timeOf('--before', before, nowMs)), at(nowMs)));
  return rules.filter(({ name }) => names.includes(name));
}

/** @throws GatewayError configuration-invalid for what there is not */
function namesOf(text: string): RuleName[] {
  return text.split(',').map((one) => {
    const name = ruleNames.find((known) => known === one.trim());
    if (name === undefined) throw wrong(`--what ${one}: there are ${ruleNames.join(', ')}`);
    return name;
  });
}

function tell(
  json: boolean,
  rules: readonly RetentionRule[],
  found: readonly KindOutcome[],
  verb: string,
): void {
  answer(json, { rules, found }, () =>
    rules.flatMap(({ name, before, source, isBelowMinimum }) => [
      before === undefined
        ? `${name}: kept for ever`
        : `${name}: what had its last entry before ${localText(before)}`,
      `    law: ${source}`,
      ...(isBelowMinimum
        ? ['    NOTE shorter than the law is known to ask: see that your authority has decided so']
        : []),
      ...found.filter(({ rule }) => rule === name).map((one) => `    ${lineOf(one, verb)}`),
    ]),
  );
}

function lineOf({ kind, go, oldest, stay }: KindOutcome, verb: string): string {
  const since = oldest === undefined || oldest === '' ? '' : `, the oldest of ${localText(oldest)}`;
  const stays = Object.entries(stay).map(([reason, count]) => `${count} ${reason}`);
  return `${kind}: ${go} ${verb}${since}${stays.length > 0 ? `; must stay: ${stays.join(', ')}` : ''}`;
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
