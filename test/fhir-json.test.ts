/** JSON is read strictly: what two readers could understand differently is refused, and the place is named. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mostDepth, readJson } from '../adapters/inbound/fhir/json/strict-json.ts';
import { asGatewayError, type GatewayError } from '../gateway/errors.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

const marks = '{}[]",:\\0-+.eEtnu \t\n\u0001Å'.split('');

function refusalOf(raw: Uint8Array): GatewayError {
  try {
    readJson(raw);
  } catch (thrown) {
    return asGatewayError(thrown);
  }
  throw new Error('it was read');
}

describe('a document', () => {
  test('that JSON.parse reads is read to the same value, and its text is kept', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.constantFrom('', ' ', '\n\t'), (text, space) => {
        const sent = space + text + space;
        fc.pre(!/__proto__|constructor|prototype|\\u0000|e\+?\d{3}/.test(sent));
        expect(readJson(bytes(sent))).toMatchObject({ value: JSON.parse(sent), text: sent });
      }),
      { numRuns: 500 },
    );
  });

  test('that was changed anywhere is read as JSON.parse reads it, or refused where JSON.parse refuses it', () => {
    const sent = JSON.stringify({
      resourceType: 'Encounter',
      id: 'e-1',
      text: { div: '<div>"Å"\n\\ \u2028</div>' },
      length: { value: -1.5e-3 },
      list: [true, false, null, [], {}],
    });
    fc.assert(
      fc.property(
        fc.nat(sent.length - 1),
        fc.nat(3),
        fc.string({ unit: fc.constantFrom(...marks), maxLength: 3 }),
        (at, cut, put) => {
          const changed = sent.slice(0, at) + put + sent.slice(at + cut);
          let expected: unknown;
          try {
            expected = JSON.parse(changed);
          } catch {
            expect(refusalOf(bytes(changed)).code).toBe('malformed-message');
            return;
          }
          try {
            expect(readJson(bytes(changed)).value).toEqual(expected);
          } catch (thrown) {
            // Stricter than JSON.parse: keys twice, numbers without bound.
            expect(asGatewayError(thrown).message).toMatch(/comes twice|a number beyond/);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('of any bytes is read or refused as malformed, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (raw) => {
        try {
          readJson(raw);
        } catch (thrown) {
          expect(asGatewayError(thrown).code).toBe('malformed-message');
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('may begin with a byte order mark', () => {
    expect(readJson(bytes('\uFEFF{"a":1}'))).toMatchObject({ value: { a: 1 }, text: '{"a":1}' });
  });

  test.each([
    ['a key twice', '{"a":{"b":1,"c":2,"b":1}}', 'a.b', 'structure'],
    ['a key twice, once escaped', String.raw`{"a":1,"\u0061":1}`, 'a', 'structure'],
    ['a key twice after many', `{${keys(40)},"k7":1}`, 'k7', 'structure'],
    ['a key that reaches the prototype', '{"a":[{},{"__proto__":{}}]}', 'a[1]', 'structure'],
    ['the same, escaped', String.raw`{"\u005f_proto__":{}}`, undefined, 'structure'],
    ['a key that reaches the constructor', '{"constructor":1}', 'constructor', 'structure'],
    ['a list that does not end', '{"entry":[1,2', 'entry[1]', 'structure'],
    ['text after its end', '{"a":1}{"a":2}', undefined, 'structure'],
    ['a trailing comma', '{"a":[1,]}', 'a[1]', 'structure'],
    ['a comment', '{"a":1/*b*/}', 'a', 'structure'],
    ['a single quote', "{'a':1}", undefined, 'structure'],
    ['a number with leading zeros', '{"a":01}', 'a', 'structure'],
    ['a number beyond all bounds', '{"a":1e999}', 'a', 'structure'],
    ['a number of thousands of digits', `{"a":${'1'.repeat(5000)}}`, 'a', 'structure'],
    ['NaN', '{"a":NaN}', 'a', 'structure'],
    ['a control character in a string', '{"a":"x\u0001"}', 'a', 'structure'],
    ['NUL in a string', String.raw`{"a":"x\u0000"}`, 'a', 'structure'],
    ['half a character', String.raw`{"a":"\ud83d"}`, 'a', 'structure'],
    ['the wrong half of a character', String.raw`{"a":"\ude00\ud83d"}`, 'a', 'structure'],
    ['two wrong halves', String.raw`{"a":"\ude00\ude00"}`, 'a', 'structure'],
    ['an escape that is none', String.raw`{"a":"\x41"}`, 'a', 'structure'],
    ['nothing', '', undefined, 'structure'],
    ['white space alone', ' \n', undefined, 'structure'],
    ['one level too many', '['.repeat(mostDepth + 1), undefined, 'too-costly'],
    ['a hundred thousand levels', '{"a":'.repeat(100_000), undefined, 'too-costly'],
    [
      'a key twice in a resource whose type is known by then',
      '{"resourceType": "Encounter", "status": "planned", "status": "finished"}',
      'Encounter.status',
      'structure',
    ],
  ])('with %s is refused at its place', (_, text, location, standardCode) => {
    const error = refusalOf(bytes(text));
    expect(error).toMatchObject({ code: 'malformed-message', standardCode });
    if (location !== undefined) expect(error.location).toBe(location);
  });

  test('is as deep as it may be', () => {
    const deep = '['.repeat(mostDepth) + ']'.repeat(mostDepth);
    expect(readJson(bytes(deep)).text).toBe(deep);
  });

  test.each([
    ['Latin-1', Buffer.from('{"a":"vård"}', 'latin1')],
    ['UTF-16', Buffer.from('\uFEFF{"a":1}', 'utf16le')],
    ['half of a character', Buffer.from('{"a":"å"}').subarray(0, 7)],
    ['an overlong form', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ])('in %s is refused, and UTF-8 asked for', (_, raw) => {
    expect(refusalOf(raw).message).toContain('send the JSON in UTF-8');
  });

  test('says line and column', () => {
    expect(refusalOf(bytes('{\n  "a": 1,\n  "b": }')).message).toContain('line 3, column 8');
  });

  test('never repeats a value, nor a key that is no name of an element', () => {
    const text = '{"Testa-Key":{"name":"Testa Påhittad","name":"Testa"}}';
    const { message, location } = refusalOf(bytes(text));
    expect(`${message} ${location}`).not.toMatch(/Testa/);
  });
});

describe('the entries of a Bundle', () => {
  test('keep their resources as they were sent', () => {
    const first = '{ "resourceType":"Patient", "multipleBirthInteger": 1.0 }';
    const text = `{"entry":[{"resource":${first},"request":{"resource":{}}},{"fullUrl":"x"},{"resource" : {"a":"}"} }],"resource":{}}`;
    expect(readJson(bytes(text)).entryTexts).toEqual([first, undefined, '{"a":"}"}']);
  });

  test('of another element than entry are not taken for them', () => {
    expect(readJson(bytes('{"link":[{"resource":{}}]}')).entryTexts).toEqual([]);
  });
});

function keys(count: number): string {
  return Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',');
}
