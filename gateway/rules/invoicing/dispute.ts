/** By when an invoice may be disputed, who takes a dispute up, and by when they answer: as the agreement of the month says. */
import type { DisputeLevel, Parameters } from '../../../profiles/index.ts';
import type { EventData, IssuedInvoice } from '../../process/events.ts';
import { addDays, startOfDayMs, type LocalDate } from '../legal-days.ts';
import { firstDayOf } from '../settling/settlement-month.ts';

/** A last day, and where it is agreed. */
export interface AgreedDay {
  readonly day: LocalDate;
  readonly reference: string;
}

type Taken = Pick<
  EventData<'billing.disputed'>,
  'level' | 'who' | 'reference' | 'answerBy' | 'answerReference'
>;

/** The last day to dispute it; undefined where none is agreed. */
export const disputeUntil = (
  parameters: Parameters,
  { month, issueDate }: Pick<IssuedInvoice, 'month' | 'issueDate'>,
): AgreedDay | undefined => dayAfter(parameters, 'settlement.disputeDays', month, issueDate);

/**
 * A dispute as it comes to a level.
 * @param place from 1; where the agreement has no such level nobody is named, and nothing is agreed of an answer
 * @param today when it comes there
 */
export function takenUpBy(
  levels: readonly DisputeLevel[],
  place: number,
  parameters: Parameters,
  month: string,
  today: LocalDate,
): Taken {
  const level = levels[place - 1];
  if (level === undefined) return {};
  const answer = dayAfter(parameters, 'settlement.disputeAnswerDays', month, today);
  const { who, reference } = level;
  return {
    level: place,
    who,
    reference,
    ...(answer && { answerBy: answer.day, answerReference: answer.reference }),
  };
}

/** The end of a last day. @returns epoch milliseconds */
export const endOfDayMs = (day: LocalDate): number => startOfDayMs(addDays(day, 1));

function dayAfter(
  parameters: Parameters,
  name: string,
  month: string,
  from: LocalDate,
): AgreedDay | undefined {
  const days = parameters.valueOn(name, firstDayOf(month));
  if (!days.known) return undefined;
  return { day: addDays(from, Number(days.value)), reference: days.origin.reference };
}
