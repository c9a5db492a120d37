#!/usr/bin/env node
/**
 * The command line: one verb a file under cli/, loaded when it is called: to load them all takes longer than most run.
 * Exit codes: 0 well, 1 it did not end well, 2 wrong use or configuration.
 */
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { addBilling } from './cli/billing-verbs.ts';
import type { ConformanceRunOptions } from './cli/conformance-run.ts';
import { addConformanceWire } from './cli/conformance-wire.ts';
import { addEvents } from './cli/events-asyncapi.ts';
import type { ExplainOptions } from './cli/explain.ts';
import type { GenOptions } from './cli/gen.ts';
import { helpTexts } from './cli/help.ts';
import { addJournal } from './cli/journal.ts';
import { wrong } from './cli/question.ts';
import { addListen } from './cli/listen.ts';
import { addOperatorVerbs } from './cli/operator-verbs.ts';
import { addImport } from './cli/import-history.ts';
import { addResend } from './cli/resend.ts';
import { addRetranslate } from './cli/retranslate.ts';
import { addSend } from './cli/send.ts';
import { addSimulate } from './cli/simulate-verbs.ts';
import { addShadow } from './cli/shadow-compare.ts';
import { addCase } from './cli/case.ts';
import { addTrayVerbs } from './cli/tray-verbs.ts';
import { asGatewayError } from './errors.ts';
import { flagOf, scalarSettings } from './runtime/config.ts';
import { packageRoot } from './data-files.ts';
import { packageVersion } from './runtime/program.ts';

const root = packageRoot();

const program = new Command('hemgang')
  .description('Integration gateway for the Swedish hospital discharge process')
  .version(packageVersion())
  // What is typed wrong ends with 2, as a wrong configuration does.
  .exitOverride();

withSettings(program.command('start'))
  .addHelpText('after', helpTexts.start)
  .description('run the gateway until SIGTERM: MLLP and HTTP in, notices and billing files out')
  .option('--json', 'log as JSON, one object a line; the same as --log-json true', false)
  .action(async (options: Record<string, string | undefined> & { json: boolean }) => {
    const flags = flagsOf(options);
    if (options.json) flags['log.json'] = 'true';
    const { start } = await import('./cli/start.ts');
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
    const { demo } = await import('./cli/demo.ts');
    process.exitCode = await demo({ ...options, folder: options.data });
  });

program
  .command('explain <file>')
  .description('show what one message, or a file of FHIR, becomes: fields, events, answer, remarks')
  .addHelpText('after', helpTexts.explain)
  .option('--sender <id>', 'read it as this sender, whatever the message says')
  .option('--mappings <folder...>', 'overlays that lie over the shipped mappings', [])
  .option('--profiles <folder...>', 'overlays that lie over the shipped message profiles', [])
  .option('--json', 'print it as JSON', false)
  .action(async (file: string, options: Omit<ExplainOptions, 'file'>) => {
    const { explainFile } = await import('./cli/explain.ts');
    process.exitCode = await explainFile({ file, ...options });
  });

const conformance = program
  .command('conformance')
  .description('hold sample messages, or a receiver, against what is expected of them');
conformance
  .command('run <paths...>')
  .description(
    'show what message files become: outcome, what is missing, what to agree with the vendor',
  )
  .addHelpText('after', helpTexts.conformanceRun)
  .option('--sender <id>', 'read them as this sender, whatever the messages say')
  .option('--mappings <folder...>', 'overlays that lie over the shipped mappings', [])
  .option('--profiles <folder...>', 'overlays that lie over the shipped profiles', [])
  .option('--report <forms>', 'write reports: junit,html,json, or some of them')
  .option('--out <folder>', 'where the reports go (default: conformance)')
  .option('--json', 'print the whole report as JSON', false)
  .action(async (paths: string[], options: Omit<ConformanceRunOptions, 'paths'>) => {
    const { conformanceRun } = await import('./cli/conformance-run.ts');
    process.exitCode = await conformanceRun({ ...options, paths });
  });
addConformanceWire(conformance, setExit);

program
  .command('gen')
  .description('make a repeatable stream of ADT messages: invented stays of published test numbers')
  .option('--journey <pathway>', 'a pathway by name, its file, or a folder of them (default: all)')
  .option('--seed <n>', 'the same seed gives the same bytes', count, 1)
  .option('--count <n>', 'how many stays', count, 10)
  .option('--sender <hospital>', 'ekliden or norrtuna (default: both)')
  .option('--from <date>', 'the day the first stay begins', '2026-01-05')
  .option('--out <folder>', 'one file a message; without it one stream on standard output')
  .option('--framing <form>', 'mllp, cr or lf (default: mllp on standard output, cr in files)')
  .option('--charset <name>', "8859/1, 8859/15 or 'UNICODE UTF-8' (default: the hospital's own)")
  .option('--list', 'show the pathways and their weights', false)
  .option('--json', 'print the list, or what was made, as JSON', false)
  .addHelpText('after', helpTexts.gen)
  .action(async (options: Omit<GenOptions, 'shipped' | 'numbers'>) => {
    const shipped = join(root, 'adapters', 'simulated', 'pathways');
    const numbers = join(root, 'test', 'support', 'test-numbers.txt');
    const { gen } = await import('./cli/gen.ts');
    process.exitCode = await gen({ ...options, shipped, numbers });
  });

withJournal(program.command('status'))
  .description('show what a data folder holds: waiting, parked, undeliverable, in shadow')
  .addHelpText('after', helpTexts.status)
  .action(async (options: JournalOptions) => {
    const { status } = await import('./cli/status.ts');
    process.exitCode = await status({ ...options, flags: flagsOf(options) });
  });

const codes = program
  .command('codes')
  .description('codes that no table has: what waits for them, and entering what they mean');
withJournal(codes.command('list'))
  .description('show every code that messages wait for, how urgent it is, and the next step')
  .option('--sender <id>', 'only what this sender wrote')
  .addHelpText('after', helpTexts.codesList)
  .action(async (options: JournalOptions & { sender?: string }) => {
    const { codesList } = await import('./cli/codes-list.ts');
    process.exitCode = await codesList({ ...options, flags: flagsOf(options) });
  });
withJournal(codes.command('map <table> <code> <target>'))
  .description('show what an entry in a table would lead to; with --apply enter it')
  .requiredOption('--reference <text>', 'where it is agreed; stands beside the entry')
  .option('--overlay <folder>', 'which of the folders under mappings: (default: the first)')
  .option('--dry-run', 'only show it, which is what happens without --apply', false)
  .option('--apply', 'enter it, and translate what waited', false)
  .option('--yes', 'with --apply: do not ask', false)
  .option('--selection <mark>', 'as a dry run gave it: refuse when something else would be done')
  .addHelpText('after', helpTexts.codesMap)
  .action(
    async (table: string, code: string, target: string, options: JournalOptions & MapOptions) => {
      if (options.dryRun && options.apply) throw wrong('--dry-run and --apply: choose one');
      const { codesMap } = await import('./cli/codes-map.ts');
      process.exitCode = await codesMap({
        ...options,
        table,
        code,
        target,
        flags: flagsOf(options),
      });
    },
  );

const rules = program
  .command('rules')
  .description('what the law says of the stored cases, and why');
withJournal(rules.command('explain <case>'))
  .description('show one case: facts, clocks, findings with paragraph and reason, what they led to')
  .option(
    '--at <time>',
    "as it was known then, and beside it today: '2022-03-10 12:00' or ISO 8601",
  )
  .option('--lang <language>', 'language of the sentences of the findings: sv or en', 'en')
  .addHelpText('after', helpTexts.rulesExplain)
  .action(
    async (caseReference: string, options: JournalOptions & { at?: string; lang: string }) => {
      const { rulesExplain } = await import('./cli/rules-explain.ts');
      process.exitCode = await rulesExplain({ ...options, caseReference, flags: flagsOf(options) });
    },
  );
withJournal(rules.command('simulate'))
  .description('compute every stored case and month under other parameters; writes nothing')
  .requiredOption('--set <file>', 'YAML file with the parameters that are set otherwise')
  .option('--from <month>', 'first month of settlement told, 2022-01')
  .option('--to <month>', 'last month of settlement told')
  .option('--county <code>', 'treating region only, SCB county code: 14')
  .option('--municipality <code>', 'payer only, SCB municipality code: 1480')
  .addHelpText('after', helpTexts.rulesSimulate)
  .action(
    async (
      options: JournalOptions & PlaceOptions & { set: string; from?: string; to?: string },
    ) => {
      const { rulesSimulate } = await import('./cli/rules-simulate.ts');
      process.exitCode = await rulesSimulate({ ...options, flags: flagsOf(options) });
    },
  );

const verbParts = { withSettings, withJournal, flagsOf, setExit };
addBilling(program, verbParts);
addOperatorVerbs(program, verbParts);
addTrayVerbs(program, verbParts);
addCase(program, verbParts);
addJournal(program, verbParts);
addImport(program, setExit);
addResend(program, setExit);
addRetranslate(program, setExit);
addShadow(program, setExit);
addEvents(program);
addSend(program, setExit);
addListen(program, setExit);
addSimulate(program, setExit);

tellHelp(program, 'hemgang');

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = thrown instanceof CommanderError ? wrongUse(thrown) : failed(thrown);
}

function setExit(code: number): void {
  process.exitCode = code;
}

/** Commander has said what is wrong; asking for help or the version is no mistake. */
function wrongUse({ exitCode }: CommanderError): number {
  return exitCode === 0 ? 0 : 2;
}

/** What is typed wrong is answered with where the help of that very verb is. */
function tellHelp(command: Command, name: string): void {
  const more = command.commands.length > 0 ? 'shows every verb' : 'shows how it is called';
  command.showHelpAfterError(`(${name} --help ${more})`);
  for (const sub of command.commands) tellHelp(sub, `${name} ${sub.name()}`);
}

function failed(thrown: unknown): number {
  const error = asGatewayError(thrown);
  process.stderr.write(`hemgang: ${error.message}\n`);
  if (error.code === 'assertion-failed' && thrown instanceof Error) {
    process.stderr.write(`${thrown.stack ?? ''}\n`);
  }
  return error.code === 'configuration-invalid' || error.code === 'unknown-case' ? 2 : 1;
}

interface JournalOptions extends Record<string, unknown> {
  readonly config?: string;
  readonly json: boolean;
}
interface MapOptions {
  readonly reference: string;
  readonly overlay?: string;
  readonly dryRun: boolean;
  readonly apply: boolean;
  readonly yes: boolean;
  readonly selection?: string;
}
interface PlaceOptions {
  readonly county?: string;
  readonly municipality?: string;
}

/** Where the journal is: all that a verb which only reads has to know. */
function withJournal(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default: hemgang.yaml, where there is one)')
    .option('--data <folder>', 'data folder of the gateway, which may be running')
    .option('--json', 'print it as JSON', false);
}

/** Every scalar setting as a flag: `mllp.port` is --mllp-port. */
function withSettings(command: Command): Command {
  command.option(
    '--config <file>',
    'configuration file (default: hemgang.yaml, where there is one)',
  );
  for (const setting of scalarSettings) {
    const { path, env } = setting;
    command.option(`--${flagOf(setting)} <value>`, `${path.join('.')}; environment: ${env}`);
  }
  return command;
}

function flagsOf(options: Readonly<Record<string, unknown>>): Record<string, string | undefined> {
  return Object.fromEntries(
    scalarSettings.map((setting) => {
      const { path } = setting;
      const [head = '', ...rest] = flagOf(setting).split('-');
      const name = head + rest.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
      const value = options[name];
      return [path.join('.'), typeof value === 'string' ? value : undefined];
    }),
  );
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
