/**
 * The how-to of connecting a hospital system is true: every `hemgang` command in its `console` blocks is run, in order,
 * in a copy of test/how-to, and gives the output that stands there (`…` stands for anything).
 */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

function run(command: string, cwd: string): string {
  const [name, ...args] = command.split(' ');
  expect(name).toBe('hemgang');
  const tsx = join(root, 'node_modules/tsx/dist/loader.mjs');
  const cli = join(root, 'gateway/cli.ts');
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', tsx, cli, ...args], {
    cwd,
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.replace(/[ \t]+$/gm, '').trimEnd();
}

/** The output as shown, as an expression: `…` alone on a line is any lines or none, at the end of one its rest. */
function patternOf(output: string): RegExp {
  const escaped = output.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = escaped
    .replace(/^…\n/gm, String.raw`(?:[\s\S]*?\n)?`)
    .replace(/\n…$/, String.raw`(?:\n[\s\S]*)?`)
    .replaceAll('…', '.*');
  return new RegExp(`^${pattern}$`);
}

describe('the how-to of connecting a hospital system', () => {
  test('shows what its commands answer', { timeout: 180_000 }, () => {
    const { path, remove } = temporaryFolder('how-to');
    onTestFinished(remove);
    cpSync(join(root, 'test/how-to'), path, { recursive: true });
    const commands = shownCommands();
    expect(commands.length).toBeGreaterThan(2);
    for (const { command, output } of commands) {
      const answered = run(command, path);
      expect(patternOf(output).test(answered), `$ ${command}\n${answered}`).toBe(true);
    }
  });

  test('shows the overlay that its commands use', () => {
    const overlay = readFileSync(join(root, 'test/how-to/my-mappings/senders/bjorkhaga.yaml'));
    expect(readme).toContain(`\`\`\`yaml\n${overlay.toString()}\`\`\``);
  });

  test('has every trigger event, as adt.yaml maps or ignores it', () => {
    const mappings = loadMappings();
    const text = readFileSync(join(root, 'mappings/hl7v2/adt.yaml'), 'utf8');
    const plain = (table: string): string => table.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
    expect(plain(readme)).toContain(plain(triggerTable(mappings, text)));
    expect(plain(readme)).toContain(plain(ignoredTable(mappings)));
  });
});
