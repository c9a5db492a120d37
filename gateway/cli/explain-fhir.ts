/** What FHIR resources in one file become, for the engineer who holds it. It shows person elements: the file is theirs. */
import type { Translation } from '../../adapters/adapter.ts';
import type { FhirAnswer } from '../../adapters/inbound/fhir/answers/answer.ts';
import type { Finding } from '../../adapters/inbound/fhir/checks/finding.ts';
import type { ExchangeRequest } from '../../adapters/inbound/fhir/exchange.ts';
import { isUnread, readFhirFile } from '../../adapters/inbound/fhir/from-files.ts';
import { referencesOf } from '../../adapters/inbound/fhir/related.ts';
import { meaningLines, printable } from '../../adapters/inbound/meaning-text.ts';
import type { Mappings } from '../../mappings/index.ts';
import { fhirJudgeBy, type FhirMeaning } from '../conformance/fhir.ts';
import { issueText } from '../conformance/fhir-told.ts';

export interface ExplainedElement {
  /** `Encounter.location[1].period.start` */
  readonly path: string;
  readonly value: string;
}

export interface ExplainedResource {
  /** Where in the file; empty where it is the whole of it. */
  readonly place: string;
  readonly type?: string;
  readonly sender?: { readonly id: string; readonly name: string };
  readonly request?: ExchangeRequest;
  readonly elements: readonly ExplainedElement[];
  /** What it refers to for its meaning, and whether that is in the file. */
  readonly references: readonly { readonly reference: string; readonly isKnown: boolean }[];
  /** What it means; absent where it is refused. */
  readonly translation?: Translation;
  readonly error?: { readonly code: string; readonly message: string; readonly location?: string };
  readonly answer: FhirAnswer;
  readonly findings: readonly Finding[];
}

export interface FhirExplanation {
  readonly resources: readonly ExplainedResource[];
  readonly problems: readonly string[];
  readonly mappingRevision: string;
}

/** @param senderId whose they are; by their visit systems where left out */
export async function explainFhir(
  raw: Uint8Array,
  mappings: Mappings,
  senderId?: string,
): Promise<FhirExplanation> {
  const { entries, problems } = readFhirFile(raw);
  const meanings = await fhirJudgeBy(mappings, senderId)(entries);
  return {
    resources: entries.flatMap((entry) => {
      const meaning = meanings.get(entry);
      return meaning === undefined ? [] : [explained(meaning, mappings)];
    }),
    problems,
    mappingRevision: mappings.revision,
  };
}

function explained(meaning: FhirMeaning, { senders }: Mappings): ExplainedResource {
  const { entry, exchange, translation, error, answer, findings } = meaning;
  const resource = isUnread(entry) ? undefined : entry.resource;
  const sender = senders.find(({ id }) => id === meaning.sender);
  return {
    place: entry.place,
    ...(resource !== undefined && { type: resource.resourceType }),
    ...(sender !== undefined && { sender: { id: sender.id, name: sender.name } }),
    ...(exchange !== undefined && { request: exchange.request }),
    elements: resource === undefined ? [] : elementsOf(resource, resource.resourceType),
    references:
      resource === undefined
        ? []
        : referencesOf(resource).map((reference) => ({
            reference,
            isKnown: exchange?.related[reference] !== undefined,
          })),
    ...(translation !== undefined && { translation }),
    ...(error !== undefined && {
      error: {
        code: error.code,
        message: error.message,
        ...(error.location !== undefined && { location: error.location }),
      },
    }),
    answer,
    findings,
  };
}

/** Every value with its path; the name of the type stands once, in the path. */
function elementsOf(node: unknown, path: string): ExplainedElement[] {
  if (Array.isArray(node)) {
    const isOne = node.length === 1;
    return node.flatMap((one, index) => elementsOf(one, isOne ? path : `${path}[${index}]`));
  }
  if (typeof node !== 'object' || node === null) return [{ path, value: String(node) }];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'resourceType' ? [] : elementsOf(value, `${path}.${key}`),
  );
}

// ---------------------------------------------------------------- for a terminal

const mostElements = 200;
const longestValue = 120;

/** The explanation as lines a person can read. */
export function renderFhirExplanation({ resources, problems }: FhirExplanation): string {
  const text = [
    ...resources.flatMap((one, index) => [...(index === 0 ? [] : ['', rule]), ...linesOf(one)]),
    ...(problems.length === 0 ? [] : ['', 'Passed over', ...problems.map((line) => `  ${line}`)]),
  ];
  return text.join('\n');
}

const rule = '-'.repeat(72);

function linesOf(one: ExplainedResource): string[] {
  const { place, type, sender, request, elements, references, translation, error } = one;
  const width = Math.min(60, Math.max(0, ...elements.map(({ path }) => path.length)));
  const where = place === '' ? '' : ` (${place})`;
  return [
    `Resource  ${type ?? 'none that can be read'}${request === undefined ? '' : `/${printable(request.id)}`}${where}`,
    sender === undefined ? 'Sender    unknown' : `Sender    ${sender.id} (${sender.name})`,
    ...(request === undefined ? [] : requestLines(request)),
    ...references.map(
      ({ reference, isKnown }) =>
        `Refers    ${printable(reference)}${isKnown ? '' : ': not in this file'}`,
    ),
    ...(references.every(({ isKnown }) => isKnown)
      ? []
      : ['          files that belong together are read by: hemgang conformance run FOLDER']),
    '',
    ...(elements.length === 0 ? [] : ['Elements']),
    ...elements
      .slice(0, mostElements)
      .map(({ path, value }) => `  ${path.padEnd(width)}  ${shortened(printable(value))}`),
    ...(elements.length > mostElements ? [`  … and ${elements.length - mostElements} more`] : []),
    ...(elements.length === 0 ? [] : ['']),
    ...(translation === undefined ? [] : meaningLines(translation)),
    ...(error === undefined
      ? []
      : [
          `Refused   ${error.code}${error.location === undefined ? '' : ` at ${error.location}`}`,
          `  ${error.message}`,
          '',
        ]),
    ...(error?.code === 'unknown-sender'
      ? ['Answer    depends on who sends it']
      : answerLines(one.answer)),
    '',
    ...findingLines(one.findings),
  ];
}

function requestLines({ controlId, sentAt, base }: ExchangeRequest): string[] {
  return [
    `Message   ${printable(controlId)}`,
    `Told      ${sentAt}`,
    ...(base === 0
      ? []
      : [`After     version ${base}, which was told before: what that said is not told again`]),
  ];
}

function answerLines({ status, outcome }: FhirAnswer): string[] {
  return [
    `Answer    ${status}`,
    ...(outcome?.issue ?? []).map((one) => `  ${printable(issueText(one))}`),
  ];
}

function findingLines(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return ['Profile   nothing to remark'];
  return [
    'Profile',
    ...findings.map(
      ({ severity, text, profile }) =>
        `  ${severity}  ${printable(text)}${profile === undefined ? ' (FHIR R4)' : ''}`,
    ),
  ];
}

const shortened = (text: string): string =>
  text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
