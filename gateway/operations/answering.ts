/**
 * Somebody answers for it by name: known by a token, with the right to do it. The token comes with the order and is kept
 * nowhere; the audit has the name.
 */
import type { Right } from '../runtime/config-users.ts';
import type { User } from '../wiring/users.ts';
import { GatewayError, asGatewayError } from '../errors.ts';
import type { Append } from '../runtime/journal/journal.ts';
import type { OperationParts } from './operation.ts';

export interface Answering {
  readonly user: User;
  /** Writes down, in that name, what is about to be done. */
  readonly audit: (what: string, about: string) => Promise<void>;
}

/** @throws GatewayError configuration-invalid where nobody has the token or they may not; that is audited too */
export async function answering(
  { current, journal, clock, order, audit }: OperationParts,
  token: string,
  right: Right,
  about: string,
): Promise<Answering> {
  let user: User;
  try {
    user = current().users.require(token, right);
  } catch (thrown) {
    const [why = ''] = asGatewayError(thrown).message.split('\n');
    await audit(`refused to ${right}: ${why}`, about);
    throw thrown;
  }
  return {
    user,
    audit: (what, whom) =>
      journal.audit({ at: clock.now(), who: user.name, what, about: whom, reason: order.reason }),
  };
}

/** So often somebody else may have been faster before this is given up; each time something else was written. */
const tries = 300;

/**
 * Decides and writes, anew as long as another writer was faster.
 * @param decide reads what stands and says what to write; no append where there is nothing to write
 * @returns what was decided in the end
 */
export async function untilWritten<R>(
  { journal, running }: Pick<OperationParts, 'journal' | 'running'>,
  decide: () => Promise<{ readonly result: R; readonly append?: Append | undefined }>,
): Promise<R> {
  for (let number = 0; number < tries; number += 1) {
    const { result, append } = await decide();
    if (append === undefined) return result;
    if ((await journal.append(append)) === 'appended') {
      running?.wake();
      return result;
    }
  }
  throw new GatewayError('stale-version', `somebody else was faster ${tries} times; do it again`);
}

/** What is typed asks for something that cannot be. */
export const refused = (what: string, next: string): GatewayError =>
  new GatewayError('configuration-invalid', `${what}\n  next: ${next}`);
