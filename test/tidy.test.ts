/** The house keeps its shape: who may import whom, what may be called where, and that a stem stands in three places. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const sourceFolders = ['gateway', 'adapters', 'mappings', 'profiles'];

function filesUnder(folder: string, ending: RegExp): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name) && !name.includes('node_modules'))
    .map((name) => join(folder, name))
    .toSorted();
}

const sources = sourceFolders.flatMap((folder) => filesUnder(folder, /\.ts$/));

interface Import {
  readonly from: string;
  /** Repository path of a file, or the name of a package. */
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const lines = text.matchAll(
    /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm,
  );
  return [...lines].map((line) => {
    const target = line[2] ?? line[3] ?? '';
    const to = target.startsWith('.')
      ? relative(root, resolve(root, dirname(file), target))
      : target;
    return { from: file, to, typeOnly: line[1] !== undefined };
  });
}

/** What code in a folder may import, most specific folder first. Node's own modules are judged apart. */
const allowed: readonly {
  readonly folder: string;
  readonly files: RegExp;
  readonly packages: RegExp;
}[] = [
  {
    // What the two folders of data have in common as files.
    folder: 'gateway/data-files.ts',
    files: /^gateway\/errors/,
    packages: /^(yaml|node:)/,
  },
  {
    folder: 'gateway/process/',
    files: /^gateway\/(process\/|errors)/,
    packages: /^(zod|temporal-polyfill|node:crypto)$/,
  },
  {
    folder: 'gateway/rules/',
    files: /^(gateway\/(rules\/|process\/|errors)|profiles\/index\.ts$)/,
    packages: /^temporal-polyfill$/,
  },
  {
    folder: 'gateway/runtime/',
    files: /^gateway\/(runtime\/|process\/|data-files|errors)/,
    packages: /^(?!express|fhir|hl7v2|standardwebhooks)/,
  },
  {
    // They read: the journal's contract as types, and no driver of it.
    folder: 'gateway/questions/',
    files:
      /^(gateway\/(questions\/|process\/|rules\/|runtime\/journal\/(journal|reader)\.ts|advance\.ts|issue\.ts|errors)|profiles\/index\.ts$)/,
    packages: /^$/,
  },
  {
    // It plays messages as the gateway would, without running one.
    folder: 'gateway/conformance/',
    files: /^(gateway\/(?!cli|main|play|wiring)|adapters\/|mappings\/|profiles\/)/,
    packages: /./,
  },
  {
    // What an operator looks at before it is done, and the doing: it asks, and translates as receive does.
    folder: 'gateway/plans/',
    files:
      /^(gateway\/(plans|process|rules|runtime|questions|errors|retranslate|advance|delivery|receive|issue|billing-documents)|profiles\/index|adapters\/adapter)/,
    packages: /^(zod|node:)/,
  },
  {
    // They have the mappings in force from the intake, as a type; an entry is written by the overlay's own hand.
    folder: 'gateway/operations/',
    files:
      /^(gateway\/(?!cli|main|play)|adapters\/(inbound\/(fhir\/from-files|receipts\/dispute)|outbound\/billing\/documents)|mappings\/overlay|profiles\/index)/,
    packages: /^(zod|node:)/,
  },
  {
    folder: 'gateway/shadow/',
    files:
      /^(gateway\/(shadow|process|rules|runtime\/journal\/journal|questions|errors|advance|conformance\/report)|adapters\/person-numbers|profiles\/index)/,
    packages: /^(zod|yaml|temporal-polyfill|node:)/,
  },
  {
    // What a case proves: read by the journal's types, sealed and checked without a journal.
    folder: 'gateway/evidence/',
    files:
      /^(gateway\/(evidence|process|rules|questions|runtime\/journal\/journal|errors|advance|conformance\/report)|profiles\/index|adapters\/adapter)/,
    packages: /^(zod|canonicalize|node:crypto)$/,
  },
  { folder: 'gateway/cli', files: /./, packages: /./ },
  { folder: 'gateway/play/', files: /./, packages: /./ },
  { folder: 'gateway/main.ts', files: /./, packages: /./ },
  { folder: 'gateway/wiring/', files: /./, packages: /./ },
  {
    // It sees the parts as their contracts tell of them, and joins none of them.
    folder: 'gateway/observing/',
    files: /^gateway\/(observing\/|runtime\/|process\/|errors)/,
    packages: /^(prom-client|node:)/,
  },
  {
    // They look at the journal and tell; nobody is sent anything by them.
    folder: 'gateway/incidents/',
    files: /^gateway\/(incidents\/|runtime\/|process\/|errors)/,
    packages: /^$/,
  },
  {
    // It makes facts of a message as receive does.
    folder: 'gateway/retranslate.ts',
    files: /^(gateway\/(process|runtime|errors|receive)|adapters\/adapter)/,
    packages: /^node:/,
  },
  {
    folder: 'gateway/',
    files:
      /^(gateway\/(process|rules|runtime|errors|delivery|history|issue|kept|prepare|billing-documents)|profiles\/index|adapters\/adapter)/,
    packages: /^(temporal-polyfill|node:)/,
  },
  {
    folder: 'adapters/',
    files: /^(adapters\/|gateway\/(process\/|errors)|mappings\/|profiles\/index)/,
    packages: /./,
  },
  {
    folder: 'mappings/',
    files: /^(mappings\/|gateway\/(process\/events|data-files|errors))/,
    packages: /^(yaml|zod|node:)/,
  },
  {
    folder: 'profiles/',
    files: /^(profiles\/|gateway\/(process\/events|data-files|errors))/,
    packages: /^(yaml|zod|temporal-polyfill|node:)/,
  },
];

describe('who may import whom', () => {
  test('the rooms of events are known by their index alone', () => {
    const rooms = /^gateway\/process\/events\//;
    const breaches = [...sources, ...filesUnder('test', /\.ts$/)]
      .filter((file) => file !== 'gateway/process/events.ts' && !rooms.test(file))
      .flatMap((file) => importsOf(file).filter(({ to }) => rooms.test(to)));
    expect(breaches).toEqual([]);
  });

  test.each(sources)('%s imports only what its room allows', (file) => {
    const rule = allowed.find(({ folder }) => file.startsWith(folder));
    expect(rule, `no rule for ${file}`).toBeDefined();
    const breaches = importsOf(file).filter(({ to }) => {
      const isFile = sourceFolders.some((folder) => to.startsWith(`${folder}/`));
      return isFile ? !rule?.files.test(to) : !rule?.packages.test(to);
    });
    expect(breaches).toEqual([]);
  });

  test('the three numbered files know no concrete adapter and no driver', () => {
    for (const file of ['receive', 'advance', 'dispatch', 'prepare', 'delivery'].map(
      (name) => `gateway/${name}.ts`,
    )) {
      const runtime = importsOf(file).filter(({ to }) => to.startsWith('gateway/runtime/'));
      expect(runtime.filter(({ typeOnly }) => !typeOnly)).toEqual([]);
    }
  });

  test('a question reads the journal by its types alone, and cannot write', () => {
    const questions = sources.filter((file) => file.startsWith('gateway/questions/'));
    const runtime = questions
      .flatMap((file) => importsOf(file))
      .filter(({ to }) => to.startsWith('gateway/runtime/'));
    expect(questions.length).toBeGreaterThan(0);
    expect(runtime.filter(({ typeOnly }) => !typeOnly)).toEqual([]);
  });

  test('no inbound or outbound adapter imports another one', () => {
    const roomOf = (path: string): string | undefined =>
      /^adapters\/(?:inbound|outbound)\/([^/]+)\//.exec(path)?.[1];
    const breaches = sources
      .flatMap((file) => importsOf(file))
      .filter(({ from, to }) => roomOf(from) && roomOf(to) && roomOf(from) !== roomOf(to))
      // Documents on paper, SDK messages and the ways out: they know nothing of what is sent, and import no room of it.
      .filter(({ to }) => !['pdf', 'sdk', 'ways'].includes(roomOf(to) ?? ''));
    expect(breaches).toEqual([]);
  });

  test('main and the command line are imported by nobody but themselves', () => {
    const breaches = sources
      .filter((file) => !/^gateway\/(main|cli|play|wiring|operations)/.test(file))
      .flatMap((file) => importsOf(file))
      .filter(({ to }) => /^gateway\/(main|cli|play|wiring)/.test(to));
    expect(breaches).toEqual([]);
  });
});

describe('the rooms of FHIR in', () => {
  const inbound = 'adapters/inbound/fhir/';
  /** A room, or a file of its own at the root; undefined outside. */
  const roomOf = (path: string): string | undefined =>
    path.startsWith(inbound) ? path.slice(inbound.length).replace(/\/.*$/, '') : undefined;

  /**
   * What a room may know beside itself. A resource comes in by the server, a poll or a subscription, which know nothing of
   * each other; is taken (`take.ts`, `message.ts`), which knows no way in; and means something, which knows neither.
   */
  const mayKnow: Readonly<Record<string, RegExp>> = {
    json: /^$/,
    meaning: /^(content|exchange|message|taken-types)\.ts$/,
    checks: /^(content|exchange)\.ts$/,
    answers: /^(checks|exchange\.ts)$/,
    security: /^answers$/,
    server:
      /^(answers|checks|json|security|(content|exchange|related|store|take|taken-types)\.ts)$/,
    operations: /^(answers|checks|json|security|server|(content|message)\.ts)$/,
    polling: /^(related|store|take|taken-types)\.ts$/,
    subscriptions: /^(json|security|(content|related|take|taken-types)\.ts)$/,
    'content.ts': /^$/,
    'exchange.ts': /^security$/,
    'from-files.ts': /^(json|meaning|security|\w.*\.ts)$/,
    'index.ts': /^(answers|checks|meaning|\w.*\.ts)$/,
    'message.ts': /^(content|exchange|related|store|take)\.ts$/,
    'poll.ts': /^(polling|(take|taken-types)\.ts)$/,
    'related.ts': /^store\.ts$/,
    'store.ts': /^$/,
    'take.ts': /^(security|(content|exchange|related|store)\.ts)$/,
    'taken-types.ts': /^$/,
  };
  const rooms = [...new Set(sources.flatMap((file) => roomOf(file) ?? []))];

  test.each(rooms)('%s knows no other room than it may', (room) => {
    const breaches = sources
      .filter((file) => roomOf(file) === room)
      .flatMap((file) => importsOf(file))
      .filter(({ to }) => {
        const other = roomOf(to);
        return other !== undefined && other !== room && !mayKnow[room]?.test(other);
      });
    expect(mayKnow[room], `no rule for ${room}`).toBeDefined();
    expect(breaches).toEqual([]);
  });

  test('every rule is of a room that there is', () => {
    expect(Object.keys(mayKnow).filter((room) => !rooms.includes(room))).toEqual([]);
  });

  test('what a resource means asks no machine: neither files, nor lines, nor crypto', () => {
    const pure = sources.filter((file) => file.startsWith(`${inbound}meaning/`));
    const breaches = pure
      .flatMap((file) => importsOf(file))
      .filter(
        ({ to, typeOnly }) => !typeOnly && /^(node:|express|undici|adapters\/wire\/)/.test(to),
      );
    expect(pure.length).toBeGreaterThan(0);
    expect(breaches).toEqual([]);
  });
});

describe('what may be called where', () => {
  const outsideRuntime = sources.filter(
    (file) =>
      !file.startsWith('gateway/runtime/') &&
      !/^gateway\/(main|cli|play|wiring|conformance\/wire)/.test(file),
  );

  test.each(outsideRuntime)('%s asks neither the clock nor the environment', (file) => {
    const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    const clock = /Date\.now\(|new Date\(\)|process\.env|performance\.now\(|Temporal\.Now/;
    // A simulator stands outside: it is another machine with a clock of its own.
    if (file.startsWith('adapters/simulated/')) expect(code).not.toMatch(/process\.env/);
    else expect(code).not.toMatch(clock);
  });
});

describe('one stem, three places', () => {
  /** A stem is a duty of the statute: a module that exports a Rule, or a file of figures. */
  const reasoned = filesUnder('gateway/rules', /\.ts$/)
    .filter((file) => /^export const \w+: Rule = /m.test(readFileSync(join(root, file), 'utf8')))
    .map((file) => file.replace(/^gateway\/rules\//, '').replace(/\.ts$/, ''));
  const figured = filesUnder('profiles/law', /\.yaml$/).map((file) =>
    file.replace(/^profiles\/law\//, '').replace(/\.yaml$/, ''),
  );
  const stems = [...new Set([...reasoned, ...figured])].toSorted();

  test('there are rules', () => {
    expect(stems.length).toBeGreaterThanOrEqual(4);
  });

  test.each(stems)('%s has reasoning, figures and cases', (stem) => {
    expect(existsSync(join(root, `gateway/rules/${stem}.ts`))).toBe(true);
    expect(existsSync(join(root, `profiles/law/${stem}.yaml`))).toBe(true);
    expect(existsSync(join(root, `test/rules/${stem}.yaml`))).toBe(true);
  });
});

describe('person numbers', () => {
  const known = new Set(
    readFileSync(join(root, 'test/support/test-numbers.txt'), 'utf8').split('\n'),
  );
  const texts = [
    ...sourceFolders.flatMap((folder) => filesUnder(folder, /\.(ts|ya?ml)$/)),
    ...filesUnder('test', /\.(ts|ya?ml|hl7|json|md|csv)$/),
    'README.md',
  ].filter((file) => existsSync(join(root, file)));

  /** Shaped like a personnummer or samordningsnummer, with the right check digit. */
  function isPersonNumber(digits: string): boolean {
    const monthPart = Number(digits.slice(4, 6));
    const dayPart = Number(digits.slice(6, 8));
    if (!/^(18|19|20)/.test(digits) || monthPart > 12) return false;
    if (!((dayPart >= 1 && dayPart <= 31) || (dayPart >= 60 && dayPart <= 91))) return false;
    let sum = 0;
    for (const [index, digit] of digits.slice(2).split('').entries()) {
      const product = Number(digit) * (index % 2 === 0 ? 2 : 1);
      sum += product > 9 ? product - 9 : product;
    }
    return sum % 10 === 0;
  }

  test('every person number in the project is a published test number', () => {
    const strangers = texts.flatMap((file) =>
      [...readFileSync(join(root, file), 'latin1').matchAll(/(?<![\d.-])\d{8}-?\d{4}(?!\d)/g)]
        .map((match) => match[0].replace('-', ''))
        .filter((digits) => isPersonNumber(digits) && !known.has(digits))
        .map((digits) => `${file}: ${digits}`),
    );
    expect(strangers).toEqual([]);
  });

  test('the check sees a person number that is not one', () => {
    expect(isPersonNumber('195009072553')).toBe(true);
    expect(isPersonNumber('195009072554')).toBe(false);
  });
});
