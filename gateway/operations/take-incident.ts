/** A person takes an incident in hand: others see by whom, and why nobody else needs to. */
import { z } from 'zod';
import { operation } from './operation.ts';

const input = z.strictObject({ id: z.string().min(1).max(100) });

export const takeIncident = operation(
  input,
  async ({ journal, clock, order, audit }, { id }): Promise<{ readonly isTaken: boolean }> => {
    await audit('take incident', id);
    const { who: by, reason: note } = order;
    return { isTaken: await journal.incidents.take({ id, by, at: clock.now(), note }) };
  },
);
