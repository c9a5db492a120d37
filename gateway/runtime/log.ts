/**
 * The log: what happened, by ids and codes. It never holds content: no message bytes, no person fields, no text of an
 * error that is not ours, because a library may quote what it choked on.
 */
import { pino, type DestinationStream, type Logger } from 'pino';
import { GatewayError } from '../errors.ts';

export type Log = Logger;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  /** One JSON object a line; otherwise a short line for a person. Default: JSON unless stderr is a terminal. */
  readonly json?: boolean;
  /** Where the lines go; default stderr, so that the output of a command stays clean. */
  readonly destination?: DestinationStream;
}

/** Fields that could hold content; should one ever be handed to the log, it is left out. */
const contentFields = [
  'raw',
  'body',
  'content',
  'rendered',
  'identity',
  'patient',
  'numbers',
  'number',
  'family',
  'given',
  'address',
  'cause',
];

/**
 * A pino logger: `log.warn({ deliveryId, err: error }, 'delivery failed')`.
 * An error stands under `err` and comes out as its code, fate, message and, for our own bugs, the stack's frames.
 */
export function createLog(options: LogOptions): Log {
  const json = options.json ?? !process.stderr.isTTY;
  const destination = options.destination ?? pino.destination({ fd: 2, sync: true });
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
      redact: { paths: contentFields.flatMap((field) => [field, `*.${field}`]), remove: true },
    },
    json ? destination : { write: (line) => destination.write(readableLine(line)) },
  );
}

/** An error as the log shows it: nothing of its cause but where in the code it arose and the driver's code. */
export function describeError(thrown: unknown): Record<string, unknown> {
  const ours = thrown instanceof GatewayError;
  const origin = ours && thrown.cause !== undefined ? thrown.cause : thrown;
  const described: Record<string, unknown> = ours
    ? { code: thrown.code, fate: thrown.fate, message: thrown.message }
    : { code: 'assertion-failed', fate: 'permanent', message: `unexpected ${nameOf(thrown)}` };
  if (ours && thrown.location !== undefined) described['location'] = thrown.location;
  const driverCode = driverCodeOf(origin);
  if (driverCode !== undefined) described['driverCode'] = driverCode;
  if (described['code'] === 'assertion-failed') described['stack'] = framesOf(origin);
  return described;
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : typeof thrown;
}

/** `ECONNREFUSED`, `SQLITE_FULL`: a driver's constant, never a text. */
function driverCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || thrown instanceof GatewayError || !('code' in thrown)) {
    return undefined;
  }
  const { code } = thrown;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : undefined;
}

/** The frames alone: the lines before them repeat the message. */
function framesOf(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.slice(0, 12).join('\n');
}

/** What a line of our own logger holds; other fields are ids and codes. */
interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly msg?: string;
  readonly err?: { readonly code: string; readonly message: string; readonly stack?: string };
  readonly [id: string]: unknown;
}

/** `10:31:02 warn  delivery failed deliveryId=… delivery-failed: no connection` */
function readableLine(json: string): string {
  const line: LogLine = JSON.parse(json);
  const { time, level, msg, err, ...ids } = line;
  const parts = [time.slice(11, 19), level.padEnd(5), msg ?? ''];
  for (const [name, value] of Object.entries(ids)) {
    parts.push(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }
  if (err === undefined) return `${parts.join(' ')}\n`;
  parts.push(`${err.code}: ${err.message}`);
  return err.stack ? `${parts.join(' ')}\n${err.stack}\n` : `${parts.join(' ')}\n`;
}
