/** `hemgang case verify`: an exported file and its page, with nothing else at hand. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { maxBundleBytes } from '../evidence/bundle.ts';
import { check, type Checked } from '../evidence/check.ts';
import { fingerprintOfPem, fingerprintOfText } from '../evidence/key.ts';
import { GatewayError } from '../errors.ts';
import { answer, localText, wrong } from './question.ts';
import type { Ink } from './timeline.ts';

export interface CaseVerifyOptions {
  readonly file: string;
  /** Files of public keys, or fingerprints. */
  readonly key: readonly string[];
  readonly page?: string;
  readonly json: boolean;
}

/** @returns the exit code: 0 where it is what was signed, and by whom is trusted; 1 where it is not */
export async function caseVerify({ file, key, page, json }: CaseVerifyOptions): Promise<number> {
  if (file.endsWith('.html')) throw wrong(`${file}: is the page; name the .json beside it`);
  const text = bytesOf(file).toString('utf8');
  const beside = page ?? join(dirname(file), basename(file).replace(/\.json$/, '.html'));
  const bytes = page !== undefined || existsSync(beside) ? bytesOf(beside) : undefined;
  const trusted = key.map(fingerprintOf);
  const checked = readable(file, text, bytes, trusted);
  answer(json, { file, ...checked }, (ink) => lines(file, checked, ink));
  return 'manifest' in checked && checked.isIntact ? 0 : 1;
}

type Unreadable = Pick<Checked, 'problems'> & { readonly isIntact: false };

/** What cannot be read as a bundle is not verified, as any other that was changed. */
function readable(
  file: string,
  text: string,
  page: Buffer | undefined,
  trusted: readonly string[],
): Checked | Unreadable {
  try {
    return check(text, page, trusted);
  } catch (thrown) {
    if (!(thrown instanceof GatewayError) || thrown.code !== 'malformed-message') throw thrown;
    return { isIntact: false, problems: [{ part: 'file', what: `${file}: ${thrown.message}` }] };
  }
}

function bytesOf(file: string): Buffer {
  try {
    if (statSync(file).size > maxBundleBytes) throw wrong(`${file}: is too large to be evidence`);
    return readFileSync(file);
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    const why = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    throw wrong(`${file}: cannot be read (${why})`);
  }
}

function fingerprintOf(given: string): string {
  const found =
    fingerprintOfText(given) ??
    (existsSync(given) ? fingerprintOfPem(bytesOf(given).toString('utf8')) : undefined);
  if (found !== undefined) return found;
  throw wrong(
    `--key ${given}: neither a fingerprint (64 hex digits) nor a file with a public key of Ed25519`,
  );
}

function lines(file: string, checked: Checked | Unreadable, ink: Ink): readonly string[] {
  const off = checked.problems.map(({ part, what }) => ink.bad(`  ${part}: ${what}`));
  if (!('manifest' in checked)) return [ink.bad(`NOT VERIFIED: ${file}`), ...off];
  const { manifest, signedBy, isTrusted, page } = checked;
  const { madeAt, madeBy, chain } = manifest;
  const whose =
    isTrusted === true
      ? ink.good(`signed by ${signedBy}, which you trust`)
      : `signed by ${signedBy}${isTrusted === undefined ? ', whose owner you must know: --key' : ''}`;
  return [
    checked.isIntact ? ink.good(`intact: ${file}`) : ink.bad(`NOT VERIFIED: ${file}`),
    ...off,
    `  case ${manifest.case}, made ${localText(madeAt)} by ${madeBy.who}: ${madeBy.reason}`,
    `  ${chain.records} records, content ${manifest.content}`,
    `  page: ${page === 'belongs' ? 'belongs to it' : page}`,
    `  ${whose}`,
  ];
}
