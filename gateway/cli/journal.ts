/** `hemgang journal …`: a journal written out, read in, moved and checked. */
import type { Command } from 'commander';
import { journalHelp } from './journal-help.ts';
import type { MigrateOptions } from './journal-migrate.ts';
import type { Given, VerbParts } from './operator-verbs.ts';

export function addJournal(program: Command, { withJournal, flagsOf, setExit }: VerbParts): void {
  type Options = Given & { readonly config?: string };
  const journal = program
    .command('journal')
    .description('the journal whole: written out, read in, moved to PostgreSQL, checked');
  withJournal(journal.command('export'))
    .description('write the whole journal to files, as it is at one moment; the gateway may run')
    .requiredOption('--out <folder>', 'where the files go; it must not be there yet')
    .addHelpText('after', journalHelp.export)
    .action(async (options: Options & { out: string }) => {
      const { journalExport } = await import('./journal-export.ts');
      setExit(await journalExport({ ...options, flags: flagsOf(options) }));
    });
  withJournal(journal.command('import <folder>'))
    .description('read an export into an empty journal: all of it or nothing')
    .addHelpText('after', journalHelp.import)
    .action(async (folder: string, options: Options) => {
      const { journalImport } = await import('./journal-import.ts');
      setExit(await journalImport({ ...options, folder, flags: flagsOf(options) }));
    });
  withJournal(journal.command('migrate'))
    .description('move the journal of a data folder into PostgreSQL; the gateway is stopped')
    .option('--to <url>', 'postgres://user@host:5432/database (default: journal.url)')
    .option('--schema <name>', 'with --to: the schema there (default: hemgang)')
    .option('--password-env <name>', 'with --to: variable or secret that holds the password')
    .option('--ca <file>', 'with --to: certificates of the authority; without it no TLS')
    .addHelpText('after', journalHelp.migrate)
    .action(async (options: Options & MigrateOptions) => {
      const { journalMigrate } = await import('./journal-migrate.ts');
      setExit(await journalMigrate({ ...options, flags: flagsOf(options) }));
    });
  withJournal(journal.command('verify'))
    .description('check that the journal holds together, down to the bytes of every message')
    .option('--against <place>', 'compare it with an export, a data folder, or postgres://…')
    .option('--schema <name>', 'the schema of --against postgres://… (default: hemgang)')
    .option('--password-env <name>', 'of --against postgres://…: what holds the password')
    .option('--ca <file>', 'of --against postgres://…: certificates of the authority')
    .addHelpText('after', journalHelp.verify)
    .action(async (options: Options & { against?: string } & MigrateOptions) => {
      const { journalVerify } = await import('./journal-verify.ts');
      setExit(await journalVerify({ ...options, flags: flagsOf(options) }));
    });
}
