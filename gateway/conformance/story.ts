/**
 * Plays one case as a gateway would have lived it: every message at the time it was sent, deadlines when they fall due,
 * and every notice handed over the moment it is issued, since a file cannot say how a receiver would answer. At the end
 * of the story the law is asked. Pure; the time is the story's own.
 */
import type { Profiles } from '../../profiles/index.ts';
import type { DischargeEvent } from '../process/events.ts';
import { idOf } from '../process/ids.ts';
import type { LiabilityHistory } from '../process/state.ts';
import { explainFindings } from '../questions/case-findings.ts';
import { factsOf } from '../questions/case-timeline.ts';
import { own, PlayedCase } from '../questions/played-case.ts';
import { partiesOf } from '../rules/notices/parties.ts';
import { eventsOf, saidAt } from './cases.ts';
import { fitToTell } from './judge.ts';
import type { Case } from './linking.ts';
import type { Statement } from './cases.ts';
import type { CaseResult, ToldLiability, ToldNotice } from './result.ts';

/** A case is advanced at most this often between its first message and the last; more of them are taken together. */
const mostSteps = 100;

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
  const stay = played(one, at, profiles, mappingRevision);
  return {
    ...stay.told(),
    story: one.story,
    messages: one.statements.length,
    stays: one.stays.map(({ authority, number }) => ({ authority, number: fitToTell(number) })),
    senders: sendersOf(one),
  };
}

/** The notices of a case as they were decided, whoever would get them. */
export function noticesOf(
  one: Case,
  at: string,
  profiles: Profiles,
  mappingRevision: string,
): readonly DischargeEvent[] {
  const { events } = played(one, at, profiles, mappingRevision);
  return events.map(({ event }) => event).filter(({ type }) => type in actions);
}

function played(one: Case, at: string, profiles: Profiles, mappingRevision: string): PlayedStay {
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
  return stay;
}

function sendersOf({ statements }: Case): readonly string[] {
  return [...new Set(statements.map(({ message }) => message.judged.told.sender ?? ''))].sort();
}

class PlayedStay extends PlayedCase {
  keepFacts(statement: Statement, mappingRevision: string): void {
    for (const event of eventsOf(statement, mappingRevision)) this.store(event);
  }

  /** Which of two stays that overlap is true, nobody has said. */
  keepOverlaps(overlaps: Case['overlaps']): void {
    for (const { stayId, otherStayId } of overlaps) {
      this.keep({
        id: idOf(`overlapped|${stayId}|${otherStayId}`),
        type: 'stay.overlapped',
        occurredAt: this.now,
        causationId: stayId,
        source: own,
        data: { otherStayId },
      });
    }
  }

  told(): Omit<CaseResult, 'story' | 'messages' | 'senders' | 'stays'> {
    const { process, parameters, findings } = this.assessed();
    const { payer } = partiesOf(process);
    return {
      ...(process.county !== undefined && { county: process.county }),
      ...(payer !== undefined && { municipality: payer }),
      at: this.now,
      facts: factsOf(this.events).map(
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
      findings: explainFindings(findings, process, parameters, this.events),
      notices: this.events.flatMap(({ event }) => noticeOf(event)),
      liability: [...process.history.liability.values()].map(liabilityOf),
    };
  }
}

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
