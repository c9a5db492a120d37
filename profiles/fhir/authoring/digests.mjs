/** What was built, and from what: a test without SUSHI sees by it that one of them was edited by hand. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files that the build reads, below profiles/fhir. */
export function sourcesIn(folder) {
  const below = (name, ending) =>
    readdirSync(join(folder, name))
      .filter((file) => ending.test(file))
      .map((file) => `${name}/${file}`);
  return [
    ...below('fsh', /\.fsh$/),
    ...below('authoring', /\.(mjs|yaml)$/),
    'authoring/package-lock.json',
    'counter-examples/index.json',
  ].toSorted(byText);
}

export function digestsOf(source, target, built) {
  const digest = (folder) => (file) => [
    file,
    createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex'),
  ];
  return {
    from: Object.fromEntries(sourcesIn(source).map(digest(source))),
    built: Object.fromEntries(built.toSorted(byText).map(digest(target))),
  };
}

/** Order of names that is the same on every machine. */
export function byText(a, b) {
  return a < b ? -1 : Number(a > b);
}
