/**
 * Plays one case as a gateway would have lived it: every message at the time it was sent, deadlines when they fall due,
 * and every notice handed over the moment it is issued, since a file cannot say how a receiver would answer. At the end
 * of the story the law is asked. Pure; the time is the story's own.
 */
import type { Profiles } from '../../profiles/index.ts';
import { placeOf } from '../advance.ts';
import type { DischargeEvent, EventData, NoticeData } from '../process/events.ts';
import { idOf } from '../process/ids.ts';
import { fold } from '../process/state.ts';
import type { LiabilityHistory, StoredLike } from '../process/state.ts';
import { explainFindings } from '../questions/case-findings.ts';
import { factsOf } from '../questions/case-timeline.ts';
import { decide } from '../rules/decide.ts';
import type { Decision } from '../rules/decide.ts';
import { assess } from '../rules/index.ts';
import { partiesOf } from '../rules/notices/parties.ts';
import { eventsOf, saidAt } from './cases.ts';
import { fitToTell } from './judge.ts';
import type { Case } from './linking.ts';
import type { Statement } from './cases.ts';
import type { CaseResult, ToldLiability, ToldNotice } from './result.ts';

/** A case is advanced at most this often between its first message and the last; more of them are taken together. */
const mostSteps = 100;
/** Decisions that follow on decisions at one time; the gateway comes to rest after three. */
const mostRounds = 10;
const mostDeadlines = 200;

/**
 * @param at the end of the story, ISO 8601 UTC
 * @param mappingRevision part of the ids of facts
 */
export function tellCase(
  one: Case,
  at: string,
  profiles: Profiles,
  mappingRevision: string,
): CaseResult {
  const stay = new PlayedStay(one.processId, profiles);
  const size = Math.ceil(one.statements.length / mostSteps);
  for (let start = 0; start < one.statements.length; start += size) {
    const together = one.statements.slice(start, start + size);
    stay.passUntil(
      together
        .map(({ message }) => saidAt(message))
        .sort()
        .at(-1) ?? at,
    );
    for (const statement of together) stay.keepFacts(statement, mappingRevision);
    stay.advance();
  }
  stay.passUntil(at);
  stay.keepOverlaps(one.overlaps);
  stay.advance();
  return {
    ...stay.told(),
    story: one.story,
    messages: one.statements.length,
    stays: one.stays.map(({ authority, number }) => ({ authority, number: fitToTell(number) })),
    senders: sendersOf(one),
  };
}

function sendersOf({ statements }: Case): readonly string[] {
  return [...new Set(statements.map(({ message }) => message.judged.told.sender ?? ''))].sort();
}

class PlayedStay {
  readonly #processId: string;
  readonly #profiles: Profiles;
  readonly #events: StoredLike[] = [];
  readonly #rows = new Map<string, Decision['setDeadlines'][number]>();
  #now = '';

  constructor(processId: string, profiles: Profiles) {
    this.#processId = processId;
    this.#profiles = profiles;
  }

  keepFacts(statement: Statement, mappingRevision: string): void {
    for (const event of eventsOf(statement, mappingRevision)) this.#store(event);
  }

  /** Which of two stays that overlap is true, nobody has said. */
  keepOverlaps(overlaps: Case['overlaps']): void {
    for (const { stayId, otherStayId } of overlaps) {
      this.#keep({
        id: idOf(`overlapped|${stayId}|${otherStayId}`),
        type: 'stay.overlapped',
        occurredAt: this.#now,
        causationId: stayId,
        source: own,
        data: { otherStayId },
      });
    }
  }

  /** Lets deadlines fall due up to a time, in their order. Time never goes back. */
  passUntil(at: string): void {
    for (let count = 0; count < mostDeadlines; count++) {
      const due = [...this.#rows.values()]
        .filter(({ dueAt }) => dueAt <= at)
        .sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1))[0];
      if (due === undefined) break;
      this.#rows.delete(due.key);
      if (due.dueAt > this.#now) this.#now = due.dueAt;
      this.#keep({
        id: idOf(`reached|${due.key}|${due.dueAt}`),
        type: 'deadline.reached',
        occurredAt: due.dueAt,
        causationId: due.key,
        source: own,
        data: due.data,
      });
      this.advance();
    }
    if (at > this.#now) this.#now = at;
  }

  /** Folds, assesses and decides until nothing new follows. */
  advance(): void {
    for (let round = 0; round < mostRounds; round++) {
      const { process, findings, nowMs } = this.#assessed();
      const { events, setDeadlines, closeDeadlines } = decide(process, findings, nowMs);
      for (const key of closeDeadlines) this.#rows.delete(key);
      for (const row of setDeadlines) this.#rows.set(row.key, row);
      if (events.length === 0) return;
      for (const event of events) {
        this.#keep({ ...event, source: own });
        if (event.type === 'notice.issued' || event.type === 'notice.corrected') {
          this.#handOver(event.id, event.data);
        }
      }
    }
  }

  told(): Omit<CaseResult, 'story' | 'messages' | 'senders' | 'stays'> {
    const { process, parameters, findings } = this.#assessed();
    const { payer } = partiesOf(process);
    return {
      ...(process.county !== undefined && { county: process.county }),
      ...(payer !== undefined && { municipality: payer }),
      at: this.#now,
      facts: factsOf(this.#events).map(
        ({ type, occurredAt, dateOnly, data, replacedBy, source }) => ({
          type,
          occurredAt,
          ...(dateOnly && { precision: 'day' as const }),
          data,
          replaced: replacedBy !== undefined,
          source: source.messageId,
        }),
      ),
      contradictions: process.contradictions,
      findings: explainFindings(findings, process, parameters, this.#events),
      notices: this.#events.flatMap(({ event }) => noticeOf(event)),
      liability: [...process.history.liability.values()].map(liabilityOf),
    };
  }

  #assessed() {
    const process = fold(this.#events, this.#processId);
    const parameters = this.#profiles.parametersOf(placeOf(process));
    const nowMs = Date.parse(this.#now);
    return { process, parameters, nowMs, findings: assess(process, parameters, nowMs) };
  }

  /** A notice that is held, or has no address, goes to nobody. */
  #handOver(noticeId: string, notice: NoticeData): void {
    const { key, revision, obligation, occasion, role, municipality, held } = notice;
    if (held === true || (role !== 'region-outpatient' && municipality === undefined)) return;
    const receipt: EventData<'notice.delivered'> = {
      noticeId,
      key,
      revision,
      obligation,
      occasion,
      role,
      ...(municipality !== undefined && { municipality }),
      receiver: municipality ?? role,
      deliveryId: idOf(`handed-over|${noticeId}`),
      firstAttemptAt: this.#now,
      deliveredAt: this.#now,
      receiverFault: false,
      proof: 'receiver-answer',
    };
    this.#keep({
      id: idOf(`receipt|${noticeId}`),
      type: 'notice.delivered',
      occurredAt: this.#now,
      causationId: noticeId,
      source: own,
      data: receipt,
    });
  }

  #keep(event: Kept): void {
    // One type and its own data, which the union of all events cannot express here.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const whole = {
      ...event,
      stayId: this.#processId,
      recordedAt: this.#now,
      correlationId: this.#processId,
    } as unknown as DischargeEvent;
    this.#store(whole);
  }

  #store(event: DischargeEvent): void {
    this.#events.push({ position: this.#events.length + 1, event });
  }
}

type Kept = Pick<DischargeEvent, 'id' | 'type' | 'occurredAt' | 'causationId' | 'source' | 'data'>;

const own = { sender: 'hemgang', messageId: '' };

const actions = {
  'notice.issued': 'issued',
  'notice.corrected': 'corrected',
  'notice.withdrawn': 'withdrawn',
} as const;

function noticeOf(event: DischargeEvent): ToldNotice[] {
  switch (event.type) {
    case 'notice.issued':
    case 'notice.corrected':
    case 'notice.withdrawn': {
      const { obligation, role, municipality, held, reference } = event.data;
      return [
        {
          at: event.recordedAt,
          action: actions[event.type],
          obligation,
          role,
          ...(municipality !== undefined && { municipality }),
          held: held === true,
          reference,
        },
      ];
    }
    default:
      return [];
  }
}

function liabilityOf({
  state,
  reason,
  municipality,
  from,
  until,
}: LiabilityHistory): ToldLiability {
  return {
    state,
    reason,
    ...(municipality !== undefined && { municipality }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  };
}
