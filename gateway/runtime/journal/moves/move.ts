/** Moves a journal from one end to the other, all of it or nothing, and compares what two of them hold. */
import { GatewayError } from '../../../errors.ts';
import type { Source, Target } from './ends.ts';
import { RunningSum, type Row, type Shape, type TableSum } from './rows.ts';

/** Told how far it has come. */
export type Tell = (progress: {
  readonly what: 'moving' | 'reading';
  readonly table: string;
  readonly rows: number;
  readonly isDone: boolean;
}) => void;

/**
 * @returns what was moved, by table
 * @throws GatewayError `configuration-invalid` when the target is not empty; `export-damaged` when it does not hold in
 *   the end what the source holds
 */
export async function move(
  source: Source,
  target: Target,
  tell: Tell,
): Promise<readonly TableSum[]> {
  try {
    const shapes = await source.shapes();
    await target.begin(shapes);
    const sums: TableSum[] = [];
    for (const shape of shapes) {
      const rows = source.rows(shape);
      sums.push(await summed('moving', shape, rows, tell, (some) => target.write(shape, some)));
    }
    if (target.written) await check(shapes, sums, target.written, tell);
    await target.commit(sums);
    return sums;
  } catch (error) {
    await target.abandon();
    throw error;
  }
}

async function check(
  shapes: readonly Shape[],
  sums: readonly TableSum[],
  written: NonNullable<Target['written']>,
  tell: Tell,
): Promise<void> {
  const there: TableSum[] = [];
  for (const shape of shapes) there.push(await summed('reading', shape, written(shape), tell));
  const [difference] = differences(sums, there);
  if (difference === undefined) return;
  throw new GatewayError(
    'export-damaged',
    `what was written is not what was read: ${difference.table}; nothing was kept`,
  );
}

/** What a source holds. */
export async function sumsOf(source: Source, tell: Tell): Promise<readonly TableSum[]> {
  const sums: TableSum[] = [];
  for (const shape of await source.shapes()) {
    sums.push(await summed('reading', shape, source.rows(shape), tell));
  }
  return sums;
}

async function summed(
  what: 'moving' | 'reading',
  shape: Shape,
  parts: AsyncIterable<readonly Row[]>,
  tell: Tell,
  each?: (rows: readonly Row[]) => Promise<void>,
): Promise<TableSum> {
  const running = new RunningSum(shape);
  const { table } = shape;
  for await (const rows of parts) {
    running.add(rows);
    await each?.(rows);
    tell({ what, table, rows: running.sum.rows, isDone: false });
  }
  tell({ what, table, rows: running.sum.rows, isDone: true });
  return running.sum;
}

export interface Difference {
  readonly table: string;
  /** Rows here and there; undefined where the table is missing. */
  readonly here: number | undefined;
  readonly there: number | undefined;
}

/** Tables that do not hold the same. */
export function differences(
  here: readonly TableSum[],
  there: readonly TableSum[],
): readonly Difference[] {
  const others = new Map(there.map((sum) => [sum.table, sum]));
  const ours = new Set(here.map(({ table }) => table));
  return [
    ...here.flatMap(({ table, rows, digest }): Difference[] => {
      const other = others.get(table);
      if (other?.digest === digest && other.rows === rows) return [];
      return [{ table, here: rows, there: other?.rows }];
    }),
    ...there
      .filter(({ table }) => !ours.has(table))
      .map(({ table, rows }): Difference => ({ table, here: undefined, there: rows })),
  ];
}
