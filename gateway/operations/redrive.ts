/** Dead letters go back to their queue: what was wrong has been put right. */
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import type { DeadLetter } from '../runtime/journal/journal.ts';
import { operation } from './operation.ts';

const queue = z.enum(['advance', 'dispatch']);
const input = z.union([
  z.strictObject({ letters: z.array(z.string().min(1)).min(1).max(10_000) }),
  z.strictObject({ all: queue }),
]);

export interface Redriven {
  /** Names of those that wait in their queue again. */
  readonly redriven: readonly string[];
}

/** `advance:17`, as lists show it. */
export const letterNameOf = ({ queue: of, position }: Pick<DeadLetter, 'queue' | 'position'>) =>
  `${of}:${position}`;

/** Whether a dead letter is meant by a name: its own, or the id of its event. */
export const isLetter = (letter: DeadLetter, name: string): boolean =>
  letterNameOf(letter) === name || letter.eventId === name;

/** More dead letters than these are looked at in several goes. */
export const lettersAtOnce = 10_000;

export const redrive = operation(
  input,
  async ({ journal, audit, running, tell, signal }, wanted): Promise<Redriven> => {
    const letters = await journal.outbox.deadLetters(lettersAtOnce);
    const chosen =
      'all' in wanted
        ? letters.filter((letter) => letter.queue === wanted.all)
        : wanted.letters.flatMap((name) => lettersNamed(letters, name));
    const redriven: string[] = [];
    for (const letter of new Set(chosen)) {
      if (signal.aborted) break;
      const name = letterNameOf(letter);
      await audit(`redrive dead letter ${name} (${letter.type})`, letter.eventId);
      if (await journal.outbox.redrive(letter)) redriven.push(name);
      tell(redriven.length, chosen.length);
    }
    running?.wake();
    return { redriven };
  },
);

function lettersNamed(letters: readonly DeadLetter[], name: string): readonly DeadLetter[] {
  const found = letters.filter((letter) => isLetter(letter, name));
  if (found.length > 0) return found;
  throw new GatewayError(
    'configuration-invalid',
    `${name}: no dead letter has this name or event id\n  next: hemgang dead-letters list shows those there are`,
  );
}
