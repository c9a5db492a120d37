#!/usr/bin/env node
/** The command line: one verb a file under cli/. Exit codes: 0 well, 1 it did not end well, 2 wrong use or configuration. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { demo } from './cli/demo.ts';
import { explainFile } from './cli/explain.ts';
import { simulateHospital, simulateMunicipality } from './cli/simulate.ts';
import { start } from './cli/start.ts';
import { status } from './cli/status.ts';
import { asGatewayError } from './errors.ts';
import { scalarSettings } from './runtime/config.ts';

const root = packageRoot();

const program = new Command('hemgang')
  .description('Integration gateway for the Swedish hospital discharge process')
  .version(packageVersion())
  .showHelpAfterError('(hemgang --help shows every verb)');

withSettings(program.command('start'))
  .description('run the gateway until SIGTERM: MLLP and HTTP in, notices and billing files out')
  .option('--json', 'log as JSON, one object a line; the same as --log-json true', false)
  .action(async (options: Record<string, string | undefined> & { json: boolean }) => {
    const flags = flagsOf(options);
    if (options.json) flags['log.json'] = 'true';
    process.exitCode = await start({ config: options['config'], flags });
  });

program
  .command('demo')
  .description('play real stays through the whole gateway and show what happened, and why')
  .option('--json', 'print the whole timeline as JSON', false)
  .option('--seconds <n>', 'real seconds that the fourteen days take; 0 for no pauses', seconds, 18)
  .option('--journeys <folder>', 'folder with journey files', join(root, 'test', 'journeys'))
  .option('--data <folder>', 'keep the journal there instead of in a new temporary folder')
  .action(async (options: { json: boolean; seconds: number; journeys: string; data?: string }) => {
    process.exitCode = await demo({ ...options, folder: options.data });
  });

program
  .command('explain <file>')
  .description('show what one HL7 v2 message becomes: fields by name, events, warnings, answer')
  .option('--sender <id>', 'read it as this sender, whatever MSH-3 and MSH-4 say')
  .option('--mappings <folder...>', 'overlays that lie over the shipped mappings', [])
  .option('--json', 'print it as JSON', false)
  .action(async (file: string, options: { sender?: string; mappings: string[]; json: boolean }) => {
    process.exitCode = await explainFile({ file, ...options });
  });

withSettings(program.command('status'))
  .description('show what a data folder holds: waiting, parked, undeliverable, in shadow')
  .option('--json', 'print it as JSON', false)
  .action(async (options: Record<string, string | undefined> & { json: boolean }) => {
    process.exitCode = await status({
      config: options['config'],
      flags: flagsOf(options),
      json: options.json,
    });
  });

const simulate = program.command('simulate').description('the outside world, for a trial run');
simulate
  .command('hospital')
  .description('send the stays of journey files to a gateway, again and again')
  .option('--to <host:port>', 'MLLP address of the gateway', '127.0.0.1:2575')
  .option('--journeys <folder>', 'folder with journey files', join(root, 'test', 'journeys'))
  .option('--rounds <n>', 'how often to play them', count, 1)
  .action(async (options: { to: string; journeys: string; rounds: number }) => {
    process.exitCode = await simulateHospital(options);
  });
simulate
  .command('municipality')
  .description('receive notices, check their signatures, acknowledge them')
  .option('--host <host>', 'listen on this address', '127.0.0.1')
  .option('--port <port>', 'listen on this port', count, 8090)
  .option(
    '--gateway <url>',
    'HTTP address of the gateway, for acknowledgements',
    'http://127.0.0.1:8080',
  )
  .action(async (options: { host: string; port: number; gateway: string }) => {
    process.exitCode = await simulateMunicipality(options);
  });

try {
  await program.parseAsync();
} catch (thrown) {
  const error = asGatewayError(thrown);
  process.stderr.write(`hemgang: ${error.message}\n`);
  if (error.code === 'assertion-failed' && thrown instanceof Error) {
    process.stderr.write(`${thrown.stack ?? ''}\n`);
  }
  process.exitCode = error.code === 'configuration-invalid' ? 2 : 1;
}

/** Every scalar setting as a flag: `mllp.port` is --mllp-port. */
function withSettings(command: Command): Command {
  command.option(
    '--config <file>',
    'configuration file (default: hemgang.yaml, where there is one)',
  );
  for (const { path, env } of scalarSettings) {
    command.option(`--${path.join('-')} <value>`, `${path.join('.')}; environment: ${env}`);
  }
  return command;
}

function flagsOf(options: Readonly<Record<string, unknown>>): Record<string, string | undefined> {
  return Object.fromEntries(
    scalarSettings.map(({ path }) => {
      const [head = '', ...rest] = path;
      const name = head + rest.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
      const value = options[name];
      return [path.join('.'), typeof value === 'string' ? value : undefined];
    }),
  );
}

function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  return version;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 3600))
    throw new InvalidArgumentError('a number of seconds from 0 to 3600');
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number');
  return value;
}

/** The folder with package.json: above gateway/ in the sources, above dist/gateway/ when built. */
function packageRoot(): string {
  const here = import.meta.dirname;
  return resolve(here, here.includes(join('dist', 'gateway')) ? '../..' : '..');
}
