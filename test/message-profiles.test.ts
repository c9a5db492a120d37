import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { explain, renderExplanation } from '../adapters/inbound/hl7v2/explain.ts';
import { hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import { Hl7Message } from '../adapters/inbound/hl7v2/message/message.ts';
import type { Remark } from '../adapters/inbound/hl7v2/checks/remark.ts';
import { profileCheck } from '../adapters/inbound/hl7v2/checks/validate.ts';
import { explainFile } from '../gateway/cli/explain.ts';
import { asGatewayError } from '../gateway/errors.ts';
import { loadMappings } from '../mappings/index.ts';
import { loadMessageProfiles } from '../profiles/index.ts';
import type { MessageProfileOptions, MessageProfiles } from '../profiles/index.ts';
import { corpusCases } from './support/corpus.ts';
import { temporaryFolder } from './support/folder.ts';

const root = resolve(import.meta.dirname, '..');
const mappings = loadMappings();
const known = {
  tables: [...mappings.tables.keys()],
  senders: mappings.senders.map(({ id }) => id),
};
const removals: (() => void)[] = [];
afterEach(() => {
  for (const remove of removals.splice(0)) remove();
});

/** The shipped message profiles under a user's own folder. */
function loadWith(
  files: Readonly<Record<string, string>>,
  there: MessageProfileOptions['known'] = known,
): MessageProfiles {
  const { path, remove } = temporaryFolder('message-profiles');
  removals.push(remove);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return loadMessageProfiles({ overlays: [path], known: there });
}

const shipped = loadMessageProfiles({ known });

const admission = {
  MSH: 'MSH|^~\\&|EKLIDEN-PAS|EKLIDEN|HEMGANG|GATEWAY|20220307120000||ADT^A01^ADT_A01|M1|P|2.5||||||8859/1',
  EVN: 'EVN|A01|20220307115500||||20220307115000',
  PID: 'PID|1||195009072553^^^&1.2.752.129.2.1.3.1&ISO||Påhittad^Åsa||||||Exempelvägen 1^^Påhittsby^^99999^SE^H^^1480',
  PV1: 'PV1|1|I|MED1||||||||||||||||V1001',
  PV2: 'PV2|||||||||20220312',
};

function read(segments: Readonly<Record<string, string>>): Hl7Message {
  const text = Object.values(segments)
    .filter((segment) => segment !== '')
    .join('\r');
  return new Hl7Message(Buffer.from(text), text, 'utf8');
}

/** `error REQUIRED_MISSING PV1-19.1`, what is mere information left out. */
function told(remarks: readonly Remark[]): string[] {
  return remarks
    .filter(({ severity }) => severity !== 'information')
    .map(({ severity, code, location }) => `${severity} ${code} ${location}`);
}

function checked(
  changes: Readonly<Record<string, string>>,
  { trigger = 'A01', sender = 'ekliden', profiles = shipped } = {},
): string[] {
  return told(
    profileCheck(profiles, mappings)(read({ ...admission, ...changes }), trigger, sender),
  );
}

/** A profile of one rule, for a trigger that nothing shipped speaks of. */
function ruled(rule: string, body: string): readonly Remark[] {
  const profiles = loadWith({
    'hl7v2/test.yaml': `
title: Test
reference: none
triggers:
  Q99:
    title: test
    rules:
      one: { ${rule}, consequence: nothing can be done, reference: section 1 }
    relax:
${[...(shipped.profileOf('A40')?.rules ?? [])]
  .filter(({ name }) => !name.startsWith('merge'))
  .map(({ name }) => `      ${name}: { to: none, reason: not looked at }`)
  .join('\n')}`,
  });
  const text = `${admission.MSH}\r${body}`;
  const message = new Hl7Message(Buffer.from(text), text, 'utf8');
  return profileCheck(profiles, mappings)(message, 'Q99', 'ekliden');
}

describe('the shipped profiles', () => {
  test('there is one for every trigger event that is mapped', () => {
    expect(shipped.triggers).toEqual(expect.arrayContaining(Object.keys(mappings.adt.triggers)));
    const asked = 'A01 A02 A03 A06 A07 A08 A11 A12 A13 A16 A21 A22 A23 A25 A40 A45 A47 A52 A53';
    expect(shipped.triggers).toEqual(expect.arrayContaining(asked.split(' ')));
  });

  test('every rule says what cannot be done, and where it stands', () => {
    for (const trigger of shipped.triggers) {
      for (const rule of shipped.profileOf(trigger)?.rules ?? []) {
        expect(rule.consequence, `${trigger} ${rule.name}`).toMatch(/^(?:without|an?|no) .{20,}/);
        expect(rule.reference, `${trigger} ${rule.name}`).toMatch(/section|§|table|ekliden/i);
      }
    }
  });

  test('they cannot be changed, and have a revision that is the same each time', () => {
    const profile = shipped.profileOf('A01', 'ekliden');
    expect(Object.isFrozen(profile?.rules)).toBe(true);
    expect(Object.isFrozen(profile?.rules[0])).toBe(true);
    expect(shipped.profileOf('A01', 'ekliden')).toBe(profile);
    expect(shipped.revision).toMatch(/^[0-9a-f]{12}$/);
    expect(loadMessageProfiles({ known }).revision).toBe(shipped.revision);
  });

  const accepted = corpusCases().filter(
    ({ expected: { answer, unmapped = [], warnings = [], events = [] } }) =>
      answer === 'AA' &&
      unmapped.length + warnings.length === 0 &&
      // A date alone is accepted; the profile says that a clock needs more.
      events.every(({ precision }) => precision === undefined),
  );

  test('there are messages that are accepted without a word', () => {
    expect(accepted.length).toBeGreaterThan(35);
  });

  test.each(accepted)('$name has what it needs', ({ raw, overlay }) => {
    const own = overlay === undefined ? mappings : loadMappings({ overlays: [overlay] });
    const { message, head } = hl7v2Inbound(own).read(raw);
    const trigger = head.kind.split('^')[1] ?? '';
    const remarks = profileCheck(shipped, own)(message, trigger, head.sender);
    expect(remarks.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  const parked = corpusCases().filter(
    ({ expected: { answer, unmapped = [] } }) => answer === 'AA' && unmapped.length > 0,
  );

  test.each(parked)('$name, which is parked, has an error at the code', ({ raw, expected }) => {
    const { message, head } = hl7v2Inbound(mappings).read(raw);
    const trigger = head.kind.split('^')[1] ?? '';
    const remarks = profileCheck(shipped, mappings)(message, trigger, head.sender);
    const at = remarks
      .filter(({ severity }) => severity === 'error')
      .map(({ location }) => location);
    expect(at.some((one) => expected.unmapped?.some(({ path }) => path === one))).toBe(true);
  });
});

describe('an admission', () => {
  test('that has everything gets no remark', () => {
    expect(checked({})).toEqual([]);
  });

  test('without a segment is told once, not for each field', () => {
    expect(checked({ PV1: '' })).toEqual(['error REQUIRED_MISSING PV1']);
    expect(checked({ EVN: '' })).toEqual(['error REQUIRED_MISSING EVN']);
  });

  test('without a visit number cannot be followed', () => {
    const message = read({ ...admission, PV1: 'PV1|1|I|MED1' });
    const [remark] = profileCheck(shipped, mappings)(message, 'A01', 'ekliden');
    expect(remark).toEqual({
      check: 'profile',
      severity: 'error',
      code: 'REQUIRED_MISSING',
      location: 'PV1-19.1',
      text: 'PV1-19.1 is missing',
      consequence: 'without PV1-19 the stay cannot be followed (HL7 v2.5 section 3.4.3.19)',
    });
  });

  test('takes its time from PV1-44, then EVN-6, then EVN-2, and needs hour and minute', () => {
    const at44 = (time: string): string =>
      `PV1|1|I|MED1||||||||||||||||V1001${'|'.repeat(25)}${time}`;
    expect(checked({ PV1: at44('20220307') })).toEqual(['error TIME_TOO_COARSE PV1-44']);
    expect(checked({ PV1: at44('202203071130') })).toEqual([]);
    expect(checked({ PV1: at44('202202301130') })).toEqual(['error TIME_UNREADABLE PV1-44']);
    expect(checked({ EVN: 'EVN|A01|20220307115500' })).toEqual([
      'warning RECOMMENDED_MISSING PV1-44',
    ]);
    expect(checked({ EVN: 'EVN|A01' })).toContain('error REQUIRED_MISSING PV1-44');
  });

  test('wants a municipality that is a code or in the table', () => {
    const living = (code: string): string => admission.PID.replace('1480', code);
    expect(checked({ PID: living('') })).toEqual(['warning RECOMMENDED_MISSING PID-11.9']);
    expect(checked({ PID: living('Göteborg') })).toEqual(['error NOT_IN_TABLE PID-11.9']);
  });

  test('with a patient number that nobody gave is warned of it, repetition by repetition', () => {
    const numbers = '195009072553^^^PNR~12345~~99^^^&1.2.3&ISO~67';
    expect(checked({ PID: admission.PID.replace(/195009072553[^|]*/, numbers) })).toEqual([
      'warning AUTHORITY_MISSING PID-3(2).4',
      'warning AUTHORITY_MISSING PID-3(5).4',
    ]);
    expect(checked({ PID: admission.PID.replace(/\^{3}&[^|]*/, '^^^OTHER') })).toEqual([
      'warning AUTHORITY_UNKNOWN PID-3',
    ]);
  });

  test('is not asked for an address where the identity is protected', () => {
    const PID = admission.PID.replace('Exempelvägen 1^^Påhittsby', '^^');
    expect(checked({ PID })).toEqual(['warning RECOMMENDED_MISSING PID-11.1']);
    expect(checked({ PID, PV1: `PV1|1|I|MED1|||||||||||||Y|||V1001` })).toEqual([]);
  });
});

describe('other trigger events', () => {
  test('a death needs its time only where the message says that the patient died', () => {
    const dead = `${admission.PID}${'|'.repeat(19)}Y`;
    const update = { trigger: 'A08', sender: 'norrtuna' };
    expect(checked({}, update)).toEqual([]);
    expect(checked({ PID: dead }, update)).toEqual(['error CONDITIONAL_MISSING PID-29']);
    expect(checked({ PID: dead.replace('||Y', '|202203080111|Y') }, update)).toEqual([]);
  });

  test('a merge needs MRG-1 in each MRG, and no PV1', () => {
    const merge = { ...admission, PV1: 'MRG|191', PV2: 'MRG|^^^PNR' };
    expect(checked(merge, { trigger: 'A40' })).toEqual([
      'error REQUIRED_MISSING MRG[2]-1.1',
      'warning AUTHORITY_MISSING MRG-1.4',
    ]);
    expect(checked({}, { trigger: 'A40' })).toEqual(['error REQUIRED_MISSING MRG']);
  });

  test('a moved visit needs both MRG-1 and PV1-19', () => {
    expect(checked({ PV1: 'PV1|1|I', PV2: 'MRG|1^^^X' }, { trigger: 'A45' })).toEqual([
      'error REQUIRED_MISSING PV1-19.1',
    ]);
  });

  test('one that the process asks nothing of says so, and is no error', () => {
    const remarks = profileCheck(shipped, mappings)(read(admission), 'A60', 'ekliden');
    expect(remarks.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'information NO_PROFILE',
    ]);
  });
});

describe('a sender', () => {
  test('ekliden needs the time of a readiness, and all three needs once they have a time', () => {
    const update = { trigger: 'A08' };
    expect(checked({ PV2: 'ZUT|K' }, update)).toEqual(['error CONDITIONAL_MISSING ZUT-2']);
    expect(checked({ PV2: 'ZUT|N' }, update)).toEqual([]);
    expect(checked({ PV2: 'ZUT|N||J|N||202203061400' }, update)).toEqual([
      'error CONDITIONAL_MISSING ZUT-5',
    ]);
    expect(checked({ PV2: 'ZUT|N||J|N|N' }, update)).toEqual(['error CONDITIONAL_MISSING ZUT-6']);
    expect(checked({}, update)).toEqual(['warning RECOMMENDED_MISSING ZUT']);
  });

  test('norrtuna says readiness in A16 alone, and may leave out the planned date with a reason', () => {
    const pending = { trigger: 'A16', sender: 'norrtuna' };
    const PV2 = `PV2${'|'.repeat(24)}KLAR|||SK`;
    expect(checked({ PV2 }, pending)).toEqual([]);
    expect(checked({ PV2 }, { trigger: 'A16', sender: 'ekliden' })).toEqual([
      'warning RECOMMENDED_MISSING PV2-9',
    ]);
    const remarks = profileCheck(shipped, mappings)(read({ ...admission, PV2 }), 'A16', 'norrtuna');
    expect(remarks.find(({ location }) => location === 'PV2-9')?.text).toContain(
      '(told as information: ',
    );
    expect(checked({ PV2: 'PV2|' }, pending)).toContain('error REQUIRED_MISSING PV2-24');
    expect(checked({ EVN: 'EVN|A16|20220307115500', PV2 }, pending)).toContain(
      'error REQUIRED_MISSING EVN-6',
    );
  });

  test('that has the visit number and the patient elsewhere is looked at there', () => {
    const [first, ...others] = mappings.senders;
    const elsewhere = { ...first!, stay: 'PID-18', patient: { numbers: ['PID-2', 'PID-4'] } };
    const check = profileCheck(shipped, { ...mappings, senders: [elsewhere, ...others] });
    const at = (fields: string): string[] =>
      told(
        check(
          read({ ...admission, PID: `PID|1|${fields}`, PV1: 'PV1|1|I|MED1' }),
          'A02',
          'ekliden',
        ),
      );
    const name = '|||Påhittad^Åsa';
    expect(at(`195009072553^^^PNR${name}${'|'.repeat(13)}V1001`)).toEqual([]);
    const number = '||195009072553^^^OTHER';
    expect(at(`${number}|Påhittad^Åsa${'|'.repeat(13)}V1001`)).toEqual([
      'warning AUTHORITY_UNKNOWN PID-4',
    ]);
    expect(at(`^^^PNR${name}`)).toEqual([
      'error REQUIRED_MISSING PID-2.1', // or PID-4.1
      'error REQUIRED_MISSING PID-18.1',
    ]);
  });

  test('one that nobody knows is held against the rules of all', () => {
    expect(checked({ PV2: '' }, { trigger: 'A08', sender: 'nobody' })).toEqual([]);
  });
});

describe('a rule', () => {
  const codes = (rule: string, body: string): string[] => told(ruled(rule, body));

  test('of a table takes a code of the mappings or of HL7', () => {
    expect(codes('at: PV1-2, table: 0004-admission', 'PV1||I')).toEqual([]);
    expect(codes('at: PV1-2, table: 0004-admission', 'PV1||Q')).toEqual([
      'error NOT_IN_TABLE PV1-2',
    ]);
    expect(codes('at: PV2-22, table: HL70136', 'PV2|||||||||||||||||||||||Y')).toEqual([]);
    expect(codes('at: PV2-22, table: HL70136', 'PV2||||||||||||||||||||||J')).toEqual([
      'error NOT_IN_TABLE PV2-22',
    ]);
  });

  test('reads `""` as a code only where it says so', () => {
    expect(codes('at: PV1-2, table: 0004-admission', 'PV1||""')).toEqual([]);
    expect(codes('at: PV1-2, table: 0004-admission, nullIsCode: true', 'PV1||""')).toEqual([
      'error NOT_IN_TABLE PV1-2',
    ]);
    expect(codes('at: PV1-2, need: required', 'PV1||""')).toEqual(['error REQUIRED_MISSING PV1-2']);
  });

  test.each([
    ['{ path: PV1-2, is: [I] }', 'PV1||I', true],
    ['{ path: PV1-2, is: [I] }', 'PV1||O', false],
    ['{ path: PV1-2, isNot: [I] }', 'PV1||O', true],
    ['{ path: PV1-2, isNot: [I] }', 'PV1||I', false],
    ['{ path: PV1-2, isNot: [I] }', 'PV1', false],
    ['{ path: PV1-2, present: true }', 'PV1||I', true],
    ['{ path: PV1-2, present: true }', 'PV1||""', false],
    ['{ path: PV1-2, present: false }', 'PV1||""', true],
    ['{ path: DG1, present: true }', 'PV1', false],
    ['{ path: DG1, present: true }', 'PV1\rDG1|1', true],
  ])('when %s, on %j counts: %j', (when, body, counts) => {
    expect(codes(`at: PV1-3, need: required, when: ${when}`, body)).toEqual(
      counts ? ['error CONDITIONAL_MISSING PV1-3'] : [],
    );
  });

  test.each([
    ['day', '20220307', true],
    ['day', '202203', false],
    ['minute', '2022030711', false],
    ['minute', '202203071130+0100', true],
    ['second', '202203071130', false],
    ['second', '20220307113000.1', true],
  ])('of precision %s holds %s: %j', (precision, time, holds) => {
    expect(codes(`at: PV1-44, precision: ${precision}`, `PV1${'|'.repeat(44)}${time}`)).toEqual(
      holds ? [] : ['error TIME_TOO_COARSE PV1-44'],
    );
  });

  test('of repetitions counts those that have a value', () => {
    expect(codes('at: PV1-7, repetitions: 2', 'PV1|||||||a~~b')).toEqual([]);
    expect(codes('at: PV1-7, repetitions: 2, severity: warning', 'PV1|||||||a~b~c')).toEqual([
      'warning TOO_MANY_REPETITIONS PV1-7',
    ]);
  });

  test('of a form says the form in words', () => {
    const [remark] = ruled("at: PV1-5, pattern: '^V[0-9]+$', form: V and digits", 'PV1|||||Anna');
    expect(remark).toMatchObject({ code: 'FORM_WRONG', text: 'the value is not V and digits' });
  });

  test('says a code of the visit, and never what stands in a field of a person', () => {
    const text = (at: string, body: string): string | undefined =>
      ruled(`at: ${at}, table: 0136-yes-no`, body)[0]?.text;
    expect(text('PV1-2', 'PV1||X9')).toBe("'X9' is not in table 0136-yes-no");
    expect(text('PID-24', `PID${'|'.repeat(24)}X9`)).toBe('the value is not in table 0136-yes-no');
    expect(text('PV1-2', 'PV1||195009072553')).toBe('the value is not in table 0136-yes-no');
    expect(text('PV1-2', 'PV1||Anna')).toBe('the value is not in table 0136-yes-no');
  });

  test('is told at most a hundred times', () => {
    const remarks = ruled('at: DG1-3, need: required', 'DG1|1\r'.repeat(500));
    expect(remarks).toHaveLength(101);
    expect(remarks.at(-1)?.code).toBe('MORE_REMARKS');
    expect(remarks[99]?.location).toBe('DG1[100]-3');
  });
});

describe("a user's own folder", () => {
  test('adds a rule, replaces one whole, and relaxes one with a reason', () => {
    const profiles = loadWith({
      'hl7v2/stay.yaml': `
triggers:
  A01:
    rules:
      doctor: { at: PV1-7, need: required, consequence: nobody can be asked, reference: house rule }
      unit: { at: PV1-3.2, need: required, consequence: no room is known, reference: house rule }
    relax:
      estimated-discharge: { to: none, reason: it comes by A16 }
`,
      'hl7v2/senders/norrtuna.yaml': `
relax:
  visit-number: { to: warning, reason: it is being put in }
`,
    });
    expect(checked({ PV2: '' }, { profiles })).toEqual([
      'error REQUIRED_MISSING PV1-3.2',
      'error REQUIRED_MISSING PV1-7',
    ]);
    expect(checked({ PV1: 'PV1|1|I|MED1^2||||D' }, { profiles, sender: 'norrtuna' })).toEqual([
      'warning REQUIRED_MISSING PV1-19.1',
    ]);
    expect(profiles.revision).not.toBe(shipped.revision);
  });

  const rule = 'consequence: nothing, reference: house rule';
  test.each([
    [
      'stay',
      'rules: { Unit: { at: PV1, REST } }',
      'rules.Unit: cannot stand here as a key: a rule is called in small letters',
    ],
    [
      'stay',
      'rules: { unit: { at: PV1-0, REST } }',
      "rules.unit.at: 'PV1-0' is neither a segment (PV1) nor a path",
    ],
    [
      'stay',
      'rules: { unit: { at: PV1-3, nead: required, REST } }',
      'rules.unit.nead: no such key',
    ],
    [
      'stay',
      'rules: { unit: { at: PV1-3, table: 0004-admision, REST } }',
      "rules.unit.table: no such table '0004-admision'; is 0004-admission meant?",
    ],
    [
      'stay',
      'rules: { unit: { at: PV1-3, table: HL70137, REST } }',
      "rules.unit.table: no such table 'HL70137'",
    ],
    [
      'stay',
      "rules: { unit: { at: PV1-3, pattern: '(', form: x, REST } }",
      'rules.unit.pattern: is not a regular expression',
    ],
    [
      'stay',
      'rules: { unit: { at: PV1-3, pattern: x, REST } }',
      'rules.unit.form: stands with pattern',
    ],
    [
      'stay',
      'rules: { unit: { at: PV1-3, when: { path: PV1-2 }, REST } }',
      'rules.unit.when: has exactly one of present, is and isNot',
    ],
    ['stay', 'rules: { unit: { at: PV1-3, reference: x } }', 'rules.unit.consequence: is missing'],
    [
      'stay',
      'relax: { vist-number: { to: none, reason: x } }',
      'relax.vist-number: no rule has this name here; is visit-number meant?',
    ],
    [
      'stay',
      'triggers: { A1: {} }',
      'triggers.A1: cannot stand here as a key: a trigger event is a letter and two digits',
    ],
    ['merge', 'triggers: { A01: { title: x } }', 'triggers.A01: stands in '],
    ['new', 'rules: {}', 'title: is missing'],
    ['senders/ekliden', 'triggers: { A98: {} }', 'triggers.A98: no message profile is of A98'],
    [
      'senders/ekliden',
      'triggers: { A08: { relax: { unit: { to: none, reason: x } } } }',
      'triggers.A08.relax.unit: no rule has this name here',
    ],
    [
      'senders/eklidn',
      'title: x\nreference: x',
      '(the file): no sender is called eklidn in the mappings; is ekliden meant?',
    ],
  ])('%s.yaml with %j stops, and names file and key', (name, content, message) => {
    let error: ReturnType<typeof asGatewayError> | undefined;
    try {
      loadWith({ [`hl7v2/${name}.yaml`]: content.replace('REST', rule) });
    } catch (thrown) {
      error = asGatewayError(thrown);
    }
    expect(error?.code).toBe('configuration-invalid');
    expect(error?.message).toContain(`/hl7v2/${name}.yaml`);
    expect(error?.message).toContain(message);
  });

  test('as the how-to shows it, is read', () => {
    const text = readFileSync(join(root, 'profiles/hl7v2/README.md'), 'utf8');
    const [, sender = '', stay = ''] = [...text.matchAll(/```yaml\n([^]*?)```/g)].map(
      (match) => match[1] ?? '',
    );
    const files = { 'hl7v2/senders/lindby.yaml': sender, 'hl7v2/stay.yaml': stay };
    const profiles = loadWith(files, { ...known, senders: [...known.senders, 'lindby'] });
    const needs = profiles
      .profileOf('A03', 'lindby')
      ?.rules.find(({ name }) => name === 'disposition');
    expect(needs?.need).toBe('required');
    const estimate = profiles
      .profileOf('A01')
      ?.rules.find(({ name }) => name === 'estimated-discharge');
    expect(estimate?.relaxed?.to).toBe('none');
  });

  test('that is not there stops', () => {
    expect(() => loadMessageProfiles({ overlays: ['/no/such/folder'], known })).toThrow(
      '/no/such/folder: (the folder): no such folder',
    );
  });
});

describe('explain', () => {
  test('shows what profile and dictionary find, errors first, with the consequence', async () => {
    const text = Object.values({ ...admission, PV1: 'PV1|1||MED1' }).join('\r');
    const raw = Buffer.from(text, 'latin1');
    const explanation = await explain(raw, mappings, undefined, shipped);
    expect(explanation.remarks.map(({ check, severity }) => `${check} ${severity}`)).toEqual([
      'profile error',
      'profile warning',
      'dictionary error',
    ]);
    const lines = renderExplanation(explanation).split('\n');
    const at = lines.indexOf('Profile');
    expect(lines[at + 1]).toMatch(/^ {2}error +PV1-19\.1 +PV1-19\.1 is missing$/);
    expect(lines[at + 2]).toMatch(/^ +without PV1-19 the stay cannot be followed/);
    expect(lines.slice(at)).toContain('Dictionary');
  });

  test('ends as it would without remarks, and has them in its JSON', async () => {
    const { path, remove } = temporaryFolder('explain');
    removals.push(remove);
    const file = join(path, 'admission.hl7');
    writeFileSync(
      file,
      Buffer.from(Object.values({ ...admission, EVN: 'EVN||20220307' }).join('\r'), 'latin1'),
    );
    const printed: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
    const code = await explainFile({ file, mappings: [], profiles: [], json: true });
    write.mockRestore();
    expect(code).toBe(0);
    const { remarks } = JSON.parse(printed.join('')) as { remarks: Remark[] };
    expect(told(remarks)).toContain('error TIME_TOO_COARSE EVN-2');
  });

  test('says so where there is nothing to remark', async () => {
    const raw = Buffer.from(Object.values(admission).join('\r'), 'latin1');
    const text = renderExplanation(await explain(raw, mappings, undefined, shipped));
    expect(text).toContain('Profile   nothing to remark');
    expect(text).toContain('Dictionary nothing to remark');
  });
});
