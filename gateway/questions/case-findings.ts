/** Findings as plain data: what the law says, why, by which figures, resting on what. */
import type { Parameters, ParameterValue } from '../../profiles/index.ts';
import type { DischargeProcess, StoredLike } from '../process/state.ts';
import { isoOf } from '../rules/legal-days.ts';
import { partiesOf } from '../rules/notices/parties.ts';
import type { Finding } from '../rules/rule.ts';
import type { EventMention } from './asked.ts';
import { mentions } from './case-timeline.ts';

/** A figure of law with where it comes from. */
export interface Figure {
  readonly parameter: string;
  readonly value?: ParameterValue;
  /** Start date of the value. */
  readonly from: string;
  readonly reference: string;
}

export interface ExplainedFinding extends Pick<
  Finding,
  'rule' | 'reference' | 'status' | 'reason' | 'role' | 'municipality'
> {
  readonly sentence: { readonly sv: string; readonly en: string };
  /** The admission or readiness it is about. */
  readonly about?: EventMention;
  readonly since?: string;
  readonly dueAt?: string;
  readonly because: readonly EventMention[];
  readonly figures: readonly Figure[];
}

/** Findings in the order of the statute. */
export function explainFindings(
  findings: readonly Finding[],
  process: DischargeProcess,
  parameters: Parameters,
  events: readonly StoredLike[],
): readonly ExplainedFinding[] {
  const mention = mentions(events);
  return findings.map((found) => {
    const { rule, reference, status, reason, role, municipality, occasion } = found;
    const payer = municipality ?? partiesOf(process).payer;
    return {
      rule,
      reference,
      status,
      reason,
      sentence: { sv: found.sentence.sv, en: found.sentence.en },
      ...(role !== undefined && { role }),
      ...(municipality !== undefined && { municipality }),
      ...(occasion !== undefined && { about: mention(occasion) }),
      ...(found.sinceMs !== undefined && { since: isoOf(found.sinceMs) }),
      ...(found.dueAtMs !== undefined && { dueAt: isoOf(found.dueAtMs) }),
      because: found.because.map(mention),
      figures: figuresOf(found, [parameters.under(payer), parameters]),
    };
  });
}

/** A finding remembers where its figures come from; the value is asked for again there. */
function figuresOf({ parameters }: Finding, places: readonly Parameters[]): readonly Figure[] {
  const figures = new Map<string, Figure>();
  for (const { parameter, from, reference } of parameters) {
    const held = places
      .map((place) => place.valueOn(parameter, from))
      .find((valued) => valued.known && valued.origin.reference === reference);
    const value = held?.known === true ? { value: held.value } : {};
    figures.set(`${parameter}|${from}|${reference}`, { parameter, ...value, from, reference });
  }
  return [...figures.values()];
}
