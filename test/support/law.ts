/**
 * Plays a stay through fold → assess → decide with a hand-set clock: facts become known, notices are delivered,
 * deadlines fall due, care days are settled. After every step it decides again and demands that nothing new follows.
 */
import { strict as check } from 'node:assert';
import { Temporal } from 'temporal-polyfill';
import { checkData, isEventType } from '../../gateway/process/events.ts';
import type { DischargeEvent, EventData, EventType } from '../../gateway/process/events.ts';
import { fold } from '../../gateway/process/state.ts';
import type { DischargeProcess, StoredLike } from '../../gateway/process/state.ts';
import { decide } from '../../gateway/rules/decide.ts';
import type { DecidedEvent, Decision } from '../../gateway/rules/decide.ts';
import { assess } from '../../gateway/rules/index.ts';
import type { Finding } from '../../gateway/rules/rule.ts';
import { settle } from '../../gateway/rules/settlement.ts';
import { loadProfiles } from '../../profiles/index.ts';
import type { Parameters } from '../../profiles/index.ts';

/** `2022-03-07 11:59` or `11:59:30` local time → ISO 8601 UTC with milliseconds. */
export function localTime(text: string): string {
  const [date = '', time = '00:00'] = text.trim().split(/[ T]/);
  const local = Temporal.PlainDateTime.from(`${date}T${time}`);
  const instant = local.toZonedDateTime('Europe/Stockholm').toInstant();
  return new Date(instant.epochMilliseconds).toISOString();
}

/** One fact of a case. */
export interface GivenFact {
  readonly type: EventType;
  readonly id: string;
  readonly occurredAt: string;
  /** When the gateway learns it; when it happened, unless the case says otherwise. */
  readonly knownAt: string;
  readonly sentAt?: string;
  readonly dateOnly?: boolean;
  readonly stayId?: string;
  readonly supersedes?: readonly string[];
  readonly data: unknown;
}

/** How the notices of one kind fare; without an answer a notice is handed over the moment it is issued. */
export interface GivenDelivery {
  readonly obligation: string;
  readonly role?: string;
  readonly revision?: number;
  /** Which of several readiness periods, by the id of its fact. */
  readonly occasion?: string;
  readonly outcome: 'delivered' | 'refused' | 'unresolved' | 'never';
  readonly attemptAt?: string;
  readonly deliveredAt?: string;
  readonly receiverFault?: boolean;
  readonly receiverFaultAt?: string;
  readonly proof?: 'receiver-answer' | 'none';
}

export const shippedLaw: Parameters = loadProfiles().parametersOf({});
export const processId = 'process-1';

/** One event as a fact would be stored. */
export function factOf(given: GivenFact): DischargeEvent {
  check.ok(isEventType(given.type), `no event is called ${given.type}`);
  // checkData ties the data to the type, which the union of all events cannot express here.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return {
    id: given.id,
    type: given.type,
    stayId: given.stayId ?? 'stay-1',
    occurredAt: given.occurredAt,
    ...(given.dateOnly && { precision: 'day' }),
    sentAt: given.sentAt ?? given.knownAt,
    recordedAt: given.knownAt,
    source: { sender: 'test', messageId: given.id },
    causationId: given.id,
    correlationId: 'case',
    ...(given.supersedes && { supersedes: given.supersedes }),
    data: checkData(given.type, given.data),
  } as DischargeEvent;
}

type Step = { readonly at: string; readonly run: () => void };

/** A stay being played. */
export class PlayedStay {
  readonly history: StoredLike[] = [];
  readonly #parameters: Parameters;
  readonly #deliveries: readonly GivenDelivery[];
  readonly #rows = new Map<string, Decision['setDeadlines'][number]>();
  readonly #settlements = new Map<string, StoredLike[]>();
  readonly #steps: Step[] = [];
  #position = 0;
  now = '2000-01-01T00:00:00.000Z';

  constructor(deliveries: readonly GivenDelivery[] = [], parameters: Parameters = shippedLaw) {
    this.#deliveries = deliveries;
    this.#parameters = parameters;
  }

  /** Plays facts and everything that follows from them up to a time. */
  play(facts: readonly GivenFact[], until: string): this {
    // What becomes known at one time is one message: stored together, advanced once.
    for (const knownAt of new Set(facts.map((fact) => fact.knownAt))) {
      const together = facts.filter((fact) => fact.knownAt === knownAt);
      this.#at(knownAt, () => this.#learn(together.map(factOf)));
    }
    for (;;) {
      const next = this.#nextStep();
      if (next === undefined || next.at > until) break;
      this.now = next.at > this.now ? next.at : this.now;
      next.run();
    }
    this.now = until;
    this.advance();
    return this;
  }

  process(): DischargeProcess {
    return fold(this.history, processId);
  }

  findings(): Finding[] {
    return assess(this.process(), this.#parameters, Temporal.Instant.from(this.now));
  }

  /** Events of one type, oldest first, those of settlements too. */
  events<T extends EventType>(type: T): Extract<DischargeEvent, { type: T }>[] {
    const all = new Map(
      [...this.history, ...[...this.#settlements.values()].flat()].map(({ event }) => [
        event.id,
        event,
      ]),
    );
    return [...all.values()].filter(
      (event): event is Extract<DischargeEvent, { type: T }> => event.type === type,
    );
  }

  /** Sum of what has been billed, in öre; undefined while nothing is. */
  billedOre(): number | undefined {
    const records = this.events('billing.recorded');
    const adjustments = this.events('billing.adjusted');
    if (records.length === 0) return undefined;
    const recorded = records.reduce((sum, { data }) => sum + data.totalOre, 0);
    return adjustments.reduce((sum, { data }) => sum + data.differenceOre, recorded);
  }

  /** Folds, assesses and decides once; then demands that deciding again gives nothing. */
  advance(): void {
    const decision = this.#decide();
    for (const event of decision.events) this.#store(event, this.history);
    this.#keepRows(decision);
    const again = this.#decide();
    check.deepEqual(
      again.events.map(({ type }) => type),
      [],
      'deciding on its own decisions gave something new',
    );
    for (const event of decision.events) this.#follow(event);
  }

  #decide(): Decision {
    const now = Temporal.Instant.from(this.now);
    const process = this.process();
    return decide(process, assess(process, this.#parameters, now), now);
  }

  #nextStep(): Step | undefined {
    const rows = [...this.#rows.values()].map((row) => ({
      at: row.dueAt,
      run: () => this.#fallDue(row),
    }));
    // Of what comes at one time, facts and receipts come before deadlines, as the journal holds a deadline back.
    const steps: Step[] = [...this.#steps, ...rows];
    const next = steps.toSorted((left, right) => left.at.localeCompare(right.at))[0];
    const index = this.#steps.findIndex((step) => step === next);
    if (index >= 0) this.#steps.splice(index, 1);
    return next;
  }

  #at(at: string, run: () => void): void {
    this.#steps.push({ at, run });
  }

  #learn(events: readonly DischargeEvent[]): void {
    for (const event of events) this.history.push({ position: this.#nextPosition(), event });
    this.advance();
  }

  #nextPosition(): number {
    this.#position += 1;
    return this.#position;
  }

  #store(event: DecidedEvent, stream: StoredLike[]): DischargeEvent {
    checkData(event.type, event.data);
    check.ok(
      !stream.some((stored) => stored.event.id === event.id),
      `${event.type}: id used twice`,
    );
    const stored = {
      ...event,
      stayId: 'stay-1',
      recordedAt: this.now,
      source: { sender: 'gateway', messageId: event.causationId },
      correlationId: 'case',
    } as DischargeEvent;
    stream.push({ position: this.#nextPosition(), event: stored });
    return stored;
  }

  #keepRows(decision: Decision): void {
    for (const key of decision.closeDeadlines) this.#rows.delete(key);
    for (const row of decision.setDeadlines) this.#rows.set(row.key, row);
  }

  #fallDue(row: Decision['setDeadlines'][number]): void {
    this.#rows.delete(row.key);
    const reached = {
      id: `reached|${row.key}|${this.#position}`,
      type: 'deadline.reached',
      occurredAt: row.dueAt,
      causationId: row.key,
      data: row.data,
    } as const;
    const stream = this.#settlements.get(row.data.occasion);
    this.#store(reached, stream ?? this.history);
    if (stream === undefined) this.advance();
    else this.#settle(row.data.occasion, stream);
  }

  #follow(event: DecidedEvent): void {
    if (event.type === 'notice.issued' || event.type === 'notice.corrected') {
      this.#deliver(event.id, event.data);
    } else if (event.type === 'care-days.counted') {
      const { county, municipality, month } = event.data;
      const key = `settlement:${county}:${municipality}:${month}`;
      const stream = this.#settlements.get(key) ?? [];
      this.#settlements.set(key, stream);
      const stored = this.history.find((candidate) => candidate.event.id === event.id);
      if (stored !== undefined) stream.push(stored);
      this.#settle(key, stream);
    }
  }

  /** Settles every month again, as a nudge would. */
  nudgeSettlements(): void {
    for (const [key, stream] of this.#settlements) this.#settle(key, stream);
  }

  #settle(key: string, stream: StoredLike[]): void {
    const [, county = '', municipality = '', month = ''] = key.split(':');
    const run = (): Decision =>
      settle(
        stream,
        this.#parameters,
        { county, municipality, month },
        Temporal.Instant.from(this.now),
      );
    const decision = run();
    for (const event of decision.events) this.#store(event, stream);
    this.#keepRows(decision);
    check.deepEqual(run().events, [], 'settling again gave something new');
  }

  #deliver(noticeId: string, notice: EventData<'notice.issued'>): void {
    const given = this.#deliveries.find(
      (candidate) =>
        candidate.obligation === notice.obligation &&
        (candidate.role ?? notice.role) === notice.role &&
        (candidate.occasion ?? notice.occasion) === notice.occasion &&
        (candidate.revision ?? notice.revision) === notice.revision,
    );
    const outcome = given?.outcome ?? 'delivered';
    const isUnroutable =
      notice.held || (notice.role !== 'region-outpatient' && !notice.municipality);
    if (outcome === 'never' || (given === undefined && isUnroutable)) return;
    const attemptAt = given?.attemptAt ?? this.now;
    const deliveredAt = given?.deliveredAt ?? attemptAt;
    const receipt = {
      id: `receipt|${noticeId}`,
      type: `notice.${outcome}`,
      occurredAt: deliveredAt,
      causationId: noticeId,
      data: {
        noticeId,
        key: notice.key,
        revision: notice.revision,
        obligation: notice.obligation,
        occasion: notice.occasion,
        role: notice.role,
        ...(notice.municipality !== undefined && { municipality: notice.municipality }),
        receiver: `receiver-${notice.municipality ?? 'region'}`,
        deliveryId: `delivery|${notice.obligation}|${notice.role}|${notice.revision}`,
        firstAttemptAt: attemptAt,
        ...(outcome === 'delivered' && { deliveredAt }),
        receiverFault: given?.receiverFault ?? given?.receiverFaultAt !== undefined,
        ...(given?.receiverFaultAt !== undefined && { receiverFaultAt: given.receiverFaultAt }),
        proof: given?.proof ?? 'receiver-answer',
      },
    } as DecidedEvent;
    this.#at(deliveredAt > this.now ? deliveredAt : this.now, () => {
      this.#store(receipt, this.history);
      this.advance();
    });
  }
}
