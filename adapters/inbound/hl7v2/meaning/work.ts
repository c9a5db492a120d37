/**
 * What one translation gathers.
 */
import { GatewayError } from '../../../../gateway/errors.ts';
import type { Fact, PatientIdentity, UnmappedCode } from '../../../adapter.ts';
import type { CompiledSender, Reading } from './compile.ts';
import type { Hl7Message } from '../message/message.ts';

const keptCharacters = 100;
/** Stands for the table where a `""` asks for an `ifNull` entry. */
export const ifNullEntry = 'ifNull';

export interface Work {
  readonly message: Hl7Message;
  readonly sender: CompiledSender;
  readonly patient: PatientIdentity;
  readonly facts: Fact[];
  readonly unmapped: UnmappedCode[];
  readonly warnings: string[];
  /** Codes that were understood as no event. */
  readonly understood: string[];
}

/** Notes a deciding code that no table has, once; the message is then parked. */
export function park(work: Work, { code, path, table = '' }: Reading): undefined {
  const known = work.unmapped.some((one) => one.path === path && one.table === table);
  if (known) return;
  const kept = code.slice(0, keptCharacters).replace(/[\ud800-\udbff]$/, ''); // no half a character
  work.unmapped.push({ table, code: kept, path });
}

/** @param standardCode of table 0357 */
export function malformed(standardCode: string, message: string, location: string): GatewayError {
  return new GatewayError('malformed-message', message, { standardCode, location });
}

export function missing(location: string): GatewayError {
  return malformed('101', `${location}: required field missing`, location);
}
