/** Tables and rows as they move between journals of either form: the same line for the same row, wherever it stands. */
import { hash } from 'node:crypto';

export type Kind = 'text' | 'integer' | 'bytes';
export interface Column {
  readonly name: string;
  readonly kind: Kind;
}
export interface Shape {
  readonly table: string;
  /** In order of name. */
  readonly columns: readonly Column[];
}
export type Row = Readonly<Record<string, string | number | Uint8Array | null>>;

/** A row as JSON, its columns in order of name, bytes in base64. */
export function lineOf({ columns }: Shape, row: Row): string {
  return JSON.stringify(
    Object.fromEntries(columns.map(({ name }) => [name, printed(row[name] ?? null)])),
  );
}

function printed(value: string | number | Uint8Array | null): string | number | null {
  if (typeof value === 'string') return storable(value);
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
    : value;
}

/** PostgreSQL has no NUL in a text, and keeps this sign for it; what was sent stands unchanged in the raw bytes. */
export function storable(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '␀') : text;
}

/** @throws SyntaxError when the line is no JSON */
export function rowOf({ columns }: Shape, line: string): Row {
  const values: Record<string, string | number | null> = JSON.parse(line);
  return Object.fromEntries(
    columns.map(({ name, kind }) => {
      const value = values[name] ?? null;
      return [
        name,
        kind === 'bytes' && typeof value === 'string' ? Buffer.from(value, 'base64') : value,
      ];
    }),
  );
}

/** About so many bytes of memory. */
export function sizeOf(row: Row): number {
  return Object.values(row).reduce<number>(
    (sum, value) =>
      sum + (typeof value === 'string' || value instanceof Uint8Array ? value.length : 8),
    0,
  );
}

/** What a table holds, in short: equal for equal rows in whatever order. */
export interface TableSum {
  readonly table: string;
  readonly rows: number;
  /** The SHA-256 of every row's line, added up modulo 2^256. */
  readonly digest: string;
}

export class RunningSum {
  readonly #shape: Shape;
  #rows = 0;
  #total = 0n;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) this.addLine(lineOf(this.#shape, row));
  }

  addLine(line: string): void {
    this.#rows += 1;
    this.#total += BigInt(`0x${hash('sha256', line, 'hex')}`);
  }

  get sum(): TableSum {
    const digest = BigInt.asUintN(256, this.#total).toString(16).padStart(64, '0');
    return { table: this.#shape.table, rows: this.#rows, digest };
  }
}
