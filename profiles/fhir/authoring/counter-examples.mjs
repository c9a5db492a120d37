/** Counter-examples: a good example with one thing changed, as counter-examples/index.json says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @returns name → broken resource */
export function brokenExamples(folder, examples) {
  const index = JSON.parse(readFileSync(join(folder, 'counter-examples/index.json'), 'utf8'));
  return new Map(
    Object.entries(index).map(([name, { of, change }]) => {
      const good = examples.get(of);
      if (good === undefined) throw new Error(`${name}: no example ${of}`);
      return [name, changed(structuredClone(good), change, name)];
    }),
  );
}

/** @param change path → what stands there instead; null takes it away */
function changed(resource, change, name) {
  for (const [path, value] of Object.entries(change)) {
    const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const last = steps.pop();
    let node = resource;
    for (const step of steps) node = node?.[step];
    if (node === undefined || (value === null && !(last in node))) {
      throw new Error(`${name}: nothing stands at ${path}`);
    }
    if (value !== null) node[last] = value;
    else if (Array.isArray(node)) node.splice(last, 1);
    else delete node[last];
  }
  return resource;
}
