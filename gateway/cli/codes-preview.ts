/** What an entry in a table would set free, and what would be decided then: the same plan that is appended in earnest. */
import { hash } from 'node:crypto';
import { agreedTimes } from '../wiring/agreed-times.ts';
import { inboundsOf } from '../wiring/inbounds.ts';
import type { PendingFile } from '../../mappings/overlay.ts';
import { asGatewayError } from '../errors.ts';
import type { DischargeEvent, EventBody, EventType } from '../process/events.ts';
import { foretellCase, foretellMonths } from '../questions/foretell.ts';
import type { ForetoldCase, ForetoldMonth } from '../questions/foretell.ts';
import type { SupposedFacts } from '../questions/supposed.ts';
import { planCase } from '../retranslate.ts';
import type { RetranslationPlan } from '../retranslate.ts';
import { isoOf } from '../rules/legal-days.ts';
import type { ParkedCase } from '../runtime/journal/journal.ts';
import { mappingsOf } from '../wiring/intake.ts';
import { liveSenders } from '../wiring/senders.ts';
import type { OpenQuestion } from './question.ts';

export interface FreedMessage {
  readonly messageId: string;
  readonly controlId: string;
  readonly sender: string;
  readonly kind: string;
  readonly receivedAt: string;
  readonly caseReference: string;
  readonly waitedFor: readonly { readonly table: string; readonly code: string }[];
  /** Codes it still waits for; none when it is free. */
  readonly waitsFor: readonly { readonly table: string; readonly code: string }[];
  readonly facts: readonly {
    readonly id: string;
    readonly type: EventType;
    readonly occurredAt: string;
  }[];
  readonly superseded: readonly { readonly id: string; readonly type: EventType }[];
}

export interface Preview {
  /** Of the mappings as they would be. */
  readonly mappingRevision: string;
  /** Names which messages would be translated, and by what: another one means that something has changed. */
  readonly selection: string;
  readonly messages: readonly FreedMessage[];
  /** Messages that cannot be translated; they wait on. */
  readonly troubles: readonly { readonly messageId: string; readonly error: string }[];
  readonly cases: readonly ForetoldCase[];
  readonly months: readonly ForetoldMonth[];
}

export interface PreviewOptions {
  /** A file of an overlay as it would be; without it by the mappings as they are. */
  readonly pending?: PendingFile | undefined;
  /** Only these cases; all that wait where it is left out. */
  readonly only?: readonly ParkedCase[];
  readonly onProgress?: (done: number, of: number) => void;
}

/** @throws GatewayError configuration-invalid where the mappings could not be used then, naming file and key */
export async function previewOf(asked: OpenQuestion, options: PreviewOptions): Promise<Preview> {
  const { journal, config, nowMs } = asked;
  const { pending, onProgress } = options;
  const mappings = mappingsOf(config, pending);
  const adapterOf = inboundsOf(mappings).ofKind;
  const troubles: Preview['troubles'][number][] = [];
  const onTrouble = (messageId: string, thrown: unknown): void => {
    troubles.push({ messageId, error: asGatewayError(thrown).message });
  };
  const messages: FreedMessage[] = [];
  const facts = new Map<string, EventBody[]>();
  const waiting = options.only ?? (await journal.parkedCases());
  for (const [index, one] of waiting.entries()) {
    for (const plan of await planCase(adapterOf, journal, one, isoOf(nowMs), onTrouble)) {
      messages.push(freed(plan, one.caseId));
      const { stayId } = plan.message;
      if (stayId !== undefined) facts.set(stayId, [...(facts.get(stayId) ?? []), ...plan.facts]);
    }
    onProgress?.(index + 1, waiting.length);
  }
  const { cases, counts } = await foretellAll(asked, messages, facts);
  return {
    mappingRevision: mappings.revision,
    selection: selectionOf(mappings.revision, messages),
    messages,
    troubles,
    cases,
    months: await foretellMonths(asked, counts),
  };
}

/** Cases that the facts join are told once. */
async function foretellAll(
  asked: OpenQuestion,
  messages: readonly FreedMessage[],
  facts: SupposedFacts,
): Promise<{ cases: ForetoldCase[]; counts: Map<string, DischargeEvent[]> }> {
  const { config } = asked;
  const parts = {
    isSenderLive: liveSenders(config),
    warnMs: config.deadlines.warn,
    agreedMs: agreedTimes(config),
  };
  const cases = new Map<string, ForetoldCase>();
  const counts = new Map<string, DischargeEvent[]>();
  for (const caseId of new Set(messages.map(({ caseReference }) => caseReference))) {
    const foretold = await foretellCase(asked, parts, caseId, facts);
    if (foretold === undefined || cases.has(foretold.case.caseReference)) continue;
    cases.set(foretold.case.caseReference, foretold.case);
    for (const [stream, events] of foretold.counts) {
      counts.set(stream, [...(counts.get(stream) ?? []), ...events]);
    }
  }
  return { cases: [...cases.values()], counts };
}

function freed(
  { message, change, facts, superseded }: RetranslationPlan,
  caseId: string,
): FreedMessage {
  const { messageId, controlId, sender, kind, receivedAt, unmapped } = message;
  const named = ({ table, code }: { table: string; code: string }) => ({ table, code });
  return {
    messageId,
    controlId,
    sender,
    kind,
    receivedAt,
    caseReference: caseId,
    waitedFor: unmapped.map(named),
    waitsFor: change.unmapped.map(named),
    facts: facts.map(({ id, type, occurredAt }) => ({ id, type, occurredAt })),
    superseded,
  };
}

function selectionOf(mappingRevision: string, messages: readonly FreedMessage[]): string {
  const ids = messages.map(({ messageId }) => messageId).sort();
  return hash('sha256', [mappingRevision, ...ids].join('\n'), 'hex').slice(0, 12);
}

/** Whether something would go out after its time, change what a municipality pays, or wait on for a person. */
export function needsPerson({ cases, months, troubles }: Preview): boolean {
  return months.length > 0 || lateNotices(cases) > 0 || troubles.length > 0;
}

/** Notices that would leave after their time. */
export function lateNotices(cases: readonly ForetoldCase[]): number {
  return cases
    .filter(({ inShadow }) => !inShadow)
    .flatMap(({ notices }) => notices)
    .filter(({ clock }) => clock !== undefined && clock.lateMs > 0).length;
}
