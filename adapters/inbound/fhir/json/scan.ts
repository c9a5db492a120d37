/**
 * One pass over the text of a JSON document (RFC 8259): its grammar, how deep it goes, keys that come twice or could
 * reach a prototype, characters no FHIR string may have. Nothing is made of it but the places of a Bundle's resources.
 */
import { GatewayError } from '../../../../gateway/errors.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

const [quote, comma, colon, backslash] = [34, 44, 58, 92];
const [openList, closeList, openObject, closeObject] = [91, 93, 123, 125];

/** JavaScript objects have these by themselves. */
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);
/** FHIR's own names are of this form; what is not is the sender's text, and no error repeats it. */
const elementName = /^_?[A-Za-z][A-Za-z0-9]{0,63}$/;
const numberForm = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literalForm = /true|false|null/y;
const escapeForm = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
/** FHIR R4 asks for 18 digits at most to be understood; longer than this is an attack. */
const longestNumber = 64;
/** As many keys are compared one by one; of more a set is made. */
const fewKeys = 12;

export class JsonScan {
  readonly #text: string;
  readonly #mostDepth: number;
  readonly #path: (string | number)[] = [];
  readonly #spans: (Span | undefined)[] = [];
  #at = 0;
  /** Type of the resource, once it has been read: it is what an expression begins with. */
  #type = '';

  /** @param mostDepth lists and objects within one another */
  constructor(text: string, mostDepth: number) {
    this.#text = text;
    this.#mostDepth = mostDepth;
  }

  /**
   * @returns of a Bundle, where each `entry[i].resource` stands, by i
   * @throws GatewayError malformed-message
   */
  document(): readonly (Span | undefined)[] {
    this.#skipSpace();
    this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#wrong('text after the end of the JSON');
    return this.#spans;
  }

  #value(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === quote) this.#string();
    else if (code === openObject) this.#object();
    else if (code === openList) this.#list();
    else if (code === 45 || (code >= 48 && code <= 57)) this.#number();
    else if (!this.#skip(literalForm)) {
      throw this.#wrong(this.#at < this.#text.length ? 'a value is expected' : 'it ends too early');
    }
  }

  #object(): void {
    const depth = this.#enter();
    const seen: string[] = [];
    let many: Set<string> | undefined;
    if (this.#next(closeObject)) return this.#leave(depth);
    do {
      this.#skipSpace();
      const key = this.#key();
      this.#path[depth] = key;
      if (forbiddenKeys.has(key)) throw this.#wrong('this key is not allowed in a resource');
      if (many === undefined ? seen.includes(key) : many.has(key)) {
        throw this.#wrong('the key comes twice in one object: send each element once');
      }
      if (many !== undefined) many.add(key);
      else if (seen.push(key) > fewKeys) many = new Set(seen);
      if (!this.#next(colon)) throw this.#wrong('a colon is expected');
      this.#skipSpace();
      const start = this.#at;
      if (depth === 2 && key === 'resource' && this.#path[0] === 'entry') this.#entryResource();
      else this.#value();
      if (depth === 0 && key === 'resourceType') this.#type = this.#text.slice(start, this.#at);
    } while (this.#next(comma));
    if (!this.#next(closeObject)) throw this.#wrong('a comma or the end of an object is expected');
    this.#leave(depth);
  }

  #entryResource(): void {
    const start = this.#at;
    this.#value();
    const index = this.#path[1];
    if (typeof index === 'number') this.#spans[index] = { start, end: this.#at };
  }

  #list(): void {
    const depth = this.#enter();
    if (this.#next(closeList)) return this.#leave(depth);
    let index = 0;
    do {
      this.#path[depth] = index;
      index += 1;
      this.#skipSpace();
      this.#value();
    } while (this.#next(comma));
    if (!this.#next(closeList)) throw this.#wrong('a comma or the end of a list is expected');
    this.#leave(depth);
  }

  /** Past the bracket. @returns the depth of what is in it */
  #enter(): number {
    const depth = this.#path.length;
    if (depth >= this.#mostDepth) {
      throw this.#wrong(`nested deeper than ${this.#mostDepth} levels`, 'too-costly');
    }
    this.#at += 1;
    this.#path.push('');
    return depth;
  }

  #leave(depth: number): void {
    this.#path.length = depth;
  }

  #key(): string {
    if (this.#text.charCodeAt(this.#at) !== quote) {
      throw this.#wrong(this.#at < this.#text.length ? 'a key is expected' : 'it ends too early');
    }
    const start = this.#at;
    const hasEscape = this.#string();
    if (!hasEscape) return this.#text.slice(start + 1, this.#at - 1);
    const key: string = JSON.parse(this.#text.slice(start, this.#at));
    return key;
  }

  /** @returns whether anything in it was escaped */
  #string(): boolean {
    const text = this.#text;
    let hasEscape = false;
    let at = this.#at + 1;
    for (; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code >= 32 && code !== quote && code !== backslash) continue;
      if (code === quote) break;
      this.#at = at;
      if (code !== backslash) {
        throw this.#wrong(
          at < text.length ? 'a control character in a string' : 'it ends too early',
        );
      }
      hasEscape = true;
      at = this.#escape(at + 1) - 1;
    }
    this.#at = at + 1;
    return hasEscape;
  }

  /** @returns the place behind it */
  #escape(at: number): number {
    escapeForm.lastIndex = at;
    if (!escapeForm.test(this.#text)) throw this.#wrong('an escape that JSON does not have');
    const end = escapeForm.lastIndex;
    if (end === at + 1) return end;
    const unit = Number.parseInt(this.#text.slice(at + 1, end), 16);
    if (unit === 0) throw this.#wrong('the character U+0000, which no FHIR string may have');
    if (unit < 0xd800 || unit > 0xdfff) return end;
    const second = /^\\u[dD][c-fC-F][0-9a-fA-F]{2}/.test(this.#text.slice(end, end + 6));
    if (unit > 0xdbff || !second) throw this.#wrong('half a character (a lone surrogate)');
    return end + 6;
  }

  #number(): void {
    const start = this.#at;
    const isNumber = this.#skip(numberForm);
    const written = this.#at - start;
    if (!isNumber || written > longestNumber) throw this.#wrong('not a number as JSON writes it');
    if (!Number.isFinite(Number(this.#text.slice(start, this.#at)))) {
      throw this.#wrong('a number beyond what can be understood');
    }
  }

  #skip(form: RegExp): boolean {
    form.lastIndex = this.#at;
    if (!form.test(this.#text)) return false;
    this.#at = form.lastIndex;
    return true;
  }

  /** Whether that character comes next; it is then behind us. */
  #next(code: number): boolean {
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    for (; ; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
    }
  }

  #wrong(what: string, issueCode: 'structure' | 'too-costly' = 'structure'): GatewayError {
    const before = this.#text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = this.#at - before.lastIndexOf('\n');
    return notJson(`${what} (line ${line}, column ${column})`, {
      location: expressionOf(this.#path, typeName.exec(this.#type)?.[1]),
      issueCode,
    });
  }
}

/** A resource's type as it stands in JSON. */
const typeName = /^"([A-Z][A-Za-z]{1,40})"$/;

/** `Bundle.entry[6].resource.status`, as far as the names are FHIR's, and the type is known by then. */
function expressionOf(path: readonly (string | number)[], type = ''): string {
  let expression = type;
  for (const step of path) {
    if (typeof step === 'number') expression += `[${step}]`;
    else if (!elementName.test(step) || expression.length > 300) break;
    else expression += expression === '' ? step : `.${step}`;
  }
  return expression;
}

/** What is wrong with bytes that should be JSON: the sender's fault, said without a word of theirs. */
export function notJson(
  what: string,
  { location = '', issueCode = 'structure' }: { location?: string; issueCode?: string } = {},
): GatewayError {
  return new GatewayError('malformed-message', `not JSON that we read: ${what}`, {
    ...(location !== '' && { location }),
    standardCode: issueCode,
  });
}
