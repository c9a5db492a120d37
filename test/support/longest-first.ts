/** The order of the files of tests: what takes longest begins first, so that no worker is left alone with it. */
import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Short files with long tests: where nothing is known of an earlier run, vitest would begin them last. */
const long = [
  'faults-full',
  'deaths-full',
  'faults',
  'service',
  'how-to',
  'watched-folder',
  'kill',
  'operate',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      long.includes(basename(moduleId, '.test.ts'));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
