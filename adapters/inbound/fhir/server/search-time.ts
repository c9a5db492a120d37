/** `_lastUpdated=ge2026-03-07`: a test of when something was taken (FHIR R4, 3.1.1.4.7). */
import { Temporal } from 'temporal-polyfill';
import { refuse } from '../answers/refusal.ts';

const form =
  /^(eq|ge|gt|le|lt)?(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/**
 * A day is one in Sweden; a time of day has its zone.
 * @throws FhirRefusal 400
 */
export function timeTest(value: string): (at: string) => boolean {
  // A plus in a query that was not escaped is a space by now.
  const [, prefix = 'eq', day, time, fraction] = form.exec(value.replace(' ', '+')) ?? [];
  const range = day === undefined ? undefined : rangeOf(day, time, fraction !== undefined);
  if (range === undefined) {
    const text =
      '_lastUpdated: expected ge, gt, le, lt or eq with a day, or with a time and its zone';
    throw refuse(400, 'value', text);
  }
  const { from, until } = range;
  return (at) => {
    const ms = Temporal.Instant.from(at).epochMilliseconds;
    switch (prefix) {
      case 'ge':
        return ms >= from;
      case 'gt':
        return ms >= until;
      case 'le':
        return ms < until;
      case 'lt':
        return ms < from;
      default:
        return ms >= from && ms < until;
    }
  };
}

/** In milliseconds of the epoch, its end excluded: as long as what was written is precise. */
function rangeOf(
  day: string,
  time: string | undefined,
  hasFraction: boolean,
): { from: number; until: number } | undefined {
  try {
    if (time !== undefined) {
      const from = Temporal.Instant.from(day + time).epochMilliseconds;
      return { from, until: from + (hasFraction ? 1 : 1000) };
    }
    const date = Temporal.PlainDate.from(day);
    const begins = (of: Temporal.PlainDate): number =>
      of.toZonedDateTime('Europe/Stockholm').epochMilliseconds;
    return { from: begins(date), until: begins(date.add({ days: 1 })) };
  } catch {
    return undefined;
  }
}
