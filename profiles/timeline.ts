/**
 * Dated values: which one holds on a date, and what is known where none does.
 *
 * A value holds from its date until the next; a yearly one ends with its year. A missing value is said to be missing,
 * with what is known of the gap; there is no falling back to an earlier one.
 */

export type ParameterValue = number | string | boolean;

/** Where a value comes from: it travels with every finding and every billing line. */
export interface Origin {
  /** `<stem>.<name>`: `settlement.careDayAmountOre`. */
  readonly parameter: string;
  /** Start date of the value (`YYYY-MM-DD`). */
  readonly from: string;
  readonly reference: string;
}
type Known = { readonly known: true; readonly value: ParameterValue; readonly origin: Origin };
export type Valued =
  | Known
  | {
      readonly known: false;
      readonly parameter: string;
      readonly date: string;
      /** What is known of the gap: which regulation is missing. */
      readonly reference?: string;
    };

/** What a file says of one parameter. */
export interface Stated {
  readonly per?: 'calendar-year' | undefined;
  /** By start date; `null` ends the value before it. */
  readonly values?:
    | Readonly<
        Record<string, { readonly value: ParameterValue | null; readonly reference: string }>
      >
    | undefined;
  readonly unknown?: readonly { readonly from: string; readonly reference: string }[] | undefined;
}

interface Entry {
  readonly from: string;
  /** Undefined from a date at which a value ended or a gap was declared. */
  readonly found: Known | undefined;
  readonly reference: string | undefined;
  /** Ended by `null`: the file says nothing from here on. */
  readonly isEnded: boolean;
}
export interface Timeline {
  readonly name: string;
  /** By start date. */
  readonly entries: readonly Entry[];
}

/** A stretch of time in which an agreement binds, seen or unseen. */
export interface Span {
  readonly from: string;
  /** The first day after it; open where undefined. */
  readonly until: string | undefined;
  readonly isSeen: boolean;
  readonly reference: string;
}

/** The day after a date, both `YYYY-MM-DD`. */
export function dayAfter(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
}

/** Puts what a file says of a parameter in order of time. */
export function timelineOf(name: string, { per, values, unknown }: Stated): Timeline {
  const byDate = new Map<string, Entry>();
  for (const { from, reference } of unknown ?? []) byDate.set(from, gap(from, reference));
  for (const [from, { value, reference }] of Object.entries(values ?? {})) {
    // A value entered for the start of a declared gap fills it.
    byDate.set(
      from,
      value === null
        ? { ...gap(from, reference), isEnded: true }
        : { from, found: known(name, from, value, reference), reference, isEnded: false },
    );
  }
  const entries = [...byDate.values()].sort(byStart);
  return { name, entries: per === 'calendar-year' ? endedWithTheirYear(entries) : entries };
}

/** A yearly value ends with its year; the gap after it is described by the last gap declared before. */
function endedWithTheirYear(entries: readonly Entry[]): readonly Entry[] {
  const ends = entries.flatMap(({ from, found }, index): Entry[] => {
    const nextYear = `${Number(from.slice(0, 4)) + 1}-01-01`;
    const next = entries[index + 1];
    if (found === undefined || (next !== undefined && next.from <= nextYear)) return [];
    const last = entries.findLast((entry) => entry.found === undefined && entry.from <= nextYear);
    return [gap(nextYear, last?.reference ?? `no value is entered for ${nextYear.slice(0, 4)}`)];
  });
  return [...entries, ...ends].sort(byStart);
}

/**
 * The statute's values with those of an agreement in their place. Where the agreement is silent, and outside its spans,
 * the statute holds; in a span that was not seen nothing is known.
 *
 * @param statute what holds without the agreement
 * @param own what the agreement says of the parameter; undefined where it says nothing
 * @param spans in order, none over another
 */
export function underAgreement(
  statute: Timeline,
  own: Timeline | undefined,
  spans: readonly Span[],
): Timeline {
  const dates = new Set<string>();
  for (const { from } of statute.entries) dates.add(from);
  for (const { from } of own?.entries ?? []) dates.add(from);
  for (const { from, until } of spans) {
    dates.add(from);
    if (until !== undefined) dates.add(until);
  }
  const entries: Entry[] = [];
  for (const date of [...dates].sort()) {
    const span = spans.findLast(({ from }) => from <= date);
    const isBound = span !== undefined && (span.until === undefined || date < span.until);
    const stated = isBound && own !== undefined ? entryOn(own, date) : undefined;
    const holds =
      isBound && !span.isSeen
        ? gap(date, span.reference)
        : stated !== undefined && !stated.isEnded
          ? stated
          : entryOn(statute, date);
    if (holds !== undefined) entries.push({ ...holds, from: date });
  }
  return { name: statute.name, entries };
}

/**
 * The value on a date. Asked several times for every case, so it makes nothing but the answer that there is none.
 * @param date of the legal fact, `YYYY-MM-DD`, never today's
 */
export function valueOn(timeline: Timeline, date: string): Valued {
  const entry = entryOn(timeline, date);
  if (entry?.found !== undefined) return entry.found;
  const reference = entry?.reference;
  return {
    known: false,
    parameter: timeline.name,
    date,
    ...(reference !== undefined && { reference }),
  };
}

function entryOn({ entries }: Timeline, date: string): Entry | undefined {
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index];
    if (entry !== undefined && entry.from <= date) return entry;
  }
  return undefined;
}

function known(parameter: string, from: string, value: ParameterValue, reference: string): Known {
  const origin = Object.freeze({ parameter, from, reference });
  return Object.freeze({ known: true, value, origin });
}

function gap(from: string, reference: string): Entry {
  return { from, found: undefined, reference, isEnded: false };
}

const byStart = (left: Entry, right: Entry): number => (left.from < right.from ? -1 : 1);
