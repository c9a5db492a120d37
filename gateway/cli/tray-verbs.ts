/**
 * Verbs of routing and of the trays: who gets what, what waits for a person, and what a person may do with it. Who did
 * what and why is written down.
 */
import type { Command } from 'commander';
import type { Given, VerbParts } from './operator-verbs.ts';
import { trayHelp } from './tray-help.ts';

type Ordered = Given & { readonly reason: string; readonly who?: string };

export function addTrayVerbs(program: Command, parts: VerbParts): void {
  addRoutes(program, parts);
  addUnknown(program, parts);
  addUnroutable(program, parts);
  addHeld(program, parts);
  addLate(program, parts);
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

function addUnroutable(program: Command, parts: VerbParts): void {
  const { withJournal, setExit } = parts;
  const unroutable = program
    .command('unroutable')
    .description('notices that have no receiver, or went to the wrong municipality');
  withJournal(unroutable.command('list'))
    .description('show what waits by its cause: role, place, since when, the clock at risk next')
    .addHelpText('after', trayHelp.unroutableList)
    .action(async (given: Given) => {
      const { unroutableList } = await import('./unroutable.ts');
      setExit(await unroutableList(questionOf(parts, given)));
    });
  withOrder(withJournal(unroutable.command('resolve [group]')))
    .description('show where what waits would go now, and what is late; with --apply let it go')
    .option(
      '--to <receiver>',
      'one group: to this receiver, instead of whom the configuration names',
    )
    .option('--dry-run', 'only show it, which is what happens without --apply', false)
    .option('--apply', 'let it go', false)
    .addHelpText('after', trayHelp.unroutableResolve)
    .action(
      async (
        group: string | undefined,
        given: Ordered & { to?: string; apply: boolean; dryRun: boolean },
      ) => {
        const { unroutableResolve } = await import('./unroutable.ts');
        const { to, apply, dryRun } = given;
        setExit(await unroutableResolve({ ...orderOf(parts, given), group, to, apply, dryRun }));
      },
    );
}

function addHeld(program: Command, parts: VerbParts): void {
  const { withJournal, setExit } = parts;
  const held = program
    .command('held')
    .description('notices of persons with protected identity: nothing of them leaves by itself');
  withJournal(held.command('list'))
    .description('show each, for whom, the clock behind it, and which receivers are marked')
    .addHelpText('after', trayHelp.heldList)
    .action(async (given: Given) => {
      const { heldList } = await import('./held.ts');
      setExit(await heldList(questionOf(parts, given)));
    });
  withJournal(held.command('release <delivery>'))
    .description('let one go, in your name, to a receiver marked for protected identity')
    .requiredOption('--to <receiver>', 'its id in the configuration')
    .requiredOption('--reason <text>', 'why; stands in the audit')
    .option('--token-file <file>', 'file with your token (default: HEMGANG_USER_TOKEN)')
    .addHelpText('after', trayHelp.heldRelease)
    .action(
      async (
        delivery: string,
        given: Given & { to: string; reason: string; tokenFile?: string },
      ) => {
        const { heldRelease } = await import('./held.ts');
        const { to, reason, tokenFile } = given;
        setExit(
          await heldRelease({ ...questionOf(parts, given), delivery, to, reason, tokenFile }),
        );
      },
    );
}

function addLate(program: Command, parts: VerbParts): void {
  const { withJournal, setExit } = parts;
  const late = program
    .command('late')
    .description('notices that went later than their time, or have not gone, and why');
  withJournal(late.command('list'))
    .description(
      'show each: its clock, when it was decided, tried and handed over, what held it up',
    )
    .option('--since <time>', "missed since: '2022-03-07 12:00' or ISO 8601 (default: a week ago)")
    .addHelpText('after', trayHelp.lateList)
    .action(async (given: Given & { since?: string }) => {
      const { lateList } = await import('./late.ts');
      setExit(await lateList({ ...questionOf(parts, given), since: given.since }));
    });
}

function addRoutes(program: Command, parts: VerbParts): void {
  const { withJournal, setExit } = parts;
  const routes = program
    .command('routes')
    .description('who gets notices: of a message or case, and of every municipality');
  withJournal(routes.command('who <file-or-case>'))
    .description(
      'show who would get the notices, by which line of the configuration, and why others not',
    )
    .option('--sender <id>', 'a file: read it as this sender, whatever the message says')
    .addHelpText('after', trayHelp.routesWho)
    .action(async (of: string, given: Given & { sender?: string }) => {
      const { routesWho } = await import('./routes.ts');
      setExit(await routesWho({ ...questionOf(parts, given), of, sender: given.sender }));
    });
  withJournal(routes.command('check'))
    .description(
      'show for each of the 290 municipalities whether it is routed, by role; and dates, certificates',
    )
    .option('--municipality <code>', 'one alone, SCB municipality code: 1480')
    .option('--reach', 'also try the receivers: a connection, nothing is sent', false)
    .addHelpText('after', trayHelp.routesCheck)
    .action(async (given: Given & { municipality?: string; reach: boolean }) => {
      const { routesCheck } = await import('./routes.ts');
      const { municipality, reach } = given;
      setExit(await routesCheck({ ...questionOf(parts, given), municipality, reach }));
    });
}
