/**
 * The how-to of connecting a hospital system is true: every `hemgang` command in its `console` blocks is run, in order,
 * in a copy of test/how-to, and gives the output that stands there (`…` stands for anything). What `start` starts runs
 * on free ports until the last command has been run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadMappings } from '../mappings/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { ignoredTable, triggerTable } from './support/trigger-table.ts';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'adapters/inbound/hl7v2/README.md'), 'utf8');

interface Shown {
  readonly command: string;
  readonly output: string;
}

/** Every command of the `console` blocks, with the lines until the next. */
function shownCommands(): Shown[] {
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

const program = [
  '--import',
  join(root, 'node_modules/tsx/dist/loader.mjs'),
  join(root, 'gateway/cli.ts'),
];
/** As in the how-to, and as the gateway of the test has it. */
const shownPort = '127.0.0.1:2575';

/** Runs what stands after `$ `, by a shell, so that quotes and `*` mean what they mean to a reader. */
function run(command: string, cwd: string): string {
  expect(command.split(' ')[0]).toBe('hemgang');
  const script = `hemgang() { "$NODE" ${program.map((one) => `'${one}'`).join(' ')} "$@"; }\n${command}`;
  const env = { ...process.env, NODE: process.execPath };
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { cwd, env, encoding: 'utf8' });
  return trimmed(`${stdout}${stderr}`);
}

const trimmed = (text: string): string => text.replace(/[ \t]+$/gm, '').trimEnd();

/** Starts the gateway. @returns what it printed until it listened, and where */
async function startGateway(cwd: string): Promise<{ output: string; address: string }> {
  const env = { ...process.env, HEMGANG_MLLP_PORT: '0', HEMGANG_HTTP_PORT: '0' };
  const gateway = spawn(process.execPath, [...program, 'start'], { cwd, env });
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
  return { output: trimmed(output), address: /127\.0\.0\.1:\d+/.exec(output)?.[0] ?? '' };
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
  [/http:\/\/127\\\.0\\\.0\\\.1:8080/g, String.raw`http://127\.0\.0\.1:\d+`],
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

describe('the how-to of connecting a hospital system', () => {
  test('shows what its commands answer', { timeout: 180_000 }, async () => {
    const { path, remove } = temporaryFolder('how-to');
    onTestFinished(remove);
    cpSync(join(root, 'test/how-to'), path, { recursive: true });
    const commands = shownCommands();
    expect(commands.length).toBeGreaterThan(2);
    let address = shownPort;
    for (const { command, output } of commands) {
      let answered;
      if (command === 'hemgang start') ({ output: answered, address } = await startGateway(path));
      else answered = run(command.replaceAll(shownPort, address), path);
      answered = answered.replaceAll(address, shownPort);
      expect(patternOf(output).test(answered), `$ ${command}\n${answered}`).toBe(true);
      if (command.startsWith('hemgang send')) await drained(path);
    }
  });

  test.each(['senders/bjorkhaga.yaml', 'hl7v2/tables/bjorkhaga-readiness.yaml'])(
    'shows %s, which its commands use',
    (name) => {
      const overlay = readFileSync(join(root, 'test/how-to/my-mappings', name), 'utf8');
      expect(readme).toContain(`\`\`\`yaml\n${overlay}\`\`\``);
    },
  );

  test('has every trigger event, as adt.yaml maps or ignores it', () => {
    const mappings = loadMappings();
    const text = readFileSync(join(root, 'mappings/hl7v2/adt.yaml'), 'utf8');
    const plain = (table: string): string => table.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
    expect(plain(readme)).toContain(plain(triggerTable(mappings, text)));
    expect(plain(readme)).toContain(plain(ignoredTable(mappings)));
  });
});
