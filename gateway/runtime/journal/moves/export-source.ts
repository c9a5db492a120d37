/** An export to read from. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { assert, GatewayError } from '../../../errors.ts';
import type { Source } from './ends.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { inParts } from './parts.ts';
import { RunningSum, rowOf, type Row, type Shape, type TableSum } from './rows.ts';

export interface ExportSource extends Source {
  readonly manifest: Manifest;
}

/**
 * Opens an export and holds every file against its checksum.
 * @throws GatewayError `configuration-invalid` when there is none in the folder; `export-damaged`
 */
export async function openExportSource(folder: string): Promise<ExportSource> {
  const manifest = readManifest(folder);
  for (const { file, bytes, sha256 } of manifest.tables) {
    const found = await checksumOf(join(folder, file));
    if (found.bytes === bytes && found.sha256 === sha256) continue;
    throw damaged(folder, file, 'is not what was written');
  }
  const entries = new Map(manifest.tables.map((entry) => [entry.table, entry]));
  return {
    place: `the export in ${folder}`,
    manifest,
    shapes: async () => manifest.tables.map(({ table, columns }): Shape => ({ table, columns })),
    rows: ({ table }) => {
      const entry = entries.get(table);
      assert(entry, 'only tables of the manifest are asked for');
      return rowsOf(folder, entry);
    },
    async close() {},
  };
}

async function checksumOf(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(createReadStream(file), async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        hash.update(chunk);
      }
    });
  } catch (cause) {
    throw new GatewayError('export-damaged', `${file} cannot be read`, { cause });
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function* rowsOf(
  folder: string,
  entry: Manifest['tables'][number],
): AsyncIterable<readonly Row[]> {
  const { table, columns, file } = entry;
  const shape: Shape = { table, columns };
  const running = new RunningSum(shape);
  async function* rows(): AsyncIterable<Row> {
    for await (const line of linesOf(join(folder, file))) {
      running.addLine(line);
      yield rowOf(shape, line);
    }
  }
  try {
    yield* inParts(rows());
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw damaged(folder, file, 'cannot be read', cause);
  }
  const sum: TableSum = running.sum;
  if (sum.rows !== entry.rows || sum.digest !== entry.digest) {
    throw damaged(folder, file, 'does not hold the rows that its manifest tells');
  }
}

/** Lines end with LF alone: a text may hold every other sign that ends a line somewhere. */
async function* linesOf(file: string): AsyncIterable<string> {
  const text = createGunzip();
  // What goes wrong on the way is met by whoever reads the text.
  pipeline(createReadStream(file), text).catch(() => undefined);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of text as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function damaged(folder: string, file: string, what: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'export-damaged',
    `${join(folder, file)} ${what}\n  next: take another copy of the export`,
    { cause },
  );
}
