/** A process that walks over a journal, says each message that it has looked at, and looks at the nth until it is killed. */
import { openEmbeddedJournal } from '../../gateway/runtime/journal/embedded.ts';
import { startResourceWalk } from '../../gateway/runtime/resource-walk.ts';
import { findingsIn, walkName } from './walk.ts';

const [folder = '', sender = '', nth = ''] = process.argv.slice(2);
const journal = await openEmbeddedJournal({ folder });
let looked = 0;
await startResourceWalk({
  journal,
  name: walkName,
  senders: () => [sender],
  async look(raw) {
    looked += 1;
    if (looked >= Number(nth)) await new Promise(() => undefined);
    process.stdout.write(`${Buffer.from(raw).toString()}\n`);
    if (looked === Number(nth) - 1) process.stdout.write('now\n');
    return findingsIn(raw);
  },
  onTrouble: (error) => process.stderr.write(`${error.message}\n`),
});
