import { existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { dropFiles } from '../../adapters/wire/file-drop.ts';
import { maxBundleBytes } from '../evidence/bundle.ts';
import { gather } from '../evidence/gather.ts';
import { evidencePage } from '../evidence/page.ts';
import { sealed } from '../evidence/seal.ts';
import { packageVersion, programDigest } from '../runtime/program.ts';
import { digestsOf } from '../wiring/digests.ts';
import { evidenceKey } from '../wiring/evidence-key.ts';
import { mappingsOf } from '../wiring/intake.ts';
import { operate, type OperateOptions } from './operate.ts';
import { answer, ask, wrong } from './question.ts';

export interface CaseExportOptions extends OperateOptions {
  readonly id: string;
  readonly out: string;
  readonly evidence: boolean;
  readonly withContent: boolean;
  /** Why a protected person is shown. */
  readonly protectedIdentity?: string;
}

/** Writes the evidence of a case. @returns the exit code */
export async function caseExport(options: CaseExportOptions): Promise<number> {
  const { id, reason, withContent, protectedIdentity } = options;
  const out = resolve(options.out);
  if (!options.evidence) throw wrong('say what to export: --evidence');
  if (reason.trim() === '')
    throw wrong('--reason: say why; it stands in the audit and in the file');
  if (protectedIdentity?.trim() === '') throw wrong('--protected-identity: say why');
  if (existsSync(out) && !statSync(out).isDirectory()) {
    throw wrong(`--out ${options.out}: is a file; name a folder`);
  }
  const who = options.who ?? userInfo().username;
  const order = { ...options, who };
  return await ask(options, async ({ config, ...asked }) => {
    const key = evidenceKey(config);
    const mappings = mappingsOf(config);
    const { mappings: mapped, profiles } = digestsOf(config, mappings);
    const version = packageVersion();
    const program = { name: 'hemgang', version, sha256: programDigest() };
    const { result } = await operate(order, 'disclose-case', {
      case: id,
      withContent,
      ...(protectedIdentity !== undefined && { protectedIdentity }),
    });
    const rules = { program, mappings: mapped, profiles };
    const evidence = await gather({ ...asked, rules }, result.caseReference, { withContent });
    const { at: madeAt, protectedIdentity: shown } = result;
    const made = { who, reason, program: `hemgang ${version}`, madeAt, protectedIdentity: shown };
    const { bundle, file, page } = sealed(evidence, made, key, evidencePage);
    if (Buffer.byteLength(file.text) > maxBundleBytes) {
      const less = withContent
        ? 'export it without --with-content'
        : 'hemgang case show tells the case';
      throw wrong(
        `the evidence is larger than ${maxBundleBytes / 2 ** 20} MiB, and nobody could verify it; nothing was written\n  next: ${less}`,
      );
    }
    const parts = [file, page].map(({ name, text }) => ({ name, body: text }));
    await dropFiles(out, parts, new AbortController().signal);
    const { manifest } = bundle;
    const paths = { file: join(out, file.name), page: join(out, page.name) };
    answer(options.json, { ...paths, manifest }, (ink) => [
      ink.bold(`Evidence of case ${manifest.case}`),
      `  ${paths.file}`,
      `  ${paths.page}`,
      `  ${manifest.chain.records} records, content ${manifest.content}`,
      `  signed by ${key.fingerprint}${key.isNew ? ink.bad('  made now: tell it to whoever checks') : ''}`,
      ...(withContent ? [ink.bad('  it holds names, numbers and addresses')] : []),
      `${ink.dim('next:')} hemgang case verify ${paths.file}`,
    ]);
    return 0;
  });
}
