/** Which messages would be translated again, what would come of each, and what that would change in law. */
import { z } from 'zod';
import { asGatewayError } from '../errors.ts';
import type { DischargeEvent, EventBody } from '../process/events.ts';
import type { Asked } from '../questions/asked.ts';
import { effectsOf, hasEffects, monthEffects } from '../questions/effects.ts';
import type { CaseEffects, MonthEffect } from '../questions/effects.ts';
import type { Parts } from '../questions/foretell.ts';
import { planAgain, type AdapterOf, type RetranslationPlan } from '../retranslate.ts';
import { isoOf } from '../rules/legal-days.ts';
import type { Journal, ToldHead, ToldMessage } from '../runtime/journal/journal.ts';
import type { PlanHead } from './plan-file.ts';
import { fits, selectionText, type Selection } from './selection.ts';

/** Names that --where knows. `code` is one that a message waits for. */
export const retranslationNames = ['sender', 'kind', 'case', 'message', 'code'] as const;

const text = z.string().min(1).max(200);
const named = z.looseObject({ id: text, type: text });
const plannedMessage = z.looseObject({
  place: z.int().min(1),
  message: text,
  /** The facts that come, and those nothing says any longer. */
  comes: z.array(named),
  superseded: z.array(named),
});
const plannedCase = z.looseObject({
  case: text,
  /** Of the case's last event: another one means that the case has gone on. */
  position: z.int().min(0),
  messages: z.array(plannedMessage).min(1),
});
/** What applying a plan reads of it. */
export const retranslationPlan = z.looseObject({
  mappings: text,
  cases: z.array(plannedCase),
});
export type RetranslationOrder = z.infer<typeof retranslationPlan>;

export interface PlannedMessage {
  readonly place: number;
  readonly message: string;
  readonly sender: string;
  readonly kind: string;
  readonly receivedAt: string;
  /** Of the mappings it was last translated by. */
  readonly mappings: string;
  readonly comes: readonly Pick<EventBody, 'id' | 'type' | 'occurredAt'>[];
  readonly superseded: readonly Pick<EventBody, 'id' | 'type'>[];
  /** Codes it waits for then; none when it is free. */
  readonly waitsFor: readonly { readonly table: string; readonly code: string }[];
}

export interface PlannedCase {
  readonly case: string;
  readonly position: number;
  readonly messages: readonly PlannedMessage[];
  /** Absent for a message that belongs to no case. */
  readonly effects?: CaseEffects;
}

export interface RetranslationContent extends PlanHead {
  /** Revision of the mappings they would be translated by. */
  readonly mappings: string;
  /** Messages looked at; of these would say what they said. */
  readonly looked: number;
  readonly unchanged: number;
  readonly cases: readonly PlannedCase[];
  readonly months: readonly MonthEffect[];
  /** Messages that stay as they are because they cannot be translated. */
  readonly left: readonly {
    readonly message: string;
    readonly place: number;
    readonly error: string;
  }[];
}

export interface RetranslationQuestion {
  /** ISO 8601; `until` is no longer in it. */
  readonly since: string;
  readonly until?: string | undefined;
  readonly where: Selection;
}

type AskedOfMessages = Asked & {
  readonly journal: Asked['journal'] & Pick<Journal, 'told' | 'status'>;
};

/** Cases are looked at in the order of their first message. Nothing is written. */
export async function planRetranslations(
  asked: AskedOfMessages,
  mappings: { readonly revision: string; readonly adapterOf: AdapterOf },
  parts: Parts,
  question: RetranslationQuestion,
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<RetranslationContent> {
  const { journal, nowMs } = asked;
  const { events: position } = await journal.status();
  const found = await find(journal.told, question);
  const facts = new Map<string, EventBody[]>();
  const planned: PlannedCase[] = [];
  const left: RetranslationContent['left'][number][] = [];
  let [looked, unchanged, done] = [0, 0, 0];
  for (const [caseId, places] of found) {
    const plans: RetranslationPlan<ToldMessage>[] = [];
    for (const told of await journal.told.at(places)) {
      if (!isAskedFor(question.where, told)) continue;
      looked += 1;
      try {
        const plan = planAgain(mappings.adapterOf(told.sender, told.kind), told, isoOf(nowMs));
        if (plan === undefined) unchanged += 1;
        else plans.push(plan);
      } catch (thrown) {
        const { message: error } = asGatewayError(thrown);
        left.push({ message: told.messageId, place: told.place, error });
      }
    }
    onProgress((done += 1), found.size);
    if (plans.length === 0) continue;
    for (const { message, facts: fresh } of plans) {
      const { stayId } = message;
      if (stayId !== undefined) facts.set(stayId, [...(facts.get(stayId) ?? []), ...fresh]);
    }
    const messages = plans.map(toldOf);
    planned.push({ case: caseId, position: await positionOf(journal, caseId), messages });
  }
  const counts = new Map<string, readonly DischargeEvent[]>();
  const cases: PlannedCase[] = [];
  for (const one of planned) {
    const effects = await effectsOf(asked, parts, one.case, facts);
    cases.push({ ...one, ...(effects && { effects: effects.case }) });
    for (const [stream, events] of effects?.counts ?? []) {
      counts.set(stream, [...(counts.get(stream) ?? []), ...events]);
    }
  }
  return {
    madeAt: isoOf(nowMs),
    position,
    asked: askedOf(question),
    mappings: mappings.revision,
    looked,
    unchanged,
    cases,
    months: await monthEffects(asked, counts),
    left,
  };
}

const askedOf = ({ since, until, where }: RetranslationQuestion): PlanHead['asked'] => ({
  since,
  ...(until !== undefined && { until }),
  ...(where.size > 0 && { where: selectionText(where) }),
});

/** The case's last event; a message that belongs to no case has none. */
export async function positionOf(journal: Pick<Journal, 'load'>, caseId: string): Promise<number> {
  const loaded = await journal.load(caseId);
  return loaded?.events.at(-1)?.position ?? 0;
}

function toldOf({
  message,
  change,
  facts,
  superseded,
}: RetranslationPlan<ToldMessage>): PlannedMessage {
  const { place, messageId, sender, kind, receivedAt, mappingRevision } = message;
  return {
    place,
    message: messageId,
    sender,
    kind,
    receivedAt,
    mappings: mappingRevision,
    comes: facts.map(({ id, type, occurredAt }) => ({ id, type, occurredAt })),
    superseded,
    waitsFor: change.unmapped.map(({ table, code }) => ({ table, code })),
  };
}

// ---------------------------------------------------------------- which messages

const pageSize = 1000;

/** Places of the messages by their case, in the order of arrival. */
async function find(
  told: Journal['told'],
  { since, until, where }: RetranslationQuestion,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const cases = new Map<string, number[]>();
  const end = until === undefined ? Infinity : await told.before(until);
  for (let after = await told.before(since); after < end;) {
    const { heads, upTo, isLast } = await told.after(after, pageSize);
    for (const head of heads) {
      if (head.place > end || !isHeadAskedFor(where, head)) continue;
      const places = cases.get(head.caseId);
      if (places === undefined) cases.set(head.caseId, [head.place]);
      else places.push(head.place);
    }
    if (isLast) break;
    after = upTo;
  }
  return cases;
}

const isHeadAskedFor = (where: Selection, { sender, kind, caseId, messageId }: ToldHead): boolean =>
  fits(where, 'sender', sender) &&
  fits(where, 'kind', kind) &&
  fits(where, 'case', caseId) &&
  fits(where, 'message', messageId);

const isAskedFor = (where: Selection, { unmapped }: ToldMessage): boolean =>
  !where.has('code') || unmapped.some(({ code }) => fits(where, 'code', code));

/** Whether anything in law would change, or something is left for a person. */
export const needsPerson = ({ cases, left }: RetranslationContent): boolean =>
  left.length > 0 || cases.some(({ effects }) => effects !== undefined && hasEffects(effects));
