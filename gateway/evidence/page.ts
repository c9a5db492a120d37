/** A bundle as one page that a lawyer can read, print and file, in Swedish: it runs nothing and asks the network for nothing. */
import { htmlDocument } from '../conformance/report/html-document.ts';
import { html, htmlTable, type Content, type Markup } from '../conformance/report/markup.ts';
import { causeWords } from '../process/billing-words.ts';
import type { ExplainedFinding } from '../questions/case-findings.ts';
import type { DeliveryPath, NoticePath } from '../questions/notice-paths.ts';
import type { BilledDocument, Said } from './billed.ts';
import type { DecisionBasis } from './decisions.ts';
import type { DeliveryContent, Evidence } from './gather.ts';
import {
  actionWords,
  clockStates,
  documentWords,
  eventWords,
  obligationWords,
  proofWords,
  roleWords,
  saidWords,
  stateWords,
  statusWords,
  timeWords,
} from './page-words.ts';
import type { PageMarks } from './seal.ts';

/** @returns the page, UTF-8 */
export function evidencePage(evidence: Evidence, marks: PageMarks): string {
  const title = `Bevis om underrättelser, ärende ${marks.manifest.case}`;
  return htmlDocument(
    { lang: 'sv', title, ownStyle },
    html` ${headPart(evidence, marks)}
      <main>
        ${summaryPart(evidence)} ${noticesPart(evidence)} ${findingsPart(evidence)}
        ${clocksPart(evidence)} ${countsPart(evidence)} ${billedPart(evidence)}
        ${decisionsPart(evidence)} ${messagesPart(evidence)} ${eventsPart(evidence)}
        ${rulesPart(evidence)} ${checkPart(marks)}
      </main>`,
  );
}

const ownStyle = `
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem; background: var(--pale); font-size: .85em; }
.pairs { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: .5rem 0 1rem; }
.pairs dt { color: var(--quiet); }
.pairs dd { margin: 0; overflow-wrap: anywhere; }
.hash { font-size: .8em; color: var(--quiet); }
td code { white-space: normal; }
section.notice { margin-bottom: 1.5rem; padding-top: .5rem; border-top: 1px solid var(--line); }
.when { white-space: normal; }
@media print {
  .wide { overflow: visible; }
  table { font-size: .8em; }
  td, th { overflow-wrap: anywhere; padding-right: .35rem; }
}
`;

const none = (text: string): Markup => html`<p class="none">${text}</p>`;
const code = (text: string): Markup => html`<code>${text}</code>`;
const mark = (digest: string | undefined): Markup =>
  digest === undefined ? html`–` : html`<code class="hash">${digest}</code>`;
const at = (iso: string | undefined): Content =>
  iso === undefined ? '–' : html`<span class="when">${timeWords(iso)}</span>`;
const badge = (status: ExplainedFinding['status']): Markup =>
  html`<span class="badge ${status}">${statusWords[status]}</span>`;
const pairs = (rows: readonly (readonly [string, Content])[]): Markup =>
  html`<dl class="pairs">
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;

function headPart({ case: one, content }: Evidence, { manifest }: PageMarks): Markup {
  const { protectedIdentity } = manifest.madeBy;
  return html`<header>
    <h1>Bevis om underrättelser</h1>
    <p class="lead">
      Vad som enligt lagen (2017:612) om samverkan vid utskrivning från sluten hälso- och sjukvård
      skulle göras i ärendet, vad som skickades, när och till vem, vad mottagaren svarade och hur
      det bedömdes. Alla tider är svensk tid.
    </p>
    ${pairs([
      ['Ärende', code(one.caseReference)],
      ['Region', `${one.countyName ?? 'okänd'} (${one.county ?? '–'})`],
      ['Betalande kommun', `${one.municipalityName ?? 'okänd'} (${one.municipality ?? '–'})`],
      ['Enligt vad som var känt', at(one.at)],
      ['Framställt', html`${at(manifest.madeAt)} av ${manifest.madeBy.who}`],
      ['Skäl', manifest.madeBy.reason],
      [
        'Personuppgifter',
        content === undefined
          ? 'Inga namn, personnummer eller adresser: kontrollsummor visar vad som skickades.'
          : 'Innehåller de skickade meddelandenas text med namn, personnummer och adress.',
      ],
    ])}
    ${
      protectedIdentity === undefined
        ? html``
        : html`<p class="verdict bad">
            Personen har eller har haft skyddade personuppgifter. Filen innehåller dem ändå, av
            detta skäl: ${protectedIdentity}. Visa den bara för den som behöver den, och bara med
            rätt att ta del av uppgifterna.
          </p>`
    }
    ${
      one.contradictions.length === 0
        ? html``
        : html`<p class="verdict bad">
            Uppgifter i ärendet motsäger varandra: ${one.contradictions.join(', ')}. Därför
            debiteras ingenting.
          </p>`
    }
  </header>`;
}

const nameOf = ({ obligation, action }: NoticePath): string =>
  `${obligationWords[obligation]}${action === 'issued' ? '' : ` (${actionWords[action]})`}`;
const placeOf = ({ role, municipality, county }: NoticePath, { case: one }: Evidence): string => {
  const name = municipality === one.municipality ? (one.municipalityName ?? '') : '';
  return `${roleWords[role]} ${municipality ?? county ?? ''} ${municipality === undefined ? '' : name}`.trim();
};

/** Where the act says no time, ours is a watch. */
const dueOf = ({ dueAt, isWatch }: NoticePath): Content =>
  isWatch ? html`så snart som möjligt (bevakas till ${at(dueAt)})` : at(dueAt);

function summaryPart(evidence: Evidence): Markup {
  const rows = evidence.notices.map((notice) => {
    const [first] = notice.deliveries;
    const said = notice.deliveries.find(({ acknowledged }) => acknowledged)?.acknowledged;
    return [
      html`<a href="#n-${notice.noticeId}">${nameOf(notice)}</a><br /><span class="quiet"
          >till ${placeOf(notice, evidence)}</span
        >`,
      html`${dueOf(notice)}<br /><span class="quiet">${notice.reference}</span>`,
      at(first?.firstAttemptAt),
      first?.handedOverAt === undefined
        ? html`<span class="quiet"
            >${first === undefined ? 'inte skickad' : stateWords[first.state]}</span
          >`
        : at(first.handedOverAt),
      at(said?.at),
      notice.finding === undefined ? '–' : badge(notice.finding.status),
    ];
  });
  return html`<section>
    <h2>Sammanfattning</h2>
    ${
      rows.length === 0
        ? none('Inget meddelande har beslutats.')
        : htmlTable(
            'Meddelanden',
            [
              'Meddelande',
              'Senast',
              'Första försök',
              'Överlämnad',
              'Kvitterad av person',
              'Bedömning',
            ],
            rows,
          )
    }
  </section>`;
}

function noticesPart(evidence: Evidence): Markup {
  return html`<section>
    <h2>Varje meddelande</h2>
    ${evidence.notices.map((notice) => noticePart(notice, evidence))}
  </section>`;
}

function noticePart(notice: NoticePath, evidence: Evidence): Markup {
  const { told, finding, occasion } = notice;
  return html`<section class="notice" id="n-${notice.noticeId}">
    <h3>${nameOf(notice)} till ${placeOf(notice, evidence)}</h3>
    ${pairs([
      ['Beslutat', html`${at(notice.decidedAt)}, ${notice.reference}`],
      [
        'Grund',
        html`${occasion.type === undefined ? '–' : (eventWords[occasion.type] ?? occasion.type)}
        ${at(occasion.occurredAt)}`,
      ],
      ...told.map(
        ({ type, occurredAt, message }) =>
          [
            'Enligt meddelande',
            html`${type === undefined ? '' : (eventWords[type] ?? type)} ${at(occurredAt)}: från
              ${message.sender ?? '–'}, kontroll-id ${code(message.controlId ?? '–')}, mottaget
              ${at(message.receivedAt)}<br />SHA-256 ${mark(message.sha256)}`,
          ] as const,
      ),
      ['Skulle göras senast', dueOf(notice)],
      [
        'Bedömning',
        finding === undefined
          ? '–'
          : html`${badge(finding.status)} ${finding.sentence.sv} (${finding.reference})`,
      ],
    ])}
    ${notice.deliveries.map((one) => deliveryPart(one, evidence))}
    ${notice.deliveries.length === 0 ? none('Ingen leverans har påbörjats.') : html``}
  </section>`;
}

function deliveryPart(one: DeliveryPath, { deliveries, content }: Evidence): Markup {
  const proven = deliveries.find(({ deliveryId }) => deliveryId === one.deliveryId);
  const text = content?.find(({ deliveryId }) => deliveryId === one.deliveryId);
  const said = (what: DeliveryPath['acknowledged']): Content =>
    what === undefined ? 'inte känt' : html`${at(what.at)} enligt ${what.by}`;
  return html`${pairs([
    ['Leverans', html`${code(one.deliveryId)} till ${one.receiver ?? 'ingen mottagare'}`],
    ['Läge', html`${stateWords[one.state]}${one.detail === undefined ? '' : ` (${one.detail})`}`],
    ['Första försök', html`${at(one.firstAttemptAt)} (bokfört innan något skickades)`],
    [
      'Överlämnad',
      html`${at(one.handedOverAt)}${one.proof === undefined ? '' : `: ${proofWords[one.proof] ?? one.proof}`}`,
    ],
    ...(one.receiverFaultAt === undefined
      ? []
      : [['Mottagarens fel', html`${at(one.receiverFaultAt)}`] as const]),
    ['Mottagen av deras system', said(one.received)],
    ['Kvitterad av person', said(one.acknowledged)],
    ...(one.misdirected === undefined
      ? []
      : [['Inte deras invånare', said(one.misdirected)] as const]),
    ...(proven?.sent ?? []).map(
      ({ name, bytes, sha256 }) =>
        ['Skickat', html`${code(name)}, ${bytes} byte<br />SHA-256 ${mark(sha256)}`] as const,
    ),
    ...(proven?.receipt === undefined
      ? []
      : [
          [
            'Kvitto',
            html`${proven.receipt.bytes} byte<br />SHA-256 ${mark(proven.receipt.sha256)}`,
          ] as const,
        ]),
  ])}
  ${htmlTable(
    'Försök',
    ['Försök', 'Började', 'Slutade', 'Utfall'],
    one.attempts.map(({ number, startedAt, endedAt, state, detail }) => [
      number,
      at(startedAt),
      at(endedAt),
      `${stateName(state)}${detail === undefined ? '' : `: ${detail}`}`,
    ]),
    [0],
  )}
  ${(text?.parts ?? []).filter(isText).map(
    ({ name, body }) =>
      html`<p>${code(name)}</p>
        <pre>${readable(body)}</pre>`,
  )}
  ${
    text?.receipt === undefined
      ? html``
      : html`<p>Kvittots text</p>
          <pre>${text.receipt}</pre>`
  } `;
}

const stateName = (state: string | undefined): string =>
  state === undefined ? 'okänt' : state === 'pending' ? 'nytt försök ska göras' : stateOf(state);
const stateOf = (state: string): string =>
  Object.entries(stateWords).find(([name]) => name === state)?.[1] ?? state;

const isText = ({ encoding }: DeliveryContent['parts'][number]): boolean => encoding === undefined;

/** A page holds texts; what is no text is in the file, byte by byte. */
const mostText = 20_000;
const readable = (body: string): string =>
  body.length > mostText ? `${body.slice(0, mostText)} … (resten finns i JSON-filen)` : body;

function findingsPart({ findings }: Evidence): Markup {
  const rows = findings.map((found) => [
    html`${found.reference.replace(' lag (2017:612)', '')}`,
    badge(found.status),
    html`${found.sentence.sv}<br /><code class="quiet">${found.reason}</code>`,
    html`${found.figures.map(
      ({ parameter, value, from, reference }) =>
        html`<span class="quiet"
            >${parameter} = ${value === undefined ? '?' : String(value)} från ${from}:
            ${reference}</span
          ><br />`,
    )}`,
  ]);
  return html`<section>
    <h2>Bedömning, paragraf för paragraf</h2>
    ${htmlTable('Bedömning', ['Paragraf', '', 'Bedömning', 'Lagens och avtalets värden'], rows)}
  </section>`;
}

function clocksPart({ clocks }: Evidence): Markup {
  const rows = clocks.map(({ deadline, dueAt, state, metAt, reference, about }) => [
    deadline,
    at(dueAt),
    html`${clockStates[state]} ${metAt === undefined ? '' : at(metAt)}`,
    reference,
    about.type === undefined ? '–' : (eventWords[about.type] ?? about.type),
  ]);
  return html`<section>
    <h2>Frister</h2>
    ${htmlTable('Frister', ['', 'Senast', 'Läge', 'Grund', 'Räknas från'], rows)}
  </section>`;
}

const kronor = (ore: number): string => `${(ore / 100).toFixed(2).replace('.', ',')} kr`;

function countsPart({ counts }: Evidence): Markup {
  const rows = counts.map((count) => [
    count.month,
    `${count.municipality} ${count.municipalityName}`,
    count.days,
    count.eligible ? count.dates.join(', ') : `räknas inte: ${count.reason}`,
    count.isSettled ? count.settlement.state : 'avräknas inte',
    kronor(count.amountOre),
  ]);
  return html`<section>
    <h2>Dygn och avräkning</h2>
    ${
      rows.length === 0
        ? none('Inga dygn har räknats.')
        : htmlTable(
            'Dygn',
            ['Månad', 'Kommun', 'Dygn', 'Datum', 'Avräkning', 'Belopp'],
            rows,
            [2, 5],
          )
    }
  </section>`;
}

function billedPart({ billed }: Evidence): Markup {
  return html`<section>
    <h2>Fakturerat</h2>
    ${billed.length === 0 ? none('Ingen faktura avser ärendet.') : billed.map(documentPart)}
  </section>`;
}

function documentPart(one: BilledDocument): Markup {
  const { lines, said, deliveries, decided } = one;
  return html`<section class="notice">
    <h3>${documentWords[one.kind]} ${one.number}, ${one.month}</h3>
    ${pairs([
      ['Datum', `${one.issueDate}${one.dueDate === undefined ? '' : `, förfaller ${one.dueDate}`}`],
      ...(one.corrects === undefined ? [] : [['Avser faktura', one.corrects] as const]),
      ['Specifikation', code(one.specification)],
      ['Hela beloppet', html`${kronor(one.totalOre)}, med alla ärenden i den`],
      [
        'Beslutad',
        html`${at(decided.at)} av
        ${decided.by}${decided.digest === undefined ? '' : html`<br />SHA-256 ${mark(decided.digest)}`}`,
      ],
      ...said.map((step) => [saidWords[step.what], saidText(step)] as const),
      ...deliveries.flatMap(deliveryRows),
    ])}
    ${htmlTable(
      'Rader',
      ['Rad', 'Avser', 'Från', 'Till, ej medräknad', 'Dygn', 'Belopp', 'Grund'],
      lines.map((line) => [
        line.place,
        `${line.caseReference === undefined ? 'månadens genomsnitt, alla ärenden' : 'ärendet'}${line.isOpposite ? ' (motsatt)' : ''}`,
        line.from,
        line.until,
        daysIn(line),
        kronor(line.amountOre),
        `${line.reference}; ${line.rateReference}`,
      ]),
      [0, 4, 5],
    )}
  </section>`;
}

const saidText = ({ at: when, by, level, who, cause, lines }: Said): Markup =>
  html`${at(when)} av
  ${[
    by,
    ...(level === undefined ? [] : [`nivå ${level}`]),
    ...(who === undefined ? [] : [who]),
    ...(cause === undefined ? [] : [causeWords(cause).sv]),
    ...(lines === undefined ? [] : [`rad ${lines.join(', ')}`]),
  ].join('; ')}`;

const daysIn = ({ days, quantity }: BilledDocument['lines'][number]): Content =>
  quantity === undefined || quantity.denominator === 1
    ? (quantity?.numerator ?? days ?? 0)
    : `${quantity.numerator}/${quantity.denominator}`;

type PairRow = readonly [string, Content];
type Billed = BilledDocument['deliveries'][number];

function deliveryRows({ receiver, state, detail, passed, sent }: Billed): readonly PairRow[] {
  const last = passed.at(-1)?.endedAt;
  return [
    [
      `Till ${receiver ?? 'ingen mottagare'}`,
      html`${stateWords[state]}${detail === undefined ? '' : ` (${detail})`}
      ${last === undefined ? '' : at(last)}`,
    ],
    ...sent.map(({ name, bytes, sha256 }): PairRow => [
      'Skickat',
      html`${code(name)}, ${bytes} byte<br />SHA-256 ${mark(sha256)}`,
    ]),
  ];
}

function decisionsPart({ decisions: { list, leftOut } }: Evidence): Markup {
  return html`<section>
    <h2>Vad som var känt när det beslutades</h2>
    <p class="quiet">
      Bedömningen görs om med de händelser som var bokförda när beslutet fattades, och hålls mot
      dagens. Lagens värden är dagens.
    </p>
    ${list.map(decisionPart)}
    ${leftOut === 0 ? html`` : none(`Ytterligare ${leftOut} beslut står bland händelserna.`)}
  </section>`;
}

function decisionPart({ type, decidedAt, known, knownUpTo, found, since }: DecisionBasis): Markup {
  const shown = type.startsWith('liability.') ? since : [];
  return html`<h3>${eventWords[type] ?? type} ${at(decidedAt)}</h3>
    <p class="quiet">${known} händelser var kända, den sista med plats ${knownUpTo}.</p>
    <ul>
      ${found.map((one) => html`<li>${badge(one.status)} ${one.sentence.sv} (${one.reference})</li>`)}
    </ul>
    ${htmlTable(
      'Annorlunda i dag',
      ['Paragraf', 'Då', 'I dag'],
      shown.map(({ reference, before, after }) => [
        reference.replace(' lag (2017:612)', ''),
        before?.sentence.sv ?? '–',
        after?.sentence.sv ?? '–',
      ]),
    )}`;
}

function messagesPart({ messages }: Evidence): Markup {
  const rows = messages
    .slice(0, mostRows)
    .map(({ sender, kind, controlId, receivedAt, state, sha256 }) => [
      at(receivedAt),
      sender ?? '–',
      code(kind ?? '–'),
      code(controlId ?? '–'),
      state,
      mark(sha256),
    ]);
  return html`<section>
    <h2>Meddelanden som kom in</h2>
    ${htmlTable('Inkommet', ['Mottaget', 'Från', 'Slag', 'Kontroll-id', 'Läge', 'SHA-256'], rows)}
    ${rest(messages.length)}
  </section>`;
}

const mostRows = 500;
const rest = (count: number): Markup =>
  count <= mostRows ? html`` : none(`Ytterligare ${count - mostRows} står i JSON-filen.`);

function eventsPart({ events }: Evidence): Markup {
  const rows = events
    .slice(0, mostRows)
    .map(({ position, type, occurredAt, recordedAt, source }, index) => [
      index + 1,
      at(occurredAt),
      at(recordedAt),
      source.sender,
      html`${eventWords[type] ?? type}<br /><code class="quiet">${type}</code>`,
      position,
    ]);
  return html`<section>
    <h2>Händelserna, i den ordning de bokfördes</h2>
    ${htmlTable('Händelser', ['Nr', 'Hände', 'Bokfört', 'Enligt', 'Vad', 'Plats'], rows, [0, 5])}
    ${rest(events.length)}
  </section>`;
}

function rulesPart({ rules }: Evidence): Markup {
  const { program, mappings, profiles, mappingRevisions } = rules;
  return html`<section>
    <h2>Efter vilka regler</h2>
    ${pairs([
      ['Program', html`${program.name} ${program.version}<br />SHA-256 ${mark(program.sha256)}`],
      ['Översättning av meddelanden', html`${mappings}; ärendets: ${mappingRevisions.join(', ')}`],
      ['Lagens och avtalens värden', profiles],
    ])}
  </section>`;
}

function checkPart({ manifest, file, pageFile }: PageMarks): Markup {
  return html`<section>
    <h2>Så kontrolleras beviset</h2>
    <p>
      Sidan hör till ${code(file)}, som innehåller allt och är signerad. Filen och sidan prövas
      tillsammans, utan tillgång till journalen, med ${code(`hemgang case verify ${file}`)}; utan
      programmet med openssl och sha256sum enligt programmets anvisning. Signaturen visar vilken
      nyckel som undertecknat. Vems nyckeln är måste mottagaren ha fått veta på annat sätt.
    </p>
    ${pairs([
      ['Innehållets kontrollsumma', mark(manifest.content)],
      ['Kedjans slut', html`${mark(manifest.chain.end)} efter ${manifest.chain.records} poster`],
      ['Nyckelns fingeravtryck', mark(manifest.key.fingerprint)],
      ['Denna sida', code(pageFile)],
    ])}
  </section>`;
}
