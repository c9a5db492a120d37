/** The key that evidence is signed with: of the configuration, or made at first use in the data folder. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../errors.ts';
import { signingKeyOf, type SigningKey } from '../evidence/key.ts';
import { dataFolder, secretOf, type Config } from '../runtime/config.ts';

export interface EvidenceKey extends SigningKey {
  /** Where it lies: a file, or the variable that holds it. */
  readonly place: string;
  /** Made now: nobody has been told of it yet. */
  readonly isNew: boolean;
}

/**
 * @throws GatewayError configuration-invalid where the key that is named is not there, or is none
 */
export function evidenceKey(config: Config, env: NodeJS.ProcessEnv = process.env): EvidenceKey {
  const { keyEnv, keyFile } = config.evidence;
  if (keyEnv !== undefined) return read(secretOf(keyEnv, env), keyEnv, 'evidence.keyEnv', false);
  if (keyFile !== undefined) return read(textOf(keyFile), keyFile, 'evidence.keyFile', false);
  const folder = join(dataFolder(config), 'keys');
  const file = join(folder, 'evidence.pem');
  const isNew = !existsSync(file) && made(folder, file);
  return read(textOf(file), file, 'evidence', isNew);
}

/** Only the gateway's own user can read it. @returns false where another was faster */
function made(folder: string, file: string): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  try {
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    const why = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    throw new GatewayError('configuration-invalid', `evidence.keyFile: ${file}: ${why}`);
  }
}

function read(pem: string, place: string, setting: string, isNew: boolean): EvidenceKey {
  const key = signingKeyOf(pem);
  if (key) return { ...key, place, isNew };
  throw new GatewayError(
    'configuration-invalid',
    `${setting}: ${place} holds no private key of Ed25519 in PEM\n  next: make one with: openssl genpkey -algorithm ed25519 -out evidence.pem`,
  );
}
