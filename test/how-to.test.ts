/**
 * The how-tos of connecting a hospital system are true: every `hemgang` command in its `console` blocks is run, in order,
 * in a copy of test/how-to, how-to-fhir or how-to-billing, and gives the output that stands there (`…` stands for anything). What `start` starts runs
 * on free ports until the last command has been run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../gateway/runtime/config.ts';
import { loadMappings } from '../mappings/index.ts';
import { builtFile } from './support/built-program.ts';
import { temporaryFolder } from './support/folder.ts';
import { ignoredTable, triggerTable } from './support/trigger-table.ts';

const root = resolve(import.meta.dirname, '..');
const hl7v2 = readFileSync(join(root, 'adapters/inbound/hl7v2/README.md'), 'utf8');
const billing = readFileSync(join(root, 'adapters/outbound/billing/README.md'), 'utf8');
const fhir = readFileSync(join(root, 'adapters/inbound/fhir/README.md'), 'utf8');

interface Shown {
  readonly command: string;
  readonly output: string;
}

/** Every command of the `console` blocks, with the lines until the next. */
function shownCommands(readme: string): Shown[] {
  const blocks = [...readme.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  return blocks.flatMap((block = '') =>
    block
      .split(/^\$ /m)
      .filter((part) => part.trim() !== '')
      .map((part) => {
        const [command = '', ...lines] = part.split('\n');
        return { command, output: lines.join('\n').trimEnd() };
      }),
  );
}

const program = builtFile('gateway/cli.ts');
/** An address as it stands in the how-to, and as the gateway of the test has it. */
type Address = readonly [shown: string, real: string];

/** Runs what stands after `$ `, by a shell, so that quotes and `*` mean what they mean to a reader. */
function run(command: string, cwd: string): string {
  expect(command.split(' ')[0]).toBe('hemgang');
  const script = `hemgang() { "$NODE" '${program}' "$@"; }\n${command}`;
  const env = { ...process.env, NODE: process.execPath };
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { cwd, env, encoding: 'utf8' });
  return trimmed(`${stdout}${stderr}`);
}

const trimmed = (text: string): string => text.replace(/[ \t]+$/gm, '').trimEnd();

/** Starts the gateway. @returns what it printed until it listened, and where */
async function startGateway(cwd: string): Promise<{ output: string; addresses: Address[] }> {
  const env = {
    ...process.env,
    HEMGANG_MLLP_PORT: '0',
    HEMGANG_HTTP_PORT: '0',
    // On a busy machine the how-to takes longer than the grace after a start, and its stay is of 2022.
    HEMGANG_DEADLINE_GRACE: '2h',
  };
  const gateway = spawn(process.execPath, [program, 'start'], { cwd, env });
  onTestFinished(async () => {
    if (gateway.exitCode !== null) return;
    gateway.kill('SIGTERM');
    await once(gateway, 'exit');
  });
  let output = '';
  for (const stream of [gateway.stdout, gateway.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  while (!output.includes('"started"') && gateway.exitCode === null) await sleep(50);
  const [mllp = '', http = ''] = output.match(/127\.0\.0\.1:\d+/g) ?? [];
  return {
    output: trimmed(output),
    addresses: [
      ['127.0.0.1:2575', mllp],
      ['127.0.0.1:8080', http],
    ],
  };
}

/** Until everything that was sent is decided. */
async function drained(cwd: string): Promise<void> {
  while (!/^waiting +advance 0, dispatch 0$/m.test(run('hemgang status', cwd))) await sleep(100);
}

/** What differs from run to run, as it stands in a pattern: case references, today, how long it took. */
const differs: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '[0-9a-f-]{36}'],
  [/--selection [0-9a-f]{12}/g, '--selection [0-9a-f]{12}'],
  [/2026-\d\d-\d\d \d\d\\\.\d\d/g, String.raw`\d{4}-\d\d-\d\d \d\d\.\d\d`],
  [/\d+ days late/g, String.raw`\d+ days late`],
  [/ +[\d.\\]+ (ms|s)\b/g, String.raw` +[\d.]+ $1`],
  [/^ {10}[\w-]{43} /gm, ' {10}[\\w-]{43} '],
  [/ [0-9a-f]{16}$/gm, ' [0-9a-f]{16}'],
];

/** The output as shown, as an expression: `…` alone on a line is any lines or none, at the end of one its rest. */
function patternOf(output: string): RegExp {
  const escaped = output.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = differs
    .reduce((text, [what, any]) => text.replace(what, any), escaped)
    .replace(/^…\n/gm, String.raw`(?:[\s\S]*?\n)?`)
    .replace(/\n…$/, String.raw`(?:\n[\s\S]*)?`)
    .replaceAll('…', '.*');
  return new RegExp(`^${pattern}$`);
}

/** Runs every command that a how-to shows, in a copy of its folder. */
async function follow(readme: string, folder: string): Promise<void> {
  const { path, remove } = temporaryFolder('how-to');
  onTestFinished(remove);
  cpSync(join(root, folder), path, { recursive: true });
  const commands = shownCommands(readme);
  expect(commands.length).toBeGreaterThan(2);
  let addresses: Address[] = [];
  for (const { command, output } of commands) {
    let answered;
    if (command === 'hemgang start') {
      ({ output: answered, addresses } = await startGateway(path));
    } else {
      answered = run(
        addresses.reduce((text, [shown, real]) => text.replaceAll(shown, real), command),
        path,
      );
    }
    answered = addresses
      .reduce((text, [shown, real]) => text.replaceAll(real, shown), answered)
      .replaceAll(path, '/home/me/hospital');
    expect(patternOf(output).test(answered), `$ ${command}\n${answered}`).toBe(true);
    if (/^hemgang (send|billing|demo)/.test(command)) await drained(path);
  }
}

describe('the month’s billing in six steps', () => {
  test('shows what its commands answer', { timeout: 180_000 }, async () => {
    await follow(billing, 'test/how-to-billing');
  });

  test.each(['hemgang.yaml', 'own/regions/vastra-gotaland/agreement.yaml'])(
    'shows %s, which its commands use',
    (name) => {
      const used = readFileSync(join(root, 'test/how-to-billing', name), 'utf8');
      expect(billing).toContain(`\`\`\`yaml\n${used}\`\`\``);
    },
  );
});

describe('the how-to of connecting a hospital system by FHIR', () => {
  test('shows what its commands answer', { timeout: 180_000 }, async () => {
    await follow(fhir, 'test/how-to-fhir');
  });

  test.each(['my-mappings/senders/sjovik.yaml', 'hemgang.yaml'])(
    'shows %s, which its commands use',
    (name) => {
      const overlay = readFileSync(join(root, 'test/how-to-fhir', name), 'utf8');
      expect(fhir).toContain(`\`\`\`yaml\n${overlay}\`\`\``);
    },
  );

  test('shows a configuration of polling and subscriptions that is one', () => {
    const { path, remove } = temporaryFolder('how-to-poll');
    onTestFinished(remove);
    const [, section = ''] = fhir.split('\n## Polling and subscriptions\n');
    const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(section) ?? [];
    writeFileSync(join(path, 'hemgang.yaml'), yaml);
    const { config } = loadConfig({ file: join(path, 'hemgang.yaml'), env: {} });
    expect(config.senders[0]?.fhir).toMatchObject({
      poll: { types: ['Patient', 'Encounter', 'CarePlan', 'Task'] },
      subscriptions: { list: [{ form: 'backport', payload: 'id-only' }] },
    });
  });
});

describe('the how-to of connecting a hospital system by HL7 v2', () => {
  test('shows what its commands answer', { timeout: 180_000 }, async () => {
    await follow(hl7v2, 'test/how-to');
  });

  test.each(['senders/bjorkhaga.yaml', 'hl7v2/tables/bjorkhaga-readiness.yaml'])(
    'shows %s, which its commands use',
    (name) => {
      const overlay = readFileSync(join(root, 'test/how-to/my-mappings', name), 'utf8');
      expect(hl7v2).toContain(`\`\`\`yaml\n${overlay}\`\`\``);
    },
  );

  test('has every trigger event, as adt.yaml maps or ignores it', () => {
    const mappings = loadMappings();
    const text = readFileSync(join(root, 'mappings/hl7v2/adt.yaml'), 'utf8');
    const plain = (table: string): string => table.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
    expect(plain(hl7v2)).toContain(plain(triggerTable(mappings, text)));
    expect(plain(hl7v2)).toContain(plain(ignoredTable(mappings)));
  });
});
