import { GatewayError } from '../errors.ts';
import { isLetter, letterNameOf, lettersAtOnce } from '../operations/redrive.ts';
import type { DeadLetter } from '../runtime/journal/journal.ts';
import { answer, ask, plural, type QuestionOptions } from './question.ts';

/** @returns the exit code: 1 where there is one */
export async function deadLettersList(options: QuestionOptions): Promise<number> {
  return await ask(options, async ({ journal }) => {
    const letters = (await journal.outbox.deadLetters(lettersAtOnce)).map(listed);
    answer(options.json, { deadLetters: letters }, () =>
      letters.length === 0
        ? ['no dead letters']
        : [
            plural(letters.length, 'dead letter'),
            ...letters.flatMap(({ name, type, attempts, error }) => [
              `${name.padEnd(18)} ${type}, ${plural(attempts, 'attempt')}: ${error}`,
            ]),
            'next: put right what the error names, then: hemgang redrive NAME… --reason TEXT',
          ],
    );
    return letters.length === 0 ? 0 : 1;
  });
}

export async function deadLettersShow(
  options: QuestionOptions & { readonly id: string },
): Promise<number> {
  return await ask(options, async ({ journal }) => {
    const letters = await journal.outbox.deadLetters(lettersAtOnce);
    const found = letters.filter((letter) => isLetter(letter, options.id)).map(listed);
    if (found.length === 0) throw noLetter(options.id);
    answer(options.json, { deadLetters: found }, () =>
      found.flatMap((letter) => [
        letter.name,
        `  event     ${letter.eventId}  ${letter.type}`,
        `  stream    ${letter.streamId}`,
        `  lane      ${letter.lane}`,
        `  attempts  ${letter.attempts}, of which ${letter.excused} were no fault of the event`,
        `  error     ${letter.error}`,
        `  next: hemgang trace ${letter.eventId} shows its way; once its cause is gone: hemgang redrive ${letter.name} --reason TEXT`,
      ]),
    );
    return 0;
  });
}

const listed = (letter: DeadLetter) => ({ name: letterNameOf(letter), ...letter });

function noLetter(id: string): GatewayError {
  return new GatewayError(
    'configuration-invalid',
    `${id}: no dead letter has this name or event id\n  next: hemgang dead-letters list shows those there are`,
  );
}
