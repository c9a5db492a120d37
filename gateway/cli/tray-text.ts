/** Lines that the verbs of the trays have in common: what waits, for whom, and which legal clock is behind it. */
import type { WaitingClock, WaitingDelivery } from '../questions/waiting-deliveries.ts';
import { localText } from './question.ts';

/** `discharge-ready-notice (notice.issued) of case 0198…, social-services of 1480` */
export function noticeText({
  kind,
  event,
  of,
  role,
  municipality,
  outpatientUnit,
}: Pick<
  WaitingDelivery,
  'kind' | 'event' | 'of' | 'role' | 'municipality' | 'outpatientUnit'
>): string {
  const place = municipality ?? outpatientUnit;
  const whom = [role, place].filter((part) => part !== undefined).join(' of ');
  return `${kind} (${event}) of ${of}${whom === '' ? '' : `, ${whom}`}`;
}

/** `T1 was due 2022-03-08 09.00, 3 hours ago`; no line where no clock is behind it. */
export function clockText(clock: WaitingClock | undefined): readonly string[] {
  if (clock === undefined) return [];
  const { deadline, dueAt, lateMs } = clock;
  return [
    lateMs > 0
      ? `${deadline} was due ${localText(dueAt)}, ${spanText(lateMs)} ago: what is sent now is late`
      : `${deadline} is due ${localText(dueAt)}, in ${spanText(-lateMs)}`,
  ];
}

/** `40 minutes`, `3 hours`, `2 days`: rounded down. */
export function spanText(spanMs: number): string {
  const minutes = Math.floor(spanMs / 60_000);
  if (minutes < 120) return counted(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? counted(hours, 'hour') : counted(Math.floor(hours / 24), 'day');
}

const counted = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`;
