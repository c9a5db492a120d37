/**
 * How long what is stored is kept, by whose rule, and what goes when that time is over.
 *
 * Nothing goes unless a time is set: to weed out public records is a decision of the authority (arkivlagen (1990:782)
 * 10 §). The minimums below are what is known of the law. Where a shorter time is set it is told, every time, and done:
 * the authority may know better, for what the gateway has may be a copy of what another keeps.
 */
import { Temporal } from 'temporal-polyfill';
import type { Keep, RetentionSettings } from './runtime/config-storage.ts';
import type {
  Retention,
  RetentionFound,
  RetentionKind,
  StayReason,
} from './runtime/journal/journal.ts';

export const ruleNames = [
  'messages',
  'rejected',
  'cases',
  'settlements',
  'audit',
  'incidents',
] as const;
export type RuleName = (typeof ruleNames)[number];

interface Law {
  /** What goes together under the rule, in this order. */
  readonly kinds: readonly RetentionKind[];
  readonly minimum?: Keep;
  readonly source: string;
}

const laws: Readonly<Record<RuleName, Law>> = {
  messages: {
    kinds: ['messages'],
    source:
      'no minimum is known: the original is its sender’s. A copy that was received is a public record all the same, and is weeded out by decision (arkivlagen (1990:782) 10 §)',
  },
  rejected: {
    kinds: ['rejected'],
    source:
      'no minimum is known. A message that was refused is a public record all the same, and is weeded out by decision (arkivlagen (1990:782) 10 §)',
  },
  cases: {
    kinds: ['cases', 'persons', 'resources'],
    minimum: { amount: 10, unit: 'years' },
    source:
      '10 years after the last entry (patientdatalagen (2008:355) 3 kap. 17 §), where it is part of a patient record; whether it is one, the care provider knows',
  },
  settlements: {
    kinds: ['settlements'],
    minimum: { amount: 8, unit: 'years' },
    source:
      '7 years after the year of the accounts (lag (2018:597) om kommunal bokföring och redovisning), where it is accounting material; ask those who keep the accounts',
  },
  audit: {
    kinds: ['audit'],
    minimum: { amount: 5, unit: 'years' },
    source:
      '5 years for the log of who saw a patient record (HSLF-FS 2016:40 4 kap. 9 §); whether it holds for what operators do to a gateway is not certain',
  },
  incidents: {
    kinds: ['incidents'],
    source:
      'no minimum is known. What somebody noted of an incident may be a public record, and is weeded out by decision (arkivlagen (1990:782) 10 §)',
  },
};

export interface RetentionRule {
  readonly name: RuleName;
  readonly kinds: readonly RetentionKind[];
  /** What had its last entry before it is over its time; undefined: everything is kept. */
  readonly before: string | undefined;
  /** What the law is known to say. */
  readonly source: string;
  readonly isBelowMinimum: boolean;
}

/** What had its last entry before `before`, whatever the settings say. */
export function ruleBefore(name: RuleName, before: string, now: string): RetentionRule {
  const { kinds, minimum, source } = laws[name];
  const isBelowMinimum = minimum !== undefined && before > earlier(now, minimum);
  return { name, kinds, before, source, isBelowMinimum };
}

/** The rules that the settings make, in the order in which they are carried out. */
export function rulesOf(settings: RetentionSettings, now: string): readonly RetentionRule[] {
  return ruleNames.map((name) => {
    const before = beforeOf(settings, name, now);
    if (before !== undefined) return ruleBefore(name, before, now);
    const { kinds, source } = laws[name];
    return { name, kinds, before: undefined, source, isBelowMinimum: false };
  });
}

/** With a case go its messages: they say whose it was. */
function beforeOf(settings: RetentionSettings, name: RuleName, now: string): string | undefined {
  const kept = name === 'messages' ? [settings.messages, settings.cases] : [settings[name]];
  const times = kept.flatMap((keep) => (keep === undefined ? [] : [earlier(now, keep)]));
  return times.sort().at(-1);
}

/** An instant so long before another, by the calendar. */
function earlier(now: string, { amount, unit }: Keep): string {
  const local = Temporal.Instant.from(now).toZonedDateTimeISO('Europe/Stockholm');
  return new Date(local.subtract({ [unit]: amount }).epochMilliseconds).toISOString();
}

/** What came of one kind under its rule. */
export interface KindOutcome {
  readonly rule: RuleName;
  readonly kind: RetentionKind;
  readonly before: string;
  readonly go: number;
  readonly oldest: string | undefined;
  readonly stay: Readonly<Partial<Record<StayReason, number>>>;
}

export interface RunOptions {
  /** False: only looked at. */
  readonly apply: boolean;
  readonly signal?: AbortSignal;
  /** Between two steps that took something away: others write too. */
  readonly rest?: () => Promise<void>;
}

/**
 * Carries out the rules, or looks at what that would be. Looking first, it troubles the writer only where something goes.
 * @returns of every kind with a time; cut short where it was told to stop
 */
export async function carryOut(
  retention: Retention | Pick<Retention, 'look'>,
  rules: readonly RetentionRule[],
  { apply, signal, rest }: RunOptions,
): Promise<readonly KindOutcome[]> {
  const outcomes: KindOutcome[] = [];
  for (const { name: rule, kinds, before } of rules) {
    if (before === undefined) continue;
    for (const kind of kinds) {
      const sum = { go: 0, oldest: undefined as string | undefined, stay: {} };
      let after: string | undefined = '';
      while (after !== undefined) {
        if (signal?.aborted === true) return outcomes;
        const step = { kind, before, after };
        let found: RetentionFound = await retention.look(step);
        if (apply && found.go > 0 && 'purge' in retention) {
          found = await retention.purge(step);
          await rest?.();
        }
        add(sum, found);
        after = found.next;
      }
      outcomes.push({ rule, kind, before, ...sum });
    }
  }
  return outcomes;
}

function add(
  sum: { go: number; oldest: string | undefined; stay: Partial<Record<StayReason, number>> },
  { go, oldest, stay }: RetentionFound,
): void {
  sum.go += go;
  if (oldest !== undefined && (sum.oldest === undefined || oldest < sum.oldest))
    sum.oldest = oldest;
  for (const [reason, count] of Object.entries(stay)) {
    const counts: Record<string, number> = sum.stay;
    counts[reason] = (counts[reason] ?? 0) + count;
  }
}
