/** A process that polls until it is killed and says the name of each resource that it translates: folder and source. */
import { startTestPoll } from './poll-source.ts';

const [folder = '', url = ''] = process.argv.slice(2);
const poll = await startTestPoll({
  folder,
  url,
  count: 100,
  onTold: (name) => process.stdout.write(`${name}\n`),
});
await poll.close();
