/**
 * What the system in use did, as it exports it: CSV with a line of heads, or NDJSON. One line is one notice sent, or one
 * case billed in a month. Which column holds what stands in a small file, where the names differ from ours.
 */
import { readFileSync } from 'node:fs';
import { Temporal } from 'temporal-polyfill';
import { parse } from 'yaml';
import { z } from 'zod';
import { withoutPersonNumbers } from '../../adapters/person-numbers.ts';
import { GatewayError } from '../errors.ts';
import { deedKinds, type Deed, type DeedKind } from './deed.ts';

const fieldNames = [
  'visit',
  'case',
  'time',
  'kind',
  'month',
  'municipality',
  'days',
  'amount',
] as const;
type Field = (typeof fieldNames)[number];

const columnsFile = z.strictObject({
  /** Our names by theirs; a field that is left out goes by its own name. */
  columns: z.partialRecord(z.enum(fieldNames), z.string().min(1)).optional(),
  /** Their words for the kinds: `UTSKRKLAR: discharge-ready-notice`. */
  kinds: z.record(z.string(), z.enum(deedKinds)).optional(),
  separator: z.string().length(1).optional(),
  /** Between kronor and öre. */
  decimal: z.enum([',', '.']).optional(),
  /** Kinds and lines of theirs that are passed over. */
  ignore: z.array(z.string()).optional(),
});
export type Columns = z.infer<typeof columnsFile>;

export interface ExportFile {
  readonly deeds: readonly Deed[];
  /** Lines that could not be read, and why; without their content. */
  readonly unread: readonly { readonly line: number; readonly why: string }[];
  readonly ignored: number;
}

/** @throws GatewayError configuration-invalid naming what is wrong in it */
export function readColumns(file: string): Columns {
  const read = columnsFile.safeParse(parse(textOf(file)));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw wrong(`${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}

/**
 * @param codeOf the SCB code of a municipality by its name or code
 * @throws GatewayError configuration-invalid where it is not there, or lacks a column
 */
export function readExport(
  file: string,
  columns: Columns,
  codeOf: (name: string) => string | undefined,
): ExportFile {
  const text = textOf(file).replace(/^\uFEFF/, '');
  const rows = text.trimStart().startsWith('{') ? ndjsonRows(text) : csvRows(text, columns);
  const deeds: Deed[] = [];
  const unread: { line: number; why: string }[] = [];
  let ignored = 0;
  for (const { line, row } of rows) {
    if (typeof row === 'string') unread.push({ line, why: row });
    else {
      const read = deedOf(row, columns, codeOf);
      if (read === 'ignored') ignored += 1;
      else if (typeof read === 'string') unread.push({ line, why: read });
      else deeds.push(read);
    }
  }
  if (deeds.length === 0 && unread.length === 0 && ignored === 0)
    throw wrong(`${file}: no line in it`);
  return { deeds, unread, ignored };
}

type Row = ReadonlyMap<string, string>;
type Lines = readonly { readonly line: number; readonly row: Row | string }[];

// ---------------------------------------------------------------- lines

function ndjsonRows(text: string): Lines {
  return text.split(/\r?\n/).flatMap((content, index): Lines => {
    if (content.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(content);
      if (typeof value !== 'object' || value === null) throw new Error('no object');
      const row = new Map(
        Object.entries(value).flatMap(([name, one]) =>
          typeof one === 'string' || typeof one === 'number' ? [[name, String(one)] as const] : [],
        ),
      );
      return [{ line: index + 1, row }];
    } catch {
      return [{ line: index + 1, row: 'no JSON object' }];
    }
  });
}

function csvRows(text: string, { separator }: Columns): Lines {
  const [first = ''] = text.split(/\r?\n/, 1);
  const between = separator ?? [';', '\t', ','].find((one) => first.includes(one)) ?? ';';
  const [head, ...rows] = cellsOf(text, between);
  const names = head?.cells.map((name) => name.trim()) ?? [];
  return rows
    .filter(({ cells }) => cells.some((cell) => cell.trim() !== ''))
    .map(({ line, cells }) => ({
      line,
      row: new Map(names.map((name, index) => [name, (cells[index] ?? '').trim()])),
    }));
}

/** RFC 4180: a cell in quotes may hold separators, quotes written twice, and line breaks. */
function cellsOf(text: string, separator: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  let [cell, line, quoted] = ['', 1, false];
  let row = { line, cells: [] as string[] };
  for (let at = 0; at <= text.length; at++) {
    const sign = text[at];
    if (sign === '\n') line += 1;
    if (quoted && sign === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (sign === '"' && (quoted || cell === '')) quoted = !quoted;
    else if (sign === undefined || (!quoted && (sign === separator || sign === '\n'))) {
      row.cells.push(cell);
      cell = '';
      if (sign === separator) continue;
      rows.push(row);
      row = { line, cells: [] };
    } else if (quoted || sign !== '\r') cell += sign;
  }
  return rows;
}

// ---------------------------------------------------------------- one line

function deedOf(
  row: Row,
  { columns = {}, kinds = {}, decimal = ',', ignore = [] }: Columns,
  codeOf: (name: string) => string | undefined,
): Deed | string {
  const value = (field: Field): string | undefined => {
    const found = row.get(columns[field] ?? field);
    return found === undefined || found === '' ? undefined : found;
  };
  const kindText = value('kind');
  if (kindText === undefined) return `no ${columns.kind ?? 'kind'}`;
  if (ignore.includes(kindText)) return 'ignored';
  const kind = kinds[kindText] ?? deedKinds.find((one) => one === kindText);
  if (kind === undefined) return 'a kind that kinds: does not know';
  const [visit, caseReference] = [value('visit'), value('case')];
  if (visit === undefined && caseReference === undefined) return 'neither visit nor case';
  const place = value('municipality');
  const municipality = place === undefined ? undefined : codeOf(place);
  if (place !== undefined && municipality === undefined) return 'no such municipality';
  const told = kind === 'billing' ? billed(value, decimal) : sent(value);
  if (typeof told === 'string') return told;
  return {
    kind,
    ...(visit !== undefined && { visit }),
    ...(caseReference !== undefined && { case: caseReference }),
    ...(municipality !== undefined && { municipality }),
    ...told,
  };
}

type ValueOf = (field: Field) => string | undefined;

function sent(value: ValueOf): Pick<Deed, 'at'> | string {
  const text = value('time');
  const at = text === undefined ? undefined : instantOf(text);
  return at === undefined ? 'a time that is none: 2026-03-10 12:00, or ISO 8601' : { at };
}

function billed(
  value: ValueOf,
  decimal: string,
): Pick<Deed, 'month' | 'days' | 'amountOre'> | string {
  const month = value('month') ?? value('time')?.slice(0, 7);
  if (month === undefined || !/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return 'no month: 2026-03';
  const days = numberOf(value('days') ?? '', decimal);
  const amount = numberOf(value('amount') ?? '', decimal);
  if (days === undefined && amount === undefined) return 'neither days nor amount';
  return {
    month,
    ...(days !== undefined && { days }),
    ...(amount !== undefined && { amountOre: Math.round(amount * 100) }),
  };
}

function numberOf(text: string, decimal: string): number | undefined {
  const plain = text.replaceAll(/[\s\u00A0]|kr/g, '').replace(decimal, '.');
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : undefined;
}

function instantOf(text: string): string | undefined {
  try {
    if (/(Z|[+-]\d\d:?\d\d)$/.test(text))
      return new Date(Temporal.Instant.from(text).epochMilliseconds).toISOString();
    const local = Temporal.PlainDateTime.from(
      text.replace(' ', 'T').replace(/T(\d\d)\.(\d\d)/, 'T$1:$2'),
    );
    return new Date(local.toZonedDateTime('Europe/Stockholm').epochMilliseconds).toISOString();
  } catch {
    return undefined;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new GatewayError(
      'configuration-invalid',
      `${withoutPersonNumbers(file)}: cannot be read`,
      { cause },
    );
  }
}

const wrong = (what: string): GatewayError => new GatewayError('configuration-invalid', what);

export const isKind = (name: string): name is DeedKind => deedKinds.some((one) => one === name);
