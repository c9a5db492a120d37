/**
 * A message written back from a converter's parsed form: segments by name, fields by number, a repetition as a list, a
 * component or sub-component as an object by number. Only the segments that the comparison reads are written.
 */
const segments = ['MSH', 'EVN', 'PID', 'PV1', 'PV2'];

/** @param parsed `{"ADT_A03": {"MSH": {"9": {"1": "ADT"}}, …}}` */
export function messageFromParsed(parsed: unknown): Uint8Array {
  const [message] = Object.values(objectOf(parsed)).map(objectOf);
  const lines = segments.flatMap((name) => {
    const segment = message?.[name];
    if (segment === undefined) return [];
    const fields = positions(objectOf(segment));
    // MSH-1 and MSH-2 are the separators themselves.
    if (name === 'MSH') fields.splice(0, 2, '^~\\&');
    const texts = fields.map((field) => (typeof field === 'string' ? field : repetitions(field)));
    return [[name, ...texts].join('|')];
  });
  return Buffer.from(lines.join('\r'), 'utf8');
}

function repetitions(field: unknown): string {
  return (Array.isArray(field) ? field : [field]).map((one) => parts(one, '^')).join('~');
}

function parts(value: unknown, separator: '^' | '&'): string {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  }
  return positions(objectOf(value))
    .map((part) => parts(part, '&'))
    .join(separator);
}

/** The values at 1, 2, 3 …, undefined between. */
function positions(object: Record<string, unknown>): unknown[] {
  const last = Math.max(0, ...Object.keys(object).map(Number));
  return Array.from({ length: last }, (_, index) => object[String(index + 1)]);
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
