/** What a Rule and a Finding are, and what a finding asks to be done. */
import type { Temporal } from 'temporal-polyfill';
import type { Origin, Parameters, Valued } from '../../profiles/index.ts';
import type { DeadlineData, NoticeContent, Obligation, RecipientRole } from '../process/events.ts';
import type { DischargeProcess, Occasion } from '../process/state.ts';
import { sentenceOf } from './reasons.ts';
import type { Fill, Reason } from './reasons.ts';

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
    now: Temporal.Instant,
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
  readonly occasion?: string;
  readonly role?: RecipientRole;
  readonly municipality?: string;
  /** When the condition was met. */
  readonly since?: Temporal.Instant;
  readonly dueAt?: Temporal.Instant;
  /** Ids of the events it rests on. */
  readonly because: readonly string[];
  /** The figures of law used, with where they come from. */
  readonly parameters: readonly Origin[];
  readonly sentence: { readonly sv: string; readonly en: string };
  /** For notices: both instants of reading A10. */
  readonly sent?: SentTimes;
  /** What follows from it; `decide` compares it with what was already decided. */
  readonly wants: readonly Want[];
}

export interface SentTimes {
  readonly attemptAt: Temporal.Instant;
  readonly handedOverAt: Temporal.Instant;
  /** The first attempt that failed because of the receiver. */
  readonly receiverFaultAt?: Temporal.Instant;
}

export interface WantedNotice {
  readonly want: 'notice';
  readonly obligation: Obligation;
  readonly about: Occasion;
  readonly role: RecipientRole;
  /** `send`: it is to stand as given here; `keep`: what was sent stands, nothing more is sent. */
  readonly mode: 'send' | 'keep';
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  readonly held: boolean;
  readonly content: NoticeContent;
  readonly reference: string;
}
export interface WantedDeadline {
  readonly want: 'deadline';
  readonly deadline: DeadlineData['deadline'];
  /** The fact its clock started with. */
  readonly about: Pick<Occasion, 'id' | 'occasion' | 'aliases'>;
  readonly dueAt: Temporal.Instant;
  readonly metAt?: Temporal.Instant | undefined;
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
        readonly from: Temporal.PlainDate;
        readonly until?: Temporal.PlainDate;
      };
}
export interface WantedCareDays {
  readonly want: 'care-days';
  readonly county: string;
  readonly municipality: string;
  readonly dischargedOn: string;
  readonly dates: readonly string[];
  readonly eligible: boolean;
  readonly reason: Reason;
  readonly because: readonly string[];
  readonly reference: string;
}
export type Want = WantedNotice | WantedDeadline | WantedLiability | WantedCareDays;

type Details = Partial<
  Pick<
    Finding,
    | 'occasion'
    | 'role'
    | 'municipality'
    | 'since'
    | 'dueAt'
    | 'because'
    | 'parameters'
    | 'sent'
    | 'wants'
  >
> & {
  /** Values for the placeholders of the sentence. */
  readonly fill?: Fill;
};
type Optional<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Makes a finding; details that are undefined are left out. */
export function finding(
  rule: Pick<Rule, 'id' | 'reference'>,
  status: Status,
  reason: Reason,
  { fill = {}, because = [], parameters = [], wants = [], ...details }: Optional<Details> = {},
): Finding {
  const known: Partial<Finding> = Object.fromEntries(
    Object.entries(details).filter(([, value]) => value !== undefined),
  );
  return {
    rule: rule.id,
    reference: rule.reference,
    status,
    reason,
    ...known,
    because,
    parameters,
    wants,
    sentence: sentenceOf(reason, fill),
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
  readonly #parameters: Parameters;
  readonly #date: string;

  constructor(parameters: Parameters, date: string) {
    this.#parameters = parameters;
    this.#date = date;
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

  #valueOf(name: string): number | string | boolean {
    const found = this.#parameters.valueOn(name, this.#date);
    if (!found.known) throw new FigureMissing(found);
    if (!this.origins.includes(found.origin)) this.origins.push(found.origin);
    return found.value;
  }
}
