/** Everything a bundle proves, read from the journal: plain data, without names, numbers and addresses unless asked for. */
import { placeOf } from '../advance.ts';
import type { Rendered } from '../../adapters/adapter.ts';
import type { DischargeEvent } from '../process/events.ts';
import { fold } from '../process/state.ts';
import type { Asked } from '../questions/asked.ts';
import type { Figure } from '../questions/case-findings.ts';
import { caseRecords, type RecordReads } from '../questions/case-records.ts';
import { explainCase, type CaseExplanation } from '../questions/explain-case.ts';
import { noticePathsOf, type NoticePath } from '../questions/notice-paths.ts';
import type { DeliveryRow, PassedAttempt, RecordedMessage } from '../runtime/journal/journal.ts';
import { billedFor, type BilledDocument } from './billed.ts';
import { decisionsOf, type Decisions } from './decisions.ts';
import { provenDelivery, renderedOf, type ProvenDelivery } from './proven.ts';

export type ProvenEvent = DischargeEvent & { readonly position: number };

/** By what it was found: which program, mappings and figures of law. */
export interface Rules {
  readonly program: { readonly name: string; readonly version: string; readonly sha256: string };
  /** Digests as `hemgang status` shows them. */
  readonly mappings: string;
  readonly profiles: string;
  /** Revisions of the mappings by which the messages were translated. */
  readonly mappingRevisions: readonly string[];
  /** Every figure of law or agreement that a finding rests on, with where it stands. */
  readonly figures: readonly Figure[];
}

export interface Evidence {
  readonly case: Pick<
    CaseExplanation,
    | 'caseReference'
    | 'stays'
    | 'at'
    | 'county'
    | 'countyName'
    | 'municipality'
    | 'municipalityName'
    | 'contradictions'
  >;
  /** Each notice with what was due, sent and answered: read from the lists below. */
  readonly notices: readonly NoticePath[];
  readonly findings: CaseExplanation['findings'];
  readonly clocks: CaseExplanation['clocks'];
  readonly decisions: Decisions;
  readonly counts: CaseExplanation['counts'];
  /** Invoices and credit notes that its days led to. */
  readonly billed: readonly BilledDocument[];
  readonly rules: Rules;
  readonly events: readonly ProvenEvent[];
  readonly messages: readonly RecordedMessage[];
  readonly deliveries: readonly ProvenDelivery[];
  readonly attempts: readonly PassedAttempt[];
  /** What was sent and the receipts, word by word: with names and numbers. */
  readonly content?: readonly DeliveryContent[];
}
export interface DeliveryContent {
  readonly deliveryId: string;
  readonly contentType?: string;
  readonly parts: Rendered['parts'];
  readonly receipt?: string;
}

export interface Gathering extends Asked {
  readonly journal: Asked['journal'] & RecordReads;
  readonly rules: Pick<Rules, 'program' | 'mappings' | 'profiles'>;
}

/**
 * @param id case reference or stay
 * @throws GatewayError unknown-case, journal-unavailable
 */
export async function gather(
  asked: Gathering,
  id: string,
  { withContent }: { readonly withContent: boolean },
): Promise<Evidence> {
  const { loaded, ...records } = await caseRecords(asked.journal, id);
  // What is explained is the very case that was read.
  const frozen = { ...asked.journal, load: () => Promise.resolve(loaded) };
  const explained = await explainCase({ ...asked, journal: frozen }, loaded.processId);
  const { findings, clocks, counts, facts: _facts, decisions: _decisions, ...rest } = explained;
  const { since: _since, ...place } = rest;
  const parametersOf = (events: typeof records.events) =>
    asked.profiles.parametersOf(placeOf(fold(events, loaded.processId)));
  const decisions = decisionsOf(loaded, parametersOf, asked.nowMs);
  return {
    case: place,
    notices: noticePathsOf(records, findings, clocks),
    findings,
    clocks,
    decisions,
    counts,
    billed: await billedFor(asked, counts),
    rules: {
      ...asked.rules,
      mappingRevisions: distinct(records.messages.map((one) => one.mappingRevision ?? '')),
      figures: figuresOf([findings, ...decisions.list.map(({ found }) => found)].flat()),
    },
    events: records.events.map(({ position, event }) => ({ position, ...event })),
    messages: records.messages,
    deliveries: records.deliveries.map(provenDelivery),
    attempts: records.attempts,
    ...(withContent && { content: records.deliveries.flatMap(contentOf) }),
  };
}

function contentOf({ deliveryId, rendered, receipt }: DeliveryRow): readonly DeliveryContent[] {
  const sent = renderedOf(rendered);
  if (sent === undefined && receipt === undefined) return [];
  return [
    {
      deliveryId,
      ...(sent && { contentType: sent.contentType }),
      parts: sent?.parts ?? [],
      ...(receipt !== undefined && { receipt }),
    },
  ];
}

function figuresOf(found: readonly { readonly figures: readonly Figure[] }[]): readonly Figure[] {
  const figures = new Map<string, Figure>();
  for (const figure of found.flatMap((one) => one.figures)) {
    figures.set(`${figure.parameter}|${figure.from}|${figure.reference}`, figure);
  }
  return [...figures.values()];
}

const distinct = (texts: readonly string[]): readonly string[] =>
  [...new Set(texts)].filter((text) => text !== '').sort();
