/** What a StructureDefinition finds beside what the first layer has said. */
import type { Finding } from './finding.ts';

/** One finding an element: what the first layer said of it says more. */
export function beyond(first: readonly Finding[], second: readonly Finding[]): readonly Finding[] {
  const known = new Set(first.map(({ expression }) => expression));
  return second.filter((finding) => !known.has(finding.expression) && !isOurRule(finding));
}

/** Our own invariants: the first layer has them too, and says them of the element that is meant. */
function isOurRule({ text }: Finding): boolean {
  return text.includes(' does not hold hg-');
}
