/** `hemgang billing`: the month's billing, from its basis to an invoice that was sent, disputed and credited. */
import { InvalidArgumentError, type Command } from 'commander';
import { billingHelp } from './billing-help.ts';
import type { Given, VerbParts } from './operator-verbs.ts';

interface Place {
  readonly county?: string;
  readonly municipality?: string;
}
type Named = Given & {
  readonly number: string;
  readonly reason: string;
  readonly tokenFile?: string;
};

export function addBilling(
  program: Command,
  { withJournal, flagsOf, setExit }: Pick<VerbParts, 'withJournal' | 'flagsOf' | 'setExit'>,
): void {
  const billing = program
    .command('billing')
    .description('the billing of municipalities and months: basis, approval, invoices, disputes');
  const withPlace = (command: Command): Command =>
    command
      .option('--county <code>', 'treating region only, SCB county code: 14')
      .option('--municipality <code>', 'payer only, SCB municipality code: 1480');
  const withName = (command: Command): Command =>
    withJournal(command).option('--token-file <file>', 'holds your token; or HEMGANG_USER_TOKEN');
  const questionOf = (given: Given) => ({
    config: typeof given['config'] === 'string' ? given['config'] : undefined,
    json: given.json,
    flags: flagsOf(given),
  });

  withPlace(withJournal(billing.command('preview')))
    .description('show the basis of a month as of now, with formula, cases and what is missing')
    .requiredOption('--month <month>', 'month of settlement, 2022-03')
    .addHelpText('after', billingHelp.preview)
    .action(async (given: Given & Place & { month: string }) => {
      const { billingPreview } = await import('./billing-preview.ts');
      setExit(
        await billingPreview({ ...questionOf(given), ...placeOf(given), month: given.month }),
      );
    });
  withPlace(withJournal(billing.command('run')))
    .description('write the specification of every recorded settlement of a month to a folder')
    .requiredOption('--month <month>', 'month of settlement, 2022-03')
    .requiredOption('--out <folder>', 'where the files go; nothing else is written')
    .addHelpText('after', billingHelp.run)
    .action(async (given: Given & Place & { month: string; out: string }) => {
      const { billingRun } = await import('./billing-run.ts');
      const { month, out } = given;
      setExit(await billingRun({ ...questionOf(given), ...placeOf(given), month, out }));
    });
  withJournal(billing.command('explain'))
    .description('show how one settlement came to be as it is, step by step')
    .requiredOption('--county <code>', 'treating region, SCB county code: 14')
    .requiredOption('--municipality <code>', 'payer, SCB municipality code: 1480')
    .requiredOption('--month <month>', 'month of settlement, 2022-03')
    .option('--at <time>', "what was recorded by then: '2022-04-10 12:00' or ISO 8601")
    .addHelpText('after', billingHelp.explain)
    .action(async (given: Given & Required<Place> & { month: string; at?: string }) => {
      const { billingExplain } = await import('./billing-explain.ts');
      const { county, municipality, month, at } = given;
      setExit(await billingExplain({ ...questionOf(given), county, municipality, month, at }));
    });
  withPlace(withJournal(billing.command('list')))
    .description('show every invoice and credit note, how it stands and what may be done next')
    .option('--month <month>', 'month of settlement, 2022-03')
    .option('--number <number>', 'one of them')
    .addHelpText('after', billingHelp.list)
    .action(async (given: Given & Place & { month?: string; number?: string }) => {
      const { billingList } = await import('./billing-list.ts');
      const { month, number } = given;
      setExit(await billingList({ ...questionOf(given), ...placeOf(given), month, number }));
    });
  for (const [verb, description, reason] of approvalVerbs) {
    const command = withName(billing.command(verb))
      .description(description)
      .requiredOption('--month <month>', 'month of settlement, 2022-03')
      .requiredOption('--municipality <code>', 'payer, SCB municipality code: 1480')
      .requiredOption('--revision <n>', 'what you have seen, as preview shows it', revision)
      .option('--county <code>', 'treating region, where several settle the month')
      .addHelpText('after', billingHelp[verb])
      .action(async (given: Named & Required<Pick<Place, 'municipality'>> & Approval) => {
        const { billingApprove, billingWithdraw } = await import('./billing-approve.ts');
        const run = verb === 'approve' ? billingApprove : billingWithdraw;
        setExit(await run({ ...given, ...questionOf(given) }));
      });
    if (reason === undefined) command.requiredOption('--reason <text>', 'why; stands in the audit');
    else command.option('--reason <text>', 'stands in the audit', reason);
  }
  for (const [verb, description] of disputeVerbs) {
    withName(billing.command(verb))
      .description(description)
      .requiredOption('--number <number>', 'of the invoice')
      .requiredOption('--reason <text>', 'why; stands in the audit')
      .addHelpText('after', billingHelp[verb])
      .action(async (given: Named) => {
        const { billingDispute, billingRead } = await import('./billing-dispute.ts');
        const options = { ...given, ...questionOf(given) };
        setExit(await (verb === 'read' ? billingRead(options) : billingDispute(verb, options)));
      });
  }
  withName(billing.command('credit'))
    .description('take an invoice back, or some of its lines, by a credit note')
    .requiredOption('--number <number>', 'of the invoice')
    .requiredOption('--reason <text>', 'why; stands in the audit')
    .option('--lines <places>', 'of its lines, from 1: 1,3 (default: all that are left)')
    .addHelpText('after', billingHelp.credit)
    .action(async (given: Named & { lines?: string }) => {
      const { billingCredit } = await import('./billing-dispute.ts');
      setExit(await billingCredit({ ...given, ...questionOf(given) }));
    });
}

interface Approval {
  readonly month: string;
  readonly county?: string;
  readonly revision: number;
}

const approvalVerbs = [
  [
    'approve',
    'approve the record of a month in your name; an invoice is issued, or waits for its day',
    'approved as recorded',
  ],
  ['withdraw', 'take back an approval that waits for its day: nothing is issued of it', undefined],
] as const;

const disputeVerbs = [
  ['dispute', 'write down that a municipality disputes an invoice'],
  ['read', 'read what a municipality wrote of its dispute; it may speak of a person'],
  ['escalate', 'take a dispute to the next level of the agreement'],
  ['uphold', 'end a dispute: the invoice stands'],
] as const;

const placeOf = ({ county, municipality }: Place) => ({ county, municipality });

function revision(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number, as preview shows it');
}
