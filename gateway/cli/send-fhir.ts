/** `hemgang send` to a FHIR server: resources of files by HTTP, byte by byte as they are, and what it answers. */
import { readFileSync } from 'node:fs';
import { request } from 'undici';
import { z } from 'zod';
import { connectionCode, openLine, type HttpLine } from '../../adapters/wire/http-line.ts';
import { systemClock } from '../runtime/clock.ts';
import { pem, wrong } from './wire-target.ts';

export interface SendFhirOptions {
  /** Base of the server: `http://127.0.0.1:8080/fhir`. */
  readonly to: string;
  /** File with the bearer token. */
  readonly tokenFile?: string;
  /** `POST Encounter`, `PUT Encounter/1`: where every file goes, whatever it holds. */
  readonly as?: string;
  readonly prefer?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly json: boolean;
}

interface Outcome {
  readonly file: string;
  readonly request: string;
  /** 0 where no answer came. */
  readonly status: number;
  readonly ms: number;
  readonly location?: string;
  readonly issues: readonly Issue[];
  /** Of a Bundle, what became of each entry. */
  readonly entries?: readonly { readonly status: string; readonly issues: readonly Issue[] }[];
  readonly note?: string;
}
interface Issue {
  readonly severity: string;
  readonly code: string;
  readonly expression: string;
  readonly text: string;
}

/**
 * Sends each file as one request.
 * @returns the exit code: 0 when everything was accepted, 1 when something was not, or had no answer
 */
export async function sendFhir(
  files: readonly string[],
  options: SendFhirOptions,
  print: (line: string) => void,
): Promise<number> {
  const { tokenFile, ca, cert, key } = options;
  if ((cert === undefined) !== (key === undefined)) throw wrong('--cert and --key go together');
  const token = tokenFile === undefined ? undefined : tokenIn(tokenFile);
  const line = openLine({
    url: options.to,
    setting: '--to',
    allowPrivate: true,
    tls: {
      ca: ca && pem('--ca', ca).toString('utf8'),
      cert: cert && pem('--cert', cert).toString('utf8'),
      key: key && pem('--key', key).toString('utf8'),
    },
    maxAnswerBytes: 64 * 1024 * 1024,
  });
  try {
    const items = files.map((file) => itemOf(file, options.as));
    let accepted = 0;
    for (const item of items) {
      const outcome = await sendOne(line, item, token, options);
      if (isAccepted(outcome)) accepted += 1;
      print(options.json ? JSON.stringify(outcome) : linesOf(outcome).join('\n'));
    }
    const sum = { sent: items.length, accepted };
    print(options.json ? JSON.stringify({ sum }) : `${items.length} sent, ${accepted} accepted`);
    return accepted === items.length ? 0 : 1;
  } finally {
    await line.close();
  }
}

interface Item {
  readonly file: string;
  readonly method: string;
  /** Below the base; empty for the base itself. */
  readonly path: string;
  readonly raw: Uint8Array;
}

/** @throws GatewayError configuration-invalid for a file that cannot be read, or does not say where it goes */
function itemOf(file: string, as: string | undefined): Item {
  const raw = bytesOf(file);
  if (as !== undefined) {
    const [, method = '', path = ''] = /^(POST|PUT) ?(\S*)$/.exec(as) ?? [];
    if (method === '')
      throw wrong(`--as '${as}': write it as 'POST Encounter' or 'PUT Encounter/1'`);
    return { file, method, path, raw };
  }
  const { resourceType: type, id, type: bundleType } = headOf(file, raw);
  if (type === 'Bundle' && bundleType === 'message') {
    return { file, method: 'POST', path: '$process-message', raw };
  }
  if (type === 'Bundle') return { file, method: 'POST', path: '', raw };
  return id === undefined
    ? { file, method: 'POST', path: type, raw }
    : { file, method: 'PUT', path: `${type}/${id}`, raw };
}

const head = z.looseObject({
  resourceType: z.string().regex(/^[A-Za-z]{1,64}$/),
  id: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/)
    .optional(),
  type: z.unknown().optional(),
});

function headOf(file: string, raw: Uint8Array): z.infer<typeof head> {
  try {
    return head.parse(
      JSON.parse(
        Buffer.from(raw)
          .toString('utf8')
          .replace(/^\uFEFF/, ''),
      ),
    );
  } catch {
    throw wrong(
      `${file}: not a resource in JSON; to send it all the same, say where: --as 'POST Encounter'`,
    );
  }
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EISDIR') {
      throw wrong(`${file} is a folder: name its files, ${file.replace(/\/$/, '')}/*`);
    }
    throw wrong(`${file}: cannot be read; give the path of a file with a resource`);
  }
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw wrong(
      `--token-file ${file}: cannot be read; the gateway keeps its own under data/tokens`,
    );
  }
}

async function sendOne(
  line: HttpLine,
  { file, method, path, raw }: Item,
  token: string | undefined,
  { timeout, prefer }: SendFhirOptions,
): Promise<Outcome> {
  const started = systemClock.elapsedMs();
  const about = { file, request: `${method} ${path === '' ? '(base)' : path}` };
  const ms = (): number => Math.round((systemClock.elapsedMs() - started) * 10) / 10;
  try {
    const answer = await request(path === '' ? line.url.href : `${line.url.href}/${path}`, {
      method: method === 'PUT' ? 'PUT' : 'POST',
      dispatcher: line.dispatcher,
      body: raw,
      signal: AbortSignal.timeout(timeout),
      headers: {
        'content-type': 'application/fhir+json',
        accept: 'application/fhir+json',
        prefer: prefer ?? 'return=OperationOutcome',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
    const { location } = answer.headers;
    const told = readAnswer(await answer.body.text());
    return {
      ...about,
      status: answer.statusCode,
      ms: ms(),
      ...(typeof location === 'string' && { location }),
      ...told,
    };
  } catch (thrown) {
    const late = thrown instanceof Error && thrown.name === 'TimeoutError';
    const why = late ? `no answer within ${timeout} ms` : (connectionCode(thrown) ?? 'no answer');
    return { ...about, status: 0, ms: ms(), issues: [], note: why };
  }
}

// ---------------------------------------------------------------- what is answered

const issue = z.looseObject({
  severity: z.string(),
  code: z.string(),
  expression: z.array(z.string()).optional(),
  diagnostics: z.string().optional(),
  details: z.looseObject({ text: z.string().optional() }).optional(),
});
const operationOutcome = z.looseObject({
  resourceType: z.literal('OperationOutcome'),
  issue: z.array(issue),
});
const bundle = z.looseObject({
  resourceType: z.literal('Bundle'),
  entry: z
    .array(
      z.looseObject({
        resource: z.unknown().optional(),
        response: z.looseObject({ status: z.string(), outcome: z.unknown().optional() }).optional(),
      }),
    )
    .default([]),
});

function readAnswer(text: string): Pick<Outcome, 'issues' | 'entries'> & { note?: string } {
  if (text === '') return { issues: [] };
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { issues: [], note: 'the answer is not JSON' };
  }
  const many = bundle.safeParse(content);
  if (!many.success) return { issues: issuesOf(content) };
  const { entry } = many.data;
  const entries = entry.flatMap(({ response }) =>
    response === undefined ? [] : [{ status: response.status, issues: issuesOf(response.outcome) }],
  );
  return { issues: entry.flatMap(({ resource }) => issuesOf(resource)), entries };
}

function issuesOf(content: unknown): Issue[] {
  const outcome = operationOutcome.safeParse(content);
  if (!outcome.success) return [];
  return outcome.data.issue.map(({ severity, code, expression = [], diagnostics, details }) => ({
    severity,
    code,
    expression: expression.join(', '),
    text: details?.text ?? diagnostics ?? '',
  }));
}

function isAccepted({ status, entries = [] }: Outcome): boolean {
  return status >= 200 && status < 300 && entries.every((entry) => entry.status.startsWith('2'));
}

function linesOf({
  file,
  request: asked,
  status,
  ms,
  location,
  issues,
  entries,
  note,
}: Outcome): string[] {
  const parts = [
    status === 0 ? '---' : String(status),
    asked,
    `${ms} ms`,
    ...(location === undefined ? [] : [printable(location)]),
    printable(file),
    ...(note === undefined ? [] : [note]),
  ];
  return [
    parts.join('  '),
    ...issues.filter(isTold).map(issueLine),
    ...(entries ?? []).flatMap((entry, index) =>
      entry.issues.length === 0 && entry.status.startsWith('2')
        ? []
        : [`     entry[${index}]  ${printable(entry.status)}`, ...entry.issues.map(issueLine)],
    ),
  ];
}

/** That all is well is said by the status. */
function isTold({ severity, code }: Issue): boolean {
  return severity !== 'information' || code !== 'informational';
}

function issueLine({ severity, code, expression, text }: Issue): string {
  const where = expression === '' ? '' : ` at ${expression}`;
  return `     ${printable(`${severity} ${code}${where}: ${text}`)}`;
}

/** Control characters of an answer must not drive the reader's terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').slice(0, 1000);
}
