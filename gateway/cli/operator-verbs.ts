/** Verbs that change what a gateway does, or look at what stands in its way: who did it and why is always written down. */
import type { Command } from 'commander';
import { operatorHelp } from './operator-help.ts';

/** Options as commander gives them. */
export type Given = Readonly<Record<string, unknown>> & { readonly json: boolean };

export interface VerbParts {
  /** Adds --config, --data and --json. */
  /** Adds every setting as a flag. */
  readonly withSettings: (command: Command) => Command;
  readonly withJournal: (command: Command) => Command;
  readonly flagsOf: (given: Given) => Record<string, string | undefined>;
  readonly setExit: (code: number) => void;
}

export function addOperatorVerbs(program: Command, parts: VerbParts): void {
  const { withSettings, withJournal, flagsOf, setExit } = parts;
  const withOrder = (command: Command): Command =>
    withJournal(command)
      .requiredOption('--reason <text>', 'why; stands in the audit')
      .option('--who <name>', 'who says so (default: your user on this machine)');
  const questionOf = (given: Given) => ({
    config: typeof given['config'] === 'string' ? given['config'] : undefined,
    json: given.json,
    flags: flagsOf(given),
  });
  const orderOf = (given: Given & { reason: string; who?: string }) => ({
    ...questionOf(given),
    reason: given.reason,
    who: given.who,
  });

  const config = program
    .command('config')
    .description('the configuration: what is wrong with it, what holds, its schema');
  const flagsAndFile = (file: string | undefined, given: Given) => {
    const question = questionOf(given);
    return { ...question, config: file ?? question.config };
  };
  withSettings(config.command('check [file]'))
    .description('show everything that a start would refuse, and what is odd, without starting')
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', operatorHelp.configCheck)
    .action(async (file: string | undefined, given: Given) => {
      const { configCheck } = await import('./config.ts');
      setExit(await configCheck(flagsAndFile(file, given)));
    });
  withSettings(config.command('show [file]'))
    .description('show every setting as it holds and where it was set; passwords are masked')
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', operatorHelp.configShow)
    .action(async (file: string | undefined, given: Given) => {
      const { configShow } = await import('./config.ts');
      setExit(await configShow(flagsAndFile(file, given)));
    });
  config
    .command('schema')
    .description('print the JSON Schema of the configuration file, for editors')
    .option('--json', 'it is JSON anyhow', false)
    .addHelpText('after', operatorHelp.configSchema)
    .action(async () => {
      const { configSchemaPrint } = await import('./config.ts');
      setExit(configSchemaPrint());
    });

  withSettings(program.command('doctor'))
    .description(
      'look at everything the gateway needs: ports, certificates, broker, database, disk …',
    )
    .option('--reach', 'also try receivers and sources: a connection, nothing is sent', false)
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', operatorHelp.doctor)
    .action(async (given: Given & { reach: boolean }) => {
      const { doctor } = await import('./doctor.ts');
      setExit(await doctor({ ...questionOf(given), reach: given.reach }));
    });

  const incidents = program
    .command('incidents')
    .description('what is wrong for one reason: since when, how much, who has it in hand');
  withJournal(incidents.command('list', { isDefault: true }))
    .description('show those that have not ended, each with what it means and the next step')
    .option('--all', 'those that ended within a week too', false)
    .addHelpText('after', operatorHelp.incidents)
    .action(async (given: Given & { all: boolean }) => {
      const { incidentList } = await import('./incidents.ts');
      setExit(await incidentList({ ...questionOf(given), all: given.all }));
    });
  withOrder(incidents.command('take <id>'))
    .description('take one in hand: others see who has it, and why')
    .addHelpText('after', operatorHelp.incidents)
    .action(async (id: string, given: Given & { reason: string; who?: string }) => {
      const { incidentTake } = await import('./incidents.ts');
      setExit(await incidentTake({ ...orderOf(given), id }));
    });

  withJournal(program.command('phone-list'))
    .description('show whom to call: what was delivered and nobody has acknowledged in time')
    .option('--all', 'what is overdue and not to be called for yet, too', false)
    .addHelpText('after', operatorHelp.phoneList)
    .action(async (given: Given & { all: boolean }) => {
      const { phoneList } = await import('./phone-list.ts');
      setExit(await phoneList({ ...questionOf(given), all: given.all }));
    });

  withJournal(program.command('trace <id>'))
    .description('show the whole way of a message or case with times: received, decided, sent')
    .addHelpText('after', operatorHelp.trace)
    .action(async (id: string, given: Given) => {
      const { traceId } = await import('./trace.ts');
      setExit(await traceId({ ...questionOf(given), id }));
    });

  const letters = program
    .command('dead-letters')
    .description('events that were given up after their attempts: an operator has to look');
  withJournal(letters.command('list'))
    .description('show every dead letter and why it was given up')
    .addHelpText('after', operatorHelp.deadLettersList)
    .action(async (given: Given) => {
      const { deadLettersList } = await import('./dead-letters.ts');
      setExit(await deadLettersList(questionOf(given)));
    });
  withJournal(letters.command('show <id>'))
    .description('show one dead letter: its event, its case, why it was given up')
    .addHelpText('after', operatorHelp.deadLettersShow)
    .action(async (id: string, given: Given) => {
      const { deadLettersShow } = await import('./dead-letters.ts');
      setExit(await deadLettersShow({ ...questionOf(given), id }));
    });
  withOrder(program.command('redrive [ids...]'))
    .description('put dead letters back into their queue, with their attempts at zero')
    .option('--all', 'every dead letter of --queue', false)
    .option('--queue <name>', 'with --all: advance or dispatch')
    .addHelpText('after', operatorHelp.redrive)
    .action(
      async (ids: string[], given: Given & { reason: string; all: boolean; queue?: string }) => {
        const { redrive } = await import('./redrive.ts');
        setExit(await redrive({ ...orderOf(given), ids, all: given.all, queue: given.queue }));
      },
    );

  withJournal(program.command('reload'))
    .description('let the gateway that runs read configuration, mappings and parameters anew')
    .option('--reason <text>', 'why; stands in the audit', 'hemgang reload')
    .option('--who <name>', 'who says so (default: your user on this machine)')
    .addHelpText('after', operatorHelp.reload)
    .action(async (given: Given & { reason: string; who?: string }) => {
      const { reloadGateway } = await import('./reload.ts');
      setExit(await reloadGateway(orderOf(given)));
    });

  const retention = program
    .command('retention')
    .description('how long what is stored is kept, and what goes when its time is over');
  const withChoice = (command: Command): Command =>
    command
      .option(
        '--what <names>',
        'of messages,rejected,cases,settlements,audit,incidents (default: all)',
      )
      .option('--before <time>', "in place of the settings' times: last entry before it");
  const choiceOf = (given: Given & { what?: string; before?: string }) => ({
    what: given.what,
    before: given.before,
  });
  withChoice(withJournal(retention.command('show')))
    .description('show what would go, by when, under which rule, and what must stay')
    .addHelpText('after', operatorHelp.retentionShow)
    .action(async (given: Given) => {
      const { retentionShow } = await import('./retention.ts');
      setExit(await retentionShow({ ...questionOf(given), ...choiceOf(given) }));
    });
  withChoice(withOrder(retention.command('purge')))
    .description('let what is over its time go; shown first, done with --apply')
    .option('--dry-run', 'only show it, which is what happens without --apply', false)
    .option('--apply', 'do it; it cannot be taken back', false)
    .addHelpText('after', operatorHelp.retentionPurge)
    .action(async (given: Given & { reason: string; apply: boolean; dryRun: boolean }) => {
      const { retentionPurge } = await import('./retention.ts');
      setExit(
        await retentionPurge({
          ...orderOf(given),
          ...choiceOf(given),
          apply: given.apply,
          dryRun: given.dryRun,
        }),
      );
    });

  const queue = program
    .command('queue')
    .description('the queues between the parts: what waits in them, and letting one rest');
  withJournal(queue.command('list'))
    .description('show what waits in each queue, and which rest')
    .addHelpText('after', operatorHelp.queueList)
    .action(async (given: Given) => {
      const { queueList } = await import('./queue.ts');
      setExit(await queueList(questionOf(given)));
    });
  withOrder(queue.command('pause <queue>'))
    .description('let a queue rest: advance or dispatch; messages are received all the same')
    .addHelpText('after', operatorHelp.queuePause)
    .action(async (name: string, given: Given & { reason: string }) => {
      const { queuePause } = await import('./queue.ts');
      setExit(await queuePause({ ...orderOf(given), queue: name }));
    });
  withOrder(queue.command('resume <queue>'))
    .description('end the rest of a queue')
    .addHelpText('after', operatorHelp.queuePause)
    .action(async (name: string, given: Given & { reason: string }) => {
      const { queueResume } = await import('./queue.ts');
      setExit(await queueResume({ ...orderOf(given), queue: name }));
    });
}
