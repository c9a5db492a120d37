/** What one translation gathers, and how it says no. */
import { GatewayError } from '../../../../gateway/errors.ts';
import type { UnmappedCode } from '../../../adapter.ts';
import type { Exchange } from '../exchange.ts';
import type { CompiledSender, Reading } from './compile.ts';

const keptCharacters = 100;

export interface Work {
  readonly exchange: Exchange;
  readonly sender: CompiledSender;
  readonly unmapped: UnmappedCode[];
  readonly warnings: string[];
  /** Codes that were understood as no event. */
  readonly understood: string[];
}

export function newWork(exchange: Exchange, sender: CompiledSender): Work {
  return { exchange, sender, unmapped: [], warnings: [], understood: [] };
}

/** Notes a deciding code that no table has, once; the message is then parked. */
export function park({ unmapped }: Work, { code, path, table = '' }: Reading): undefined {
  if (unmapped.some((one) => one.path === path && one.table === table)) return;
  const kept = code.slice(0, keptCharacters).replace(/[\ud800-\udbff]$/, ''); // no half a character
  unmapped.push({ table, code: kept, path });
}

export function warnOnce({ warnings }: Work, warning: string): void {
  if (!warnings.includes(warning)) warnings.push(warning);
}

/** @param standardCode FHIR issue type; @param expression FHIRPath of the element */
export function malformed(standardCode: string, text: string, expression: string): GatewayError {
  return new GatewayError('malformed-message', `${expression}: ${text}`, {
    standardCode,
    location: expression,
  });
}

/**
 * For what a path of the mapping leads to and the resource does not have: the text says which of several is meant.
 */
export function requiredAt(path: string, what = 'is missing'): GatewayError {
  const which = [...path.matchAll(/\.([A-Za-z]+)\(([^()]+)\)/g)].flatMap(([, element, named]) => {
    if (element === 'extension') return [];
    return element === 'coding' ? `a code of ${named}` : `the ${element} ${named}`;
  });
  const text = which.length === 0 ? what : `${what}: give ${which.join(', in it ')}`;
  return required(elementOf(path), text);
}

/** The element that a path of the mapping leads to, as FHIRPath: `Encounter.extension('URL').value`. */
export function elementOf(path: string): string {
  return path
    .replaceAll(/\.extension\(([^()]*)\)/g, ".extension('$1')")
    .replaceAll(/\((?!')[^()]*\)/g, '');
}

export function required(expression: string, text = 'required element missing'): GatewayError {
  return malformed('required', text, expression);
}

export function invalidValue(expression: string, text: string): GatewayError {
  return malformed('value', text, expression);
}
