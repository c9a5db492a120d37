/**
 * Messages that speak of persons and not of one stay: an update (A31), merges (A40 and its forms, one or several), and
 * stays moved to the person they belong to (A45).
 */
import type { MovedStay, PersonStatement, StayReference, Translation } from '../../../adapter.ts';
import type { CompiledSender, CompiledTrigger } from './compile.ts';
import { gather } from './facts.ts';
import { Hl7Message } from '../message/message.ts';
import { numbersAt } from './patient.ts';
import { malformed, missing } from './work.ts';

/** More patients in one message are a mistake. */
const groupLimit = 100;

/** One statement for each PID of the message, with every MRG that follows it in a merge. */
export function personsIn(
  message: Hl7Message,
  trigger: CompiledTrigger,
  sender: CompiledSender,
  warnings: string[],
): Pick<Translation, 'persons' | 'warnings'> {
  const isMerge = trigger.about === 'merge';
  const persons = groupsOf(message, 'PID').map((group): PersonStatement => {
    for (const segment of trigger.requires) {
      if (!group.has(segment)) throw malformed('100', `${segment}: segment missing`, segment);
    }
    const { earlierNumbers: path } = sender.patient;
    const earlierNumbers = !isMerge
      ? []
      : groupsOf(group, path.segment).flatMap((one) => {
          const numbers = numbersAt(one, path, sender, warnings);
          if (numbers.length === 0) throw missing(path.text);
          return numbers;
        });
    return { ...saidIn(group, trigger, sender, warnings), earlierNumbers };
  });
  return { persons, warnings };
}

/** One move for each MRG of the message, with the PV1 that follows it: the stay is the person's in the PID before. */
export function movesIn(
  message: Hl7Message,
  trigger: CompiledTrigger,
  sender: CompiledSender,
  warnings: string[],
  stayOf: (group: Hl7Message, sender: CompiledSender) => StayReference,
): Pick<Translation, 'moved' | 'warnings'> {
  const moved = groupsOf(message, 'PID')
    .flatMap((person) => groupsOf(person, 'MRG'))
    .map((group): MovedStay => ({
      stay: stayOf(group, sender),
      ...saidIn(group, trigger, sender, warnings),
    }));
  return { moved, warnings };
}

function saidIn(
  message: Hl7Message,
  { entries }: CompiledTrigger,
  sender: CompiledSender,
  warnings: string[],
): Omit<PersonStatement, 'earlierNumbers'> {
  const work = gather(message, sender, entries, warnings);
  // What it changes must not wait for a code: the person is who they are. The stay's own next message parks on it.
  for (const { path, table } of work.unmapped) warnings.push(`${path}: code not in table ${table}`);
  return { patient: work.patient, facts: work.facts };
}

/** The message once for each time a segment begins a group, what stands before the first one with each. */
function groupsOf(message: Hl7Message, first: string): readonly Hl7Message[] {
  const names = message.segmentNames();
  const starts = names.flatMap((name, index) => (name === first ? [index] : []));
  if (starts.length <= 1) return [message];
  if (starts.length > groupLimit) {
    throw malformed('100', `${first}: more than ${groupLimit} in one message`, first);
  }
  const texts = message.segmentTexts();
  const before = texts.slice(0, starts[0]);
  return starts.map((start, index) => {
    const text = [...before, ...texts.slice(start, starts[index + 1])].join('\r');
    return new Hl7Message(message.raw, text, message.charset);
  });
}
