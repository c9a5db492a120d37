/** The envelope of what a partner sends: a CloudEvent 1.0 in structured JSON, its data not yet read. */
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { GatewayError } from '../../../gateway/errors.ts';

export interface CloudEvent {
  readonly id: string;
  /** As it came: `se.hemgang.notice.acknowledged.v1`. */
  readonly type: string;
  readonly subject: string;
  /** ISO 8601 in UTC with milliseconds. */
  readonly time: string;
  readonly data: unknown;
}

/** Visible text: what names and references are made of. */
const attribute = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u);

/** RFC 3339 with an offset; a time of day without one does not say when. */
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** Attributes we use. Others are allowed by the standard (extensions) and not read. */
const envelope = z.object({
  specversion: z.literal('1.0'),
  id: attribute,
  source: attribute,
  type: attribute,
  subject: attribute,
  time: z.string().regex(rfc3339),
  datacontenttype: z.literal('application/json').optional(),
  data: z.unknown(),
});

/** @throws GatewayError malformed-message; by attribute, never by value */
export function readEnvelope(raw: Uint8Array): CloudEvent {
  const { id, type, subject, time, data } = checked('CloudEvent', envelope, parseJson(raw), '');
  return { id, type, subject, time: utcOf(time), data: data ?? {} };
}

/** The type of an event; undefined where the body cannot be read, and then whoever reads it whole says why. */
export function typeOf(raw: Uint8Array): string | undefined {
  try {
    return readEnvelope(raw).type;
  } catch {
    return undefined;
  }
}

/**
 * @param what named in the error, with the path: `CloudEvent time`
 * @param under what the path of the error begins with: `data.`
 * @throws GatewayError malformed-message; by path, never by value
 */
export function checked<T>(what: string, schema: z.ZodType<T>, value: unknown, under: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  const why = issue?.code === 'custom' ? issue.message : (issue?.code ?? 'invalid');
  throw malformed(`${what} ${path || 'envelope'}: ${why}`, path === '' ? '' : `${under}${path}`);
}

function parseJson(raw: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch {
    // The cause would quote the body.
    throw malformed('body: not JSON in UTF-8', '');
  }
}

function utcOf(time: string): string {
  try {
    const instant = Temporal.Instant.from(time.toUpperCase());
    return instant.toString({ smallestUnit: 'millisecond' });
  } catch {
    throw malformed('CloudEvent time: no such time', 'time');
  }
}

function malformed(text: string, location: string): GatewayError {
  return new GatewayError('malformed-message', text, location === '' ? {} : { location });
}
