/** Settings of one instance among those that share a journal. */
import { z } from 'zod';
import { duration } from './config-values.ts';

/** What an instance can do: take messages, carry what is due, decide, deliver. */
export const roles = ['receive', 'relay', 'advance', 'dispatch'] as const;
export type Role = (typeof roles)[number];

export const instanceSettings = z.strictObject({
  /** Of no other instance; made of the host's name and a random part, anew at each start, where it is left out. */
  id: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, dots, hyphens and underscores')
    .optional(),
  /** As a list, or in one word: `receive,relay`. */
  roles: z
    .preprocess(
      (value) => (typeof value === 'string' ? value.split(',').map((role) => role.trim()) : value),
      z.array(z.enum(roles)).min(1),
    )
    .default([...roles]),
  /** What an instance had is taken by another when it has been silent for so long. */
  leaseTime: duration.pipe(z.int().min(500).max(300_000)).prefault('10s'),
});

/** What single values cannot show: the embedded journal has one instance, and nobody else does what it leaves. */
export function checkInstanceTogether(
  journal: { readonly form: string },
  instance: z.output<typeof instanceSettings>,
  fail: (path: string, what: string) => void,
): void {
  if (journal.form !== 'embedded') return;
  const missing = roles.filter((role) => !instance.roles.includes(role));
  if (missing.length === 0) return;
  const what = `without ${missing.join(', ')} needs a journal in PostgreSQL, where another instance does that`;
  fail('instance.roles', what);
}
