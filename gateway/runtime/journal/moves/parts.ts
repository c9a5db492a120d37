/** Rows in parts that fit in memory. */
import { sizeOf, type Row } from './rows.ts';

/** A part ends at so many rows or bytes, whichever comes first. */
export const partRows = 500;
export const partBytes = 4 * 1024 * 1024;

export async function* inParts(
  rows: Iterable<Row> | AsyncIterable<Row>,
): AsyncIterable<readonly Row[]> {
  let part: Row[] = [];
  let bytes = 0;
  for await (const row of rows) {
    part.push(row);
    bytes += sizeOf(row);
    if (part.length < partRows && bytes < partBytes) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length > 0) yield part;
}
