/** A case is about to be shown to somebody outside: written down before it is read. */
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { operation } from './operation.ts';

const input = z.strictObject({
  /** Case reference or stay. */
  case: z.string().min(1).max(200),
  withContent: z.boolean(),
});

export interface Disclosed {
  readonly caseReference: string;
  /** When, ISO 8601. */
  readonly at: string;
}

export const discloseCase = operation(
  input,
  async ({ journal, clock, audit }, { case: id, withContent }): Promise<Disclosed> => {
    const loaded = await journal.load(id);
    if (loaded === undefined) {
      throw new GatewayError(
        'unknown-case',
        `no case or stay is called ${id}\n  next: take the case reference from a notice, or from hemgang billing preview --month YYYY-MM`,
      );
    }
    const what = withContent ? ' with the text of its notices (names, numbers, addresses)' : '';
    await audit(`export evidence of the case${what}`, loaded.processId);
    return { caseReference: loaded.processId, at: clock.now() };
  },
);
