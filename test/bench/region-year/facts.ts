/** Facts to append while `advance` is measured. */
import type { EventBody } from '../../../gateway/process/events.ts';
import { systemClock } from '../../../gateway/runtime/clock.ts';
import { newId } from '../../../gateway/runtime/ids.ts';
import type { CaseKey, StayKey } from '../../../gateway/runtime/journal/journal.ts';
import { county } from './courses.ts';

/** A case that was ready once. */
export interface Known {
  readonly processId: string;
  readonly readyMs: number;
}

/** What a message tells. */
export interface Fact {
  readonly stay: StayKey | CaseKey;
  readonly events: readonly EventBody[];
}

/** What is told of a case, and what follows from it. */
export const kinds = {
  /** A case long closed learns that a readiness was withdrawn: its notice, liability and count are taken back. */
  lateWithdrawal: (next: () => Known): Fact => {
    const { processId, readyMs } = next();
    return {
      stay: { by: 'case', caseReference: processId },
      events: [factOf('discharge-readiness.withdrawn', readyMs + 60_000, {})],
    };
  },
  /** A case long closed is told what changes nothing. */
  nothingNew: (next: () => Known): Fact => {
    const { processId, readyMs } = next();
    return {
      stay: { by: 'case', caseReference: processId },
      events: [factOf('care-contact.appointed', readyMs - 60_000, { unit: 'VC1' })],
    };
  },
  /** A new case with its need: notices go out. */
  newCase: (): Fact => ({
    stay: { by: 'visit', authority: '1.2.3', number: newId() },
    events: [
      factOf('patient.admitted', systemClock.nowMs() - 120_000, {
        county,
        hospital: 'Sjukhus A',
        patient: { municipality: '1480', numberKind: 'personnummer', protection: 'none' },
      }),
      factOf('need.assessed', systemClock.nowMs() - 60_000, {
        socialServices: true,
        municipalHealthCare: true,
        regionOutpatient: true,
      }),
    ],
  }),
};

function factOf(type: EventBody['type'], atMs: number, data: object): EventBody {
  const id = newId();
  const occurredAt = new Date(atMs).toISOString();
  const recordedAt = systemClock.now();
  return {
    id,
    type,
    occurredAt,
    sentAt: recordedAt,
    recordedAt,
    source: { sender: 'benchmark', messageId: id },
    causationId: id,
    correlationId: id,
    data,
  } as EventBody;
}
