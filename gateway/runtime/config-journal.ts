/** Settings of the journal: a file in the data folder, or a database that instances share. */
import { z } from 'zod';
import { duration, secretName } from './config-values.ts';

export const journalSettings = z.discriminatedUnion('form', [
  z.strictObject({ form: z.literal('embedded') }),
  z.strictObject({
    form: z.literal('postgres'),
    /** `postgres://user@host:5432/database`; a password in it wins over passwordEnv. */
    url: z.url({ protocol: /^postgres(ql)?$/ }).default('postgres://127.0.0.1:5432/hemgang'),
    passwordEnv: secretName.optional(),
    /** Everything of the journal stands in it; instances of one gateway share it. */
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/)
      .default('hemgang'),
    /** Certificates of the authority that the server's certificate is checked against; plain without it. */
    tls: z.strictObject({ ca: z.string().min(1) }).optional(),
    /** Longest time of one statement. */
    statementTimeout: duration.pipe(z.int().min(100).max(600_000)).prefault('30s'),
    /** Longest time a write goes on being tried while the database cannot be reached; then it is refused. */
    patience: duration.pipe(z.int().min(0).max(600_000)).prefault('5s'),
  }),
]);

export type JournalSettings = z.output<typeof journalSettings>;
export type PostgresSettings = Extract<JournalSettings, { form: 'postgres' }>;
