/** An export to write: a folder beside its place, which takes its place when it is whole. Only our user may read it. */
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { assert, GatewayError } from '../../../errors.ts';
import type { JournalSource, Target } from './ends.ts';
import { formatVersion, manifestFile, type Manifest } from './manifest.ts';
import { lineOf, type Shape, type TableSum } from './rows.ts';

const content =
  'A whole hemgang journal: messages as they came, persons with their numbers, names and addresses, notices. ' +
  'Personal data of patients: keep it as the journal itself.';

/**
 * @param madeAt ISO 8601
 * @throws GatewayError `configuration-invalid` when there is something in the folder
 */
export function openExportTarget(
  folder: string,
  { form, schema }: Pick<JournalSource, 'form' | 'schema'>,
  madeAt: string,
): Target {
  const place = resolve(folder);
  const unfinished = `${place}.unfinished`;
  if (existsSync(place) && readdirSync(place).length > 0) {
    throw new GatewayError(
      'configuration-invalid',
      `--out ${folder}: is not empty\n  next: name a folder that is not there yet`,
    );
  }
  const files: TableFile[] = [];
  let expected: readonly Shape[] = [];

  async function fileOf(shape: Shape): Promise<TableFile> {
    const last = files.at(-1);
    if (last?.shape === shape) return last;
    await last?.end();
    const file = new TableFile(unfinished, shape);
    files.push(file);
    return file;
  }

  return {
    place: folder,
    async begin(shapes) {
      expected = shapes;
      mkdirSync(dirname(place), { recursive: true });
      rmSync(unfinished, { recursive: true, force: true });
      mkdirSync(unfinished, { mode: 0o700 });
    },
    async write(shape, rows) {
      const file = await fileOf(shape);
      await file.write(rows.map((row) => `${lineOf(shape, row)}\n`).join(''));
    },
    async commit(sums) {
      // One without rows has a file too.
      for (const shape of expected) {
        if (!files.some((file) => file.shape === shape)) await fileOf(shape);
      }
      await files.at(-1)?.end();
      const tables = sums.map((sum) => entryOf(files, sum));
      const manifest: Manifest = {
        format: 'hemgang-journal',
        version: formatVersion,
        content,
        madeAt,
        source: { form, schema },
        tables,
      };
      const text = `${JSON.stringify(manifest, null, 2)}\n`;
      writeFileSync(join(unfinished, manifestFile), text, { mode: 0o600, flush: true });
      if (existsSync(place)) rmdirSync(place);
      renameSync(unfinished, place);
    },
    async abandon() {
      await files.at(-1)?.abandon();
      rmSync(unfinished, { recursive: true, force: true });
    },
  };
}

function entryOf(files: readonly TableFile[], { table, rows, digest }: TableSum) {
  const file = files.find(({ shape }) => shape.table === table);
  assert(file, 'every table has a file');
  const { shape, name, bytes, sha256 } = file;
  return { table, columns: [...shape.columns], rows, digest, file: name, bytes, sha256 };
}

class TableFile {
  readonly shape: Shape;
  readonly name: string;
  bytes = 0;
  readonly #hash: Hash = createHash('sha256');
  readonly #gzip: Gzip = createGzip({ level: 4 });
  readonly #written: Promise<void>;
  #isEnded = false;
  #sha256 = '';

  constructor(folder: string, shape: Shape) {
    this.shape = shape;
    this.name = `${shape.table}.ndjson.gz`;
    const counted = new Transform({
      transform: (chunk: Uint8Array, _encoding, done) => {
        this.bytes += chunk.length;
        this.#hash.update(chunk);
        done(null, chunk);
      },
    });
    const file = createWriteStream(join(folder, this.name), { mode: 0o600, flush: true });
    this.#written = pipeline(this.#gzip, counted, file);
    // Heard where it is waited for.
    this.#written.catch(() => undefined);
  }

  get sha256(): string {
    return this.#sha256;
  }

  async write(text: string): Promise<void> {
    if (this.#gzip.write(text)) return;
    // A disk that is full ends the stream, and nothing drains any more.
    await Promise.race([once(this.#gzip, 'drain'), this.#written]);
  }

  async end(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#gzip.end();
    try {
      await this.#written;
    } catch (cause) {
      const isFull = cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC';
      throw isFull
        ? new GatewayError('disk-full', `the disk of ${this.name} is full`, { cause })
        : new GatewayError('journal-unavailable', `${this.name} cannot be written`, { cause });
    }
    this.#sha256 = this.#hash.digest('hex');
  }

  async abandon(): Promise<void> {
    this.#gzip.destroy();
    await this.#written.catch(() => undefined);
  }
}
