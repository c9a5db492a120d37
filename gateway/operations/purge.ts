/** What is over its time goes, by an operator's word. */
import { z } from 'zod';
import { carryOut, ruleBefore, ruleNames, rulesOf, type KindOutcome } from '../retention.ts';
import { operation } from './operation.ts';

const input = z.strictObject({
  /** Of what; everything where left out. */
  what: z.array(z.enum(ruleNames)).min(1).optional(),
  /** In place of the times of the settings: what had its last entry before it. */
  before: z.iso.datetime().optional(),
});

export const purge = operation(
  input,
  async ({ journal, clock, config, audit, signal, tell }, { what, before }) => {
    const now = clock.now();
    const names = what ?? ruleNames;
    const rules =
      before === undefined
        ? rulesOf(config.retention, now).filter(({ name }) => names.includes(name))
        : ruleNames
            .filter((name) => names.includes(name))
            .map((name) => ruleBefore(name, before, now));
    const outcomes: KindOutcome[] = [];
    for (const [index, rule] of rules.entries()) {
      if (rule.before !== undefined) {
        const below = rule.isBelowMinimum ? ', less than the law is known to ask' : '';
        await audit(`purge ${rule.name} with no entry since ${rule.before}${below}`, 'retention');
      }
      outcomes.push(...(await carryOut(journal.retention, [rule], { apply: true, signal })));
      tell(index + 1, rules.length);
    }
    return outcomes;
  },
);
