/** A comparison as lines for people, as a table for a spreadsheet, and as one page that asks the network for nothing. */
import { htmlDocument } from '../conformance/report/html-document.ts';
import { html, htmlTable } from '../conformance/report/markup.ts';
import type { Cause, Comparison, Difference, FoundDifference } from './compare.ts';
import type { Deed } from './deed.ts';

export interface Told extends Comparison {
  readonly from: string;
  readonly to: string;
  readonly cases: number;
  /** Lines of their file: read, passed over, and not understood. */
  readonly lines: {
    readonly read: number;
    readonly ignored: number;
    readonly unread: readonly { readonly line: number; readonly why: string }[];
  };
  readonly toleranceMinutes: number;
  /** Names of municipalities by their codes. */
  readonly names: Readonly<{ [code: string]: string }>;
}

export const differenceWords: Readonly<{ [D in Difference]: string }> = {
  'only-there': 'they did it, we would not have',
  'only-here': 'we would have done it, they did not',
  'other-time': 'at another time',
  'other-municipality': 'to another municipality',
  'other-days': 'another count of days',
  'other-amount': 'the same days, another amount',
};

export function causeText(one: Cause): string {
  switch (one.cause) {
    case 'missing-message':
      return 'no message of this visit has come here';
    case 'missing-fact':
      return 'the message that the duty starts with has not come, or says something else';
    case 'not-in-their-file':
      return 'it is not in their file';
    case 'moved':
      return 'the patient moved in the course of the case';
    case 'told-late':
      return 'we were told later';
    case 'other-figure':
      return 'another amount per day or another model';
    case 'other-count':
      return 'counted from another day, or under another model';
    case 'unknown':
      return 'not known';
    case 'our-reading':
      return `by our reading of the law: ${one.reason}`;
    case 'flagged':
      return `flagged here: ${one.reason}`;
  }
}

const kronorOf = (ore: number): string => (ore / 100).toFixed(2).replace('.', ',');

const minute = (iso: string): string => {
  const shown = new Date(iso).toLocaleString('sv-SE', { timeZone: 'Europe/Stockholm' });
  return shown.slice(0, 16);
};

/** What one side did of it. */
export function deedText(deed: Deed | undefined, names: Told['names']): string {
  if (deed === undefined) return '–';
  const { at, month, municipality, days, amountOre } = deed;
  return [
    at === undefined ? month : minute(at),
    municipality === undefined
      ? undefined
      : `${municipality} ${names[municipality] ?? ''}`.trimEnd(),
    days === undefined ? undefined : `${days} days`,
    amountOre === undefined ? undefined : `${kronorOf(amountOre)} kr`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

const knownBy = ({ visit, case: name }: FoundDifference): string =>
  [visit, name].filter((part) => part !== undefined).join(' / ');

/** Lines for a terminal. */
export function textOf(told: Told, most: number): string[] {
  const { counts, totals, differences, names, lines, cases } = told;
  const rest = differences.length - most;
  return [
    `${cases} cases here, ${lines.read} lines there${lines.ignored === 0 ? '' : `, ${lines.ignored} passed over`}; ${differences.length} differences`,
    ...lines.unread
      .slice(0, most)
      .map(({ line, why }) => `  line ${line} of theirs is not read: ${why}`),
    '',
    ...counts.map(
      ({ kind, here, there, equal }) => `  ${kind}: ${here} here, ${there} there, ${equal} equal`,
    ),
    '',
    ...totals.map(({ municipality, month, daysHere, daysThere, oreHere, oreThere, missing }) => {
      const place = `${municipality} ${names[municipality] ?? ''}`.trimEnd();
      const ours =
        missing === undefined ? `${kronorOf(oreHere)} kr` : `withheld for want of ${missing}`;
      return `  ${place}, ${month}: ${daysHere} days and ${ours} here, ${daysThere} days and ${kronorOf(oreThere)} kr there`;
    }),
    '',
    ...differences
      .slice(0, most)
      .flatMap((one) => [
        `  ${one.kind}, ${knownBy(one)}: ${differenceWords[one.difference]}`,
        `    here ${deedText(one.here, names)}; there ${deedText(one.there, names)}`,
        `    probably: ${causeText(one.probably)}`,
      ]),
    ...(rest > 0 ? [`  and ${rest} more; the reports tell them all`] : []),
  ];
}

/** One line a difference, with semicolons, as a spreadsheet here opens it. */
export function csvOf({ differences }: Told): string {
  const head = [
    'kind',
    'difference',
    'cause',
    'reason',
    'visit',
    'case',
    'here_time',
    'here_month',
    'here_municipality',
    'here_days',
    'here_kr',
    'there_time',
    'there_month',
    'there_municipality',
    'there_days',
    'there_kr',
  ];
  const side = (deed: Deed | undefined): readonly (string | number)[] => [
    deed?.at ?? '',
    deed?.month ?? '',
    deed?.municipality ?? '',
    deed?.days ?? '',
    deed?.amountOre === undefined ? '' : kronorOf(deed.amountOre),
  ];
  const rows = differences.map(({ kind, difference, probably, visit, case: name, here, there }) => [
    kind,
    difference,
    probably.cause,
    'reason' in probably ? probably.reason : '',
    visit ?? '',
    name ?? '',
    ...side(here),
    ...side(there),
  ]);
  return `\uFEFF${[head, ...rows].map((row) => row.map(cell).join(';')).join('\r\n')}\r\n`;
}

/** What begins like a formula is none: the file is opened in a spreadsheet. */
function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t]/.test(value) ? `'${value}` : String(value);
  return /[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const mostRows = 2000;

/** @returns the page, UTF-8: visits, cases, codes and amounts, and nothing of persons */
export function pageOf(told: Told): string {
  const { from, to, cases, lines, counts, totals, differences, names, toleranceMinutes } = told;
  const here = totals.reduce((sum, { oreHere }) => sum + oreHere, 0);
  const there = totals.reduce((sum, { oreThere }) => sum + oreThere, 0);
  const title = `Shadow beside the system in use, ${from} to ${to}`;
  return htmlDocument(
    { lang: 'en', title },
    html` <header>
        <h1>Shadow beside the system in use</h1>
        <p class="lead">
          From ${from} to ${to}. What Hemgång would have sent and billed, with every notice taken as
          handed over when it was issued, beside what the system in use did by its own export.
          Visits, cases, codes and amounts stand here, and no names, personal identity numbers or
          addresses.
        </p>
        <p class="verdict ${differences.length === 0 ? 'fine' : 'bad'}">
          ${differences.length === 0 ? 'Nothing differs.' : `${differences.length} differences.`}
        </p>
        <dl class="figures">
          <div>
            <dt>Cases here</dt>
            <dd>${cases}</dd>
          </div>
          <div>
            <dt>Lines there</dt>
            <dd>${lines.read}</dd>
          </div>
          <div>
            <dt>Here</dt>
            <dd>${kronorOf(here)} kr</dd>
          </div>
          <div>
            <dt>There</dt>
            <dd>${kronorOf(there)} kr</dd>
          </div>
          <div>
            <dt>Difference</dt>
            <dd>${kronorOf(here - there)} kr</dd>
          </div>
        </dl>
      </header>
      <main>
        <section>
          <h2>By kind</h2>
          ${htmlTable(
            'By kind',
            ['Kind', 'Here', 'There', 'Equal'],
            counts.map(({ kind, here: ours, there: theirs, equal }) => [
              html`<code>${kind}</code>`,
              ours,
              theirs,
              equal,
            ]),
            [1, 2, 3],
          )}
        </section>
        <section>
          <h2>Days and kronor</h2>
          ${htmlTable(
            'Days and kronor',
            [
              'Municipality',
              'Month',
              'Days here',
              'Days there',
              'Kr here',
              'Kr there',
              'Difference',
            ],
            totals.map(
              ({ municipality, month, daysHere, daysThere, oreHere, oreThere, missing }) => [
                `${municipality} ${names[municipality] ?? ''}`,
                month,
                daysHere,
                daysThere,
                missing === undefined ? kronorOf(oreHere) : `withheld: ${missing}`,
                kronorOf(oreThere),
                missing === undefined ? kronorOf(oreHere - oreThere) : '–',
              ],
            ),
            [2, 3, 4, 5, 6],
          )}
        </section>
        <section>
          <h2>Differences</h2>
          ${htmlTable(
            'Differences',
            ['Kind', 'Visit / case', 'Difference', 'Here', 'There', 'Probably'],
            differences
              .slice(0, mostRows)
              .map((one) => [
                html`<code>${one.kind}</code>`,
                html`<code>${knownBy(one)}</code>`,
                differenceWords[one.difference],
                deedText(one.here, names),
                deedText(one.there, names),
                causeText(one.probably),
              ]),
          )}
          ${differences.length > mostRows ? html`<p class="quiet">The first ${mostRows} of ${differences.length}; the CSV has them all.</p>` : ''}
        </section>
        <section>
          <h2>How to read this</h2>
          <p class="lead">
            A notice is the same where it is of the same duty and goes to the same municipality no
            more than ${toleranceMinutes} minutes apart; units of one municipality count as one. A
            probable cause is found from what is known here, and is a place to begin to look.
          </p>
          ${
            lines.unread.length === 0
              ? ''
              : htmlTable(
                  'Lines that were not read',
                  ['Line', 'Why'],
                  lines.unread.slice(0, mostRows).map(({ line, why }) => [line, why]),
                  [0],
                )
          }
        </section>
      </main>`,
  );
}
