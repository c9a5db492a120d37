/** The part of the page with a message each: what it became, what was missing, and what that leads to. */
import { dataText } from '../../questions/data-text.ts';
import { localTimeText } from '../../rules/legal-days.ts';
import { html, htmlTable } from './markup.ts';
import type { Content, Markup } from './markup.ts';
import { fhirRelease } from '../fhir-told.ts';
import { outcomes, placeOf } from '../result.ts';
import type { MessageResult, ToldEvent } from '../result.ts';

/** More would make a page that nobody reads; the JSON report has all. */
const mostMessages = 1000;

export function messagesPart(messages: readonly MessageResult[]): Markup {
  const failedFirst = [...messages].sort((a, b) => Number(isFine(a)) - Number(isFine(b)));
  const shown = messages.length > mostMessages ? failedFirst.slice(0, mostMessages) : messages;
  const kinds = [...new Set(shown.map(({ kind }) => kind ?? 'unreadable'))].sort();
  return html`<section id="messages">
    <h2>Messages</h2>
    ${
      messages.length > shown.length
        ? html`<p class="none">
            ${shown.length} of ${messages.length} are shown, those that failed first; the JSON
            report has all.
          </p>`
        : ''
    }
    <form class="filters" id="filters" hidden>
      <label
        >Find <input type="search" id="find" placeholder="file, control id, path, code"
      /></label>
      <label
        >Message
        <select id="kind">
          <option value="">all</option>
          ${kinds.map((kind) => html`<option>${kind}</option>`)}
        </select></label
      >
      <fieldset>
        <legend>Outcome</legend>
        ${outcomes.map(
          (outcome) =>
            html`<label
              ><input type="checkbox" name="outcome" value="${outcome}" checked /> ${outcome}</label
            >`,
        )}
      </fieldset>
      <label><input type="checkbox" id="failed" /> only failed</label>
      <span class="buttons"
        ><button type="button" id="open">Open all</button>
        <button type="button" id="close">Close all</button></span
      >
      <output id="count" aria-live="polite"></output>
    </form>
    ${shown.map(messagePart)}
  </section>`;
}

const isFine = ({ failures }: MessageResult): boolean => failures.length === 0;

function messagePart(message: MessageResult): Markup {
  const { kind = 'unreadable', controlId, sender, outcome, answer } = message;
  const fine = isFine(message);
  return html`<details
    class="message"
    data-outcome="${outcome}"
    data-kind="${kind}"
    data-failed="${fine ? '' : 'yes'}"
  >
    <summary>
      <span class="mark ${fine ? 'fine' : 'bad'}"
        >${fine ? '✓' : '✗'}<span class="unseen">${fine ? ' passed' : ' failed'}</span></span
      >
      <code class="kind">${kind}</code> <span class="badge ${outcome}">${outcome}</span>
      <span class="file">${placeOf(message)}</span>
      <span class="quiet"
        >${controlId ?? 'no control id'}${sender === undefined ? '' : ` · ${sender}`} · answer
        ${answer ?? 'none'}</span
      >
    </summary>
    <div class="inside">
      ${failuresPart(message)} ${becamePart(message)} ${missingPart(message)}
    </div>
  </details> `;
}

function failuresPart({ failures, isExpected }: MessageResult): Markup {
  if (failures.length === 0) {
    return isExpected ? html`<p class="fine">As expected.</p>` : html``;
  }
  const title = isExpected ? 'Differs from what is expected' : 'To mend or to agree';
  return html`<h3>${title}</h3>
    <ul class="bad">
      ${failures.map(
        ({ at, text }) =>
          html`<li>${text.startsWith(at) ? '' : html`<code>${at}</code> `}${text}</li>`,
      )}
    </ul>`;
}

function becamePart({ events, reason, outcome, stay, error, version }: MessageResult): Markup {
  const codes = version === fhirRelease ? 'issue type' : 'table 0357';
  const of = stay === undefined ? '' : html` <span class="quiet">of visit ${stay.number}</span>`;
  return html`<h3>What it became${of}</h3>
    ${events.length === 0 ? html`<p>${nothingBecause(outcome)}${reason === undefined ? '' : html`: ${reason}`}${error?.standardCode === undefined ? '' : ` (${codes}: ${error.standardCode})`}</p>` : eventTable(events)}`;
}

function nothingBecause(outcome: MessageResult['outcome']): string {
  if (outcome === 'refused') return 'Nothing, it is refused';
  return outcome === 'parked' ? 'Nothing yet, it waits for a code' : 'Nothing, it is ignored';
}

export function eventTable(events: readonly ToldEvent[]): Markup {
  return htmlTable(
    'Events',
    ['When', 'What', ''],
    events.map((event) => [whenPart(event), html`<code>${event.type}</code>`, wordsOf(event)]),
  );
}

/** When it happened, in local time. */
export function whenPart({ occurredAt, precision }: ToldEvent): Markup {
  const text = localTimeText(Date.parse(occurredAt));
  return html`<span class="when"
    >${precision === 'day' ? `${text.slice(0, 10)} (date)` : text}</span
  >`;
}

export const wordsOf = ({ data }: ToldEvent): string => dataText(data);

function missingPart({ remarks, unmapped, warnings }: MessageResult): Markup {
  const rows: Content[][] = [
    // Where a check says of the same place what it leads to, that says it all.
    ...unmapped
      .filter(({ path }) => !remarks.some(({ location }) => location === path))
      .map(({ path, code, table }) => [
        severityBadge('parked'),
        html`<code>${path}</code>`,
        html`code <code>${code}</code> is not in table ${table}<br /><span class="why"
            >the message waits until it is agreed what the code means</span
          >`,
      ]),
    ...remarks.map(({ severity, location, text, consequence, check, code }) => [
      severityBadge(severity),
      html`<code>${location}</code>`,
      html`${text}
        <span class="quiet">${check}, ${code}</span
        >${consequence === undefined ? '' : html`<br /><span class="why">${consequence}</span>`}`,
    ]),
    ...warnings.map((warning) => {
      const [path = '', ...rest] = warning.split(': ');
      return rest.length === 0
        ? [severityBadge('warning'), '', warning]
        : [severityBadge('warning'), html`<code>${path}</code>`, rest.join(': ')];
    }),
  ];
  if (rows.length === 0) return html``;
  return html`<h3>What was missing or doubtful, and its consequence</h3>
    ${htmlTable('Remarks on this message', ['', 'Where', 'What, and its consequence'], rows)}`;
}

export function severityBadge(severity: string): Markup {
  return html`<span class="badge ${severity}">${severity}</span>`;
}
