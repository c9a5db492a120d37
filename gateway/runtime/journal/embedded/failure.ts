/** What SQLite threw, as one of our errors. SQLite names tables and columns, never values. */
import { GatewayError } from '../../../errors.ts';

/** SQLITE_FULL. */
const diskFull = 13;

/**
 * @returns `disk-full` or `journal-unavailable` for an error of the store; an error of ours stays what it is
 */
export function storeError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return resultCode(thrown) === diskFull
    ? new GatewayError('disk-full', 'the disk of the journal is full', { cause: thrown })
    : new GatewayError('journal-unavailable', `the journal failed: ${text}`, { cause: thrown });
}

function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : undefined;
}
