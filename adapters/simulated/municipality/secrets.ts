/** What the gateway and the simulated municipality must both know. Made once and kept, so that a configuration stays right. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Channel } from './behaviour.ts';
import { newKeyPair, type KeyPair } from './sftp.ts';

/** Names of variables, as the configuration of the gateway names them. */
export const secretNames = {
  webhook: ['RECEIVER_SECRET'],
  file: [],
  sftp: ['SFTP_PASSWORD'],
  mllp: [],
  fhir: ['FHIR_RECEIVER_TOKEN'],
  sdk: ['ACCESS_POINT_TOKEN', 'SDK_RECEIPTS_TOKEN'],
  billing: ['BILLING_TOKEN'],
} as const satisfies Readonly<Record<Channel, readonly string[]>>;
export const partnerTokenName = 'PARTNER_TOKEN';

export type SecretName = (typeof secretNames)[Channel][number] | typeof partnerTokenName;

export interface Secrets {
  of(name: SecretName): string;
  /** The host key of the SFTP server. */
  readonly hostKey: () => KeyPair;
  /** Those that were made here, and that the gateway must be told. */
  readonly made: readonly SecretName[];
}

const kept = z.object({
  secrets: z.record(z.string(), z.string()).default({}),
  hostKey: z.object({ private: z.string(), public: z.string() }).optional(),
});

/**
 * Those of the channels: given ones, else kept ones, else new ones.
 * @param folder where they are kept; made only where something new is to be kept
 * @param given the value of a variable that is set
 */
export function secretsOf(
  channels: readonly Channel[],
  folder: string,
  given: (name: SecretName) => string | undefined,
): Secrets {
  const file = join(folder, 'secrets.json');
  const before = existsSync(file) ? kept.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  const names = [partnerTokenName, ...channels.flatMap((channel) => secretNames[channel])] as const;
  const secrets: Record<string, string> = { ...before?.secrets };
  const made: SecretName[] = [];
  for (const name of names) {
    const value = given(name);
    if (value === undefined) {
      secrets[name] ??= newSecret(name);
      made.push(name);
    } else secrets[name] = value;
  }
  const hostKey = before?.hostKey ?? (channels.includes('sftp') ? newKeyPair() : undefined);
  if (made.length > 0 || hostKey !== before?.hostKey) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const ours = Object.fromEntries(
      Object.entries(secrets).filter(([name]) => made.some((one) => one === name)),
    );
    const keeping = { secrets: { ...before?.secrets, ...ours }, hostKey };
    writeFileSync(file, `${JSON.stringify(keeping, null, 2)}\n`, { mode: 0o600 });
  }
  return {
    of: (name) => secrets[name] ?? '',
    hostKey: () => hostKey ?? newKeyPair(),
    made,
  };
}

/** Standard Webhooks has a form of its own; the others are bearer tokens and a password. */
const newSecret = (name: SecretName): string =>
  name === 'RECEIVER_SECRET'
    ? `whsec_${randomBytes(32).toString('base64')}`
    : randomBytes(32).toString('base64url');
