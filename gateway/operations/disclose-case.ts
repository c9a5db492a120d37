/** A case is about to be shown to somebody outside: written down before it is read. */
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { fold } from '../process/state.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import { refused } from './answering.ts';
import { operation } from './operation.ts';

const input = z.strictObject({
  /** Case reference or stay. */
  case: z.string().min(1).max(200),
  withContent: z.boolean(),
  /** Why the text of notices of a person with protected identity is shown. */
  protectedIdentity: z.string().trim().min(1).max(500).optional(),
});

export interface Disclosed {
  readonly caseReference: string;
  /** When, ISO 8601. */
  readonly at: string;
  /** As asked with, where the person is or was protected and the text is shown. */
  readonly protectedIdentity?: string;
}

export const discloseCase = operation(
  input,
  async ({ journal, clock, audit }, asked): Promise<Disclosed> => {
    const { case: id, withContent, protectedIdentity: why } = asked;
    const loaded = await journal.load(id);
    if (loaded === undefined) {
      throw new GatewayError(
        'unknown-case',
        `no case or stay is called ${id}\n  next: take the case reference from a notice, or from hemgang billing preview --month YYYY-MM`,
      );
    }
    const shown = withContent ? ' with the text of its notices (names, numbers, addresses)' : '';
    const isProtected = withContent && wasProtected(loaded.events);
    if (isProtected && why === undefined) {
      throw refused(
        'the person has, or has had, protected identity',
        "export it without --with-content; or say --protected-identity 'why they have to be shown', which stands in the audit and on the page",
      );
    }
    const of = isProtected ? `, of a protected person: ${why}` : '';
    await audit(`export evidence of the case${shown}${of}`, loaded.processId);
    return {
      caseReference: loaded.processId,
      at: clock.now(),
      ...(isProtected && why !== undefined && { protectedIdentity: why }),
    };
  },
);

/** What was sent while the identity was protected is no less secret when it is so no longer. */
const wasProtected = (events: readonly StoredEvent[]): boolean =>
  fold(events).patient.some(({ codes }) => (codes.protection ?? 'none') !== 'none');
