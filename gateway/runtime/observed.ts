/**
 * What the parts tell of what they do, in numbers. They add to a cell that is theirs; who reads the cells, and how, they
 * do not know (`gateway/observing/metrics.ts` gives them to Prometheus).
 *
 * Labels are ids of the configuration and codes of ours, never a value out of a message: a name that somebody sends
 * would be told to whoever reads metrics, and each new one would be a series for ever.
 */
import { beginStep, type About, type Step, type StepName } from './trace.ts';

export interface Observed {
  /** What became of messages: `accepted`, `parked`, `duplicate`, `rejected`, `untaken`. */
  readonly messages: Family<Count>;
  /** Why messages were not accepted, by the code of the error. */
  readonly refusals: Family<Count>;
  /** Answers as they left: `AA` … of HL7 v2, the status of HTTP. */
  readonly answers: Family<Count>;
  /** From a message that was read to the facts in it. */
  readonly translated: Family<Timing>;
  /** From a write handed in to its commit. */
  readonly committed: Family<Timing>;
  /** Writes that failed. */
  readonly writeFailures: Family<Count>;
  /** Events recorded, by type. */
  readonly events: Family<Count>;
  /** Deadlines that passed unmet, T1 to T9. */
  readonly missed: Family<Count>;
  /** One call of a part: the events of one lane. */
  readonly handled: Family<Timing>;
  /** What became of events taken from the bus: `done`, `postponed`, `dead`. */
  readonly attempts: Family<Count>;
  /** From handing rows to the broker to the last confirm. */
  readonly published: Family<Timing>;
  /** From one message handed to the broker to its confirm. */
  readonly confirmed: Family<Timing>;
  /** Events handed to the broker. */
  readonly publications: Family<Count>;
  /** What became of attempts to deliver. */
  readonly deliveries: Family<Count>;
  /** One attempt to deliver. */
  readonly delivered: Family<Timing>;
  /** Legal time from a decision to its hand-over. */
  readonly handedOver: Family<Timing>;
  /** Trouble that was told, by the code of the error. */
  readonly troubles: Family<Count>;

  /** Begins a step of the trace that a message is. */
  begin(name: StepName, from?: string, about?: About): Step;
}

/**
 * @param known ids of the configuration by label: any other value of such a label counts as `other`
 */
export function observe(known: Readonly<Record<string, ReadonlySet<string>>> = {}): Observed {
  const count = (name: string, help: string, ...labels: string[]): Family<Count> =>
    new Family({ name, help, labels, kind: 'count' }, () => new Count(), known);
  const timing = (
    bounds: readonly number[],
    name: string,
    help: string,
    ...labels: string[]
  ): Family<Timing> =>
    new Family({ name, help, labels, kind: 'timing' }, () => new Timing(bounds), known);
  const observed: Observed = {
    messages: count(
      'messages',
      'Messages that came in, by what became of them',
      'sender',
      'outcome',
    ),
    refusals: count('refusals', 'Messages that were not accepted, by why', 'sender', 'code'),
    answers: count('answers', 'Answers as they left', 'standard', 'code'),
    translated: timing(quick, 'translate', 'From a message that was read to its facts', 'standard'),
    committed: timing(machine, 'commit', 'From a write handed in to its commit', 'write'),
    writeFailures: count('write_failures', 'Writes that failed, by why', 'write', 'code'),
    events: count('events', 'Events recorded by this instance', 'type'),
    missed: count('deadlines_missed', 'Legal deadlines that passed unmet', 'deadline'),
    handled: timing(machine, 'handle', 'One call of a part: the events of one lane', 'queue'),
    attempts: count(
      'attempts',
      'Events taken from the bus, by what became of them',
      'queue',
      'outcome',
    ),
    published: timing(machine, 'publish', 'From handing rows to the broker to the last confirm'),
    confirmed: timing(machine, 'confirm', 'From one message handed to the broker to its confirm'),
    publications: count('publications', 'Events handed to the broker and confirmed'),
    deliveries: count(
      'deliveries',
      'Attempts to deliver, by what became of them',
      'receiver',
      'state',
    ),
    delivered: timing(remote, 'deliver', 'One attempt to deliver', 'receiver'),
    handedOver: timing(
      legal,
      'hand_over',
      'Legal time from a decision to its hand-over',
      'receiver',
    ),
    troubles: count('troubles', 'Failures of parts that go on by themselves', 'code'),
    begin: beginStep,
  };
  begunAtNought(observed, known['sender'] ?? new Set());
  return observed;
}

/** What somebody is called for stands from the beginning: a first one that comes from nowhere is no increase. */
function begunAtNought(observed: Observed, senders: ReadonlySet<string>): void {
  for (const deadline of ['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9']) {
    observed.missed.of(deadline);
  }
  for (const sender of senders) {
    for (const outcome of ['accepted', 'parked', 'duplicate', 'rejected', 'untaken']) {
      observed.messages.of(sender, outcome);
    }
  }
  for (const queue of ['advance', 'dispatch']) {
    for (const outcome of ['done', 'postponed', 'dead']) observed.attempts.of(queue, outcome);
  }
  for (const write of ['record', 'append']) {
    for (const code of ['journal-unavailable', 'disk-full']) {
      observed.writeFailures.of(write, code);
    }
  }
}

const quick = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1];
const machine = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const remote = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60];
const legal = [1, 5, 15, 60, 300, 900, 3600, 7200, 14_400, 43_200, 86_400, 259_200];

export interface Definition {
  /** Without prefix and unit: `deliver`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly kind: 'count' | 'timing';
}

export class Count {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

export class Timing {
  /** Upper ends in seconds; what is longer is in the last bucket, which has none. */
  readonly bounds: readonly number[];
  readonly buckets: number[];
  count = 0;
  sumSeconds = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.buckets = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  took(ms: number): void {
    const seconds = ms / 1000;
    let at = 0;
    while (at < this.bounds.length && seconds > (this.bounds[at] ?? 0)) at += 1;
    this.buckets[at] = (this.buckets[at] ?? 0) + 1;
    this.count += 1;
    this.sumSeconds += seconds;
  }
}

/** So many series are a label that is not bounded: what comes after counts as `other`. */
const mostSeries = 500;

/** Cells of one kind by the values of their labels. */
export class Family<Cell> {
  readonly definition: Definition;
  readonly #make: () => Cell;
  readonly #known: readonly (ReadonlySet<string> | undefined)[];
  /** By the first label, then by the second: no key has to be made for a look. */
  readonly #cells = new Map<string, Map<string, Cell>>();
  readonly #all: { readonly values: readonly string[]; readonly cell: Cell }[] = [];

  constructor(
    definition: Definition,
    make: () => Cell,
    known: Readonly<Record<string, ReadonlySet<string>>>,
  ) {
    this.definition = definition;
    this.#make = make;
    this.#known = definition.labels.map((label) => known[label]);
  }

  /** The cell of these values, in the order of the labels. It is found in far less than a microsecond. */
  of(first = '', second = ''): Cell {
    return this.#cells.get(first)?.get(second) ?? this.#bounded(first, second);
  }

  #bounded(first: string, second: string): Cell {
    const [known, knownSecond] = this.#known;
    const isFull = this.#all.length >= mostSeries;
    const value = isFull || known?.has(first) === false ? 'other' : first;
    const next = isFull || knownSecond?.has(second) === false ? 'other' : second;
    return this.#cells.get(value)?.get(next) ?? this.#add(value, next);
  }

  #add(first: string, second: string): Cell {
    const cell = this.#make();
    const row = this.#cells.get(first) ?? new Map<string, Cell>();
    this.#cells.set(first, row.set(second, cell));
    this.#all.push({ values: [first, second], cell });
    return cell;
  }

  all(): Iterable<{ readonly values: readonly string[]; readonly cell: Cell }> {
    return this.#all;
  }
}
