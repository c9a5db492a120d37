/** A decision as it is being made: what the parts of `decide` write to, and what comes of it. */
import type { DeadlineData, EventData, EventType } from '../../process/events.ts';
import { decisionId } from '../../process/ids.ts';
import type { DischargeProcess, Occasion } from '../../process/state.ts';
import { isoOf } from '../legal-days.ts';
import type { Finding } from '../rule.ts';

/** A decision as an event; the stream, the lane and when it was recorded are added where it is stored. */
export type DecidedEvent = {
  [T in EventType]: {
    readonly id: string;
    readonly type: T;
    readonly occurredAt: string;
    readonly causationId: string;
    readonly data: EventData<T>;
  };
}[EventType];

export interface Decision {
  readonly events: readonly DecidedEvent[];
  /** Rows to wake by; `data` is the data of the event that a row becomes. A row is replaced by its key. */
  readonly setDeadlines: readonly {
    readonly key: string;
    readonly dueAt: string;
    readonly data: DeadlineData;
    /** What it becomes; `deadline.reached` unless it warns. */
    readonly event?: 'deadline.nearing';
  }[];
  /** Keys of rows that are no longer needed. */
  readonly closeDeadlines: readonly string[];
}

/** How long before a deadline a warning is given, in milliseconds: for all, and for single ones. 0 or nothing: none. */
export type WarnMs = Readonly<
  Partial<Record<DeadlineData['deadline'] | 'default', number | undefined>>
>;

/** What is decided so far in one run; the parts of `decide` write to it. */
export class Draft {
  readonly events: DecidedEvent[] = [];
  readonly setDeadlines: Decision['setDeadlines'][number][] = [];
  readonly closeDeadlines: string[] = [];
  readonly processId: string;
  readonly now: string;
  /** A figure of law is missing, so what is absent from the wants is not known to be unwanted: nothing is taken back. */
  readonly takesBack: boolean;
  readonly nowMs: number;
  readonly #warnMs: WarnMs;
  readonly #occasionsInUse: ReadonlySet<string>;
  /** Decision keys of cases that were linked to this one, by what they are about. */
  readonly #formerKeys: ReadonlyMap<string, string>;

  constructor(
    process: DischargeProcess,
    findings: readonly Finding[],
    nowMs: number,
    warnMs: WarnMs = {},
  ) {
    this.processId = process.processId;
    this.nowMs = nowMs;
    this.now = isoOf(nowMs);
    this.#warnMs = warnMs;
    this.takesBack = findings.every(({ reason }) => reason !== 'PARAMETER_MISSING');
    const { notices, deadlines, liability, careDays } = process.history;
    const ownPrefix = `${this.processId}|`;
    const isKnown = (key: string): boolean =>
      [notices, deadlines, liability, careDays].some((known) => known.has(key));
    this.#formerKeys = new Map(
      [notices, deadlines, liability, careDays]
        .flatMap((known) => [...known.keys()])
        .filter((key) => !key.startsWith(ownPrefix))
        .map((key) => [key.slice(key.indexOf('|') + 1), key] as const)
        .filter(([about]) => !isKnown(`${ownPrefix}${about}`)),
    );
    this.#occasionsInUse = new Set([
      ...[...notices.values()].map(({ occasion }) => occasion),
      ...[...deadlines.values()].map(({ data }) => data.occasion),
      ...[...liability.values()].map(({ occasion }) => occasion),
    ]);
  }

  /**
   * The decision key of this case. What was decided of the same thing before the case was linked to another goes on under
   * the key it had: it is a revision, and not something new.
   * @param about what it is about: obligation, occasion, role
   */
  keyOf(about: string): string {
    return this.#formerKeys.get(about) ?? `${this.processId}|${about}`;
  }

  /**
   * The name an occasion goes by in decision keys: once something was decided under one of its ids, that one stays,
   * also when an earlier statement of the same fact arrives later.
   */
  occasionOf({ occasion, aliases }: Pick<Occasion, 'occasion' | 'aliases'>): string {
    if (this.#occasionsInUse.has(occasion)) return occasion;
    return [...aliases].sort().find((alias) => this.#occasionsInUse.has(alias)) ?? occasion;
  }

  /**
   * Sets, or moves, the row that wakes by a deadline, and the row that warns before it. A deadline that is nearer than its
   * warning would be warns at once; one that has passed does not.
   * @param warns false for what is waited for, not kept
   * @param isMoved it was set before, and its warning may still be to come
   */
  setRow(data: DeadlineData, { warns, isMoved }: Record<'warns' | 'isMoved', boolean>): void {
    const { key, dueAt, deadline } = data;
    this.setDeadlines.push({ key, dueAt, data });
    if (!warns) return;
    const leadMs = this.#warnMs[deadline] ?? this.#warnMs.default ?? 0;
    const dueMs = Date.parse(dueAt);
    if (leadMs > 0 && dueMs > this.nowMs) {
      const warnAt = isoOf(Math.max(this.nowMs, dueMs - leadMs));
      const event = 'deadline.nearing';
      this.setDeadlines.push({ key: warningKey(key), dueAt: warnAt, data, event });
    } else if (isMoved) {
      this.closeDeadlines.push(warningKey(key));
    }
  }

  /** Closes both rows of a deadline. */
  closeRow(key: string): void {
    this.closeDeadlines.push(key, warningKey(key));
  }

  /**
   * @param key decision key; with the revision it makes the event's id
   * @param number the revision; a deadline has none, so its events are numbered by type
   */
  add<T extends EventType>(
    type: T,
    key: string,
    number: number,
    causationId: string,
    data: EventData<T>,
  ): string {
    const id = decisionId(type.startsWith('deadline.') ? `${key}|${type}` : key, number);
    // T is one type here, which the union of all events cannot express.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const event = { id, type, occurredAt: this.now, causationId, data } as unknown as DecidedEvent;
    this.events.push(event);
    return id;
  }
}

const warningKey = (key: string): string => `${key}|nearing`;
