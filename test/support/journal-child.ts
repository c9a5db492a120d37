/**
 * A process that records messages until it is killed, 32 outstanding. It says the number of each message that was
 * acknowledged; arguments: the folder, the number to begin with, and `together` to record them by threes.
 */
import { openEmbeddedJournal } from '../../gateway/runtime/journal/embedded.ts';
import { groupOf, message } from './journal-messages.ts';

const outstanding = 32;
const [folder = '', first = '0', how] = process.argv.slice(2);
const journal = await openEmbeddedJournal({ folder });
let next = Number(first);

async function keepRecording(): Promise<void> {
  for (;;) {
    const n = next;
    next += 1;
    // Some stays get several messages, as in life.
    const stay = { by: 'visit', authority: '1.2.3', number: `V${n >> 2}` } as const;
    await journal.record(message(n, { stay }));
    process.stdout.write(`${n}\n`);
  }
}
/** Groups of three, of which every second is refused for its last one. */
async function keepRecordingTogether(): Promise<void> {
  for (;;) {
    const n = next;
    next += 3;
    const group = groupOf(n);
    const outcome = await journal.recordTogether(group);
    if (outcome.outcome === 'recorded')
      process.stdout.write(group.map((_, i) => `${n + i}\n`).join(''));
  }
}
const keep = how === 'together' ? keepRecordingTogether : keepRecording;
await Promise.all(Array.from({ length: outstanding }, keep));
