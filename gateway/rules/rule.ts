/** What a Rule and a Finding are, and what a finding asks to be done. */
import type { Origin, Parameters, Valued } from '../../profiles/index.ts';
import type {
  CareDaysData,
  DeadlineData,
  NeedKind,
  NoticeContent,
  NoticedObligation,
  NoticeField,
  RecipientRole,
} from '../process/events.ts';
import type { LocalDate } from '../process/local-time.ts';
import type { DischargeProcess, Occasion } from '../process/state.ts';
import { fractionOf } from './settling/fraction.ts';
import type { Fraction } from './settling/fraction.ts';
import { sentenceOf } from './sentences/reasons.ts';
import type { Fill, Reason, Sentence } from './sentences/reasons.ts';

/**
 * - `met`: the condition holds; `unmet`: it failed; `pending`: it may still be met in time;
 * - `unknown`: what is known does not settle it, and it never leads to a charge;
 * - `not-applicable`: the section does not concern this case.
 */
export type Status = 'met' | 'pending' | 'unmet' | 'unknown' | 'not-applicable';

/** One section of the statute as reasoning. Pure. */
export interface Rule {
  /** Stem of its file, of its profile and of its cases. */
  readonly id: string;
  readonly reference: string;
  /** @param earlier findings of the sections before it: chapter 5 rests on chapters 2 to 4 */
  assess(
    process: DischargeProcess,
    parameters: Parameters,
    nowMs: number,
    earlier: readonly Finding[],
  ): readonly Finding[];
}

export interface Finding {
  readonly rule: string;
  readonly reference: string;
  readonly status: Status;
  /** Stable code, also in billing records. */
  readonly reason: Reason;
  /** The admission or readiness period it is about. */
  readonly occasion?: string | undefined;
  readonly role?: RecipientRole | undefined;
  readonly municipality?: string | undefined;
  /** When the condition was met. */
  readonly sinceMs?: number | undefined;
  readonly dueAtMs?: number | undefined;
  /** Ids of the events it rests on. */
  readonly because: readonly string[];
  /** The figures of law used, with where they come from. */
  readonly parameters: readonly Origin[];
  /** Made when it is read. */
  readonly sentence: Sentence;
  /** For notices: both instants of reading A10. */
  readonly sent?: SentTimes | undefined;
  /** What follows from it; `decide` compares it with what was already decided. */
  readonly wants: readonly Want[];
}

export interface SentTimes {
  readonly attemptAtMs: number;
  readonly handedOverAtMs: number;
  /** The first attempt that failed because of the receiver. */
  readonly receiverFaultAtMs?: number;
}

export interface WantedNotice {
  readonly want: 'notice';
  readonly obligation: NoticedObligation;
  readonly about: Occasion;
  readonly role: RecipientRole;
  /** `send`: it is to stand as given here; `keep`: what was sent stands, nothing more is sent. */
  readonly mode: 'send' | 'keep';
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  readonly outpatientUnit?: string | undefined;
  /** What it is routed by beside role and place. */
  readonly needs?: readonly NeedKind[] | undefined;
  readonly held: boolean;
  /** Id of the notice whose estimate it changes (2 kap. 4 §). */
  readonly changes?: string | undefined;
  /** What it may carry. */
  readonly fields: readonly NoticeField[];
  readonly content: NoticeContent;
  readonly reference: string;
}
export interface WantedDeadline {
  readonly want: 'deadline';
  readonly deadline: DeadlineData['deadline'];
  /** The fact its clock started with. */
  readonly about: Pick<Occasion, 'id' | 'occasion' | 'aliases'>;
  readonly dueAtMs: number;
  readonly metAtMs?: number | undefined;
  /** The time is only expected: it is warned of, and passing it misses nothing. */
  readonly isExpected?: boolean;
  readonly reference: string;
}
/** Liability for one readiness period as the facts have it now. */
export interface WantedLiability {
  readonly want: 'liability';
  readonly about: Occasion;
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  readonly reference: string;
  readonly outcome:
    | { readonly state: 'undecided' | 'not-applicable'; readonly reason: Reason }
    | { readonly state: 'withheld'; readonly reason: Reason; readonly status: 'unmet' | 'unknown' }
    | {
        readonly state: 'arisen';
        readonly reason: Reason;
        readonly from: LocalDate;
        readonly until?: LocalDate;
      };
}
/**
 * Days of one readiness period under an agreement that goes by the month's mean: nothing is due for the case alone.
 * `settlement` counts them by month.
 */
export interface WantedReadyDays {
  readonly want: 'ready-days';
  readonly about: Occasion;
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  readonly eligible: boolean;
  readonly reason: Reason;
  /** Day zero: what the days are counted from. */
  readonly readyOn: LocalDate;
  /** The last day counted: of discharge, or yesterday while the patient is there. */
  readonly lastDay: LocalDate;
  /** The same counted from the registered date of readiness. */
  readonly registeredDays: number;
  readonly flags: readonly string[];
  readonly reference: string;
}
export type WantedCareDays = Omit<CareDaysData, 'key' | 'revision' | 'caseReference'> & {
  readonly want: 'care-days';
};
export type Want =
  WantedNotice | WantedDeadline | WantedLiability | WantedReadyDays | WantedCareDays;

type Details = Partial<
  Pick<
    Finding,
    | 'occasion'
    | 'role'
    | 'municipality'
    | 'sinceMs'
    | 'dueAtMs'
    | 'because'
    | 'parameters'
    | 'sent'
    | 'wants'
  >
> & {
  /** Values for the placeholders of the sentence, asked for when it is read. */
  readonly fill?: Fill | (() => Fill);
};
type Optional<T> = { readonly [K in keyof T]: T[K] | undefined };

const nothing: Fill = {};

/** Makes a finding: every one has the same fields in the same order. */
export function finding(
  rule: Pick<Rule, 'id' | 'reference'>,
  status: Status,
  reason: Reason,
  {
    occasion,
    role,
    municipality,
    sinceMs,
    dueAtMs,
    sent,
    because = [],
    parameters = [],
    wants = [],
    fill = nothing,
  }: Optional<Details> = {},
): Finding {
  return {
    rule: rule.id,
    reference: rule.reference,
    status,
    reason,
    occasion,
    role,
    municipality,
    sinceMs,
    dueAtMs,
    sent,
    because,
    parameters,
    wants,
    sentence: sentenceOf(reason, typeof fill === 'function' ? fill : () => fill),
  };
}

/** A figure the law needs is missing: caught in `assess`, where it becomes a finding that charges nobody. */
export class FigureMissing extends Error {
  readonly missing: Extract<Valued, { known: false }>;

  constructor(missing: Extract<Valued, { known: false }>) {
    super(`${missing.parameter} is missing on ${missing.date}`);
    this.missing = missing;
  }
}

/** The figures in force on the date of one legal fact; it remembers which were used. */
export class LawOn {
  readonly origins: Origin[] = [];
  readonly date: LocalDate;
  readonly #parameters: Parameters;

  constructor(parameters: Parameters, date: LocalDate) {
    this.#parameters = parameters;
    this.date = date;
  }

  /** @throws FigureMissing */
  number(name: string): number {
    return Number(this.#valueOf(name));
  }

  /** @throws FigureMissing */
  text(name: string): string {
    return String(this.#valueOf(name));
  }

  /** @throws FigureMissing */
  flag(name: string): boolean {
    return this.#valueOf(name) === true;
  }

  /** Whether there is a figure at all: for what is asked only where it is. */
  isKnown(name: string): boolean {
    return this.#parameters.valueOn(name, this.date).known;
  }

  /** A decimal figure, exact. @throws FigureMissing */
  fraction(name: string): Fraction {
    return fractionOf(String(this.#valueOf(name)));
  }

  /** Where a figure comes from. @throws FigureMissing */
  referenceOf(name: string): string {
    return this.#known(name, this.date).origin.reference;
  }

  /** A figure with its origin on another date than this one's: an amount by the date of its care day. @throws FigureMissing */
  amountOn(name: string, date: LocalDate): Extract<Valued, { known: true }> {
    return this.#known(name, date);
  }

  #valueOf(name: string): number | string | boolean {
    return this.#known(name, this.date).value;
  }

  #known(name: string, date: LocalDate): Extract<Valued, { known: true }> {
    const found = this.#parameters.valueOn(name, date);
    if (!found.known) throw new FigureMissing(found);
    if (!this.origins.includes(found.origin)) this.origins.push(found.origin);
    return found;
  }
}
