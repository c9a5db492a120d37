/** The data of an event as words: for the terminal and for pages. */
import type { DischargeEvent } from '../process/events.ts';
import { localTimeText } from '../rules/legal-days.ts';

/** What an event says, as words: `social services, no region outpatient`. */
export function dataText(data: DischargeEvent['data']): string {
  return Object.entries(data)
    .flatMap(([name, value]) => valueTexts(name, value))
    .join(', ');
}

function valueTexts(name: string, value: unknown): string[] {
  // Keys between systems say nothing to a reader.
  if (name === 'deliveryId') return [];
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (value === true) return [words];
  if (value === false) return [`no ${words}`];
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([inner, one]) => valueTexts(inner, one));
  }
  const isInstant = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
  return [`${words} ${isInstant ? localTimeText(Date.parse(value)) : String(value)}`];
}
