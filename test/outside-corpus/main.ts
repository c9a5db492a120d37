/**
 * npm run corpus -- FOLDER [--out FOLDER] [--json]: what becomes of other people's messages of HL7 v2 and resources of
 * FHIR, and how that stands beside other converters' answers, where the folder (or the one above it) has `oracles/*.jsonl`.
 *
 * Exit codes: 0 every message has an answer and every difference a reason; 1 one has not; 2 wrong use.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadMappings } from '../../mappings/index.ts';
import { failures, outcomeLines, playAll, totals } from './corpus-run.ts';
import { fhirText, playFhir } from './fhir.ts';
import { outsideMessages } from './messages.ts';
import { compareOracles, oracleFolder } from './oracles.ts';
import { playerOf } from './play.ts';
import { comparisonText, refusedText, runText, writeReport } from './report.ts';

const usage = 'npm run corpus -- FOLDER [--out FOLDER] [--json]';

async function main(args: string[]): Promise<number> {
  const { folder, out, json } = optionsOf(args);
  const problem =
    folder === undefined ? 'no folder of messages is given' : `${folder}: no such folder`;
  if (folder === undefined || !existsSync(folder)) {
    process.stderr.write(`corpus: ${problem}; ${usage}\n`);
    return 2;
  }
  const mappings = loadMappings();
  const play = playerOf(mappings);
  const played = playAll(outsideMessages(folder), play);
  const oracles = oracleFolder(folder);
  const comparisons = oracles === undefined ? [] : compareOracles(oracles, play);
  const unexplained = comparisons.filter(({ equal, reason }) => !equal && reason === undefined);
  const fhir = await playFhir(folder, mappings);
  const failed = [...failures(played), ...failures(fhir.played)];
  if (out !== undefined) writeReport(out, played, comparisons, fhir);
  const text = json
    ? `${JSON.stringify({ totals: Object.fromEntries(totals(played)), outcomes: outcomeLines(played), fhir: outcomeLines(fhir.played), comparisons, failed }, null, 2)}\n`
    : [
        ...(played.length === 0 ? [] : [runText(played), refusedText(played)]),
        ...(fhir.played.length === 0 ? [] : [fhirText(fhir.played, fhir.passedOver)]),
        oracles === undefined
          ? `No comparison: there is no oracles/ in ${folder} or beside it.\n`
          : comparisonText(comparisons),
        ...failed.map((line) => `FAILED  ${line}\n`),
        out === undefined ? '' : `Written: ${out}/corpus.md, ${out}/corpus.json\n`,
      ].join('\n');
  process.stdout.write(text);
  return played.length + fhir.played.length === 0 || failed.length > 0 || unexplained.length > 0
    ? 1
    : 0;
}

function optionsOf(args: string[]): { folder?: string; out?: string; json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { out: { type: 'string' }, json: { type: 'boolean' } },
    });
    const [folder] = positionals;
    return {
      json: values.json ?? false,
      ...(folder !== undefined && { folder }),
      ...(values.out !== undefined && { out: values.out }),
    };
  } catch {
    return { json: false };
  }
}

process.exitCode = await main(process.argv.slice(2));
