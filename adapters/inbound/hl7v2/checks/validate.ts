/**
 * A message held against the message profile of its trigger event: what this process needs, and what cannot be done
 * without it. Pure. It never says what stands in a person's field; a code of the visit it may name.
 */
import type { Hl7Path, Mappings } from '../../../../mappings/index.ts';
import type { MessageProfiles, MessageRule } from '../../../../profiles/index.ts';
import { compileProfile } from './compile-profile.ts';
import type { CompiledProfile, CompiledRule, Place } from './compile-profile.ts';
import { precisionOf, precisions } from './formats.ts';
import type { Hl7Message } from '../message/message.ts';
import type { Remark } from './remark.ts';
import { Remarks, shownCode } from './remarks.ts';
import {
  fieldPlace,
  partOf,
  parts,
  segmentPlace,
  segmentsOf,
  unescaped,
} from '../message/segments.ts';
import type { Segment } from '../message/segments.ts';

const hl7Null = '""';
const checkedRepetitions = 50;

/**
 * Makes the check of messages against their profiles.
 * @returns a pure function; `sender` is the id of an overlay, and a trigger without a profile gets one piece of
 *   information that says so
 */
export function profileCheck(
  profiles: MessageProfiles,
  mappings: Mappings,
): (message: Hl7Message, trigger: string, sender?: string) => readonly Remark[] {
  const compiled = new Map<string, CompiledProfile | undefined>();
  const profileOf = (trigger: string, sender: string): CompiledProfile | undefined => {
    const profile = profiles.profileOf(trigger, sender);
    if (profile === undefined) return undefined;
    const key = `${trigger} ${sender}`;
    if (!compiled.has(key)) compiled.set(key, compileProfile(profile, mappings, sender));
    return compiled.get(key);
  };
  return (message, trigger, sender = '') => {
    const known = mappings.senders.some(({ id }) => id === sender) ? sender : '';
    return validate(message, trigger, profileOf(trigger, known));
  };
}

/**
 * @param trigger event the message is taken for
 * @param profile undefined where the process asks nothing of this trigger event
 * @returns what is wrong, in the order of the rules; at most a hundred remarks
 */
export function validate(
  message: Hl7Message,
  trigger: string,
  profile: CompiledProfile | undefined,
): readonly Remark[] {
  const remarks = new Remarks('profile');
  if (profile === undefined) {
    const text = `${shownCode(trigger) ?? 'this trigger event'} has no message profile: the process asks nothing of it`;
    remarks.add({ severity: 'information', code: 'NO_PROFILE', location: 'MSH-9.2', text });
    return remarks.list();
  }
  const segments = byName(segmentsOf(message));
  // A segment that is told as missing is not told again for each of its fields.
  const told = new Set<string>();
  for (const rule of profile.rules) new RuleCheck(message, segments, rule, remarks, told).run();
  return remarks.list();
}

type Severity = Remark['severity'];
type Segments = ReadonlyMap<string, readonly Segment[]>;

function byName(segments: readonly Segment[]): Segments {
  const named = new Map<string, Segment[]>();
  for (const segment of segments) {
    const known = named.get(segment.name);
    if (known === undefined) named.set(segment.name, [segment]);
    else known.push(segment);
  }
  return named;
}

/** One rule on one message. */
class RuleCheck {
  readonly message: Hl7Message;
  readonly segments: Segments;
  readonly compiled: CompiledRule;
  readonly remarks: Remarks;
  /** Segments that were told as missing. */
  readonly told: Set<string>;

  constructor(
    message: Hl7Message,
    segments: Segments,
    compiled: CompiledRule,
    remarks: Remarks,
    told: Set<string>,
  ) {
    this.message = message;
    this.segments = segments;
    this.compiled = compiled;
    this.remarks = remarks;
    this.told = told;
  }

  run(): void {
    const { rule, places } = this.compiled;
    const [place] = places;
    if (place === undefined || !this.#applies()) return;
    if (places.length > 1) this.#checkFirst();
    else if (place.path === undefined) {
      if (rule.need !== undefined && this.#named(place.segment).length === 0)
        this.#missing(place.text);
    } else this.#checkEach(place, place.path);
  }

  #applies(): boolean {
    const { rule, when } = this.compiled;
    if (when === undefined || rule.when === undefined) return true;
    const values = this.#named(when.segment).map((segment) => this.#value(segment, when.path));
    const { present, is, isNot } = rule.when;
    const held = values.filter((value) => value !== '' && value !== hl7Null);
    if (present !== undefined) return present === held.length > 0;
    if (is !== undefined) return held.some((value) => is.includes(value));
    return held.some((value) => isNot?.includes(value) === false);
  }

  /** Of several places the first that has a value, as the mappings read a list. */
  #checkFirst(): void {
    const { rule, places } = this.compiled;
    const read = places.flatMap(({ segment: name, path }) => {
      const segment = this.#named(name)[0];
      if (segment === undefined || path === undefined) return [];
      return [{ segment, path, value: this.#value(segment, path) }];
    });
    const found =
      read.find(({ value }) => value !== '' && value !== hl7Null) ??
      (rule.nullIsCode === true ? read.find(({ value }) => value === hl7Null) : undefined);
    if (found !== undefined) {
      this.#checkValue(found.segment, found.path, found.value);
      this.#checkRepetitions(found.segment, found.path);
      return;
    }
    if (rule.need !== undefined) this.#missing(places.map(({ text }) => text).join(' or '));
  }

  #checkEach(place: Place, path: Hl7Path): void {
    const { rule } = this.compiled;
    const segments = this.#named(path.segment);
    if (segments.length === 0 && rule.need !== undefined) this.#missing(place.text);
    for (const segment of segments) {
      const anywhere = this.#values(segment, path).some((one) => one !== '' && one !== hl7Null);
      const value = this.#value(segment, path);
      const isCode = value === hl7Null && rule.nullIsCode === true;
      if (!anywhere && !isCode) {
        if (rule.need !== undefined) this.#missing(place.text, segment);
      } else if (value !== '' && (value !== hl7Null || isCode)) {
        this.#checkValue(segment, path, value);
      }
      this.#checkRepetitions(segment, path);
    }
  }

  // ---------------------------------------------------------------- one value

  #checkValue(segment: Segment, path: Hl7Path, value: string): void {
    const { rule, codes, pattern } = this.compiled;
    const at = placeIn(segment, path);
    if (rule.precision !== undefined) this.#checkTime(at, value, rule.precision);
    if (codes === undefined && pattern === undefined) return;
    if (codes?.has(value) === true || pattern?.test(value) === true) return;
    const wanted = [
      ...(rule.form === undefined ? [] : [`is not ${rule.form}`]),
      ...(rule.table === undefined ? [] : [`is not in table ${rule.table}`]),
    ].join(' and ');
    const code = isPersonSegment(segment.name) ? undefined : shownCode(value);
    const shown =
      value === hl7Null ? 'the value `""`' : code === undefined ? 'the value' : `'${code}'`;
    this.#wrong(codes === undefined ? 'FORM_WRONG' : 'NOT_IN_TABLE', at, `${shown} ${wanted}`);
  }

  #checkTime(at: string, value: string, wanted: NonNullable<MessageRule['precision']>): void {
    const given = precisionOf(value);
    if (given === undefined) this.#wrong('TIME_UNREADABLE', at, 'is not a date and time');
    else if (precisions.indexOf(given) < precisions.indexOf(wanted)) {
      this.#wrong('TIME_TOO_COARSE', at, `has the time to the ${given}, not to the ${wanted}`);
    }
  }

  #checkRepetitions(segment: Segment, path: Hl7Path): void {
    const { rule, authorities } = this.compiled;
    if (rule.repetitions === undefined && rule.authority === undefined) return;
    const { delimiters } = this.message;
    const repetitions = parts(segment.fields[path.field] ?? '', delimiters.repetition);
    const used = repetitions.filter((one) => one !== '' && one !== hl7Null);
    if (rule.repetitions !== undefined && used.length > rule.repetitions) {
      const text = `has ${used.length} repetitions, of which ${rule.repetitions} are read`;
      this.#wrong('TOO_MANY_REPETITIONS', placeIn(segment, path), text);
    }
    if (rule.authority === undefined || used.length === 0) return;
    const named = repetitions
      .slice(0, checkedRepetitions)
      .map((one) =>
        [1, 2].map((part) => partOf(one, 4, part, delimiters)).filter((part) => part !== ''),
      );
    if (rule.authority === 'known') {
      const known =
        named.flat().some((one) => authorities.has(unescaped(one, this.message))) ||
        (authorities.has('unnamed') && named.some((one) => one.length === 0));
      const text = 'has no number of an authority that the mappings know (CX.4)';
      if (!known) this.#wrong('AUTHORITY_UNKNOWN', placeIn(segment, path), text);
      return;
    }
    for (const [index, one] of named.entries()) {
      if (one.length > 0 || partOf(repetitions[index] ?? '', 1, 1, delimiters) === '') continue;
      const at = fieldPlace(segment, path.field, index + 1, 4);
      this.#wrong('AUTHORITY_MISSING', at, 'does not say who gave the number');
    }
  }

  // ---------------------------------------------------------------- reading

  #named(name: string): readonly Segment[] {
    return this.segments.get(name) ?? [];
  }

  /** The value at a path in this segment; empty where absent. */
  #value(segment: Segment, path: Hl7Path | undefined): string {
    if (path === undefined) return segment.name;
    return this.#values(segment, path)[path.repetition - 1] ?? '';
  }

  /** The component of the path in every repetition that is looked at. */
  #values(segment: Segment, path: Hl7Path): readonly string[] {
    const raw = segment.fields[path.field] ?? '';
    if (raw === '') return [];
    const { delimiters } = this.message;
    const read = Math.max(checkedRepetitions, path.repetition);
    return parts(raw, delimiters.repetition)
      .slice(0, read)
      .map((one) =>
        unescaped(partOf(one, path.component, path.subcomponent, delimiters), this.message),
      );
  }

  // ---------------------------------------------------------------- saying

  #missing(text: string, segment?: Segment): void {
    const { rule, places } = this.compiled;
    if (places.some(({ segment: name }) => this.told.has(name))) return;
    if (places[0]?.path === undefined) this.told.add(text);
    const single = this.compiled.places.length === 1;
    const place = this.compiled.places[0]?.text ?? text;
    const location =
      single && segment !== undefined ? place.replace(segment.name, segmentPlace(segment)) : place;
    const required = rule.need === 'required';
    const conditional = required && rule.when !== undefined;
    this.#add(
      required ? 'error' : 'warning',
      conditional ? 'CONDITIONAL_MISSING' : required ? 'REQUIRED_MISSING' : 'RECOMMENDED_MISSING',
      location,
      `${text} is missing${conditional ? `, and needed ${conditionIn(rule.when)}` : ''}`,
    );
  }

  #wrong(code: string, location: string, text: string): void {
    this.#add(this.compiled.rule.severity ?? 'error', code, location, text);
  }

  #add(severity: Severity, code: string, location: string, text: string): void {
    const { relaxed, consequence, reference } = this.compiled.rule;
    const why = relaxed === undefined ? '' : ` (told as ${relaxed.to}: ${relaxed.reason})`;
    this.remarks.add({
      severity: relaxed === undefined ? severity : weaker(severity, relaxed.to),
      code,
      location,
      text: `${text}${why}`,
      consequence: `${consequence} (${reference})`,
    });
  }
}

function weaker(severity: Severity, to: Severity | 'none'): Severity {
  const order = ['information', 'warning', 'error'] as const;
  return order.find((one) => one === severity || one === to) ?? severity;
}

function conditionIn(when: MessageRule['when']): string {
  if (when === undefined) return '';
  const { path, present, is, isNot } = when;
  if (is !== undefined) return `where ${path} is ${is.join(' or ')}`;
  if (isNot !== undefined) return `where ${path} is not ${isNot.join(' or ')}`;
  return present === true ? `where ${path} has a value` : `where ${path} has none`;
}

/** Where a value stands; written as the path is. */
function placeIn(segment: Segment, path: Hl7Path): string {
  return path.text.replace(segment.name, segmentPlace(segment));
}

/** Segments about people: what stands in them is never told. */
function isPersonSegment(name: string): boolean {
  return !/^(?:MSH|EVN|PV1|PV2|Z..)$/.test(name);
}
