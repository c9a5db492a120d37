/**
 * What if: the profiles with some parameters set otherwise, everywhere and always, over statute and agreement. Nothing is
 * decided by it; a question is answered under it.
 */
import { z } from 'zod';
import { check, invalid, meant, read } from './files.ts';
import type { ParameterDescription, Profiles } from './index.ts';
import type { Parameters } from './places.ts';
import { checkValue, reference } from './schema.ts';
import type { ParameterValue, Valued } from './timeline.ts';

/** One parameter as it is assumed to be. */
export interface Assumption {
  readonly parameter: string;
  readonly value: ParameterValue;
  readonly reference: string;
}

const file = z.strictObject({
  parameters: z.record(
    z.string(),
    z.strictObject({
      value: z.union([z.number(), z.string().min(1).max(200), z.boolean()]),
      reference,
    }),
  ),
});

/**
 * Reads `parameters: { settlement.benchmarkDays: { value: '2', reference: what if } }`.
 *
 * @param path of the YAML file, named in errors
 * @param known what the profiles say of each parameter: its name, type and choices are held to it
 * @throws GatewayError configuration-invalid naming file and key
 */
export function readAssumptions(
  path: string,
  known: readonly ParameterDescription[],
): readonly Assumption[] {
  const { parameters } = check(path, file, read(path) ?? {});
  const assumed = Object.entries(parameters).map(([parameter, { value, reference: why }]) => {
    const key = `parameters.${parameter}`;
    const described = known.find(({ name }) => name === parameter);
    if (described === undefined) throw invalid(path, key, unknownName(parameter, known));
    const {
      description,
      unit,
      type,
      choices,
      multipleOf,
      agreement,
      reference: source,
    } = described;
    const stated = { description, unit, type, agreement, reference: source };
    checkValue(
      path,
      `${key}.value`,
      { ...stated, multipleOf, ...(choices && { choices: [...choices] }) },
      value,
    );
    return { parameter, value, reference: why };
  });
  if (assumed.length === 0) throw invalid(path, 'parameters', 'names no parameter');
  return assumed;
}

/** The one that is near is told, else those of the same stem. */
function unknownName(name: string, known: readonly ParameterDescription[]): string {
  const all = known.map((one) => one.name);
  const bare = all.find((one) => one.endsWith(`.${name}`));
  const near = bare === undefined ? meant(name, all) : `; is ${bare} meant?`;
  if (near !== '') return `no such parameter${near}`;
  const stem = name.split('.')[0] ?? '';
  const alike = known.filter((one) => one.name.startsWith(`${stem}.`));
  const names = (alike.length > 0 ? alike : known).map((one) => one.name);
  return `no such parameter; there are ${names.join(', ')}`;
}

/** The same profiles, where what is assumed holds in every place and on every date. */
export function assuming(profiles: Profiles, assumptions: readonly Assumption[]): Profiles {
  const assumed = new Map<string, Valued>(
    assumptions.map(({ parameter, value, reference: why }) => {
      const from =
        profiles.parameters.find(({ name }) => name === parameter)?.firstDate ?? '2018-01-01';
      return [parameter, { known: true, value, origin: { parameter, from, reference: why } }];
    }),
  );
  const wrapped = new WeakMap<Parameters, Parameters>();
  // The same object for the same place, as the profiles themselves give it.
  const wrap = (inner: Parameters): Parameters => {
    const known = wrapped.get(inner);
    if (known !== undefined) return known;
    const outer: Parameters = {
      valueOn: (name, date) => assumed.get(name) ?? inner.valueOn(name, date),
      under: (municipality) => wrap(inner.under(municipality)),
      agreementOn: (date) => inner.agreementOn(date),
      remarksOn: (date) => inner.remarksOn(date),
    };
    wrapped.set(inner, outer);
    return outer;
  };
  return { ...profiles, parametersOf: (place) => wrap(profiles.parametersOf(place)) };
}
