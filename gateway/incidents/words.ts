/** What an incident is, in words, and the next step. */
import { addDays } from '../process/local-time.ts';
import type { Incident, IncidentCause } from '../runtime/journal/journal.ts';

const meanings: Readonly<Record<IncidentCause, string>> = {
  failing: 'is not reached: notices wait, and beyond 12.00 that may cost a day (5 kap. 4 §)',
  refused: 'refuses notices: it has not been told, and nothing tries again',
  unresolved: 'may have notices, or not: nobody knows, and nothing tries again',
  unroutable: 'notices have no receiver: nobody is told',
  unacknowledged: 'has notices that nobody there has acknowledged in the time agreed',
  unanswered: 'disputes invoices, and nobody has answered in the time agreed',
};

export function meaningOf({ cause, about }: Pick<Incident, 'cause' | 'about'>): string {
  return about === '' ? meanings[cause] : `${about} ${meanings[cause]}`;
}

export function nextStep({
  cause,
  about,
  startedAt,
}: Pick<Incident, 'cause' | 'about' | 'startedAt'>): string {
  switch (cause) {
    case 'failing':
      return 'hemgang doctor --reach, then ask the receiver; what waits goes by itself';
    case 'refused':
      return `hemgang resend --since ${dayBefore(startedAt)} --to ${about} --where state=refused --dry-run, when the receiver has mended it`;
    case 'unresolved':
      return 'hemgang unknown list';
    case 'unroutable':
      return 'hemgang unroutable list';
    case 'unacknowledged':
      return 'hemgang phone-list';
    case 'unanswered':
      return `hemgang billing list --municipality ${about}, then billing escalate, uphold or credit`;
  }
}

/** What is refused now may have been tried, and first sent, before the incident began. */
const dayBefore = (at: string): string => addDays(at.slice(0, 10), -1);
