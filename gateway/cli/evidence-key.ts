import { pemOf } from '../evidence/key.ts';
import { loadConfig } from '../runtime/config.ts';
import { evidenceKey } from '../wiring/evidence-key.ts';
import { answer, type QuestionOptions } from './question.ts';

/** Prints the public key; what stands before it in PEM is a remark. @returns the exit code */
export function evidenceKeyPrint(options: QuestionOptions): number {
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const { fingerprint, publicKey, place, isNew } = evidenceKey(config);
  const pem = pemOf(publicKey);
  answer(options.json, { algorithm: 'Ed25519', fingerprint, pem, place, isNew }, () => [
    `Ed25519 ${fingerprint}`,
    pem.trimEnd(),
  ]);
  return 0;
}
