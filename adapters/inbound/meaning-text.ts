/** What a message means, for a terminal: the same of every standard. */
import type {
  Fact,
  PersonNumber,
  PersonStatement,
  StayReference,
  Translation,
  UnmappedCode,
} from '../adapter.ts';

/**
 * What a message means, as lines a person can read. Person fields are shown: who explains a message has it.
 * @param unmappedText why a code is not mapped
 */
export function meaningLines(
  translation: Translation,
  unmappedText = ({ table }: UnmappedCode): string => `is not in table ${table}`,
): string[] {
  const { stay, facts, persons = [], moved = [], unmapped, warnings, ignored } = translation;
  const isOfOthers = persons.length > 0 || moved.length > 0;
  return [
    ...(stay === undefined ? [] : [`Stay      ${stayText(stay)}`]),
    ...(facts.length > 0 || !isOfOthers ? ['Events', ...facts.map(factText)] : []),
    ...(ignored === undefined ? [] : [`  none: ${ignored}`]),
    ...persons.flatMap((person) => [
      `Person    ${numbersText(person.patient.numbers)}${earlierText(person)}`,
      'Events    of every stay of this person',
      ...person.facts.map(factText),
    ]),
    ...moved.flatMap((move) => [
      `Stay      ${stayText(move.stay)} moves to the person ${numbersText(move.patient.numbers)}`,
      'Events',
      ...move.facts.map(factText),
    ]),
    ...unmapped.map((one) => {
      const { path, code } = one;
      return `Unmapped  ${path} '${printable(code)}' ${unmappedText(one)}: accepted and parked`;
    }),
    ...warnings.map((warning) => `Warning   ${warning}`),
    '',
  ];
}

function factText({ type, occurredAt, precision, data }: Fact): string {
  const day = precision === 'day' ? ' (date only)' : '';
  return `  ${occurredAt}${day}  ${type}  ${printable(JSON.stringify(data))}`;
}

function stayText(stay: StayReference): string {
  return stay.by === 'visit'
    ? `${printable(stay.number)} of ${printable(stay.authority)}`
    : stay.caseReference;
}

function numbersText(numbers: readonly PersonNumber[]): string {
  return numbers.map(({ kind, value }) => `${printable(value)} (${kind})`).join(', ');
}

function earlierText({ earlierNumbers }: PersonStatement): string {
  return earlierNumbers.length === 0 ? '' : `, earlier ${numbersText(earlierNumbers)}`;
}

/** Control characters of a message must not drive the reader's terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
