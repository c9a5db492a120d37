/** The part of the page with a case each: what happened, what the law says of it, and what would go out. */
import { addDays, localTimeText } from '../../rules/legal-days.ts';
import { eventTable, whenPart, wordsOf } from './html-messages.ts';
import { html, htmlTable } from './markup.ts';
import type { Content, Markup } from './markup.ts';
import type { CaseResult, ToldLiability } from '../result.ts';

const mostCases = 300;

export function casesPart(cases: readonly CaseResult[]): Markup {
  const shown = cases.slice(0, mostCases);
  return html`<section id="cases">
    <h2>Cases</h2>
    ${cases.length === 0 ? html`<p class="none">No message moves a stay.</p>` : ''}
    ${cases.length > shown.length ? html`<p class="none">${shown.length} of ${cases.length} are shown; the JSON report has all.</p>` : ''}
    ${shown.map(casePart)}
  </section>`;
}

function casePart(one: CaseResult): Markup {
  const { stays, senders, messages, municipality, notices, liability, contradictions, story } = one;
  const told = [
    `${messages} message${messages === 1 ? '' : 's'} of ${senders.join(', ')}`,
    ...(municipality === undefined ? [] : [`municipality ${municipality}`]),
    `${notices.length} notice${notices.length === 1 ? '' : 's'}`,
    ...liability.map(({ state }) => `liability ${state}`),
    ...(story === '' ? [] : [`story ${story}`]),
  ].join(' · ');
  return html`<details class="case">
    <summary>
      <strong>Visit ${stays.map(({ number }) => number).join(', ')}</strong>
      <span class="quiet">${told}</span>
    </summary>
    <div class="inside">
      ${contradictions.length === 0 ? '' : html`<p class="bad">Contradictory, so nothing is charged: ${contradictions.join(', ')}</p>`}
      <h3>Facts over time</h3>
      ${factsTable(one)}
      <h3>What the law says at ${localTimeText(Date.parse(one.at))}</h3>
      ${findingsTable(one)}
      <h3>Notices that would go</h3>
      ${noticesTable(one)}
      <h3>Liability for payment</h3>
      ${
        liability.length === 0
          ? html`<p class="none">None was decided.</p>`
          : html`<ul>
              ${liability.map((decided) => html`<li>${liabilityText(decided)}</li>`)}
            </ul>`
      }
    </div>
  </details> `;
}

function factsTable({ facts }: CaseResult): Markup {
  if (facts.length === 0) return eventTable([]);
  return htmlTable(
    'Facts',
    ['When', 'What', '', 'From'],
    facts.map((fact) => [
      whenPart(fact),
      html`<code>${fact.type}</code>${fact.replaced ? ' (replaced)' : ''}`,
      wordsOf(fact),
      html`<span class="quiet">${fact.source}</span>`,
    ]),
  );
}

function findingsTable({ findings }: CaseResult): Markup {
  const applying = findings.filter(({ status }) => status !== 'not-applicable');
  const others = findings.filter(({ status }) => status === 'not-applicable');
  return html`${htmlTable('Findings', ['Paragraph', '', 'Finding'], applying.map(findingRow))}
  ${
    others.length === 0
      ? ''
      : html`<p class="quiet">
          Not applicable:
          ${[...new Set(others.map(({ rule, reason }) => `${rule} (${reason})`))].join(', ')}
        </p>`
  }`;
}

function findingRow(found: CaseResult['findings'][number]): readonly Content[] {
  const { reference, rule, role, status, reason, sentence, dueAt } = found;
  const due = dueAt === undefined ? '' : ` Due ${localTimeText(Date.parse(dueAt))}.`;
  return [
    html`<span class="when">${reference.replace(' lag (2017:612)', '')}</span>`,
    html`<span class="badge ${status}">${status}</span>`,
    html`${sentence.en}${due}<br /><span lang="sv" class="why">${sentence.sv}</span><br />
      <code class="quiet">${reason}</code>
      <span class="quiet">${rule}${role === undefined ? '' : ` to ${role}`}</span>`,
  ];
}

function noticesTable({ notices }: CaseResult): Markup {
  if (notices.length === 0) return html`<p class="none">None.</p>`;
  return htmlTable(
    'Notices',
    ['When', 'Notice', 'To', 'Paragraph'],
    notices.map(({ at, action, obligation, role, municipality, held, reference }) => [
      localTimeText(Date.parse(at)),
      html`${obligation}${action === 'issued' ? '' : ` (${action})`}${held ? ', held for a person' : ''}`,
      `${role} ${municipality ?? ''}`.trim(),
      reference.replace(' lag (2017:612)', ''),
    ]),
  );
}

function liabilityText({ state, reason, municipality, from, until }: ToldLiability): string {
  if (state === 'withheld') return `No charge: ${reason}`;
  if (state === 'revoked') return `Taken back: ${reason}`;
  const last = until === undefined ? 'on' : `to ${addDays(until, -1)}`;
  return `Municipality ${municipality ?? ''} pays from ${from ?? ''} ${last} (${reason})`;
}
