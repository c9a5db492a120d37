/** The primitive types of R4: how each is written in JSON. A time has a zone in all of them. */
import { z } from 'zod';

const date = '(\\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\\d|3[01]))?)?';
const clock = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?';
const zone = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))';

const dateForm = new RegExp(`^${date}$`);
const dateTimeForm = new RegExp(`^${date}$|^(\\d{4})-(\\d\\d)-(\\d\\d)T${clock}${zone}$`);
const instantForm = new RegExp(`^(\\d{4})-(\\d\\d)-(\\d\\d)T${clock}${zone}$`);
/** Everything right but for the zone: the commonest fault, told by its name. */
const withoutZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/;

/** How a value is written in JSON, what it is said not to be, and whether one holds. */
type Primitive =
  | { readonly json: 'boolean'; readonly words: string }
  | { readonly json: 'number'; readonly words: string; readonly holds?: (value: number) => boolean }
  | { readonly json: 'string'; readonly words: string; readonly holds: (value: string) => boolean };

const primitives: Readonly<Record<string, Primitive>> = {
  boolean: { json: 'boolean', words: 'true or false' },
  integer: number(-0x80000000, 'a whole number'),
  unsignedInt: number(0, 'a whole number from 0'),
  positiveInt: number(1, 'a whole number from 1'),
  decimal: { json: 'number', words: 'a number' },
  string: written('a text that is not empty', /\S/),
  markdown: written('a text that is not empty', /\S/),
  xhtml: written('XHTML', /\S/),
  base64Binary: written('base64', /\S/),
  uri: written('a URI', /^\S+$/),
  url: written('a URL', /^\S+$/),
  canonical: written('a canonical address', /^\S+$/),
  oid: written('an OID: urn:oid: and numbers with dots', /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/),
  uuid: written(
    'a UUID: urn:uuid: and 32 digits',
    /^urn:uuid:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/,
  ),
  id: written('an id: 1 to 64 of A-Z, a-z, 0-9, - and .', /^[A-Za-z0-9.-]{1,64}$/),
  code: written('a code', /^\S+(?: \S+)*$/),
  time: written('a time of day, such as 14:05:00', new RegExp(`^${clock}$`)),
  date: { json: 'string', words: 'a date, such as 2026-03-02', holds: calendar(dateForm) },
  dateTime: {
    json: 'string',
    words: 'a date, or a date and time with zone, such as 2026-03-02T14:05:00+01:00',
    holds: calendar(dateTimeForm),
  },
  instant: {
    json: 'string',
    words: 'a date and time with zone, such as 2026-03-02T14:05:00+01:00',
    holds: calendar(instantForm),
  },
};

export function isPrimitive(type: string): boolean {
  return Object.hasOwn(primitives, type);
}

/**
 * @param type name of a primitive type of R4
 * @returns its schema; what is wrong is said without the value
 */
export function primitiveSchema(type: string): z.ZodType {
  const primitive = primitives[type];
  if (primitive === undefined) throw new TypeError(`no primitive type ${type}`);
  const { words } = primitive;
  const error = ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? 'is missing' : `is not ${words}`;
  if (primitive.json === 'boolean') return z.boolean({ error });
  if (primitive.json === 'number') {
    const schema = z.number({ error });
    return primitive.holds === undefined ? schema : schema.refine(primitive.holds, { error });
  }
  const { holds } = primitive;
  const timed = /^(?:dateTime|instant)$/.test(type);
  return z.string({ error }).check(({ value, issues }) => {
    if (holds(value)) return;
    const message =
      timed && withoutZone.test(value)
        ? 'has a time without zone: write seconds and zone, as 2026-03-02T14:05:00+01:00'
        : `is not ${words}`;
    issues.push({ code: 'custom', input: undefined, message, params: { code: 'value' } });
  });
}

function number(from: number, words: string): Primitive {
  const holds = (value: number): boolean =>
    Number.isInteger(value) && value >= from && value <= 0x7fffffff;
  return { json: 'number', words, holds };
}

function written(words: string, form: RegExp): Primitive {
  return { json: 'string', words, holds: (value) => form.test(value) };
}

/** Whether a value has the form, and its day is one that the month has. */
function calendar(form: RegExp): (value: string) => boolean {
  return (value) => {
    if (!form.test(value)) return false;
    const [year, month, day] = value.slice(0, 10).split('-').map(Number);
    if (year === undefined || year === 0) return false;
    if (month === undefined || day === undefined) return true;
    return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  };
}

function daysIn(year: number, month: number): number {
  if (month === 2) {
    return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  }
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
