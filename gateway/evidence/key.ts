/** Keys of evidence: Ed25519, known by the SHA-256 of the public key. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { sha256 } from './canonical.ts';

export interface SigningKey {
  readonly privateKey: KeyObject;
  /** DER, SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly fingerprint: string;
}

/** @returns undefined for what is no private key of Ed25519 in PEM */
export function signingKeyOf(pem: string): SigningKey | undefined {
  try {
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyType !== 'ed25519') return undefined;
    const publicKey = derOf(createPublicKey(privateKey));
    return { privateKey, publicKey, fingerprint: sha256(publicKey) };
  } catch {
    return undefined;
  }
}

/** The fingerprint of a public key in PEM; undefined for anything else. */
export function fingerprintOfPem(pem: string): string | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? sha256(derOf(key)) : undefined;
  } catch {
    return undefined;
  }
}

/** A fingerprint as people write it: with colons, spaces or capitals. Undefined for what is none. */
export function fingerprintOfText(text: string): string | undefined {
  const plain = text
    .replace(/^sha256:/i, '')
    .replace(/[:\s]/g, '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(plain) ? plain : undefined;
}

export function pemOf(publicKey: Uint8Array): string {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  return key.export({ format: 'pem', type: 'spki' }).toString();
}

const derOf = (key: KeyObject): Uint8Array => key.export({ format: 'der', type: 'spki' });
