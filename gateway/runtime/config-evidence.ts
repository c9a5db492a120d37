/** Settings of evidence: the key it is signed with. */
import { z } from 'zod';
import { secretName } from './config-values.ts';

export const evidenceSettings = z
  .strictObject({
    /** Private key of Ed25519, PEM; made in the data folder where neither is given. */
    keyFile: z.string().min(1).optional(),
    keyEnv: secretName.optional(),
  })
  .refine(
    ({ keyFile, keyEnv }) => keyFile === undefined || keyEnv === undefined,
    'keyFile or keyEnv, not both',
  );
