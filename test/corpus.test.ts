import { describe, expect, test } from 'vitest';
import { explain, renderExplanation } from '../adapters/inbound/hl7v2/explain.ts';
import { hl7v2Inbound, meaningOf } from '../adapters/inbound/hl7v2/index.ts';
import { loadMappings } from '../mappings/index.ts';
import type { Mappings } from '../mappings/index.ts';
import { adtBytes, senders } from './support/adt-message.ts';
import { corpusCases } from './support/corpus.ts';
import type { CorpusCase, Expectation } from './support/corpus.ts';

const context = {
  answerId: '0190f3a4-5b6c-7d8e-9f01-23456789abcd',
  now: '2022-03-07T12:00:00.000Z',
};

/** One message through the adapter as `receive` does it, without the journal. */
function judge(mappings: Mappings, raw: Uint8Array) {
  const inbound = hl7v2Inbound(mappings);
  const { message, translation, error, verdict } = meaningOf(inbound, raw);
  const answer = inbound.acknowledge(message, raw, verdict, context)?.[0];
  const text = answer === undefined ? undefined : Buffer.from(answer).toString('latin1');
  const head = message === undefined ? undefined : inbound.head(message);
  const segments = text?.split('\r') ?? [];
  const separator = text?.charAt(3) ?? '|';
  const code = segments.find((segment) => segment.startsWith('MSA'))?.split(separator)[1];
  return { head, translation, error, segments, code };
}

describe('our own corpus', () => {
  const mappings = loadMappings();
  const cases = corpusCases();
  const mappingsOf = ({ overlay }: CorpusCase): Mappings =>
    overlay === undefined ? mappings : loadMappings({ overlays: [overlay] });

  const ofHl7v2 = mappings.senders.filter(({ match }) => match !== undefined);

  test.each(ofHl7v2)('has a case for every mapped trigger of $id', ({ id, triggers }) => {
    const kinds = cases
      .filter(({ expected }) => expected.sender === id && expected.answer === 'AA')
      .map(({ expected }) => expected.kind);
    const mapped = Object.keys({ ...mappings.adt.triggers, ...triggers });
    expect(kinds).toEqual(expect.arrayContaining(mapped.map((trigger) => `ADT^${trigger}`)));
  });

  test.each(Object.entries(mappings.adt.ignored))('%s says nothing: %s', (trigger, reason) => {
    for (const sender of senders) {
      const { translation, code } = judge(mappings, adtBytes(sender, trigger));
      expect(code).toBe('AA');
      expect(translation).toEqual({ facts: [], unmapped: [], warnings: [], ignored: reason });
    }
  });

  test.each(cases)('$name: $notes', (one) => {
    const { raw, expected } = one;
    const { head, translation, error, segments, code } = judge(mappingsOf(one), raw);
    expect(code ?? null).toBe(expected.answer);
    expect(
      error && {
        code: error.code,
        standardCode: error.standardCode,
        location: error.location,
      },
    ).toEqual(expected.error);
    if (expected.answerHeader !== undefined) {
      expect(segments[0]?.startsWith(expected.answerHeader), segments[0]).toBe(true);
    }
    if (expected.answerError !== undefined) expect(segments).toContain(expected.answerError);
    if (expected.error !== undefined) return;
    expect(head?.sender).toBe(expected.sender);
    expect(head?.kind).toBe(expected.kind);
    expect(translation?.facts).toEqual(expected.events);
    expect(translation?.unmapped).toEqual(expected.unmapped);
    expect(translation?.warnings).toEqual(expected.warnings);
    expect(translation?.ignored).toBe(expected.ignored);
    expect(translation?.stay).toEqual(expected.stay && { by: 'visit', ...expected.stay });
    if (expected.patient !== undefined)
      expect(translation?.patient).toMatchObject(expected.patient);
    expect(translation?.persons).toEqual(expected.persons?.map(asTold));
    expect(translation?.moved).toEqual(
      expected.moved?.map(({ stay, ...said }) => ({
        stay: { by: 'visit', ...stay },
        ...asTold(said),
      })),
    );
  });

  test('an error says the field and never what stood in it', () => {
    for (const one of cases) {
      const { error, segments } = judge(mappingsOf(one), one.raw);
      const said = `${error?.message ?? ''} ${segments.join(' ')}`;
      for (const personal of ['hittad', 'sa |', '195009072553', '196101182803', 'Exempelv']) {
        expect(said, one.name).not.toContain(personal);
      }
    }
  });

  test('explain shows every case without throwing, and control characters do not reach the terminal', async () => {
    for (const one of cases) {
      const { expected } = one;
      const explanation = await explain(one.raw, mappingsOf(one));
      expect(explanation.answers?.[0]?.code ?? null).toBe(expected.answer);
      expect(explanation.error?.standardCode).toBe(expected.error?.standardCode);
      expect(renderExplanation(explanation)).not.toMatch(/[^\n\P{Cc}]/u);
    }
  });

  test('explain shows whose numbers merge, and which stay moves', async () => {
    const shown = async (name: string): Promise<string> => {
      const raw = cases.find((one) => one.name === name)?.raw ?? new Uint8Array();
      return renderExplanation(await explain(raw, mappings));
    };
    expect(await shown('norrtuna-a47-change-of-number')).toContain(
      'Person    196101182803 (personnummer), earlier 98240301AA06 (reservnummer)\n' +
        'Events    of every stay of this person\n  2022-03-07T10:50:00.000Z  patient.merged  ',
    );
    expect(await shown('norrtuna-a45-several-moves')).toContain(
      'Stay      V1002 of https://norrtuna.example/vardkontakt moves to the person 196101182803',
    );
  });

  test('explain names the fields, and reads by a sender that is asked for', async () => {
    const foreign = cases.find(({ name }) => name === 'unknown-sender');
    const explanation = await explain(foreign?.raw ?? new Uint8Array(), mappings, 'ekliden');
    expect(explanation.sender?.id).toBe('ekliden');
    expect(explanation.translation?.facts.map(({ type }) => type)).toEqual(['patient.admitted']);
    expect(explanation.fields).toContainEqual({
      path: 'PV1-19',
      name: 'Visit Number',
      value: 'V1001',
    });
  });
});

type Said = NonNullable<Expectation['persons']>[number];
/** As the translation says it. */
function asTold({ events, ...said }: Pick<Said, 'patient' | 'events'>): object {
  return { ...said, facts: events };
}
