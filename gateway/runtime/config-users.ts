/** Settings of the people who answer for what the gateway does in their name. */
import { z } from 'zod';
import { idText, secretName } from './config-values.ts';

export const rights = [
  'approve-billing',
  'handle-disputes',
  'credit-billing',
  'release-protected',
] as const;
/** What a named person may do; nobody may do it without a name. */
export type Right = (typeof rights)[number];

export const userSettings = z
  .array(
    z.strictObject({
      /** As it stands in the audit and on what was approved. */
      name: idText,
      /** Variable with the token; a token made at the first start, in data/tokens/users, where it is left out. */
      tokenEnv: secretName.optional(),
      may: z.array(z.enum(rights)).min(1),
    }),
  )
  .default([]);

export type UserConfig = z.output<typeof userSettings>[number];
