/**
 * CSV as a Swedish spreadsheet opens it by a double click: UTF-8 with BOM, semicolons, decimal comma, CRLF.
 * A text that a spreadsheet would take for a formula is kept a text.
 */
import { assert } from '../../../gateway/errors.ts';

/** A whole number stands as it is; money comes as `ore`, written in kronor. */
export type Cell = string | number | { readonly ore: number };

/** @returns the file's text, byte order mark included; the first row is the header */
export function toCsv(rows: readonly (readonly Cell[])[]): string {
  return `\uFEFF${rows.map((row) => row.map(cellText).join(';')).join('\r\n')}\r\n`;
}

/** Öre as kronor with two decimals and a comma, exactly: 930000 → `9300,00`, -5 → `-0,05`. */
export function kronorOf(ore: number): string {
  assert(Number.isSafeInteger(ore), 'money is a whole number of öre');
  const sign = ore < 0 ? '-' : '';
  const digits = String(Math.abs(ore)).padStart(3, '0');
  return `${sign}${digits.slice(0, -2)},${digits.slice(-2)}`;
}

function cellText(cell: Cell): string {
  if (typeof cell === 'object') return kronorOf(cell.ore);
  if (typeof cell === 'number') {
    assert(Number.isSafeInteger(cell), 'a number in a cell is whole');
    return String(cell);
  }
  // OWASP, CSV injection: these first characters start a formula, also behind white space.
  const text = /^\s*[=+\-@\t\r|%]/.test(cell) ? `'${cell}` : cell;
  return /[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
