/** What PostgreSQL or its connection threw, as one of our errors. Details are left out: they may quote values. */
import { GatewayError } from '../../../errors.ts';

/**
 * @returns `disk-full` or `journal-unavailable` for an error of the store; an error of ours stays what it is
 */
export function postgresError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const state = sqlState(thrown);
  if (state === diskFull) {
    return new GatewayError('disk-full', 'the disk of the database is full', { cause: thrown });
  }
  if (state === undefined) {
    const reason = socketCode(thrown);
    const what = `the database cannot be reached${reason === undefined ? '' : ` (${reason})`}`;
    return new GatewayError('journal-unavailable', what, { cause: thrown });
  }
  return new GatewayError('journal-unavailable', `the database refused: SQLSTATE ${state}`, {
    cause: thrown,
  });
}

/** The connection is gone, or its session was ended: the same may succeed on another. */
export function isLost(thrown: unknown): boolean {
  const state = sqlState(thrown);
  // The driver and the socket throw plain errors; a bug and a refusal of ours are none.
  if (state === undefined) return isPlain(thrown) || thrown instanceof AggregateError;
  return state.startsWith('08') || state.startsWith('57P') || lostStates.has(state);
}

function isPlain(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.constructor === Error;
}

/** `disk_full`. */
const diskFull = '53100';
/** Too many connections; the server in recovery or read only after a switch; our session idled in a transaction. */
const lostStates = new Set(['53300', '25P03', '25006']);

function sqlState(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  const { code } = thrown;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')
    ? code
    : undefined;
}

function socketCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
