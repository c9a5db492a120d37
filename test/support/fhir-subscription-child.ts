/**
 * A process with one subscription until it is killed; it says `active` when the source tells it so and nothing is left
 * to be done. Arguments: the folder, the base of the source, the payload, the endpoint that is told to the source; what
 * comes there is forwarded to the port that it says first.
 */
import { createServer } from 'node:http';
import express from 'express';
import { subscriptionRouter } from '../../adapters/inbound/fhir/subscriptions/index.ts';
import type { PayloadContent } from '../../adapters/inbound/fhir/subscriptions/index.ts';
import { openEmbeddedJournal } from '../../gateway/runtime/journal/embedded.ts';
import { run, until, wishFor } from './fhir-subscriptions.ts';

const [folder = '', base = '', asked = '', endpoint = ''] = process.argv.slice(2);
const payload: PayloadContent = asked === 'id-only' ? 'id-only' : 'empty';
const app = express();
const server = createServer(app);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;
const journal = await openEmbeddedJournal({ folder });
const { subscriptions } = await run(
  base,
  journal,
  wishFor(endpoint, { payload }),
  { timeoutMs: 60_000 },
  () => undefined,
);
app.use(
  subscriptionRouter({
    subscriptions: subscriptions.list,
    maxBodyBytes: 1_000_000,
    requestsPerMinute: 1000,
  }),
);
process.stdout.write(`${port}\n`);
subscriptions.begin();
await until('it is active', () => {
  const [one] = subscriptions.reports();
  return one?.status === 'active' && one.askSince === undefined && subscriptions.isQuiet();
});
process.stdout.write('active\n');
