/**
 * Plays stays on one time line through fold → assess → decide → settle with a hand-set clock: facts become known, notices
 * are delivered, deadlines fall due, months are settled and open the next. After every step it decides or settles the
 * same again and demands that nothing new follows.
 */
import { strict as check } from 'node:assert';
import { checkData, isEventType } from '../../gateway/process/events.ts';
import type { DischargeEvent, EventData, EventType } from '../../gateway/process/events.ts';
import { fold } from '../../gateway/process/state.ts';
import type { DischargeProcess, StoredLike } from '../../gateway/process/state.ts';
import { decide } from '../../gateway/rules/decide.ts';
import type { DecidedEvent, DecideOptions, Decision } from '../../gateway/rules/decide.ts';
import { assess } from '../../gateway/rules/index.ts';
import type { Finding } from '../../gateway/rules/rule.ts';
import { settle } from '../../gateway/rules/settlement.ts';
import type { SettlementPeriod } from '../../gateway/rules/settlement.ts';
import type { Parameters } from '../../profiles/index.ts';

/** One fact of a case. */
export interface GivenFact {
  readonly type: EventType;
  readonly id: string;
  readonly occurredAt: string;
  /** When the gateway learns it; when it happened, unless the case says otherwise. */
  readonly knownAt: string;
  readonly sentAt?: string;
  /** Who tells it; one and the same where left out. */
  readonly sender?: string;
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
  readonly proof?: 'receiver-answer' | 'person' | 'none';
}

/** A stay, or several that are linked, and how its notices fare. */
export interface GivenStay {
  readonly processId: string;
  readonly facts: readonly GivenFact[];
  readonly deliveries?: readonly GivenDelivery[];
}

/** One event as a fact would be stored. */
export function factOf(given: GivenFact): DischargeEvent {
  check.ok(isEventType(given.type), `no event is called ${given.type}`);
  // checkData ties the data to the type, which the union of all events cannot express here.
  return {
    id: given.id,
    type: given.type,
    stayId: given.stayId ?? 'stay-1',
    occurredAt: given.occurredAt,
    ...(given.dateOnly && { precision: 'day' }),
    sentAt: given.sentAt ?? given.knownAt,
    recordedAt: given.knownAt,
    source: { sender: given.sender ?? 'test', messageId: given.id },
    causationId: given.id,
    correlationId: 'case',
    ...(given.supersedes && { supersedes: given.supersedes }),
    data: checkData(given.type, given.data),
  } as DischargeEvent;
}

/** The stream of a settlement, as the gateway names it. */
export const settlementKey = ({ county, municipality, month }: SettlementPeriod): string =>
  `settlement:${county}:${municipality}:${month}`;

type Row = Decision['setDeadlines'][number];
interface Stay {
  readonly processId: string;
  readonly deliveries: readonly GivenDelivery[];
  readonly history: StoredLike[];
}
interface Step {
  readonly at: string;
  readonly run: () => void;
}
interface Waking {
  readonly row: Row;
  /** The stay it wakes; a settlement where there is none. */
  readonly stay?: Stay;
}

/** What happens in one treating region. */
export class PlayedRegion {
  readonly #parameters: Parameters;
  readonly #options: DecideOptions;
  readonly #stays = new Map<string, Stay>();
  readonly #settlements = new Map<string, StoredLike[]>();
  readonly #wakings = new Map<string, Waking>();
  readonly #steps: Step[] = [];
  #position = 0;
  now = '2000-01-01T00:00:00.000Z';

  /**
   * @param parameters of the treating region, whoever pays
   * @param options as `decide` takes them
   */
  constructor(parameters: Parameters, options: DecideOptions = {}) {
    this.#parameters = parameters;
    this.#options = options;
  }

  /** Adds a stay, or more facts to one that is there. */
  add({ processId, facts, deliveries = [] }: GivenStay): this {
    const known = this.#stays.get(processId);
    const stay = known ?? { processId, deliveries, history: [] };
    this.#stays.set(processId, stay);
    // What becomes known of a stay at one time is one message: stored together, advanced once.
    for (const knownAt of new Set(facts.map((fact) => fact.knownAt))) {
      const together = facts.filter((fact) => fact.knownAt === knownAt);
      this.#at(knownAt, () => {
        for (const event of together.map(factOf)) this.#keep(stay.history, event);
        this.#advance(stay);
      });
    }
    return this;
  }

  /** Opens a month though nothing is in it yet, as the gateway does where an agreement has a calendar. */
  openMonth(period: SettlementPeriod, at: string): this {
    this.#at(at, () => this.#settle(period, { open: true }));
    return this;
  }

  /** Plays everything that follows up to a time. */
  playUntil(until: string): this {
    for (;;) {
      const next = this.#nextStep(until);
      if (next === undefined) break;
      this.now = next.at > this.now ? next.at : this.now;
      next.run();
    }
    this.now = until;
    for (const stay of this.#stays.values()) this.#advance(stay);
    return this;
  }

  /** Decides of one stay again, as a nudge would. */
  nudge(processId: string): void {
    this.#advance(this.#stayOf(processId));
  }

  /** Settles every month again, as a nudge would. */
  nudgeSettlements(): void {
    for (const key of this.#settlements.keys()) this.#settle(periodOf(key));
  }

  get processIds(): readonly string[] {
    return [...this.#stays.keys()];
  }

  history(processId: string): StoredLike[] {
    return this.#stayOf(processId).history;
  }

  process(processId: string): DischargeProcess {
    return fold(this.history(processId), processId);
  }

  findings(processId: string): Finding[] {
    return assess(this.process(processId), this.#parameters, Date.parse(this.now));
  }

  /** Months in which something was settled, opened or withheld. */
  get periods(): readonly SettlementPeriod[] {
    return [...this.#settlements.keys()].map(periodOf);
  }

  /** Everything in the stream of one settlement, oldest first. */
  settlement(period: SettlementPeriod): readonly StoredLike[] {
    return this.#settlements.get(settlementKey(period)) ?? [];
  }

  /** Events of one type of all stays and settlements, oldest first. */
  events<T extends EventType>(type: T): Extract<DischargeEvent, { type: T }>[] {
    const streams = [
      ...[...this.#stays.values()].map(({ history }) => history),
      ...this.#settlements.values(),
    ];
    const all = new Map(streams.flat().map(({ event }) => [event.id, event]));
    return [...all.values()].filter(
      (event): event is Extract<DischargeEvent, { type: T }> => event.type === type,
    );
  }

  #stayOf(processId: string): Stay {
    const stay = this.#stays.get(processId);
    if (stay === undefined) throw new Error(`no stay is called ${processId}`);
    return stay;
  }

  #at(at: string, run: () => void): void {
    this.#steps.push({ at, run });
  }

  /** Of what comes at one time, facts and receipts come before deadlines, as the journal holds a deadline back. */
  #nextStep(until: string): Step | undefined {
    let nextStep: number | undefined;
    for (const [index, step] of this.#steps.entries()) {
      const best = nextStep === undefined ? undefined : this.#steps[nextStep];
      if (step.at <= until && (best === undefined || step.at < best.at)) nextStep = index;
    }
    let nextWaking: Waking | undefined;
    for (const waking of this.#wakings.values()) {
      const { dueAt } = waking.row;
      if (dueAt <= until && (nextWaking === undefined || dueAt < nextWaking.row.dueAt)) {
        nextWaking = waking;
      }
    }
    const step = nextStep === undefined ? undefined : this.#steps[nextStep];
    if (nextWaking !== undefined && (step === undefined || nextWaking.row.dueAt < step.at)) {
      const waking = nextWaking;
      return { at: waking.row.dueAt, run: () => this.#fallDue(waking) };
    }
    if (nextStep !== undefined) this.#steps.splice(nextStep, 1);
    return step;
  }

  /** Folds, assesses and decides once; then demands that deciding again gives nothing. */
  #advance(stay: Stay): void {
    const decision = this.#decide(stay);
    const stored = decision.events.map((event) => this.#store(event, stay.history));
    this.#keepRows(decision, stay);
    check.deepEqual(
      this.#decide(stay).events.map(({ type }) => type),
      [],
      'deciding on its own decisions gave something new',
    );
    for (const one of stored) this.#follow(one, stay);
  }

  #decide({ history, processId }: Stay): Decision {
    const nowMs = Date.parse(this.now);
    const process = fold(history, processId);
    return decide(process, assess(process, this.#parameters, nowMs), nowMs, this.#options);
  }

  #keep(stream: StoredLike[], event: DischargeEvent): StoredLike {
    this.#position += 1;
    const stored = { position: this.#position, event };
    stream.push(stored);
    return stored;
  }

  #store(event: DecidedEvent, stream: StoredLike[]): StoredLike {
    checkData(event.type, event.data);
    check.ok(
      !stream.some((stored) => stored.event.id === event.id),
      `${event.type}: id used twice`,
    );
    const recorded = {
      ...event,
      stayId: 'stay-1',
      recordedAt: this.now,
      source: { sender: 'gateway', messageId: event.causationId },
      correlationId: 'case',
    } as DischargeEvent;
    return this.#keep(stream, recorded);
  }

  #keepRows({ closeDeadlines, setDeadlines }: Decision, stay?: Stay): void {
    for (const key of closeDeadlines) this.#wakings.delete(key);
    for (const row of setDeadlines) this.#wakings.set(row.key, { row, ...(stay && { stay }) });
  }

  #fallDue({ row, stay }: Waking): void {
    this.#wakings.delete(row.key);
    const reached = {
      id: `reached|${row.key}|${this.#position}`,
      type: row.event ?? 'deadline.reached',
      occurredAt: row.dueAt,
      causationId: row.key,
      data: row.data,
    } as const;
    if (row.event === 'deadline.nearing') {
      // A warning is at rest once it is recorded.
      if (stay !== undefined) this.#store(reached, stay.history);
    } else if (stay === undefined) {
      this.#store(reached, this.#streamOf(row.data.occasion));
      this.#settle(periodOf(row.data.occasion));
    } else {
      this.#store(reached, stay.history);
      this.#advance(stay);
    }
  }

  #follow(stored: StoredLike, stay: Stay): void {
    const { event } = stored;
    if (event.type === 'notice.issued' || event.type === 'notice.corrected') {
      this.#deliver(event.id, event.data, stay);
    } else if (event.type === 'care-days.counted') {
      this.#tell(stored, event.data);
    }
  }

  /** An event that another stream reads too is in both, at one position. */
  #tell(stored: StoredLike, period: SettlementPeriod): void {
    this.#streamOf(settlementKey(period)).push(stored);
    this.#settle(period);
  }

  #streamOf(key: string): StoredLike[] {
    const stream = this.#settlements.get(key) ?? [];
    this.#settlements.set(key, stream);
    return stream;
  }

  #settle(period: SettlementPeriod, asked?: { readonly open: boolean }): void {
    const stream = this.#streamOf(settlementKey(period));
    const parameters = this.#parameters.under(period.municipality);
    const run = (): Decision => settle(stream, parameters, period, Date.parse(this.now), asked);
    const decision = run();
    const stored = decision.events.map((event) => this.#store(event, stream));
    this.#keepRows(decision);
    check.deepEqual(run().events, [], 'settling again gave something new');
    for (const one of stored) {
      const { event } = one;
      if (event.type !== 'settlement.closed' || event.data.next === undefined) continue;
      this.#tell(one, { ...period, month: event.data.next });
    }
  }

  #deliver(noticeId: string, notice: EventData<'notice.issued'>, stay: Stay): void {
    const given = stay.deliveries.find(
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
      this.#store(receipt, stay.history);
      this.#advance(stay);
    });
  }
}

function periodOf(key: string): SettlementPeriod {
  const [, county = '', municipality = '', month = ''] = key.split(':');
  return { county, municipality, month };
}
