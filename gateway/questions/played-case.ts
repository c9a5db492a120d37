/**
 * A case as a gateway would have lived it: every fact at the time it was told, deadlines when they fall due, and every
 * notice handed over the moment it is issued. Pure; the time is the case's own.
 */
import type { Parameters, Profiles } from '../../profiles/index.ts';
import { placeOf } from '../advance.ts';
import type { DischargeEvent, EventData, NoticeData } from '../process/events.ts';
import { idOf } from '../process/ids.ts';
import { fold } from '../process/state.ts';
import type { DischargeProcess, StoredLike } from '../process/state.ts';
import { decide } from '../rules/decide.ts';
import type { Decision } from '../rules/decide.ts';
import { assess } from '../rules/index.ts';
import type { Finding } from '../rules/rule.ts';

/** Decisions that follow on decisions at one time; the gateway comes to rest after three. */
const mostRounds = 10;
const mostDeadlines = 200;

/** An event of the case, before its place and its times of learning are added. */
export type Kept = Pick<
  DischargeEvent,
  'id' | 'type' | 'occurredAt' | 'causationId' | 'source' | 'data'
>;

export const own = { sender: 'hemgang', messageId: '' };

export interface Assessed {
  readonly process: DischargeProcess;
  readonly parameters: Parameters;
  readonly nowMs: number;
  readonly findings: readonly Finding[];
}

export class PlayedCase {
  readonly #processId: string;
  readonly #profiles: Profiles;
  readonly #events: StoredLike[] = [];
  readonly #rows = new Map<string, Decision['setDeadlines'][number]>();
  #now = '';

  constructor(processId: string, profiles: Profiles) {
    this.#processId = processId;
    this.#profiles = profiles;
  }

  /** Everything that has happened in it by now. */
  get events(): readonly StoredLike[] {
    return this.#events;
  }

  get now(): string {
    return this.#now;
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
      this.keep({
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
      const { process, findings, nowMs } = this.assessed();
      const { events, setDeadlines, closeDeadlines } = decide(process, findings, nowMs);
      for (const key of closeDeadlines) this.#rows.delete(key);
      for (const row of setDeadlines) this.#rows.set(row.key, row);
      if (events.length === 0) return;
      for (const event of events) {
        this.keep({ ...event, source: own });
        if (event.type === 'notice.issued' || event.type === 'notice.corrected') {
          this.#handOver(event.id, event.data);
        }
      }
    }
  }

  assessed(): Assessed {
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
    this.keep({
      id: idOf(`receipt|${noticeId}`),
      type: 'notice.delivered',
      occurredAt: this.#now,
      causationId: noticeId,
      source: own,
      data: receipt,
    });
  }

  /** Adds what happens now. */
  keep(event: Kept): void {
    // One type and its own data, which the union of all events cannot express here.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const whole = {
      ...event,
      stayId: this.#processId,
      recordedAt: this.#now,
      correlationId: this.#processId,
    } as unknown as DischargeEvent;
    this.store(whole);
  }

  /** Adds an event as it is. */
  store(event: DischargeEvent): void {
    this.#events.push({ position: this.#events.length + 1, event });
  }
}
