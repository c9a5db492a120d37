/** A journal is written out, read in, moved and checked: all of it or nothing, and the same in every form. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { Client } from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { journalExport } from '../gateway/cli/journal-export.ts';
import { journalImport } from '../gateway/cli/journal-import.ts';
import { journalMigrate } from '../gateway/cli/journal-migrate.ts';
import { journalVerify } from '../gateway/cli/journal-verify.ts';
import type { QuestionOptions } from '../gateway/cli/question.ts';
import { databaseFile } from '../gateway/runtime/journal/embedded/connection.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import type { Journal } from '../gateway/runtime/journal/journal.ts';
import { openEmbeddedSource } from '../gateway/runtime/journal/moves/embedded-source.ts';
import { openEmbeddedTarget } from '../gateway/runtime/journal/moves/embedded-target.ts';
import type { JournalSource, Target } from '../gateway/runtime/journal/moves/ends.ts';
import { openExportSource } from '../gateway/runtime/journal/moves/export-source.ts';
import { openExportTarget } from '../gateway/runtime/journal/moves/export-target.ts';
import { differences, move, sumsOf } from '../gateway/runtime/journal/moves/move.ts';
import { openPostgresSource } from '../gateway/runtime/journal/moves/postgres-source.ts';
import { openPostgresTarget } from '../gateway/runtime/journal/moves/postgres-target.ts';
import { verify } from '../gateway/runtime/journal/moves/verify.ts';
import { openPostgresJournal } from '../gateway/runtime/journal/postgres.ts';
import { connectionSettings } from '../gateway/runtime/journal/postgres/connection.ts';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { contentOfStored } from '../adapters/inbound/fhir/index.ts';
import { patient } from './support/fhir-stay.ts';
import { temporaryFolder } from './support/folder.ts';
import { fillJournal, settlementStream } from './support/full-journal.ts';
import { postgresSettings } from './support/journal-forms.ts';
import { at, message } from './support/journal-messages.ts';
import { postgresPrograms } from './support/own-postgres.ts';
import { startTestGateway, type TestGateway, type TestSettings } from './support/gateway.ts';
import { has, ownSchema } from './support/servers.ts';
import { runToEnd } from './support/service.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function folder(): string {
  const { path, remove } = temporaryFolder('moves');
  closing.push(remove);
  return path;
}
const tell = (): void => undefined;
const noContent = (): undefined => undefined;

/** A journal in one form: opened, read from, written to, and damaged. */
interface Place {
  open(): Promise<Journal>;
  source(): Promise<JournalSource>;
  target(): Promise<Target>;
  damage(statement: string): Promise<void>;
}

function embedded(path = folder()): Place {
  return {
    open: () => openEmbeddedJournal({ folder: path }),
    source: async () => openEmbeddedSource(path),
    target: async () => openEmbeddedTarget(path),
    async damage(statement) {
      const db = new DatabaseSync(databaseFile(path));
      db.exec('PRAGMA foreign_keys = OFF');
      db.exec(statement);
      db.close();
    },
  };
}

function ownSettings() {
  const { url, schema, drop } = ownSchema();
  closing.push(drop);
  return postgresSettings(url, schema);
}

function postgres(settings = ownSettings()): Place {
  const { url, schema } = settings;
  const connection = connectionSettings(settings, undefined);
  return {
    open: () => openPostgresJournal({ settings }),
    source: () => openPostgresSource(connection),
    target: () => openPostgresTarget(connection),
    async damage(statement) {
      const client = new Client({ connectionString: url, options: `-c search_path=${schema}` });
      await client.connect();
      try {
        await client.query(statement.replaceAll("x'00'", `'\\x00'::bytea`));
      } finally {
        await client.end();
      }
    },
  };
}

const hasPostgres = await has('moves of the journal into PostgreSQL', 'PostgreSQL that runs');
const forms: readonly (readonly [string, () => Place])[] = [
  ['embedded', embedded],
  ...(hasPostgres ? [['postgres', postgres] as const] : []),
];
const pairs = forms.flatMap(([from, first]) =>
  forms.map(([to, second]) => ({ from, to, first, second })),
);

async function filled(place: Place): Promise<Place> {
  const journal = await place.open();
  await fillJournal(journal);
  await journal.close();
  return place;
}

async function reading<R>(place: Place, work: (source: JournalSource) => Promise<R>): Promise<R> {
  const source = await place.source();
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

const exported = (place: Place, out: string) =>
  reading(place, (source) => move(source, openExportTarget(out, source, at), tell));
const imported = async (out: string, place: Place) =>
  move(await openExportSource(out), await place.target(), tell);
const whatIsOff = (place: Place) => reading(place, (source) => verify(source, noContent, tell));
const sums = (place: Place) => reading(place, (source) => sumsOf(source, tell));

/** What somebody who reads it sees. */
async function seen(place: Place) {
  const journal = await place.open();
  try {
    const ids = await journal.processIds('', 100);
    return {
      status: await journal.status(),
      cases: await Promise.all(ids.map((id) => journal.load(id))),
      identities: await Promise.all(ids.map((id) => journal.identity(id))),
      month: await journal.loadSettlement(settlementStream),
      parked: (await parkedOf(journal)).map(({ raw, ...rest }) => ({
        ...rest,
        raw: Buffer.from(raw).toString(),
      })),
      dead: await journal.outbox.deadLetters(10),
      delivered: await journal.deliveries.byState('delivered', 10),
      pending: await journal.deliveries.byState('pending', 10),
      resource: await journal.resources.read({
        sender: 'fjallsjukhuset',
        type: 'Encounter',
        id: 'e2',
      }),
      nextDue: await journal.nextDue(),
      lastSequence: await journal.lastSequence('fjallsjukhuset'),
      cursor: await journal.cursors.get('publication'),
    };
  } finally {
    await journal.close();
  }
}

async function parkedOf(journal: Journal) {
  const cases = await journal.parkedCases();
  return (await Promise.all(cases.map((one) => journal.parkedOf(one)))).flat();
}

describe('an export', () => {
  test.each(pairs)('of a $from journal is the same journal in $to', async ({ first, second }) => {
    const [here, there] = [await filled(first()), second()];
    const out = join(folder(), 'export');
    await exported(here, out);
    await imported(out, there);
    expect(differences(await sums(here), await sums(there))).toEqual([]);
    expect(await whatIsOff(there)).toEqual([]);
    expect(await seen(there)).toEqual(await seen(here));
  });

  test.each(pairs)(
    'of $from read into $to goes on where it was: numbers and counts follow the last ones',
    async ({ first, second }) => {
      const [here, there] = [await filled(first()), second()];
      const out = join(folder(), 'export');
      await exported(here, out);
      await imported(out, there);
      const journal = await there.open();
      const before = await journal.status();
      const again = await journal.record(message(1));
      expect(again.outcome).toBe('duplicate');
      const next = await journal.record(message(8, { sequence: 8 }));
      expect(next).toMatchObject({ outcome: 'recorded' });
      const after = await journal.status();
      expect(after.events).toBe(before.events + 1);
      expect(after.processes).toBe(before.processes + 1);
      await journal.audit({ at, who: 'operator', what: 'looked', about: 'message-8' });
      await journal.close();
      expect(await whatIsOff(there)).toEqual([]);
    },
  );

  test.each(forms)('of the %s journal is of one moment', async (_, place) => {
    const here = await filled(place());
    const before = await reading(here, async (source) => {
      const journal = await here.open();
      await journal.record(message(8, { sequence: 8 }));
      await journal.close();
      return await sumsOf(source, tell);
    });
    const [was] = before.filter(({ table }) => table === 'messages');
    const [is] = (await sums(here)).filter(({ table }) => table === 'messages');
    expect(is?.rows).toBe((was?.rows ?? 0) + 1);
  });

  test('is for its user alone, and says what it holds', async () => {
    const here = await filled(embedded());
    const out = join(folder(), 'export');
    await exported(here, out);
    expect(statSync(out).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(out)) {
      expect(statSync(join(out, name)).mode & 0o777).toBe(0o600);
    }
    const manifest = readFileSync(join(out, 'manifest.json'), 'utf8');
    expect(manifest).toContain('Personal data of patients');
    expect(manifest).not.toContain('Nyman');
  });

  test('is not written over what is there', async () => {
    const here = await filled(embedded());
    const out = folder();
    writeFileSync(join(out, 'mine'), '');
    await expect(exported(here, out)).rejects.toMatchObject({ code: 'configuration-invalid' });
    expect(readdirSync(out)).toEqual(['mine']);
  });

  test('that was interrupted is no export, and is begun anew', async () => {
    const here = await filled(embedded());
    const out = join(folder(), 'export');
    mkdirSync(`${out}.unfinished`);
    writeFileSync(join(`${out}.unfinished`, 'events.ndjson.gz'), 'half');
    await expect(openExportSource(`${out}.unfinished`)).rejects.toMatchObject({
      code: 'configuration-invalid',
    });
    await exported(here, out);
    await imported(out, embedded());
    expect(existsSync(`${out}.unfinished`)).toBe(false);
  });

  describe.each(forms)('into %s', (_, place) => {
    const damages: readonly (readonly [string, (out: string) => void])[] = [
      ['lost its end', (out) => truncateSync(join(out, 'events.ndjson.gz'), 40)],
      [
        'has a byte changed',
        (out) => {
          const bytes = readFileSync(join(out, 'messages.ndjson.gz'));
          bytes[30] = (bytes[30] ?? 0) ^ 1;
          writeFileSync(join(out, 'messages.ndjson.gz'), bytes);
        },
      ],
      [
        'tells more rows than there are',
        (out) => {
          const text = readFileSync(join(out, 'manifest.json'), 'utf8');
          writeFileSync(join(out, 'manifest.json'), text.replace(/"rows": 7/, '"rows": 8'));
        },
      ],
      ['has no manifest that can be read', (out) => writeFileSync(join(out, 'manifest.json'), '{')],
    ];
    test.each(damages)('that %s is refused, and nothing of it is there', async (__, harm) => {
      const here = await filled(embedded());
      const out = join(folder(), 'export');
      await exported(here, out);
      harm(out);
      const there = place();
      await expect(imported(out, there)).rejects.toMatchObject({ code: 'export-damaged' });
      const journal = await there.open();
      expect((await journal.status()).events).toBe(0);
      await journal.close();
    });

    test('is refused where there is something already, which stays as it is', async () => {
      const here = await filled(embedded());
      const out = join(folder(), 'export');
      await exported(here, out);
      const there = place();
      const journal = await there.open();
      await journal.record(message(9));
      await journal.close();
      const before = await sums(there);
      await expect(imported(out, there)).rejects.toThrow(/not empty[\s\S]*next:/);
      expect(await sums(there)).toEqual(before);
    });

    test('that is interrupted leaves nothing, and is begun again', async () => {
      const here = await filled(embedded());
      const out = join(folder(), 'export');
      await exported(here, out);
      const there = place();
      const source = await openExportSource(out);
      const target = await there.target();
      const shapes = await source.shapes();
      await target.begin(shapes);
      for (const shape of shapes.slice(0, 8)) {
        for await (const rows of source.rows(shape)) await target.write(shape, rows);
      }
      await target.abandon();
      const journal = await there.open();
      expect((await journal.status()).events).toBe(0);
      await journal.close();
      await imported(out, there);
      expect(differences(await sums(here), await sums(there))).toEqual([]);
    });
  });

  test('is not read into a folder where a gateway runs', async () => {
    const here = await filled(embedded());
    const out = join(folder(), 'export');
    await exported(here, out);
    const path = folder();
    const running = await openEmbeddedJournal({ folder: path });
    await expect(imported(out, embedded(path))).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining('in use'),
    });
    await running.close();
  });

  test.skipIf(!hasPostgres)('is not read into a schema where an instance runs', async () => {
    const here = await filled(embedded());
    const out = join(folder(), 'export');
    await exported(here, out);
    const there = postgres();
    const running = await there.open();
    const instance = { id: 'instance-1', roles: [], version: '1', inForce: {} };
    await running.leases.beat(instance, 60_000);
    await expect(imported(out, there)).rejects.toThrow(/in use by instance-1[\s\S]*next:/);
    await running.leases.leave('instance-1');
    await running.close();
    await imported(out, there);
    expect(await whatIsOff(there)).toEqual([]);
  });

  test('what a killed import left behind is swept away', async () => {
    const here = await filled(embedded());
    const out = join(folder(), 'export');
    await exported(here, out);
    const path = folder();
    writeFileSync(`${databaseFile(path)}.import`, 'half a database');
    await imported(out, embedded(path));
    expect(readdirSync(path).filter((name) => name.includes('import'))).toEqual([]);
    expect(await whatIsOff(embedded(path))).toEqual([]);
  });
});

describe.each(forms)('verify of the %s journal', (_, place) => {
  test('finds nothing in one that holds everything', async () => {
    expect(await whatIsOff(await filled(place()))).toEqual([]);
  });

  test('names what is off by its ids', async () => {
    const there = await filled(place());
    // The mildest first: what comes later is off in several ways.
    for (const [statement, sentence] of [
      ['UPDATE delivery_counts SET count = count + 1', 'deliveries in a state are not as many'],
      ['UPDATE senders SET processes = 0', 'cases are more than were counted'],
      ['UPDATE senders SET accepted = 1', 'messages of a sender are more than were counted'],
      ['UPDATE refused_bodies SET size = size + 1', 'the size of a refused body'],
      ['DELETE FROM attempts', 'attempts of a delivery are not as many'],
      ["UPDATE outbox SET event_id = 'x'", 'a row for the bus has no event, or another one'],
      [
        `UPDATE events SET body = '{"id":"x","type":"y"}' WHERE position = 1`,
        'the body of an event is no JSON of its type',
      ],
      ["UPDATE deadlines SET stream = 'nowhere'", 'a deadline belongs to a stream that is neither'],
      ["UPDATE messages SET raw = x'00' WHERE control_id = 'C1'", 'the bytes of a message'],
      ['DELETE FROM unmapped_codes', 'a message is parked and waits for no code'],
      ["DELETE FROM messages WHERE control_id = 'C1'", 'a control id is bound to a message'],
      ["DELETE FROM events WHERE type = 'notice.issued'", 'a delivery has no event'],
      ['DELETE FROM stays', 'an event stands in a stream that is neither'],
    ] as const) {
      const before = (await whatIsOff(there)).map(({ what }) => what).join('\n');
      expect(before).not.toContain(sentence);
      await there.damage(statement);
      const off = await whatIsOff(there);
      const found = off.find(({ what }) => what.startsWith(sentence));
      expect(found, sentence).toBeDefined();
      expect(found?.ids.length).toBeGreaterThan(0);
    }
  });
});

test('verify holds a resource against its content, as a repeat is recognised by it', async () => {
  const path = folder();
  const world = await startTestGateway({ start: '2022-03-07T09:00:00.000Z', folder: path });
  closing.push(() => world.close());
  await world.fhir().create({ resourceType: 'Patient', body: { ...patient } });
  await world.gateway.stop();
  const byContent = await reading(embedded(path), (source) =>
    verify(source, (_kind, raw) => contentOfStored(raw), tell),
  );
  expect(byContent).toEqual([]);
  expect(await whatIsOff(embedded(path))).toMatchObject([{ count: 1 }]);
});

describe('a restore', () => {
  const monday = '2022-03-07T09:00:00.000Z';
  const person = {
    personnummer: '195009072553',
    family: 'Testsson',
    given: 'Åsa',
    municipality: '1480',
    visit: 'E1',
  };
  const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
  const admission = buildMessage('ekliden', {
    at: monday,
    ...person,
    trigger: 'A01',
    controlId: 'C1',
  });
  const need = buildMessage('ekliden', {
    at: monday,
    ...person,
    trigger: 'A08',
    controlId: 'C2',
    needs,
  });

  async function started(change: TestSettings['change'], path = folder()): Promise<TestGateway> {
    const world = await startTestGateway({
      start: monday,
      folder: path,
      ...(change && { change }),
    });
    closing.push(() => world.close());
    return world;
  }

  const homes: readonly (readonly [
    string,
    () => { place: Place; start: () => Promise<TestGateway> },
  ])[] = [
    [
      'an empty folder',
      () => {
        const path = folder();
        return { place: embedded(path), start: () => started(undefined, path) };
      },
    ],
    ...(hasPostgres
      ? [
          [
            'an empty schema',
            () => {
              const settings = ownSettings();
              const start = () => started((config) => ({ ...config, journal: settings }));
              return { place: postgres(settings), start };
            },
          ] as const,
        ]
      : []),
  ];

  test.each(homes)('into %s starts with the same status, and goes on', async (_, home) => {
    const path = folder();
    const before = await started(undefined, path);
    expect(await before.send(admission)).toBe('AA');
    expect(await before.send(need)).toBe('AA');
    await before.rest();
    expect(before.receiver.received.length).toBe(1);
    const status = await before.gateway.journal.status();
    await before.gateway.stop();
    const out = join(folder(), 'export');
    await exported(embedded(path), out);

    const { place, start } = home();
    await imported(out, place);
    const after = await start();
    await after.rest();
    expect(await after.gateway.journal.status()).toEqual(status);
    expect(after.receiver.received).toEqual([]);
    expect(await after.send(admission)).toBe('AA');
    await after.rest();
    expect((await after.gateway.journal.status()).events).toBe(status.events);
    const readyAt = '2022-03-07T10:00:00.000Z';
    after.clock.advanceTo(readyAt);
    const ready = {
      at: readyAt,
      ...person,
      needs,
      readyAt,
      trigger: 'A08',
      controlId: 'C3',
    } as const;
    expect(await after.send(buildMessage('ekliden', ready))).toBe('AA');
    await after.rest();
    expect(after.receiver.received.length).toBeGreaterThan(0);
    await after.gateway.stop();
    expect(await whatIsOff(place)).toEqual([]);
  });

  test('of a copy of the file, made while no gateway ran, is the same journal', async () => {
    const [path, other] = [folder(), folder()];
    const was = await seen(await filled(embedded(path)));
    copyFileSync(databaseFile(path), databaseFile(other));
    expect(await seen(embedded(other))).toEqual(was);
    expect(await whatIsOff(embedded(other))).toEqual([]);
  });

  test.skipIf(!hasPostgres || postgresPrograms() === undefined)(
    'of a pg_dump is the same journal',
    async () => {
      const settings = ownSettings();
      const { url, schema } = settings;
      const place = postgres(settings);
      const was = await seen(await filled(place));
      const program = (name: string): string => join(postgresPrograms() ?? '', name);
      const file = join(folder(), 'journal.dump');
      execFileSync(program('pg_dump'), [
        '--format=custom',
        `--schema=${schema}`,
        `--file=${file}`,
        url,
      ]);
      await place.damage(`DROP SCHEMA ${schema} CASCADE`);
      execFileSync(program('pg_restore'), [
        '--no-owner',
        '--exit-on-error',
        `--dbname=${url}`,
        file,
      ]);
      expect(await seen(place)).toEqual(was);
      expect(await whatIsOff(place)).toEqual([]);
    },
  );
});

describe('the command line', () => {
  /** Runs a verb in this process. @returns its exit code and what it said */
  async function run(verb: (options: QuestionOptions) => Promise<number>, data: string) {
    let said = '';
    const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
    const progress = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      return { code: await verb({ config: undefined, flags: { data }, json: true }), said };
    } finally {
      out.mockRestore();
      progress.mockRestore();
    }
  }

  test('writes out and reads in, and compares', async () => {
    const [path, other] = [folder(), folder()];
    await filled(embedded(path));
    const out = join(folder(), 'export');
    const write = await run((options) => journalExport({ ...options, out }), path);
    expect(write.code).toBe(0);
    expect(JSON.parse(write.said)).toMatchObject({ to: out });
    expect(write.said).not.toContain('Nyman');
    expect(await run((options) => journalImport({ ...options, folder: out }), other)).toMatchObject(
      {
        code: 0,
      },
    );
    const against = (place: string) => (options: QuestionOptions) =>
      journalVerify({ ...options, against: place });
    expect(await run(against(out), other)).toMatchObject({ code: 0 });
    await embedded(other).damage('UPDATE delivery_counts SET count = count + 1');
    const off = await run(against(path), other);
    expect(off.code).toBe(1);
    expect(JSON.parse(off.said)).toMatchObject({
      isWell: false,
      compared: { differences: [{ table: 'delivery_counts' }] },
    });
  });

  test('tells how far it has come, and ends with 2 where it was used wrongly', async () => {
    const path = folder();
    await filled(embedded(path));
    const out = join(folder(), 'export');
    const args = ['journal', 'export', '--out', out, '--data', path];
    expect(await runToEnd(args)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('personal data'),
      stderr: expect.stringMatching(/moving events: \d+/),
    });
    expect(await runToEnd(args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('next:'),
    });
  });

  test.skipIf(!hasPostgres)('moves a stopped journal into PostgreSQL, once', async () => {
    const path = folder();
    await filled(embedded(path));
    const before = digestOf(databaseFile(path));
    const { url, schema } = ownSettings();
    const migrate = () => run((options) => journalMigrate({ ...options, to: url, schema }), path);
    const running = await openEmbeddedJournal({ folder: path });
    await expect(migrate()).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining('in use'),
    });
    await running.close();
    const first = await migrate();
    expect(first.code).toBe(0);
    expect(JSON.parse(first.said)).toMatchObject({ moved: true });
    const again = await migrate();
    expect(again.code).toBe(0);
    expect(JSON.parse(again.said)).toMatchObject({ moved: false });
    expect(digestOf(databaseFile(path))).toBe(before);
    const journal = await embedded(path).open();
    await journal.record(message(8, { sequence: 8 }));
    await journal.close();
    await expect(migrate()).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining('not empty'),
    });
  });
});

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
