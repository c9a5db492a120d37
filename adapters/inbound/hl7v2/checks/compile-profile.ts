/**
 * A message profile made ready for one sender, so that a message costs no search: paths are parsed, tables are sets of
 * codes, and what the sender has elsewhere is looked for there.
 */
import { pathOf } from '../../../../mappings/index.ts';
import type { Hl7Path, Mappings } from '../../../../mappings/index.ts';
import { loadHl7Tables } from '../../../../profiles/index.ts';
import type { MessageProfile, MessageRule } from '../../../../profiles/index.ts';

/** A profile made ready once: paths parsed, tables found. */
export interface CompiledProfile {
  readonly trigger: string;
  readonly rules: readonly CompiledRule[];
}
export interface CompiledRule {
  readonly rule: MessageRule;
  /** Of which one is enough. */
  readonly places: readonly Place[];
  readonly when: Place | undefined;
  readonly codes: ReadonlySet<string> | undefined;
  readonly pattern: RegExp | undefined;
  /** Assigning authorities that the mappings know. */
  readonly authorities: ReadonlySet<string>;
}
export interface Place {
  readonly text: string;
  readonly segment: string;
  /** Undefined for a whole segment. */
  readonly path: Hl7Path | undefined;
}

/** @param sender id of the overlay whose assigning authorities count too */
export function compileProfile(
  profile: MessageProfile,
  mappings: Mappings,
  sender?: string,
): CompiledProfile {
  const own = mappings.senders.find(({ id }) => id === sender);
  const authorities = new Set([
    ...Object.keys(mappings.adt.numberAuthorities),
    ...Object.keys(own?.numberAuthorities ?? {}),
  ]);
  return {
    trigger: profile.trigger,
    rules: profile.rules
      .filter(({ relaxed }) => relaxed?.to !== 'none')
      .map((rule) => ({
        rule,
        places: (typeof rule.at === 'string' ? [rule.at] : rule.at)
          .flatMap((text) => moved(text, mappings, own))
          .map(placeOf),
        when: rule.when && placeOf(rule.when.path),
        codes: codesOf(rule.table, mappings),
        pattern: rule.pattern === undefined ? undefined : new RegExp(rule.pattern, 'u'),
        authorities,
      })),
  };
}

/** Where a sender has its visit number or a part of the patient elsewhere, the rule goes with it. */
function moved(
  text: string,
  { adt }: Mappings,
  own: Mappings['senders'][number] | undefined,
): readonly string[] {
  // Object.keys forgets what the keys of a checked object are.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const keys = Object.keys(adt.patient) as (keyof typeof adt.patient)[];
  const pairs = [
    { shared: adt.stay, elsewhere: own?.stay },
    ...keys.map((key) => ({ shared: adt.patient[key], elsewhere: own?.patient?.[key] })),
  ];
  for (const { shared, elsewhere } of pairs) {
    const [from] = [shared].flat();
    if (from === undefined || elsewhere === undefined) continue;
    const rest =
      text === from ? '' : text.startsWith(`${from}.`) ? text.slice(from.length) : undefined;
    if (rest === undefined) continue;
    return [elsewhere].flat().map((path) => (path.includes('.') ? path : path + rest));
  }
  return [text];
}

function placeOf(text: string): Place {
  const path = text.includes('-') ? pathOf(text) : undefined;
  return { text, segment: path?.segment ?? text, path };
}

function codesOf(table: string | undefined, mappings: Mappings): ReadonlySet<string> | undefined {
  if (table === undefined) return undefined;
  const hl7 = loadHl7Tables().get(table.replace(/^HL7/, ''));
  return hl7 ?? new Set(Object.keys(mappings.tables.get(table)?.entries ?? {}));
}
