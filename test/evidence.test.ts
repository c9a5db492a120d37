/** What a case proves: exported as one signed file with a page, and checked with nothing but these two. */
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { caseExport } from '../gateway/cli/case-export.ts';
import { caseShow } from '../gateway/cli/case-show.ts';
import { caseVerify } from '../gateway/cli/case-verify.ts';
import { evidenceKeyPrint } from '../gateway/cli/evidence-key.ts';
import { bundleText, readBundle, type Bundle } from '../gateway/evidence/bundle.ts';
import { canonical, digestOf } from '../gateway/evidence/canonical.ts';
import { check } from '../gateway/evidence/check.ts';
import type { Evidence } from '../gateway/evidence/gather.ts';
import { signingKeyOf } from '../gateway/evidence/key.ts';
import { evidencePage } from '../gateway/evidence/page.ts';
import { sealed } from '../gateway/evidence/seal.ts';
import { loadJourneys } from '../gateway/play/journey.ts';
import { playJourneys } from '../gateway/play/play.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { openEmbeddedJournal, openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import { temporaryFolder } from './support/folder.ts';

const folder = temporaryFolder('evidence');
const data = join(folder.path, 'data');
const out = join(folder.path, 'out');
const journeys = loadJourneys(join(import.meta.dirname, 'journeys')).filter(({ file }) =>
  ['ready-before-noon', 'receiver-busy'].some((name) => file.includes(name)),
);
const person = /Exempelsson|Örjan|19611\d{7}|1961-?1\d|Försöksvägen/;

/** What a verb prints as JSON, and its exit code. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
async function verb<T>(run: (options: typeof common) => number | Promise<number>): Promise<{
  readonly code: number;
  readonly told: T;
}> {
  const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const code = await run(common);
    return { code, told: JSON.parse(String(spy.mock.calls.at(-1)?.[0])) };
  } finally {
    spy.mockRestore();
  }
}
const common = { config: undefined, flags: { data }, json: true };

/** What is changed may be anything of a bundle. */
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;
const monday = '2022-03-07T10:57:00.000Z';

interface Exported {
  readonly file: string;
  readonly page: string;
  readonly manifest: Bundle['manifest'];
}
const exported = async (id: string, withContent = false) =>
  await verb<Exported>((options) =>
    caseExport({
      ...options,
      id,
      out: join(out, String(withContent)),
      reason: 'dispute 4711',
      who: 'a lawyer',
      evidence: true,
      withContent,
    }),
  );

let cases: Map<string, string>;
let plain: Exported;
let bundle: Bundle;

beforeAll(async () => {
  const log = createLog({ level: 'silent' });
  const result = await playJourneys({ journeys, folder: data, log });
  expect(result.journeys.flatMap(({ differences }) => differences)).toEqual([]);
  const journal = await openJournalReader({ folder: data });
  cases = new Map();
  for (const id of await journal.processIds('', 100)) {
    const [stay] = (await journal.told.visitsOf(id)).map(({ number }) => number);
    cases.set(stay ?? '', id);
  }
  await journal.close();
  plain = (await exported(cases.get('E1002') ?? '')).told;
  bundle = readBundle(readFileSync(plain.file, 'utf8'));
}, 60_000);
afterAll(() => folder.remove());
afterEach(() => vi.restoreAllMocks());

const evidenceOf = ({ parts }: Bundle): Evidence => parts as unknown as Evidence;
const recordsOf = (name: string) =>
  bundle.parts[name] as { number: number; link: string; record: Record<string, unknown> }[];

describe('the evidence of a case that was notified at 11.58', () => {
  test('tells for the notice of readiness when, to whom, by which message, and what was answered', () => {
    const notice = evidenceOf(bundle).notices.find(
      ({ obligation, role }) =>
        obligation === 'discharge-ready-notice' && role === 'social-services',
    );
    const at = '2022-03-07T10:58:00.000Z';
    expect(notice).toMatchObject({
      municipality: '1383',
      reference: '3 kap. 1 § lag (2017:612)',
      decidedAt: at,
      isWatch: true,
      finding: { status: 'met', reason: 'NOTICE_SENT' },
      told: [{ type: 'patient.discharge-ready', message: { sender: 'ekliden', receivedAt: at } }],
      deliveries: [
        {
          receiver: 'municipality-1383',
          state: 'delivered',
          firstAttemptAt: at,
          handedOverAt: at,
          proof: 'receiver-answer',
          acknowledged: { at, by: 'municipality' },
          attempts: [{ number: 1, startedAt: at, endedAt: at, detail: 'HTTP 202' }],
        },
      ],
    });
  });

  test('holds the figures with their references, and by which program and mappings it was found', () => {
    const { rules, counts, decisions } = evidenceOf(bundle);
    expect(rules.figures).toContainEqual({
      parameter: 'payment-liability.daysAfterNotification',
      value: 3,
      from: '2018-01-01',
      reference: '5 kap. 4 § första meningen lag (2017:612)',
    });
    expect(rules.mappingRevisions).toContain(rules.mappings);
    expect(rules.program.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(counts).toMatchObject([{ month: '2022-03', days: 1, amountOre: 930_000 }]);
    const started = decisions.list.find(({ type }) => type === 'liability.started');
    expect(started?.found.some(({ reason }) => reason === 'LIABILITY_RUNNING')).toBe(true);
    expect(started?.since.some(({ after }) => after?.reason === 'LIABILITY_ENDED')).toBe(true);
  });

  test('proves the bytes of the hospital and of the notice by their digests', async () => {
    const journal = await openJournalReader({ folder: data });
    const told = await journal.told.after(0, 1000);
    const messages = await journal.told.at(told.heads.map(({ place }) => place));
    await journal.close();
    const { createHash } = await import('node:crypto');
    const digests = new Map(
      messages.map(({ messageId, raw }) => [
        messageId,
        createHash('sha256').update(raw).digest('hex'),
      ]),
    );
    const proven = recordsOf('messages');
    expect(proven.length).toBeGreaterThan(5);
    for (const { record } of proven) {
      expect(record['sha256']).toBe(digests.get(String(record['messageId'])));
    }
  });

  test('says nothing of the person unless asked, and then what was sent, whose digest is that of the default', async () => {
    const both = [plain.file, plain.page].map((file) => readFileSync(file, 'utf8'));
    for (const text of both) expect(text).not.toMatch(person);
    const { told } = await exported(cases.get('E1002') ?? '', true);
    expect(told.manifest.withContent).toBe(true);
    expect(readFileSync(told.page, 'utf8')).toMatch(/Exempelsson/);
    const whole = readBundle(readFileSync(told.file, 'utf8'));
    const { content = [] } = evidenceOf(whole);
    const { createHash } = await import('node:crypto');
    for (const { record } of recordsOf('deliveries')) {
      const sent = content.find(({ deliveryId }) => deliveryId === record['deliveryId']);
      expect(record['sent']).toMatchObject([
        {
          sha256: createHash('sha256')
            .update(sent?.parts[0]?.body ?? '')
            .digest('hex'),
        },
      ]);
    }
  });

  test('is written into the audit with who and why, before it is made', async () => {
    await (await openEmbeddedJournal({ folder: data })).close();
    const { DatabaseSync } = await import('@photostructure/sqlite');
    const db = new DatabaseSync(join(data, 'hemgang.sqlite'));
    const rows = db.prepare(`SELECT who, what, about, reason FROM audit WHERE what LIKE 'export%'`);
    expect(rows.all().map((row: object) => ({ ...row }))).toContainEqual({
      who: 'a lawyer',
      what: 'export evidence of the case',
      about: cases.get('E1002'),
      reason: 'dispute 4711',
    });
    db.close();
  });

  test('lies in files for their owner alone, as the key does', () => {
    const key = join(data, 'keys', 'evidence.pem');
    for (const file of [plain.file, plain.page, key]) expect(statSync(file).mode & 0o077).toBe(0);
  });

  test('of a busy receiver shows every attempt and the first fault of the receiver', async () => {
    const { told } = await exported(cases.get('E1005') ?? '');
    const { notices } = evidenceOf(readBundle(readFileSync(told.file, 'utf8')));
    const busy = notices.flatMap(({ deliveries }) => deliveries).find((one) => one.receiverFaultAt);
    expect(busy?.attempts.map(({ detail }) => detail)).toEqual([
      ...Array.from({ length: 3 }, () => 'webhook: HTTP 503'),
      'HTTP 202',
    ]);
    expect(busy?.firstAttemptAt).toBe('2022-03-07T10:58:00.000Z');
    expect(busy?.handedOverAt).toBe('2022-03-07T11:00:35.000Z');
  });

  test('is refused for a case there is not, and nothing is written', async () => {
    await expect(exported('nobody')).rejects.toThrow(/no case or stay is called nobody/);
    expect(readdirSync(join(out, 'false')).some((name) => name.includes('nobody'))).toBe(false);
  });
});

describe('a file that is checked', () => {
  const verified = async (file: string, key: readonly string[] = []) =>
    await verb<{ problems: { part: string; what: string }[] }>(() =>
      caseVerify({ file, key, json: true }),
    );

  test('is intact, by a key whose owner is known where it is named', async () => {
    const key = await verb<{ fingerprint: string; pem: string }>(evidenceKeyPrint);
    const pem = join(folder.path, 'region.pem');
    writeFileSync(pem, `Ed25519 ${key.told.fingerprint}\n${key.told.pem}`);
    const colons = key.told.fingerprint.toUpperCase().replace(/(..)(?=.)/g, '$1:');
    const trusted = [[], [pem], [key.told.fingerprint], ['0'.repeat(64), colons]];
    for (const keys of trusted) {
      expect(await verified(plain.file, keys)).toMatchObject({ code: 0, told: { isIntact: true } });
    }
    const stranger = await verified(plain.file, ['0'.repeat(64)]);
    expect(stranger).toMatchObject({ code: 1, told: { problems: [{ part: 'key' }] } });
  });

  test('is wrong use where there is none, or what is named is no key', async () => {
    await expect(verified(join(out, 'none.json'))).rejects.toThrow(/cannot be read \(ENOENT\)/);
    await expect(verified(plain.file, ['no key'])).rejects.toThrow(/neither a fingerprint/);
    await expect(verified(plain.page)).rejects.toThrow(/name the \.json beside it/);
  });

  test('that is something else, or half of it, is not verified', async () => {
    const text = readFileSync(plain.file, 'utf8');
    const others = ['', '{}', '[]', 'null', '{"manifest":{}}', text.slice(0, text.length / 2)];
    for (const other of others) {
      const file = join(folder.path, 'other.json');
      writeFileSync(file, other);
      expect(await verified(file)).toMatchObject({ code: 1, told: { isIntact: false } });
    }
  });

  /** A changed bundle, as its parts and problems are told. */
  const problemsOf = (
    change: (parts: Record<string, Loose>, whole: Loose) => void,
    page?: string,
  ) => {
    const whole = structuredClone(bundle) as unknown as { parts: Record<string, Loose> };
    change(whole.parts, whole);
    const bytes = page === undefined ? undefined : Buffer.from(page);
    return check(bundleText(whole as unknown as Bundle), bytes, []).problems;
  };

  test.each([
    ['an event', 'events', 5, (record: Loose): void => void (record.occurredAt = monday)],
    ['a message', 'messages', 2, (record: Loose): void => void (record.controlId = 'another')],
    ['a delivery', 'deliveries', 1, (record: Loose): void => void (record.sent[0].bytes += 1)],
    ['an attempt', 'attempts', 0, (record: Loose): void => void (record.startedAt = monday)],
  ] as const)('with %s changed is found, and it is named', (_, part, index, change) => {
    const number = recordsOf(part)[index]?.number;
    const found = problemsOf((parts) => change(parts[part][index].record));
    expect(found).toEqual([
      { part, what: expect.stringMatching(`^number ${number} \\(.+\\) is not what it was$`) },
    ]);
  });

  test.each(['case', 'notices', 'findings', 'clocks', 'decisions', 'counts', 'rules'])(
    'with its part %s changed is found, and it is named',
    (part) => {
      const found = problemsOf((parts) => {
        const text = canonical(parts[part]);
        const at = text.search(/[a-z]{3}"[,}\]]/);
        const other = text[at] === 'x' ? 'y' : 'x';
        parts[part] = JSON.parse(text.slice(0, at) + other + text.slice(at + 1));
      });
      expect(found).toEqual([{ part, what: 'the part is not what was signed' }]);
    },
  );

  test('with a record taken out, moved or put in is found', () => {
    const taken = problemsOf((parts) => parts['events'].splice(3, 1));
    expect(taken).toEqual([{ part: 'events', what: 'number 4 is missing' }]);
    const last = problemsOf((parts) => parts['attempts'].pop());
    expect(last).toEqual([
      { part: 'attempts', what: expect.stringContaining('was signed to end with number') },
    ]);
    const lastEvent = problemsOf((parts) => parts['events'].pop());
    expect(lastEvent[0]?.what).toMatch(/^number \d+ is missing$/);
    const moved = problemsOf((parts) => parts['events'].splice(4, 0, parts['events'].pop()));
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every(({ part }) => part === 'events' || part === 'messages')).toBe(true);
    const swapped = problemsOf((parts) => {
      const { record } = parts['events'][2];
      parts['events'][2].record = parts['events'][3].record;
      parts['events'][3].record = record;
    });
    expect(swapped).toHaveLength(2);
    const put = problemsOf((parts) => parts['events'].splice(2, 0, parts['events'][1]));
    expect(put[0]?.what).toBe('number 2 stands after number 2');
  });

  test('with another chain that holds together is found by what was signed', () => {
    const found = problemsOf((parts, whole) => {
      parts['events'][0].record.occurredAt = '2022-03-01T00:00:00.000Z';
      const { key, manifest } = forged({ ...whole, parts });
      whole.manifest.chain = manifest.chain;
      Object.assign(whole.parts, key);
    });
    expect(found.length).toBeGreaterThan(0);
  });

  test('with a part less or more, another signature, manifest, page or key is found', () => {
    expect(problemsOf((parts) => delete parts['findings'])).toEqual([
      { part: 'findings', what: 'the part is missing' },
    ]);
    expect(problemsOf((parts) => (parts['remark'] = 'paid'))).toEqual([
      { part: 'remark', what: 'the part was not there when it was signed' },
    ]);
    const signature = problemsOf((_, whole) => {
      const bytes = Buffer.from(whole.signature.value, 'base64');
      bytes[10] = (bytes[10] ?? 0) ^ 1;
      whole.signature.value = bytes.toString('base64');
    });
    expect(signature).toEqual([{ part: 'signature', what: expect.any(String) }]);
    const manifest = problemsOf((_, whole) => (whole.manifest.madeBy.who = 'nobody'));
    expect(manifest).toEqual([{ part: 'signature', what: expect.any(String) }]);
    const page = readFileSync(plain.page, 'utf8');
    expect(problemsOf(() => undefined, page)).toEqual([]);
    expect(problemsOf(() => undefined, page.replace('11.58', '11.57'))).toEqual([
      { part: 'page', what: expect.any(String) },
    ]);
    const stranger = generateKeyPairSync('ed25519').publicKey;
    const key = problemsOf((_, whole) => {
      whole.signature.publicKey = stranger
        .export({ format: 'der', type: 'spki' })
        .toString('base64');
    });
    expect(key.map(({ part }) => part)).toEqual(['signature', 'signature']);
  });

  test('that somebody else made of changed records is theirs: their key says so', () => {
    const whole = structuredClone(bundle);
    const { file, fingerprint } = forged(whole);
    const checked = check(file, undefined, [bundle.manifest.key.fingerprint]);
    expect(checked.signedBy).toBe(fingerprint);
    expect(checked.problems).toEqual([{ part: 'key', what: expect.stringContaining(fingerprint) }]);
  });

  test('in which something stands twice, or written anew, is not as it was made', () => {
    const text = readFileSync(plain.file, 'utf8');
    const twice = text.replace('{\n"manifest"', '{\n"findings":[],\n"manifest"');
    for (const other of [twice, JSON.stringify(JSON.parse(text), null, 2)]) {
      expect(check(other, undefined, []).problems.map(({ part }) => part)).toContain('file');
    }
  });

  /** The same records under another key, sealed as we do. */
  function forged(whole: Bundle) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = signingKeyOf(String(privateKey.export({ format: 'pem', type: 'pkcs8' })));
    if (key === undefined) throw new Error('no key');
    const plainLists = Object.fromEntries(
      Object.entries(whole.parts).map(([name, value]) => [
        name,
        whole.manifest.chain.lists.includes(name)
          ? (value as { record: unknown }[]).map(({ record }) => record)
          : value,
      ]),
    );
    const made = { who: 'x', reason: 'y', program: 'z', madeAt: whole.manifest.madeAt };
    const again = sealed(plainLists as unknown as Evidence, made, key, evidencePage);
    const { fingerprint } = key;
    return { file: again.file.text, fingerprint, manifest: again.bundle.manifest, key: {} };
  }
});

/** It stands beside openssl on most machines, not on all. */
const hasJq = spawnSync('jq', ['--version']).status === 0;

describe('without this program', () => {
  const shell = (script: string): string =>
    execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
      env: { ...process.env, FILE: plain.file, PAGE: plain.page },
      cwd: folder.path,
      encoding: 'utf8',
    });
  /** The commands that the README beside the code tells. */
  const told = [
    ...readFileSync(join(import.meta.dirname, '../gateway/evidence/README.md'), 'utf8').matchAll(
      /```sh\n([\s\S]*?)```/g,
    ),
  ].map(([, script = '']) => script);

  test('openssl finds the signature good, and sha256sum the digests of key, parts and page', () => {
    const [signature = '', parts = ''] = told;
    const said = shell(signature);
    expect(said).toContain('Signature Verified Successfully');
    expect(said).toContain(bundle.manifest.key.fingerprint);
    const { sha256: events } = bundle.manifest.parts['events'] ?? { sha256: '' };
    expect(events).toBe(digestOf(bundle.parts['events']));
    expect(shell(parts)).toContain(`${events}  events`);
    expect(shell(parts)).toContain(bundle.manifest.page.sha256);
  });

  test.skipIf(!hasJq)('jq walks the chain to its end', () => {
    expect(shell(told[2] ?? '').trim()).toBe(bundle.manifest.chain.end);
  });
});

describe('case show', () => {
  test('tells both legs of a case', async () => {
    const { code, told } = await verb<{ messages: object[]; notices: object[] }>((options) =>
      caseShow({ ...options, id: cases.get('E1002') ?? '' }),
    );
    expect(code).toBe(0);
    expect(told.messages).toHaveLength(recordsOf('messages').length);
    expect(told.notices).toEqual(evidenceOf(bundle).notices);
    expect(JSON.stringify(told)).not.toMatch(person);
    expect(existsSync(plain.page)).toBe(true);
  });
});
