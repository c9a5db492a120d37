import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { renderSpecificationFiles } from '../../adapters/outbound/billing/specification-files.ts';
import { renderPdf } from '../../adapters/outbound/pdf/render-pdf.ts';
import type { Places } from '../../adapters/outbound/billing/specification-document.ts';
import type { MakePdf } from '../../adapters/outbound/pdf/document.ts';
import { dropFiles } from '../../adapters/wire/file-drop.ts';
import { runMonth } from '../questions/billing-run.ts';
import type { RunSettlement } from '../questions/billing-run.ts';
import { stateNames } from './invoice-text.ts';
import { previewLines, standingText } from './month-text.ts';
import {
  answer,
  ask,
  checkMonth,
  checkPlace,
  localText,
  wrong,
  type QuestionOptions,
} from './question.ts';
import { isoOf } from '../rules/legal-days.ts';
import { deliveryIdOf } from '../process/ids.ts';
import { inkFor, kronor, table, type Ink } from './timeline.ts';

export interface BillingRunOptions extends QuestionOptions {
  readonly month: string;
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  /** Folder the files go to; nothing else is written. */
  readonly out: string;
}

/**
 * Writes the specification of every recorded settlement of a month, and its basis for a person to read.
 * @returns the exit code: 1 where one is open, withheld, or recorded with another sum than its basis has now
 */
export async function billingRun(options: BillingRunOptions): Promise<number> {
  const { month, county, municipality, json } = options;
  checkMonth('--month', month);
  const out = resolve(options.out);
  if (existsSync(out) && !statSync(out).isDirectory()) {
    throw wrong(`--out ${options.out}: is a file; name a folder`);
  }
  return await ask(options, async (asked) => {
    checkPlace(asked.profiles, options);
    const settlements = await runMonth(asked, { month, county, municipality });
    const at = isoOf(asked.nowMs);
    const files: string[] = [];
    for (const settlement of settlements)
      files.push(...(await write(out, settlement, at, asked.profiles.nation)));
    const rows = settlements.map(({ event: _event, preview, ...rest }) => {
      const {
        county: region,
        countyName,
        municipality: payer,
        municipalityName,
        standing,
        invoicing,
      } = preview;
      const place = { county: region, countyName, municipality: payer, municipalityName, month };
      return { ...place, standing, ...(invoicing && { invoicing }), ...rest };
    });
    answer(json, { month, out, files, settlements: rows }, (ink) =>
      lines(month, out, files, settlements, ink),
    );
    return settlements.every(isWell) ? 0 : 1;
  });
}

const isWell = ({ preview: { standing }, isBasis }: RunSettlement): boolean =>
  standing.state === 'recorded' && isBasis === true;

function differenceText({ preview: { totalOre }, isBasis }: RunSettlement): string {
  if (isBasis !== false) return '';
  if (totalOre === undefined) return 'its basis cannot be made now: a figure is missing';
  return `its basis is ${kronor(totalOre)} kr now`;
}

async function write(
  out: string,
  { event, preview }: RunSettlement,
  at: string,
  places: Places,
): Promise<readonly string[]> {
  if (event === undefined) return [];
  const { county, municipality, month } = preview;
  // The id it went out under: who compares the two finds the same.
  const deliveryId = deliveryIdOf(event.id, 'billing');
  const message = { kind: 'billing', deliveryId, event, billing: event.data } as const;
  const basis = {
    name: `${month}/basis-${county}-${municipality}-${month}.txt`,
    body: `${[`Billing basis as of ${localText(at)}`, '', ...previewLines(preview, inkFor(false))].join('\n')}\n`,
  };
  // Nobody else waits for this process.
  const pdf: MakePdf = async (document) => renderPdf(document);
  const specification = await renderSpecificationFiles(message, { places, pdf });
  const parts = [...specification.parts, basis];
  await dropFiles(out, parts, new AbortController().signal);
  return parts.map(({ name }) => name);
}

function lines(
  month: string,
  out: string,
  files: readonly string[],
  settlements: readonly RunSettlement[],
  ink: Ink,
): readonly string[] {
  if (settlements.length === 0) return [`The journal has no settlement of ${month}.`];
  const rows = settlements.map((settlement) => {
    const { preview, billedOre } = settlement;
    return [
      `${preview.county} ${preview.countyName}`,
      `${preview.municipality} ${preview.municipalityName}`,
      billedOre === undefined ? '' : kronor(billedOre),
      standingText(preview.standing).replace(/: .* kr in all$/, ''),
      preview.invoicing === undefined ? '' : stateNames[preview.invoicing.state],
      differenceText(settlement),
    ];
  });
  const sum = settlements.reduce((total, { billedOre = 0 }) => total + billedOre, 0);
  const head = ['region', 'municipality', 'kr', 'state', 'invoice', ''];
  const isIn = (state: string): number =>
    settlements.filter(({ preview }) => preview.standing.state === state).length;
  const withheld = settlements.flatMap(({ preview: { missing } }) =>
    missing === undefined ? [] : [`${missing.parameter} on ${missing.on}: ${missing.reference}`],
  );
  return [
    ...table(head, [...rows, ['', 'recorded in all', kronor(sum), '', '', '']], [2], ink),
    '',
    `${isIn('recorded')} recorded, ${isIn('open') + isIn('due') + isIn('unopened')} open, ${isIn('withheld')} withheld`,
    ...[...new Set(withheld)].map((one) => `  missing: ${ink.bad(one)}`),
    ...(withheld.length === 0
      ? []
      : [`  next: hemgang billing preview --month ${month} says which line to enter, and where`]),
    `${files.length} files in ${join(out, month)}`,
  ];
}
