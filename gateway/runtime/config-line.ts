/** Settings of receivers that are reached by a host and a port, whatever they get. */
import { z } from 'zod';
import { duration, port, secretName } from './config-values.ts';

export const line = {
  host: z.string().min(1).max(253),
  timeout: duration.pipe(z.int().min(1).max(120_000)).prefault('20s'),
  /** It stands in our own network: private addresses, and a plain line where there is a choice. */
  ownNetwork: z.boolean().default(false),
};

/** A receiver's SFTP server. */
export const sftpServer = {
  ...line,
  port: port.min(1).default(22),
  user: z.string().min(1).max(100),
  /** As `ssh-keygen -lf` prints it; two while the receiver exchanges its key. */
  hostKey: z
    .array(z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'SHA256:… as ssh-keygen -lf prints it'))
    .min(1)
    .max(2),
  /** A private key in a file or a variable, or a password in a variable: one of them. */
  keyFile: z.string().min(1).optional(),
  keyEnv: secretName.optional(),
  passwordEnv: secretName.optional(),
  /** On their server; relative to where our user comes in. */
  folder: z.string().min(1).default('.'),
  /** A file that comes again under its name is known to be the same. */
  recognisesRepeats: z.boolean().default(true),
};

/** How we prove who we are: by one of its three settings. */
export const hasOneProof = ({
  keyFile,
  keyEnv,
  passwordEnv,
}: Partial<Record<'keyFile' | 'keyEnv' | 'passwordEnv', string | undefined>>): boolean =>
  [keyFile, keyEnv, passwordEnv].filter((one) => one !== undefined).length === 1;
export const oneProof = {
  message: 'one of keyFile, keyEnv and passwordEnv',
  path: ['keyFile'],
};
export type SftpServer = z.output<z.ZodObject<typeof sftpServer>>;

/** Which files a message is for a receiver: each once. */
export const partsOf = <const P extends readonly [string, ...string[]]>(parts: P) =>
  z
    .array(z.enum(parts))
    .min(1)
    .refine((chosen) => new Set(chosen).size === chosen.length, 'each of them once');
