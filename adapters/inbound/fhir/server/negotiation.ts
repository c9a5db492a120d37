/** What the client sends and what it wants to hear: content type, `Accept`, `_format`, `Prefer` (FHIR R4, 3.1.0.1.6). */
import type { IncomingHttpHeaders } from 'node:http';
import { refuse } from '../answers/refusal.ts';

const jsonTypes = new Set(['application/fhir+json', 'application/json', 'text/json']);

/** @throws FhirRefusal 415 for XML and everything else that is not JSON of R4 in UTF-8 and uncompressed */
export function checkContent(headers: IncomingHttpHeaders): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    const accepted = { 'Accept-Encoding': 'identity' };
    const text = 'send the body uncompressed, without Content-Encoding';
    throw refuse(415, 'not-supported', text, undefined, accepted);
  }
  const { type, parameters } = mediaTypeOf(headers['content-type'] ?? '');
  const charset = parameters.get('charset') ?? 'utf-8';
  const version = parameters.get('fhirversion') ?? '4.0';
  if (!jsonTypes.has(type)) {
    throw unsupported('send JSON: Content-Type: application/fhir+json (XML is not taken)');
  }
  if (charset !== 'utf-8' && charset !== 'utf8') throw unsupported('send it in UTF-8');
  if (version !== '4.0' && !version.startsWith('4.0.')) {
    throw unsupported('send FHIR R4: fhirVersion=4.0');
  }
}

function unsupported(text: string) {
  return refuse(415, 'not-supported', text, undefined, { Accept: 'application/fhir+json' });
}

/**
 * Every answer is JSON: whoever can read none of it hears so before anything is taken.
 * @throws FhirRefusal 406
 */
export function checkAccepted(accept: string | undefined, query: URLSearchParams): void {
  const format = query.get('_format');
  if (format === null ? acceptsJson(accept ?? '') : isJsonFormat(format)) return;
  throw refuse(406, 'not-supported', 'answers are JSON: Accept: application/fhir+json');
}

function isJsonFormat(format: string): boolean {
  // A plus in a query that was not escaped is a space by now.
  const { type } = mediaTypeOf(format.replace(/^application\/fhir json/, 'application/fhir+json'));
  return type === 'json' || jsonTypes.has(type);
}

function acceptsJson(accept: string): boolean {
  if (accept.trim() === '') return true;
  return accept.split(',').some((range) => {
    const { type, parameters } = mediaTypeOf(range);
    const isWanted = Number(parameters.get('q') ?? '1') !== 0;
    return isWanted && (type === '*/*' || type === 'application/*' || jsonTypes.has(type));
  });
}

function mediaTypeOf(text: string): { type: string; parameters: ReadonlyMap<string, string> } {
  const [type = '', ...rest] = text.toLowerCase().split(';');
  const parameters = rest.map((parameter): [string, string] => {
    const [name = '', value = ''] = parameter.split('=');
    return [name.trim(), value.trim().replace(/^"|"$/g, '')];
  });
  return { type: type.trim(), parameters: new Map(parameters) };
}

/** What a write is answered with: what is said of it, the resource, or neither. */
export interface Preference {
  readonly returns: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  /** `handling=strict`: what a search does not know is refused and not left out. */
  readonly isStrict: boolean;
}

export function preferenceOf(prefer: string | string[] | undefined): Preference {
  const said = [prefer ?? []].flat().join(',');
  const [, returns] =
    /(?:^|[,;\s])return\s*=\s*"?(minimal|representation|OperationOutcome)/i.exec(said) ?? [];
  const isStrict = /(?:^|[,;\s])handling\s*=\s*"?strict/i.test(said);
  switch (returns?.toLowerCase()) {
    case 'minimal':
      return { returns: 'minimal', isStrict };
    case 'representation':
      return { returns: 'representation', isStrict };
    case 'operationoutcome':
      return { returns: 'OperationOutcome', isStrict };
    default:
      return { returns: undefined, isStrict };
  }
}
