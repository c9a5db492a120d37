/**
 * Stays made of pathways: who, when, and what the hospital says of it, as messages in the order they were recorded.
 * The same seed gives the same bytes on any machine.
 */
import { Temporal } from 'temporal-polyfill';
import {
  buildMessage,
  type Hospital,
  type HospitalCharset,
  type HospitalStep,
  type Needs,
} from './hospital.ts';
import { drawSpan, type Pathway, type PathwayStep, type Word } from './pathway.ts';
import { personOf, pick, type Person } from './people.ts';
import { Random } from './random.ts';

export interface StreamOptions {
  readonly pathways: readonly Pathway[];
  readonly numbers: readonly string[];
  readonly seed: number;
  /** How many stays. */
  readonly count: number;
  /** The first day, `2026-01-05`; stays begin on it and on the days after. */
  readonly from: string;
  /** Where stays begin; either where left out. */
  readonly sender?: Hospital | undefined;
  /** Another character set than each hospital's own. */
  readonly charset?: HospitalCharset | undefined;
}

/** One message of the stream. */
export interface StreamMessage {
  readonly hospital: Hospital;
  readonly pathway: string;
  readonly step: HospitalStep;
}

/** How many stays begin on a day. */
const staysPerDay = 40;
const zone = 'Europe/Stockholm';
const day = 86_400_000;
const wards = ['MED1', 'MED2', 'KIR3', 'GER1', 'GER2', 'ORT4', 'STROKE'] as const;

/** The messages of all stays, in the order they were recorded. */
export function planStream(options: StreamOptions): StreamMessage[] {
  const random = new Random(options.seed);
  const firstDay = Temporal.PlainDate.from(options.from).toZonedDateTime(zone).epochMilliseconds;
  const days = Math.max(1, Math.ceil(options.count / staysPerDay));
  const order = shuffled(options.numbers, random);
  const messages: StreamMessage[] = [];
  for (let index = 0; index < options.count; index += 1) {
    const pathway = weighted(options.pathways, random);
    const hospital = options.sender ?? pick(['ekliden', 'norrtuna'] as const, random);
    const personnummer = order[index % order.length] ?? '';
    const startMs = firstDay + Math.floor((random.share() * days * day) / 60_000) * 60_000;
    const stay = new Stay(hospital, personOf(personnummer, hospital), index, options.seed, random);
    messages.push(...stay.follow(pathway, startMs));
  }
  // Of the same moment the stay that was made first comes first, and its messages keep their order.
  return messages.toSorted((one, other) => recordedMs(one) - recordedMs(other));
}

/** The bytes of one message. */
export function messageBytes(
  { hospital, step }: StreamMessage,
  charset: HospitalCharset | undefined,
): Uint8Array {
  return buildMessage(hospital, step, charset);
}

function recordedMs({ step }: StreamMessage): number {
  return Date.parse(step.recordedAt ?? step.at);
}

/** What is known of a stay as it goes on. */
class Stay {
  #hospital: Hospital;
  #visit: string;
  readonly #person: Person;
  readonly #random: Random;
  readonly #key: string;
  readonly #messages: StreamMessage[] = [];
  #unit: string;
  #admittedAt: string | undefined;
  #needs: Needs | undefined;
  #needsAt: string | undefined;
  #readyAt: string | undefined;
  #expected: string | undefined;
  #reserve: string | undefined;
  #patientClass = 'I';
  #recordedMs = 0;

  constructor(hospital: Hospital, person: Person, index: number, seed: number, random: Random) {
    this.#hospital = hospital;
    this.#person = person;
    this.#random = random;
    // Other seeds give other names, so that two streams can be sent to one gateway.
    this.#key = `${seed.toString(36)}-${index.toString(36)}`.toUpperCase();
    this.#visit = this.#visitNumber();
    this.#unit = pick(wards, random);
  }

  follow({ file, steps }: Pathway, startMs: number): readonly StreamMessage[] {
    const random = this.#random;
    let atMs = startMs;
    for (const step of steps) {
      const [least, most] = step.times;
      const times = least + random.below(most - least + 1);
      if (!random.happens(step.chance)) continue;
      for (let left = times; left > 0; left -= 1) {
        atMs = timeOf(step, atMs, random);
        this.#say(step.say, atMs, file);
      }
    }
    return this.#messages;
  }

  #say(word: Word, atMs: number, pathway: string): void {
    const at = new Date(atMs).toISOString();
    const told = this.#told(word, at);
    // Recorded soon after it happened, and never before what was recorded earlier.
    const delayMs = this.#random.below(20 * 60) * 1000;
    this.#recordedMs = Math.max(this.#recordedMs + 1000, atMs + delayMs);
    const { personnummer, family, given, address, municipality, protection } = this.#person;
    const step: HospitalStep = {
      at,
      recordedAt: new Date(this.#recordedMs).toISOString(),
      visit: this.#visit,
      personnummer,
      family,
      given,
      address,
      municipality,
      unit: this.#unit,
      patientClass: this.#patientClass,
      controlId: `${this.#key}-${this.#messages.length + 1}`,
      ...(protection !== undefined && { protection }),
      ...(this.#admittedAt !== undefined && { admittedAt: this.#admittedAt }),
      ...(this.#reserve !== undefined && { reserveNumber: this.#reserve }),
      ...told,
    };
    this.#messages.push({ hospital: this.#hospital, pathway, step });
  }

  /** What a word changes in the stay, and how its hospital says it. */
  #told(word: Word, at: string): Pick<HospitalStep, 'trigger'> & Partial<HospitalStep> {
    const isEkliden = this.#hospital === 'ekliden';
    switch (word) {
      case 'registered':
        this.#patientClass = 'E';
        return { trigger: 'A04' };
      case 'admitted-by-spare-number':
        this.#reserve = `99R${this.#key.replace('-', '')}`;
        return this.#admit('A01', at);
      case 'admitted':
        return this.#admit('A01', at);
      case 'admitted-from-hospital':
        this.#moveToOtherHospital();
        return { ...this.#admit('A01', at), admitSource: '4' };
      case 'became-inpatient':
        this.#patientClass = 'I';
        return this.#admit('A06', at);
      case 'became-outpatient':
        this.#patientClass = 'O';
        return { trigger: 'A07' };
      case 'needs-assessed':
        this.#needs = drawNeeds(this.#random);
        this.#needsAt = at;
        return isEkliden ? this.#snapshot() : { trigger: 'A16', needs: this.#needs };
      case 'ready':
        this.#readyAt = at;
        return isEkliden ? this.#snapshot() : { trigger: 'A16', readyAt: at };
      case 'readiness-withdrawn':
        this.#readyAt = undefined;
        return isEkliden
          ? { ...this.#snapshot(), readinessWithdrawn: at }
          : { trigger: 'A25', readinessWithdrawn: at };
      case 'estimate-changed':
        this.#expected = this.#estimate(at);
        return this.#snapshot();
      case 'discharge-planned':
        this.#expected = this.#estimate(at);
        return { trigger: 'A16', expectedDischarge: this.#expected };
      case 'plan-cancelled':
        this.#expected = undefined;
        return { trigger: 'A25', expectedDischarge: 'none' };
      case 'updated':
        return this.#snapshot();
      case 'transferred':
        this.#unit = pick(wards, this.#random);
        return { trigger: 'A02' };
      case 'on-leave':
        return { trigger: 'A21' };
      case 'returned':
        return { trigger: 'A22' };
      case 'numbers-merged':
        return this.#merge();
      case 'discharged':
        return {
          trigger: 'A03',
          disposition: this.#needs?.municipalHealthCare === true ? '06' : '01',
        };
      case 'discharged-to-hospital':
        return { trigger: 'A03', disposition: '02' };
      case 'died':
        return { trigger: 'A03', disposition: '20', diedAt: at };
      case 'admission-cancelled':
        return { trigger: 'A11' };
      case 'discharge-cancelled':
        return { trigger: 'A13' };
    }
  }

  #admit(
    trigger: 'A01' | 'A06',
    at: string,
  ): Pick<HospitalStep, 'trigger'> & Partial<HospitalStep> {
    this.#admittedAt = at;
    this.#expected = this.#estimate(at);
    return { trigger, admittedAt: at, expectedDischarge: this.#expected };
  }

  /** An A08 says all that is so; norrtuna says needs and readiness elsewhere. */
  #snapshot(): Pick<HospitalStep, 'trigger'> & Partial<HospitalStep> {
    return {
      trigger: 'A08',
      ...(this.#expected !== undefined && { expectedDischarge: this.#expected }),
      ...(this.#hospital === 'ekliden' && {
        ...(this.#needs !== undefined && { needs: this.#needs }),
        ...(this.#needsAt !== undefined && { needsAt: this.#needsAt }),
        ...(this.#readyAt !== undefined && { readyAt: this.#readyAt }),
      }),
    };
  }

  #merge(): Pick<HospitalStep, 'trigger'> & Partial<HospitalStep> {
    const mergedNumber = this.#reserve ?? `99R${this.#key.replace('-', '')}`;
    this.#reserve = undefined;
    return { trigger: 'A40', mergedNumber };
  }

  #moveToOtherHospital(): void {
    this.#hospital = this.#hospital === 'ekliden' ? 'norrtuna' : 'ekliden';
    this.#visit = this.#visitNumber();
    this.#unit = pick(wards, this.#random);
    this.#needs = undefined;
    this.#needsAt = undefined;
    this.#readyAt = undefined;
    this.#reserve = undefined;
  }

  #visitNumber(): string {
    return `${this.#hospital === 'ekliden' ? 'E' : 'N'}${this.#key}`;
  }

  /** A day some days ahead. */
  #estimate(at: string): string {
    const start = Temporal.Instant.from(at).toZonedDateTimeISO(zone).toPlainDate();
    return start.add({ days: 2 + this.#random.below(9) }).toString();
  }
}

/** When a step happens: some time after the one before, moved on to the hours it happens in. */
function timeOf({ after, at }: PathwayStep, beforeMs: number, random: Random): number {
  const earliestMs = beforeMs + drawSpan(after, random);
  const [from, to] = at ?? [];
  if (from === undefined || to === undefined) return earliestMs;
  const minutes = from + random.below(to - from + 1);
  const earliest = Temporal.Instant.fromEpochMilliseconds(earliestMs).toZonedDateTimeISO(zone);
  const clock = { hour: Math.floor(minutes / 60), minute: minutes % 60 };
  const today = earliest.withPlainTime(clock).epochMilliseconds;
  return today >= earliestMs
    ? today
    : earliest.add({ days: 1 }).withPlainTime(clock).epochMilliseconds;
}

function drawNeeds(random: Random): Needs {
  return {
    socialServices: random.happens(0.8),
    municipalHealthCare: random.happens(0.5),
    regionOutpatient: random.happens(0.4),
  };
}

function weighted(pathways: readonly Pathway[], random: Random): Pathway {
  let left = random.share() * pathways.reduce((sum, { weight }) => sum + weight, 0);
  return pathways.find(({ weight }) => (left -= weight) < 0) ?? pick(pathways, random);
}

function shuffled(list: readonly string[], random: Random): string[] {
  const mixed = [...list];
  for (let at = mixed.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [mixed[at], mixed[other]] = [mixed[other] ?? '', mixed[at] ?? ''];
  }
  return mixed;
}
