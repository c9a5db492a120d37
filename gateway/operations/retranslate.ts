/** Messages are translated again as a plan says. */
import { z } from 'zod';
import { applyRetranslation, type AppliedRetranslation } from '../plans/apply-retranslation.ts';
import { paceOf } from '../plans/pace.ts';
import { retranslationPlan } from '../plans/retranslation.ts';
import { operation } from './operation.ts';

const input = z.strictObject({
  plan: retranslationPlan.extend({ digest: z.string().max(100) }),
  /** Messages a second; 0: as fast as it goes. */
  rate: z.number().min(0).max(100_000),
});

export const retranslate = operation(
  input,
  async (parts, { plan, rate }): Promise<AppliedRetranslation> => {
    const { journal, clock, intake, audit, running, tell, signal } = parts;
    const { adapterOf, mappingRevision } = intake();
    const applied = await applyRetranslation(
      {
        journal,
        clock,
        mappings: { revision: mappingRevision(), adapterOf },
        pace: paceOf(rate, () => clock.elapsedMs()),
        signal,
        tell,
        audit,
      },
      plan,
    );
    running?.wake();
    return applied;
  },
);
