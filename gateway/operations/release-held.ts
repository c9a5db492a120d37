/**
 * A notice of a person with protected identity leaves: released by a named user who may, to a receiver whose channel the
 * configuration marks for it, and to nobody else.
 */
import { z } from 'zod';
import { assert } from '../errors.ts';
import { isReplaced, noticeIn } from '../questions/waiting-deliveries.ts';
import { answering, refused } from './answering.ts';
import { operation } from './operation.ts';
import { checkPlace, receiverNamed } from './route-anew.ts';

const input = z.strictObject({
  token: z.string().min(1).max(1000),
  delivery: z.string().min(1).max(200),
  to: z.string().min(1).max(200),
});

export interface Released {
  readonly delivery: string;
  readonly to: string;
  /** Who answers for it. */
  readonly user: string;
  /** The legal basis on which an admission notice has the address; without one it has none. */
  readonly addressBy?: string;
}

export const releaseHeld = operation(input, async (parts, asked): Promise<Released> => {
  const { journal, running } = parts;
  const { token, delivery, to } = asked;
  const { user, audit } = await answering(parts, token, 'release-protected', delivery);
  const row = await journal.deliveries.named(delivery);
  if (row?.state !== 'held') {
    const is = row === undefined ? 'there is no such delivery' : `it is ${row.state}`;
    throw refused(`${delivery}: ${is}; only one that is held is released`, 'hemgang held list');
  }
  const receiver = receiverNamed(parts, to);
  if (receiver.protectedIdentity !== true) {
    const fit = parts
      .current()
      .config.receivers.filter(({ protectedIdentity }) => protectedIdentity === true)
      .map(({ id }) => id);
    const next =
      fit.length > 0
        ? `choose one that is: ${fit.join(', ')}`
        : 'have the notice given by telephone, or set protectedIdentity: true for a receiver whose channel is secure';
    throw refused(`${to} is not marked for protected identity`, next);
  }
  const { events } = await journal.loadStream(row.streamId);
  const stored = events.find(({ position }) => position === row.position);
  assert(stored, 'a delivery names an event the journal does not have');
  checkPlace(receiver, stored);
  const notice = noticeIn(stored.event);
  if (notice !== undefined && isReplaced(notice, events)) {
    throw refused(
      `${delivery}: a later revision takes its place`,
      'release that one: hemgang held list',
    );
  }
  const address = receiver.protectedAddress;
  const how = address === undefined ? 'without the address' : `with the address (${address})`;
  await audit(`release delivery ${delivery} of a protected person to ${to}, ${how}`, delivery);
  const seen = { deliveryId: delivery, state: 'held', attempts: row.attempts, to } as const;
  if (!(await journal.deliveries.sendAgain(seen))) {
    throw refused(`${delivery}: it has gone on meanwhile`, 'hemgang held list');
  }
  running?.wake();
  return { delivery, to, user: user.name, ...(address !== undefined && { addressBy: address }) };
});
