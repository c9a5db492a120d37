/**
 * Subscriptions of the simulated FHIR server: by criteria as FHIR R4 has them, and topic-based (Subscriptions R5
 * Backport) in the forms of R4 and R4B. It shakes hands, counts events, tells them, beats, answers `$events` and
 * `$status`; and drops, repeats, reorders and forgets on demand.
 */
import { randomUUID } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import type { Bundle, FhirResource, Subscription } from 'fhir/r4.js';
import { sendFhir, sendOutcome } from './faults.ts';
import {
  contentOf,
  isTopicBased,
  notificationBundle,
  statusEntry,
  type NotifiedEvent,
  type Release,
} from './notification-bundle.ts';
import type { Shelf, Shelved } from './shelf.ts';

export interface SubscriptionBehaviour {
  /** Form of the status in a Bundle; `r4` where left out. */
  readonly release?: Release;
  /** Operations it has, and says it has; both where left out. */
  readonly operations?: readonly ('events' | 'status')[];
  /** By criteria a resource is sent to the endpoint (POST), or to its own address below it (PUT). */
  readonly address?: 'endpoint' | 'resource';
  /** Types that a topic tells of; Encounter where left out. */
  readonly topics?: Readonly<Record<string, readonly string[]>>;
  /** Failed deliveries in a row before it gives up and says `error`. */
  readonly tries?: number;
}

/** What becomes of the next event. */
export type EventFault =
  | 'none'
  /** Counted and never sent. */
  | 'drop'
  /** Sent twice. */
  | 'repeat'
  /** Sent after the one that follows it. */
  | 'hold'
  /** Sent with another secret than it was given. */
  | 'wrong-secret';

interface Kept {
  readonly id: string;
  count: number;
  events: NotifiedEvent[];
  held: NotifiedEvent[];
  failed: number;
  /** Deliveries go one after the other. */
  sending: Promise<void>;
}

/** A delivery as it was answered. */
export interface Delivery {
  readonly subscription: string;
  readonly what: string;
  readonly status: number;
}

type Serve = (request: Request, response: Response, answer: () => void) => void;

export class SubscriptionDesk {
  readonly #shelf: Shelf;
  readonly #behaviour: SubscriptionBehaviour;
  readonly #now: () => string;
  readonly #base: () => string;
  readonly #kept = new Map<string, Kept>();
  #eventFaults: EventFault[] = [];
  #registrationFaults: number[] = [];
  #made = 0;
  /** Every notification sent, in the order of the answers. */
  readonly deliveries: Delivery[] = [];

  constructor(
    shelf: Shelf,
    now: () => string,
    base: () => string,
    behaviour: SubscriptionBehaviour = {},
  ) {
    this.#shelf = shelf;
    this.#now = now;
    this.#base = base;
    this.#behaviour = behaviour;
    shelf.onPut((changed) => this.#changed(changed));
  }

  // -------------------------------------------------------------- for whoever plays the source

  /** What becomes of the next events, one each. */
  setEventFaults(...faults: EventFault[]): void {
    this.#eventFaults = faults;
  }

  /** With what the next calls that create or change a Subscription are answered. */
  setRegistrationFaults(...statuses: number[]): void {
    this.#registrationFaults = statuses;
  }

  /** Every Subscription is gone, and nobody is told. */
  forget(): void {
    for (const { id } of this.#kept.values()) this.#shelf.remove('Subscription', id);
    this.#kept.clear();
  }

  /** `$events` has nothing left of what has been. */
  forgetEvents(): void {
    for (const kept of this.#kept.values()) kept.events = [];
  }

  /** Sends a heartbeat of each active subscription; topic-based ones have them. */
  async beat(): Promise<void> {
    for (const kept of this.#kept.values()) {
      const subscription = this.#read(kept.id);
      if (subscription?.status !== 'active' || !isTopicBased(subscription)) continue;
      this.#send(kept, 'heartbeat', () => this.#bundle(subscription, kept, 'heartbeat', []));
    }
    await this.settled();
  }

  /** Sends an event again, by its number. */
  async sendAgain(number: number): Promise<void> {
    for (const kept of this.#kept.values()) {
      const event = kept.events.find((one) => one.number === number);
      if (event) this.#tell(kept, event);
    }
    await this.settled();
  }

  /** Puts a Subscription into another status, as a server does by itself. */
  setStatus(status: Subscription['status']): void {
    for (const { id } of this.#kept.values()) this.#setStatus(id, status);
  }

  /** Those that stand. */
  standing(): readonly Subscription[] {
    return [...this.#kept.keys()].flatMap((id) => this.#read(id) ?? []);
  }

  /** Until every notification has been answered. */
  async settled(): Promise<void> {
    await Promise.all([...this.#kept.values()].map(({ sending }) => sending));
  }

  // -------------------------------------------------------------- HTTP

  /** @param serve writes the call down, checks access, does the faults of all calls */
  addRoutes(app: Express, serve: Serve): void {
    app.get('/fhir/metadata', (request, response) =>
      serve(request, response, () => sendFhir(response, 200, this.#capabilities())),
    );
    app.post('/fhir/Subscription', (request, response) =>
      serve(request, response, () => this.#create(request, response)),
    );
    app.put('/fhir/Subscription/:id', (request, response) =>
      serve(request, response, () => this.#update(request, response)),
    );
    app.delete('/fhir/Subscription/:id', (request, response) =>
      serve(request, response, () => {
        const { id } = request.params;
        this.#kept.delete(id);
        this.#shelf.remove('Subscription', id);
        response.status(204).end();
      }),
    );
    app.get('/fhir/Subscription/:id/\\$:name', (request, response) =>
      serve(request, response, () => this.#operation(request, response)),
    );
  }

  #create(request: Request, response: Response): void {
    const fault = this.#registrationFaults.shift();
    if (fault !== undefined) return sendOutcome(response, fault, 'exception');
    const wanted: Subscription = request.body;
    const condition = new URLSearchParams(request.get('if-none-exist') ?? '').get('url');
    const same = this.standing().find(({ channel }) => channel.endpoint === condition);
    if (condition !== null && same !== undefined) return sendFhir(response, 200, same);
    this.#made += 1;
    const id = `sub-${this.#made}`;
    const kept = { id, count: 0, events: [], held: [], failed: 0, sending: Promise.resolve() };
    this.#kept.set(id, kept);
    const stands = this.#shelf.put({ ...wanted, id, status: 'requested' });
    response.setHeader('location', `${this.#base()}/Subscription/${id}/_history/1`);
    sendFhir(response, 201, stands);
    this.#activate(kept);
  }

  #update(request: Request, response: Response): void {
    const fault = this.#registrationFaults.shift();
    if (fault !== undefined) return sendOutcome(response, fault, 'exception');
    const id = String(request.params['id']);
    const kept = this.#kept.get(id);
    if (!kept) return sendOutcome(response, 404, 'not-found');
    const wanted: Subscription = request.body;
    sendFhir(response, 200, this.#shelf.put({ ...wanted, id }));
    if (wanted.status === 'requested') this.#activate(kept);
  }

  #operation(request: Request, response: Response): void {
    const { id, name }: { id?: unknown; name?: unknown } = request.params;
    const kept = this.#kept.get(String(id));
    const subscription = this.#read(String(id));
    const has = this.#operations().some((one) => one === name);
    if (!has || !kept || !subscription) return sendOutcome(response, 404, 'not-found');
    if (name === 'status') {
      const entry = statusEntry(this.#about(subscription, kept, 'query-status', []));
      return sendFhir(response, 200, { resourceType: 'Bundle', type: 'searchset', entry: [entry] });
    }
    const { searchParams } = new URL(request.originalUrl, this.#base());
    const from = Number(searchParams.get('eventsSinceNumber') ?? 0);
    const until = Number(searchParams.get('eventsUntilNumber') ?? Infinity);
    const events = kept.events.filter(({ number }) => number >= from && number <= until);
    return sendFhir(response, 200, this.#bundle(subscription, kept, 'query-event', events));
  }

  #operations(): readonly string[] {
    return this.#behaviour.operations ?? ['events', 'status'];
  }

  #capabilities(): FhirResource {
    const definition = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition';
    const operation = this.#operations().map((name) => ({
      name,
      definition: `${definition}/backport-subscription-${name}`,
    }));
    return {
      resourceType: 'CapabilityStatement',
      status: 'active',
      date: this.#now(),
      kind: 'instance',
      fhirVersion: '4.0.1',
      format: ['json'],
      rest: [{ mode: 'server', resource: [{ type: 'Subscription', operation }] }],
    };
  }

  // -------------------------------------------------------------- telling

  /** Topic-based it asks the endpoint first; by criteria it begins. */
  #activate(kept: Kept): void {
    const subscription = this.#read(kept.id);
    if (!subscription) return;
    kept.failed = 0;
    if (!isTopicBased(subscription)) {
      this.#setStatus(kept.id, 'active');
      return;
    }
    this.#send(
      kept,
      'handshake',
      () => this.#bundle(subscription, kept, 'handshake', []),
      (isTaken) => this.#setStatus(kept.id, isTaken ? 'active' : 'error'),
    );
  }

  #changed(changed: Shelved): void {
    if (changed.resourceType === 'Subscription') return;
    for (const kept of this.#kept.values()) {
      const subscription = this.#read(kept.id);
      if (!subscription || subscription.status === 'off') continue;
      const types = isTopicBased(subscription)
        ? (this.#behaviour.topics?.[subscription.criteria] ?? ['Encounter'])
        : [subscription.criteria.split('?')[0]];
      if (!types.includes(changed.resourceType)) continue;
      kept.count += 1;
      const event = { number: kept.count, at: changed.meta.lastUpdated, resource: changed };
      kept.events.push(event);
      if (subscription.status === 'active') this.#tellWithFaults(kept, event);
    }
  }

  #tellWithFaults(kept: Kept, event: NotifiedEvent): void {
    const fault = this.#eventFaults.shift() ?? 'none';
    if (fault === 'drop') return;
    if (fault === 'hold') {
      kept.held.push(event);
      return;
    }
    this.#tell(kept, event, fault === 'wrong-secret');
    if (fault === 'repeat') this.#tell(kept, event);
    for (const held of kept.held.splice(0)) this.#tell(kept, held);
  }

  #tell(kept: Kept, event: NotifiedEvent, isWrong = false): void {
    const subscription = this.#read(kept.id);
    if (!subscription) return;
    const what = `event ${event.number}`;
    const judge = (isTaken: boolean): void => {
      kept.failed = isTaken ? 0 : kept.failed + 1;
      if (kept.failed >= (this.#behaviour.tries ?? 3)) this.#setStatus(kept.id, 'error');
    };
    if (isTopicBased(subscription)) {
      const body = (): Bundle => this.#bundle(subscription, kept, 'event-notification', [event]);
      this.#send(kept, what, body, judge, { isWrong });
      return;
    }
    const isEmpty = subscription.channel.payload === undefined;
    const isPut = !isEmpty && this.#behaviour.address === 'resource';
    const path = isPut ? `/${event.resource.resourceType}/${event.resource.id}` : '';
    const send = { isWrong, path, method: isPut ? 'PUT' : 'POST' } as const;
    this.#send(kept, what, () => (isEmpty ? undefined : event.resource), judge, send);
  }

  #send(
    kept: Kept,
    what: string,
    body: () => FhirResource | undefined,
    judge: (isTaken: boolean) => void = () => undefined,
    { isWrong = false, path = '', method = 'POST' } = {},
  ): void {
    kept.sending = kept.sending.then(async () => {
      const channel = this.#read(kept.id)?.channel;
      if (!channel) return;
      const headers = new Headers();
      for (const line of channel.header ?? []) {
        const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
        headers.set(name, isWrong ? `${value}-not` : value);
      }
      const content = body();
      if (content) headers.set('content-type', 'application/fhir+json');
      const status = await fetch(`${channel.endpoint}${path}`, {
        method,
        headers,
        ...(content && { body: JSON.stringify(content) }),
        signal: AbortSignal.timeout(10_000),
      }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => 0,
      );
      this.deliveries.push({ subscription: kept.id, what, status });
      judge(status >= 200 && status < 300);
    });
  }

  #bundle(
    subscription: Subscription,
    kept: Kept,
    kind: string,
    events: readonly NotifiedEvent[],
  ): Bundle {
    return notificationBundle(this.#about(subscription, kept, kind, events));
  }

  #about(subscription: Subscription, kept: Kept, kind: string, events: readonly NotifiedEvent[]) {
    return {
      release: this.#behaviour.release ?? 'r4',
      base: this.#base(),
      at: this.#now(),
      id: randomUUID(),
      subscription: this.#read(kept.id) ?? subscription,
      content: contentOf(subscription),
      count: kept.count,
      kind,
      events,
    } as const;
  }

  #read(id: string): Subscription | undefined {
    const found = this.#shelf.read('Subscription', id);
    return found?.resourceType === 'Subscription' ? found : undefined;
  }

  #setStatus(id: string, status: Subscription['status']): void {
    const standing = this.#read(id);
    if (standing) this.#shelf.put({ ...standing, id, status });
  }
}
