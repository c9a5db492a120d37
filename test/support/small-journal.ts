/**
 * A few stays in an embedded journal, filled through its own API: facts are recorded, advanced and dispatched by the real
 * code with a hand-set clock; only the wire is left out, where a receiver takes every notice at once.
 */
import type { Outbound } from '../../adapters/adapter.ts';
import { createAdvance, openMonths, type AdvanceParts } from '../../gateway/advance.ts';
import { createDispatch } from '../../gateway/dispatch.ts';
import type { Receiver, Routes } from '../../gateway/delivery.ts';
import type { DischargeEvent, EventBody, EventType } from '../../gateway/process/events.ts';
import type { Handle } from '../../gateway/runtime/bus/bus.ts';
import { HandSetClock } from '../../gateway/runtime/clock.ts';
import {
  openEmbeddedJournal,
  type CountedJournal,
} from '../../gateway/runtime/journal/embedded.ts';
import type { OutboxRow } from '../../gateway/runtime/journal/journal.ts';
import { createLog } from '../../gateway/runtime/log.ts';
import type { Asked } from '../../gateway/questions/asked.ts';
import type { Profiles } from '../../profiles/index.ts';
import { temporaryFolder } from './folder.ts';
import { message, personnummerAuthority } from './journal-messages.ts';
import { factOf, localTime, shippedProfiles } from './law.ts';

/** What a message tells: type, data, and when it happened where that is not when it is told (local time). */
export type Told = readonly [type: EventType, data?: object, happened?: string];

export interface Stay {
  readonly visit: string;
  readonly county: string;
  readonly municipality: string;
  /** Local times. */
  readonly admitted: string;
  readonly ready: string;
  /** Still there where it is left out. */
  readonly discharged?: string;
  /** The need is told so late that the notice is. */
  readonly needTold?: string;
  readonly personnummer?: string;
}

export class SmallJournal {
  readonly journal: CountedJournal;
  readonly clock: HandSetClock;
  readonly folder: string;
  profiles: Profiles;
  #handles: Readonly<Record<'advance' | 'dispatch', Handle>>;
  #parts: AdvanceParts;
  readonly #remove: () => void;
  #messages = 0;

  /** @param start local time */
  static async open(
    start: string,
    profiles: Profiles = shippedProfiles,
    outbound: Outbound = takesEverything,
  ): Promise<SmallJournal> {
    const { path, remove } = temporaryFolder('questions');
    const journal = await openEmbeddedJournal({ folder: path });
    return new SmallJournal(
      journal,
      path,
      remove,
      new HandSetClock(localTime(start)),
      profiles,
      outbound,
    );
  }

  private constructor(
    journal: CountedJournal,
    folder: string,
    remove: () => void,
    clock: HandSetClock,
    profiles: Profiles,
    outbound: Outbound,
  ) {
    this.journal = journal;
    this.folder = folder;
    this.clock = clock;
    this.profiles = profiles;
    this.#remove = remove;
    this.#parts = { journal, profiles, clock, isSenderLive: () => true };
    const log = createLog({ level: 'silent' });
    const { signal } = new AbortController();
    const routes = routesTo({ id: 'receiver', outbound, isLive: () => true });
    this.#handles = {
      advance: createAdvance(this.#parts),
      dispatch: createDispatch({ journal, routes, clock, log, retryDelaysMs: [], signal }),
    };
  }

  /** What a question is asked of, at the clock's time. */
  get asked(): Asked {
    return { journal: this.journal, profiles: this.profiles, nowMs: this.clock.nowMs() };
  }

  /** The calendar of the agreements of some regions begins. */
  async openMonths(...counties: readonly string[]): Promise<void> {
    await openMonths(this.#parts, new Set(counties));
    await this.rest();
  }

  /** What follows is decided under other profiles, as after a start with them. */
  startUnder(profiles: Profiles): void {
    this.profiles = profiles;
    this.#parts = { ...this.#parts, profiles };
    this.#handles = { ...this.#handles, advance: createAdvance(this.#parts) };
  }

  /** Records one message about a stay at a local time, and lets everything follow. */
  async tell(visit: string, at: string, facts: readonly Told[], number = visit): Promise<void> {
    await this.passUntil(at);
    await this.record(visit, at, facts, number);
    await this.rest();
  }

  /** Records one message about a stay; what follows waits. */
  async record(visit: string, at: string, facts: readonly Told[], number = visit): Promise<void> {
    this.#messages += 1;
    const id = this.#messages;
    const events = facts.map(([type, data = {}, happened = at], index) => {
      const given = { type, data, id: `${visit}-${id}-${index}` };
      const knownAt = this.clock.now();
      return bodyOf(factOf({ ...given, occurredAt: localTime(happened), knownAt }));
    });
    await this.journal.record(
      message(id, {
        stay: { by: 'visit', authority: '1.2.3', number: visit },
        patient: {
          numbers: [{ authority: personnummerAuthority, value: number, kind: 'personnummer' }],
        },
        receivedAt: this.clock.now(),
        events,
      }),
    );
  }

  /** Tells whole stays, each step at its time. Every duty was done in time, unless a stay says otherwise. */
  async play(...stays: readonly Stay[]): Promise<void> {
    const steps = stays.flatMap((stay) => stepsOf(stay).map((step) => ({ ...step, stay })));
    for (const { at, facts, stay } of steps.sort((left, right) =>
      left.at.localeCompare(right.at),
    )) {
      await this.tell(stay.visit, at, facts, stay.personnummer);
    }
  }

  /** The case a visit became. */
  async caseOf(visit: string): Promise<string> {
    for (const id of await this.journal.processIds('', 1000)) {
      const loaded = await this.journal.load(id);
      if (loaded?.events.some(({ event }) => event.id.startsWith(`${visit}-`))) return id;
    }
    throw new Error(`no case of visit ${visit}`);
  }

  /** Lets time pass; what falls due on the way is done. */
  async passUntil(local: string): Promise<void> {
    const limit = localTime(local);
    for (;;) {
      const due = await this.journal.nextDue();
      if (due === undefined || due > limit) break;
      this.clock.advanceTo(due);
      await this.journal.releaseDue(this.clock.now(), { deadlines: true });
      await this.rest();
    }
    this.clock.advanceTo(limit);
  }

  /** Lets everything that waits be done, or what waits in one queue. */
  async rest(...only: readonly ('advance' | 'dispatch')[]): Promise<void> {
    const queues = only.length > 0 ? only : (['advance', 'dispatch'] as const);
    for (;;) {
      let handled = 0;
      for (const queue of queues) {
        const rows = await this.journal.outbox.ready(queue, this.clock.nowMs(), 500, []);
        for (const lane of new Set(rows.map((row) => row.lane))) {
          const ofLane = rows.filter((row) => row.lane === lane);
          await this.#handles[queue](lane, ofLane.map(deliveryOf));
          await this.journal.outbox.done(ofLane);
        }
        handled += rows.length;
      }
      if (handled === 0) return;
    }
  }

  async close(): Promise<void> {
    await this.journal.close();
    this.#remove();
  }
}

interface Step {
  /** Local time. */
  readonly at: string;
  readonly facts: readonly Told[];
}

function stepsOf({ municipality, county, admitted, ready, discharged, needTold }: Stay): Step[] {
  const patient = { municipality, numberKind: 'personnummer', protection: 'none' };
  const services = { socialServices: true, municipalHealthCare: false, regionOutpatient: true };
  const need: Told = ['need.assessed', services, admitted];
  const admission: Told[] = [
    ['patient.admitted', { county, hospital: 'Sjukhuset', patient }],
    ['discharge-estimate.set', { expectedDischarge: ready.slice(0, 10) }],
    ['outpatient-care.availability-set', { availability: 'available' }],
    ['care-contact.appointed'],
  ];
  const call: Told = ['planning.called', { calledBy: 'fixed-care-contact' }];
  return [
    { at: admitted, facts: needTold === undefined ? [...admission, need] : admission },
    ...(needTold === undefined ? [] : [{ at: needTold, facts: [need] }]),
    { at: ready, facts: [['patient.discharge-ready']] },
    { at: `${ready.slice(0, 10)} 16:00`, facts: [call] },
    ...(discharged === undefined
      ? []
      : [
          { at: discharged, facts: [['information.transferred'], ['patient.discharged']] as const },
        ]),
  ];
}

const deliveryOf = ({ attempts, ...row }: OutboxRow) => ({ ...row, attempt: attempts + 1 });

function bodyOf(event: DischargeEvent): EventBody {
  const { stayId: _stayId, ...body } = event;
  return body;
}

const takesEverything: Outbound = {
  channel: 'test',
  idempotent: true,
  render: async () => ({ contentType: 'text/plain', parts: [] }),
  deliver: () => Promise.resolve({ proof: 'receiver-answer', detail: 'taken' }),
};

const routesTo = (receiver: Receiver): Routes => ({
  ofNotice: () => receiver,
  ofBilling: () => receiver,
  ofDocument: (document) => (document === 'record' ? undefined : receiver),
  byId: () => receiver,
  isSenderLive: () => true,
});
