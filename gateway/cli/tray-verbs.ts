/** Verbs of the trays: what waits for a person, and what a person may do with it. Who did what and why is written down. */
import type { Command } from 'commander';
import type { Given, VerbParts } from './operator-verbs.ts';
import { trayHelp } from './tray-help.ts';

type Ordered = Given & { readonly reason: string; readonly who?: string };

export function addTrayVerbs(program: Command, parts: VerbParts): void {
  addUnknown(program, parts);
}

/** Adds --reason and --who. */
const withOrder = (command: Command): Command =>
  command
    .requiredOption('--reason <text>', 'why; stands in the audit')
    .option('--who <name>', 'who says so (default: your user on this machine)');

const questionOf = ({ flagsOf }: VerbParts, given: Given) => ({
  config: typeof given['config'] === 'string' ? given['config'] : undefined,
  json: given.json,
  flags: flagsOf(given),
});

const orderOf = (parts: VerbParts, given: Ordered) => ({
  ...questionOf(parts, given),
  reason: given.reason,
  who: given.who,
});

function addUnknown(program: Command, parts: VerbParts): void {
  const { withJournal, setExit } = parts;
  const unknown = program
    .command('unknown')
    .description('what was sent and nobody knows whether it arrived');
  withJournal(unknown.command('list'))
    .description('show each, to whom, since when, what is known of it, and the clock behind it')
    .addHelpText('after', trayHelp.unknownList)
    .action(async (given: Given) => {
      const { unknownList } = await import('./unknown.ts');
      setExit(await unknownList(questionOf(parts, given)));
    });
  withOrder(withJournal(unknown.command('resolve <delivery>')))
    .description('say how it ended, have it sent once more, or give it up')
    .requiredOption('--as <outcome>', 'delivered, resend or abandon')
    .option('--at <time>', "delivered: when the receiver had it, '2022-03-07 11:58' or ISO 8601")
    .option('--evidence <text>', 'delivered: how you know; it is kept with the delivery')
    .addHelpText('after', trayHelp.unknownResolve)
    .action(
      async (delivery: string, given: Ordered & { as: string; at?: string; evidence?: string }) => {
        const { unknownResolve } = await import('./unknown.ts');
        const { as, at, evidence } = given;
        setExit(await unknownResolve({ ...orderOf(parts, given), delivery, as, at, evidence }));
      },
    );
}
