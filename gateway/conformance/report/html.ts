/** A run as one HTML page that a vendor can read, print and file: it asks the network for nothing. */
import { messagesPart, severityBadge } from './html-messages.ts';
import { casesPart } from './html-cases.ts';
import { htmlDocument } from './html-document.ts';
import { script } from './html-look.ts';
import { html, htmlTable, type Markup } from './markup.ts';
import type { ConformanceReport } from '../result.ts';

/** @returns the page, UTF-8 */
export function htmlPage(report: ConformanceReport): string {
  const { kit, fingerprint } = report;
  const title = `Messages for discharge: conformance ${fingerprint.result}`;
  return htmlDocument(
    { lang: 'en', title, script },
    html`
      ${headPart(report)}
      <main>
        ${agreePart(report)} ${triggerPart(report)} ${remarksPart(report)} ${unmappedPart(report)}
        ${storiesPart(report)} ${messagesPart(report.messages)} ${casesPart(report.cases)}
        ${readingPart()}
      </main>
      <footer>
        <p>
          Kit <code>${fingerprint.kit}</code>: hemgang ${kit.hemgang}, mappings ${kit.mappings},
          profiles ${kit.profiles},
          ${kit.dictionary}${kit.sender === undefined ? '' : `, read as ${kit.sender}`}. Result
          <code>${fingerprint.result}</code>: the same messages and the same kit give the same
          result anywhere.
        </p>
      </footer>
    `,
  );
}

function headPart({ summary, messages, stories, cases }: ConformanceReport): Markup {
  const senders = [...new Set(messages.map(({ sender }) => sender ?? 'unknown sender'))].sort();
  const failedStories = stories.filter(({ failures }) => failures.length > 0).length;
  const failed = summary.failed + failedStories;
  const verdict =
    failed === 0
      ? html`<p class="verdict fine">Nothing failed.</p>`
      : html`<p class="verdict bad">
          ${summary.failed} of ${summary.messages} messages
          ${summary.failed === 1 ? 'needs' : 'need'} a change or an
          answer${
            failedStories === 0
              ? ''
              : `; ${failedStories} of ${stories.length} stories differ from what is expected`
          }.
        </p>`;
  return html`<header>
    <h1>What these messages become</h1>
    <p class="lead">
      Every message was read as the discharge gateway reads it: what it became, what was missing and
      what that leads to, and what is to be agreed. It shows codes, paths, control ids and visit
      numbers; it holds no names, personal identity numbers or addresses.
    </p>
    ${verdict}
    <dl class="figures">
      <div>
        <dt>Messages</dt>
        <dd>${summary.messages}</dd>
      </div>
      <div>
        <dt>Files</dt>
        <dd>${summary.files}</dd>
      </div>
      <div>
        <dt>Cases</dt>
        <dd>${cases.length}</dd>
      </div>
      <div>
        <dt>With expectation</dt>
        <dd>${summary.expected}</dd>
      </div>
      <div>
        <dt>Sender</dt>
        <dd>${senders.slice(0, 4).join(', ')}${senders.length > 4 ? ' …' : ''}</dd>
      </div>
    </dl>
    <nav aria-label="Contents">
      <a href="#agree">To agree</a> <a href="#triggers">By message</a>
      <a href="#remarks">Remarks</a> <a href="#codes">Codes</a> <a href="#messages">Messages</a>
      <a href="#cases">Cases</a> <a href="#reading">How to read this</a>
    </nav>
  </header>`;
}

const none = (text: string): Markup => html`<p class="none">${text}</p>`;
const mostRows = 200;

function agreePart({ summary: { toAgree } }: ConformanceReport): Markup {
  const rows = toAgree
    .slice(0, mostRows)
    .map(({ what, why, messages, example }, index) => [
      index + 1,
      html`<strong>${what}</strong>`,
      why,
      messages,
      example,
    ]);
  return html`<section id="agree">
    <h2>To agree</h2>
    ${
      rows.length === 0
        ? none('Nothing: no message is refused, parked or in error.')
        : htmlTable('To agree', ['', 'What', 'Why', 'Messages', 'Seen in'], rows, [0, 3])
    }
  </section>`;
}

function triggerPart({ summary: { byTrigger } }: ConformanceReport): Markup {
  const count = (value: number): string | number => (value === 0 ? '–' : value);
  const rows = byTrigger.map(({ kind, all, accepted, ignored, parked, refused }) => [
    html`<code>${kind}</code>`,
    all,
    count(accepted),
    count(ignored),
    count(parked),
    count(refused),
  ]);
  return html`<section id="triggers">
    <h2>By message and outcome</h2>
    ${htmlTable('Messages by trigger event and outcome', ['Message', 'All', 'Accepted', 'Ignored', 'Parked', 'Refused'], rows, [1, 2, 3, 4, 5])}
  </section>`;
}

function remarksPart({ summary: { remarks } }: ConformanceReport): Markup {
  const rows = remarks
    .slice(0, mostRows)
    .map(({ severity, location, text, consequence, check, code, messages }) => [
      severityBadge(severity),
      html`<code>${location}</code>`,
      html`${text}${consequence === undefined ? '' : html`<br /><span class="why">${consequence}</span>`}`,
      html`${check}<br /><code class="quiet">${code}</code>`,
      messages,
    ]);
  return html`<section id="remarks">
    <h2>Remarks: errors first, then the most frequent</h2>
    ${
      rows.length === 0
        ? none('None.')
        : htmlTable(
            'Remarks',
            ['', 'Where', 'What, and its consequence', 'Checked by', 'Messages'],
            rows,
            [4],
          )
    }
    ${remarks.length > mostRows ? none(`${remarks.length - mostRows} more stand in the JSON report.`) : ''}
  </section>`;
}

function unmappedPart({ summary: { unmapped } }: ConformanceReport): Markup {
  const rows = [...unmapped]
    .sort((a, b) => (a.table < b.table ? -1 : a.table > b.table ? 1 : 0))
    .slice(0, mostRows)
    .map(({ table, path, code, sender, messages }) => [
      table,
      html`<code>${path}</code>`,
      html`<code>${code}</code>`,
      sender,
      messages,
    ]);
  return html`<section id="codes">
    <h2>Codes that no table has</h2>
    ${
      rows.length === 0
        ? none('None.')
        : htmlTable('Unmapped codes', ['Table', 'Where', 'Code', 'Sender', 'Messages'], rows, [4])
    }
  </section>`;
}

function storiesPart({ stories }: ConformanceReport): Markup {
  if (stories.length === 0) return html``;
  return html`<section id="stories">
    <h2>Stories and what is expected of them</h2>
    <ul>
      ${stories.map(
        ({ file, failures }) =>
          html`<li>
            <code>${file}</code>:
            ${failures.length === 0 ? 'as expected' : 'differs'}${
              failures.length === 0
                ? ''
                : html`<ul>
                    ${failures.map(({ at, text }) => html`<li class="bad">${at}: ${text}</li>`)}
                  </ul>`
            }
          </li>`,
      )}
    </ul>
  </section>`;
}

function readingPart(): Markup {
  return html`<section id="reading">
    <h2>How to read this</h2>
    <dl class="terms">
      <dt>Accepted</dt>
      <dd>
        The message became events of a stay, and is answered AA; of FHIR, here and below, by a
        status from 200 to 202.
      </dd>
      <dt>Ignored</dt>
      <dd>
        It was understood, and carries nothing that moves a stay. It is answered AA; the reason
        stands beside it.
      </dd>
      <dt>Parked</dt>
      <dd>
        A code that decides something is in no table. The message is answered AA and kept; it counts
        once the code is agreed.
      </dd>
      <dt>Refused</dt>
      <dd>
        It cannot be used, and is answered AE or AR with the place in ERR; of FHIR, by a status from
        400 with the place in the OperationOutcome.
      </dd>
      <dt>Error, warning, information</dt>
      <dd>
        An error keeps something from being done, and has to be mended or agreed. A warning makes
        something uncertain. Information needs nothing.
      </dd>
      <dt>Profile, dictionary, fhir</dt>
      <dd>
        The profile is what the discharge process needs of a message; the dictionary is the HL7
        standard in the version of MSH-12; fhir is FHIR R4 itself.
      </dd>
      <dt>Cases</dt>
      <dd>
        All messages of a stay together, assessed by lag (2017:612) and the regional agreement at
        the time of the last message of the run. Notices are taken to be received the moment they
        are issued. Times are local (Europe/Stockholm).
      </dd>
    </dl>
  </section>`;
}
