/**
 * Bytes → JSON, strictly: what two readers could understand differently is refused before it means anything. One pass of
 * our own (`scan.ts`) says what is wrong and where; JSON.parse then makes the values.
 */
import { isUtf8 } from 'node:buffer';
import { JsonScan, notJson } from './scan.ts';

export interface JsonDocument {
  readonly value: unknown;
  /** As it was sent, without a byte order mark. */
  readonly text: string;
  /** Of a Bundle: each `entry[i].resource` as it was sent, by i. */
  readonly entryTexts: readonly (string | undefined)[];
}

/** Deeper nesting is refused: no resource of the process comes near. */
export const mostDepth = 64;

/**
 * @param raw bytes of one JSON document; their number is bounded where they are received
 * @throws GatewayError malformed-message with the FHIRPath in `location`; it never quotes a value
 */
export function readJson(raw: Uint8Array, depth = mostDepth): JsonDocument {
  if (!isUtf8(raw)) throw notJson('not UTF-8: send the JSON in UTF-8');
  const hasMark = raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf;
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const text = bytes.toString('utf8', hasMark ? 3 : 0);
  const spans = new JsonScan(text, depth).document();
  const value: unknown = JSON.parse(text);
  const entryTexts = spans.map((span) => span && text.slice(span.start, span.end));
  return { value, text, entryTexts };
}
