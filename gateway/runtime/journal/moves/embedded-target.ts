/**
 * An embedded journal to write to: beside its place in a file of its own, which takes its place when it is whole. What an
 * interrupted move leaves behind is swept away by the next.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { assert, GatewayError } from '../../../errors.ts';
import {
  createPrivately,
  databaseFile,
  openForReading,
  type Database,
} from '../embedded/connection.ts';
import { storeError } from '../embedded/failure.ts';
import { lockFolder } from '../embedded/lock.ts';
import { migrate } from '../embedded/migrations.ts';
import { rowsOf, shapesOf } from './embedded-source.ts';
import type { Target } from './ends.ts';
import { checkShapes, NotEmpty } from './room.ts';
import { storable, type Row, type Shape } from './rows.ts';

/** @throws GatewayError `configuration-invalid` when a gateway runs in the folder */
export function openEmbeddedTarget(folder: string): Target {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(folder);
  const place = `the embedded journal in ${folder}`;
  const file = `${databaseFile(folder)}.import`;
  let building: Building | undefined;
  const begun = (): Building => {
    assert(building, 'a move begins before it writes');
    return building;
  };

  return {
    place,
    async begin(shapes) {
      try {
        refuseRows(folder, place);
        removeDatabase(file);
        building = new Building(file);
        checkShapes(shapes, shapesOf(building.db), place);
      } catch (error) {
        throw storeError(error);
      }
    },
    async write(shape, rows) {
      try {
        begun().insert(shape, rows);
      } catch (error) {
        throw storeError(error);
      }
    },
    written: (shape) => rowsOf(begun().db, shape),
    async commit() {
      try {
        begun().finish();
        sync(file);
        // What an empty journal before it left beside its file.
        removeDatabase(databaseFile(folder));
        renameSync(file, databaseFile(folder));
        sync(folder);
      } catch (error) {
        throw storeError(error);
      }
      unlock();
    },
    async abandon() {
      building?.close();
      removeDatabase(file);
      unlock();
    },
  };
}

/** A journal that holds nothing yet may be there: one that was only opened. */
function refuseRows(folder: string, place: string): void {
  if (!existsSync(databaseFile(folder))) return;
  const db = openForReading(folder);
  try {
    for (const { table } of shapesOf(db)) {
      if (db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() !== undefined) {
        throw new NotEmpty(
          place,
          table,
          'move it into a data folder without a journal: --data FOLDER',
        );
      }
    }
  } finally {
    db.close();
  }
}

/** The file that becomes the journal. Nothing of it is promised before it has its place, so nothing is synced before. */
class Building {
  readonly db: Database;
  readonly #triggers: readonly { readonly name: string; readonly sql: string }[];
  readonly #inserts = new Map<string, ReturnType<Database['prepare']>>();

  constructor(file: string) {
    createPrivately(file);
    this.db = new DatabaseSync(file);
    for (const setting of ['page_size = 2048', 'journal_mode = OFF', 'synchronous = OFF']) {
      this.db.exec(`PRAGMA ${setting}`);
    }
    this.db.exec('PRAGMA foreign_keys = OFF');
    migrate(this.db);
    // They count what is written, and the counts come with the rest.
    this.#triggers = this.db
      .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`)
      .all();
    this.db.exec('BEGIN');
    for (const { name } of this.#triggers) this.db.exec(`DROP TRIGGER ${name}`);
  }

  insert({ table, columns }: Shape, rows: readonly Row[]): void {
    const names = columns.map(({ name }) => name);
    let statement = this.#inserts.get(table);
    if (statement === undefined) {
      const places = names.map(() => '?').join(', ');
      statement = this.db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`);
      this.#inserts.set(table, statement);
    }
    for (const row of rows) {
      const values = names.map((name) => {
        const value = row[name] ?? null;
        return typeof value === 'string' ? storable(value) : value;
      });
      statement.run(...values);
    }
  }

  finish(): void {
    for (const { sql } of this.#triggers) this.db.exec(sql);
    const stray: { table: string } | undefined = this.db.prepare('PRAGMA foreign_key_check').get();
    if (stray !== undefined) {
      throw new GatewayError(
        'export-damaged',
        `rows of ${stray.table} refer to what is not there; nothing was kept`,
      );
    }
    this.db.exec('COMMIT');
    this.close();
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function removeDatabase(file: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${file}${end}`, { force: true });
}
