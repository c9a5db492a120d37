/**
 * The entries of a mapping and a resource → facts. A resource is a snapshot: its facts are what this version says and the
 * version before did not; what it says no longer is taken back where the mapping says so (`ifGone`).
 */
import { assert, GatewayError } from '../../../../gateway/errors.ts';
import { checkData, isEventType } from '../../../../gateway/process/events.ts';
import type { EventType } from '../../../../gateway/process/events.ts';
import { stands, takenBack, whenTold } from '../../../../mappings/index.ts';
import type { MappedType } from '../../../../mappings/index.ts';
import type { Fact } from '../../../adapter.ts';
import type { CompiledEntry, CompiledKey, Reading } from './compile.ts';
import { callerOf } from './caller.ts';
import { lastResort, timeOf, timeOfTelling, timeTold } from './fact-time.ts';
import type { TimeOf } from './fact-time.ts';
import { valueAt } from './path.ts';
import type { Roots } from './path.ts';
import type { Person } from './patient.ts';
import { parseFhirTime } from './time.ts';
import { elementOf, invalidValue, newWork, park, requiredAt, warnOnce } from './work.ts';
import type { Work } from './work.ts';

/** One version of a resource, with what it refers to. */
export interface Scene {
  readonly roots: Roots;
  readonly person?: Person;
}

/** An event that a named function tells. */
export interface Telling {
  readonly type: EventType;
  /** A text of the resource and where it stood; `told` for lack of one; by the entry's paths where left out. */
  readonly at?: { readonly text: string; readonly expression: string } | typeof whenTold;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Codes of what is doubtful in it. */
  readonly warnings?: readonly string[];
}

/** @param before the version that stood; undefined for none, and while that version itself is read */
export type EventFunction<S extends Scene = Scene> = (
  work: Work,
  scene: S,
  before: S | undefined,
) => readonly Telling[];
export type EventFunctions<S extends Scene = Scene> = Readonly<Record<string, EventFunction<S>>>;

interface ToldFact {
  readonly fact: Fact;
  /** What must be the same for the fact to be the same. */
  readonly key: string;
  readonly time: TimeOf;
}

/**
 * What a resource says that its version before did not say.
 * @param before undefined where nothing stood under its id, or nothing that spoke
 * @param stood what stood under its id, whether it spoke or not
 * @throws GatewayError malformed-message for what a fact needs and lacks
 */
export function newFacts<S extends Scene>(
  work: Work,
  type: MappedType,
  scene: S,
  before: S | undefined,
  functions: EventFunctions<S> = {},
  stood: S | undefined = before,
): Fact[] {
  const entries = work.sender.types.get(type)?.entries ?? [];
  const facts: Fact[] = [];
  const pairs = entries.map((entry) => {
    const now = told(work, entry, scene, before, functions);
    const was = before === undefined ? nothing : quietly(work, entry, before, functions);
    const known = new Set(was.told.map(({ key }) => key));
    for (const one of now) {
      if (!known.has(one.key) || mayBeUntold(work, one))
        facts.push(stood === undefined ? one.fact : sinceBefore(work, one, stood));
    }
    return { entry, now, was };
  });
  // What cannot be read yet may say what seems to be gone.
  if (work.unmapped.length > 0) return facts;
  for (const { entry, now, was } of pairs) {
    addGone(work, entry, now, was.told, facts);
    if (mayBeGone(entry, now)) waitFor(work, was.unmapped);
  }
  return facts;
}

/**
 * Other mappings read the version before: whether they made a fact of this is not known. Told again it changes nothing,
 * where it has a time of its own.
 */
function mayBeUntold({ exchange }: Work, { time }: ToldFact): boolean {
  return exchange.request.isReadAnew === true && time.isTold === undefined;
}

/**
 * The version before waits for a code, and will have said what this one says no longer: this one waits with it, so that it
 * is taken back once it is known.
 */
export function waitFor(work: Work, earlier: Work['unmapped']): void {
  for (const { code, path, table } of earlier) park(work, { code, path, table, target: undefined });
}

function mayBeGone({ ifGone }: CompiledEntry, now: readonly ToldFact[]): boolean {
  if (ifGone === undefined || ifGone === stands) return false;
  return ifGone === takenBack || now.length === 0;
}

function addGone(
  work: Work,
  { ifGone }: CompiledEntry,
  now: readonly ToldFact[],
  was: readonly ToldFact[],
  facts: Fact[],
): void {
  if (ifGone === undefined || was.length === 0) return;
  if (ifGone === takenBack) {
    const keys = new Set(now.map(({ key }) => key));
    for (const one of was) if (!keys.has(one.key)) takeBack(work, one, facts);
    return;
  }
  if (now.length > 0) {
    for (const one of was) if (isDatedBack(one, now)) takeBack(work, one, facts);
    return;
  }
  if (ifGone === stands) {
    const types = [...new Set(was.map(({ fact }) => fact.type))].join(', ');
    warnOnce(work, `${types}: said before and no longer; it stands until the opposite is said`);
    return;
  }
  if (facts.some(({ type }) => type === ifGone)) return;
  facts.push(factOf(ifGone, timeTold(work), checkData(ifGone, {})));
}

/** One event without data, for what no entry tells. */
export function soleFact(work: Work, type: EventType, at: NonNullable<Telling['at']>): Fact {
  return factOf(type, timeOf(work, { roots: {} }, { at }, []), checkData(type, {}));
}

/** What an assessment says of one moment, so that the version told last holds. */
const assessments: readonly EventType[] = [
  'patient.discharge-ready',
  'discharge-readiness.withdrawn',
  'need.assessed',
];

/**
 * Another assessment with an earlier time takes the place of this one, and does not come before it: whoever says now that
 * the patient was not ready at nine does not say that he has been since ten. The same one with another time is corrected
 * as the fold has it.
 */
function isDatedBack(was: ToldFact, now: readonly ToldFact[]): boolean {
  if (!assessments.includes(was.fact.type) || was.time.isTold === true) return false;
  const said = ({ fact }: ToldFact): string => JSON.stringify([fact.type, fact.data]);
  return now.every((one) => {
    const isEarlier = one.fact.occurredAt < was.fact.occurredAt;
    return one.time.isTold === undefined && isEarlier && said(one) !== said(was);
  });
}

/**
 * When a resource was made, or a plan was to come into force, is when it said this; unless the version before had the same
 * time and did not say it. It has come to say it since, and no earlier than it was told.
 */
function sinceBefore(work: Work, { fact, time }: ToldFact, before: Scene): Fact {
  const { madeBy } = time;
  const text = madeBy && valueAt(before.roots, madeBy);
  if (madeBy === undefined || text === undefined) return fact;
  const { instant } = parseFhirTime(String(text), work.sender.mapping.zone, madeBy.text);
  const since = { ...timeTold(work), ...lastResort(work) };
  if (instant !== fact.occurredAt || since.instant <= fact.occurredAt) return fact;
  return factOf(fact.type, since, fact.data, fact.warnings);
}

function takeBack(work: Work, was: ToldFact, facts: Fact[]): void {
  const withdrawal = withdrawalOf(work, was);
  if (withdrawal !== undefined) facts.push(withdrawal);
}

/** That a fact never was; undefined, with a warning, where nothing of now tells which one it was. */
function withdrawalOf(work: Work, { fact, time }: ToldFact): Fact | undefined {
  // A message has the time of its own Provenance, and the one before had another.
  if (time.isTold === true && time.isLastResort !== true) {
    warnOnce(
      work,
      `${fact.type}: said before and no longer; it had no time of its own, and stands`,
    );
    return undefined;
  }
  const of = Object.fromEntries(
    Object.entries(fact.data).filter(
      ([key, value]) => key !== 'unit' && ['string', 'boolean'].includes(typeof value),
    ),
  );
  const data = {
    statement: fact.type,
    at: fact.occurredAt,
    ...(Object.keys(of).length > 0 && { of }),
  };
  const type = 'statement.withdrawn';
  return factOf(type, timeTold(work), checkData(type, data));
}

/** Assessments end, by an event of their own that has their own time: no day of them counts. */
const ends: Partial<Record<EventType, EventType>> = {
  'patient.discharge-ready': 'discharge-readiness.withdrawn',
  'need.assessed': 'need.withdrawn',
};

/** All that a version has said, taken back as if it never was. */
export function allTakenBack<S extends Scene>(
  work: Work,
  type: MappedType,
  before: S,
  functions: EventFunctions<S>,
): Fact[] {
  const entries = work.sender.types.get(type)?.entries ?? [];
  return entries
    .flatMap((entry) => {
      const { told: was, unmapped } = quietly(work, entry, before, functions);
      waitFor(work, unmapped);
      return was;
    })
    .flatMap((was): Fact[] => {
      const end = ends[was.fact.type];
      if (end !== undefined && was.time.isTold === undefined) {
        return [factOf(end, was.time, checkData(end, {}))];
      }
      const withdrawal = withdrawalOf(work, was);
      return withdrawal === undefined ? [] : [withdrawal];
    });
}

interface Before {
  readonly told: readonly ToldFact[];
  /** Codes that it waits for. */
  readonly unmapped: Work['unmapped'];
}
const nothing: Before = { told: [], unmapped: [] };

/** What the version before told; a resource that could not be read told nothing. */
function quietly<S extends Scene>(
  { exchange, sender }: Work,
  entry: CompiledEntry,
  before: S,
  functions: EventFunctions<S>,
): Before {
  const work = newWork(exchange, sender);
  try {
    const facts = told(work, entry, before, undefined, functions);
    return { told: facts, unmapped: work.unmapped };
  } catch (thrown) {
    if (thrown instanceof GatewayError) return nothing;
    throw thrown;
  }
}

/** The facts that an entry gives of one version. */
function told<S extends Scene>(
  work: Work,
  entry: CompiledEntry,
  scene: S,
  before: S | undefined,
  functions: EventFunctions<S>,
): readonly ToldFact[] {
  if (entry.ifPresent !== undefined && valueAt(scene.roots, entry.ifPresent) === undefined) {
    return [];
  }
  return tellingsOf(work, entry, scene, before, functions).flatMap((telling) => {
    const { type } = telling;
    const data = dataOf(work, scene, telling, entry.keys.get(type) ?? []);
    if (data === undefined) return [];
    const time = timeOf(work, scene, telling, entry.occurredAt);
    const fact = factOf(type, time, checkedData(telling, data, entry), telling.warnings);
    return [{ fact, key: keyOf(fact, time, entry), time }];
  });
}

/** The data as its event takes it. @throws GatewayError malformed-message that names the element which has what it cannot be */
function checkedData({ type }: Telling, data: object, { keys }: CompiledEntry): object {
  try {
    return checkData(type, data);
  } catch (thrown) {
    const wrong = thrown instanceof GatewayError ? thrown.location : undefined;
    const one = keys.get(type)?.find(({ key }) => wrong === `${type}.${key}`);
    if (one === undefined) throw thrown;
    throw invalidValue(elementOf(one.path), `has what ${type} cannot take as its ${one.key}`);
  }
}

function tellingsOf<S extends Scene>(
  work: Work,
  entry: CompiledEntry,
  scene: S,
  before: S | undefined,
  functions: EventFunctions<S>,
): readonly Telling[] {
  if (entry.function !== undefined) {
    const tell = functions[entry.function];
    assert(tell !== undefined, `function ${entry.function} is not of this type`);
    return tell(work, scene, before);
  }
  const reading = entry.event?.(scene.roots);
  if (reading === undefined) return [];
  const type = decided(work, reading);
  if (typeof type !== 'string') return [];
  assert(isEventType(type), `event ${type} was not checked`);
  return [{ type }];
}

/** What a deciding code means; null for none, undefined where no table has it (and it is parked now). */
export function decided(work: Work, reading: Reading): Reading['target'] {
  if (reading.target === undefined) return park(work, reading);
  if (reading.target === null)
    work.understood.push(`${reading.path} ${reading.code} means no event`);
  return reading.target;
}

function dataOf(
  work: Work,
  scene: Scene,
  { type, data: own = {} }: Telling,
  keys: readonly CompiledKey[],
): Record<string, unknown> | undefined {
  const data: Record<string, unknown> = { ...completions[type]?.(work, scene), ...own };
  let complete = true;
  for (const { key, read, path, required: isRequired, describing } of keys) {
    const reading = read(scene.roots);
    if (reading === undefined || reading.target === null) {
      if (isRequired && data[key] === undefined)
        throw requiredAt(path, `${type} needs it, and it is missing`);
    } else if (reading.target !== undefined) {
      data[key] = converters[key]?.(work, reading) ?? shortened(reading.target);
    } else if (describing) {
      warnOnce(work, `${reading.path}: code not in table ${reading.table ?? ''}`);
      data[key] = shortened(reading.code);
    } else {
      park(work, reading);
      complete = false;
    }
  }
  return complete ? data : undefined;
}

const longestText = 200;
const shortened = <T>(value: T): T | string =>
  typeof value === 'string' ? value.slice(0, longestText) : value;

/** What an event's data needs beside its mapped keys. */
const completions: Partial<
  Record<EventType, (work: Work, scene: Scene) => Record<string, unknown>>
> = {
  'patient.admitted': ({ sender }, { person }) => ({
    county: sender.mapping.county,
    ...(sender.mapping.hospital !== undefined && { hospital: sender.mapping.hospital }),
    ...(person && { patient: person.codes }),
  }),
  'patient.identity-changed': (_work, { person }) => (person ? { patient: person.codes } : {}),
  'patient.merged': (_work, { person }) => (person ? { patient: person.codes } : {}),
  'planning.called': (work, { roots }) => ({ calledBy: callerOf(work, { roots }) }),
};

/** Keys whose FHIR form is not ours. */
const converters: Partial<Record<string, (work: Work, reading: Reading) => string>> = {
  // A date stays a date: nobody said an hour.
  expectedDischarge: ({ sender }, { code, path }) => {
    const time = parseFhirTime(code, sender.mapping.zone, elementOf(path));
    return time.date ?? time.instant;
  },
};

function factOf(
  type: EventType,
  { instant, precision, isLastResort }: TimeOf,
  data: object,
  doubts: readonly string[] = [],
): Fact {
  const warnings = isLastResort === true ? [...doubts, timeOfTelling] : doubts;
  // One type and its own checked data: TypeScript does not follow a union through a generic call.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return {
    type,
    occurredAt: instant,
    ...(precision !== undefined && { precision }),
    ...(warnings.length > 0 && { warnings }),
    data,
  } as Fact;
}

/** What the person is, and what only describes, is not what makes it another fact. */
const apart = new Set(['patient', 'county', 'hospital']);

function keyOf({ type, occurredAt, data }: Fact, { isTold }: TimeOf, entry: CompiledEntry): string {
  const said = Object.entries(data)
    .filter(([key]) => !apart.has(key) && !entry.describing.has(key))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([type, isTold === true ? whenTold : occurredAt, said]);
}
