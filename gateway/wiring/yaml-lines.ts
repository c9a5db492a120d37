/** Where a key stands in a YAML file that somebody else has read: for whoever has to correct it. */
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';

/**
 * @param key dotted
 * @returns `file:line` of the key, or of the nearest thing above it that is there; the file alone where it cannot be read
 */
export function lineOfKey(file: string, key: string): string {
  try {
    const lines = new LineCounter();
    const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines });
    const keys = key.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    for (let length = keys.length; length > 0; length--) {
      const node: unknown = document.getIn(keys.slice(0, length), true);
      if (typeof node !== 'object' || node === null || !('range' in node)) continue;
      const [from] = Array.isArray(node.range) ? node.range : [];
      return `${file}:${lines.linePos(Number(from)).line}`;
    }
  } catch {
    // It is named all the same.
  }
  return file;
}
