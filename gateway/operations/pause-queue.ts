/** A queue rests while somebody puts right what is behind it: events wait in the journal, intake goes on. */
import { z } from 'zod';
import { operation } from './operation.ts';

const input = z.strictObject({ queue: z.enum(['advance', 'dispatch']) });

export interface Paused {
  /** Before. */
  readonly wasPaused: boolean;
}

export const pauseQueue = operation(
  input,
  async ({ journal, clock, order, audit, running }, { queue }): Promise<Paused> => {
    const wasPaused = (await journal.pauses.all()).some((pause) => pause.queue === queue);
    await audit(`pause queue ${queue}`, queue);
    await journal.pauses.pause({ queue, reason: order.reason, by: order.who, at: clock.now() });
    running?.wake();
    return { wasPaused };
  },
);

export const resumeQueue = operation(
  input,
  async ({ journal, audit, running }, { queue }): Promise<Paused> => {
    await audit(`resume queue ${queue}`, queue);
    const wasPaused = await journal.pauses.resume(queue);
    running?.wake();
    return { wasPaused };
  },
);
