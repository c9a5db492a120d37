/** `hemgang case …` and `hemgang evidence …`: one case with both its legs, and what it proves to somebody outside. */
import type { Command } from 'commander';
import { caseHelp } from './case-help.ts';
import type { Given, VerbParts } from './operator-verbs.ts';

export function addCase(program: Command, { withJournal, flagsOf, setExit }: VerbParts): void {
  type Options = Given & { readonly config?: string };
  const one = program
    .command('case')
    .description('one case: what came in and went out, and the evidence of it');
  withJournal(one.command('show <id>'))
    .description('show what came in, and each notice: due, attempted, handed over, acknowledged')
    .addHelpText('after', caseHelp.show)
    .action(async (id: string, options: Options) => {
      const { caseShow } = await import('./case-show.ts');
      setExit(await caseShow({ ...options, id, flags: flagsOf(options) }));
    });
  withJournal(one.command('export <id>'))
    .description('write the evidence of a case: one signed file, and a page that reads it')
    .requiredOption('--out <folder>', 'where the two files go')
    .requiredOption('--reason <text>', 'why; stands in the audit and in the file')
    .option('--who <name>', 'who has it made (default: your user on this machine)')
    .option('--evidence', 'the signed evidence, which is what there is', false)
    .option('--with-content', 'with the text of the notices: names, numbers, addresses', false)
    .option('--protected-identity <text>', 'why, where the person has protected identity')
    .addHelpText('after', caseHelp.export)
    .action(
      async (
        id: string,
        options: Options & {
          out: string;
          reason: string;
          who?: string;
          evidence: boolean;
          withContent: boolean;
          protectedIdentity?: string;
        },
      ) => {
        const { caseExport } = await import('./case-export.ts');
        setExit(await caseExport({ ...options, id, flags: flagsOf(options) }));
      },
    );
  one
    .command('verify <file>')
    .description('check an exported file, and the page beside it, without journal or configuration')
    .option(
      '--key <file|fingerprint>',
      'whom you trust; may be given more than once',
      collected,
      [],
    )
    .option('--page <file>', 'the page (default: the one beside the file)')
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', caseHelp.verify)
    .action(
      async (file: string, options: { key: readonly string[]; page?: string; json: boolean }) => {
        const { caseVerify } = await import('./case-verify.ts');
        setExit(await caseVerify({ ...options, file }));
      },
    );

  const evidence = program
    .command('evidence')
    .description('the key that evidence is signed with, for whoever will check it');
  withJournal(evidence.command('key'))
    .description('print the public key and its fingerprint; it is made where there is none')
    .addHelpText('after', caseHelp.key)
    .action(async (options: Options) => {
      const { evidenceKeyPrint } = await import('./evidence-key.ts');
      setExit(evidenceKeyPrint({ ...options, flags: flagsOf(options) }));
    });
}

const collected = (one: string, before: readonly string[]): readonly string[] => [...before, one];
